//! A4: the invoice object, and A10's way to read it again.

use super::shop::{BASE, Merchant, id, seconds, ten_dollars, told};
use crate::contract::http::Ask;
use serde_json::json;

#[test]
fn a_4_the_id_is_unguessable_and_the_url_is_the_hosted_page() {
    let shop = Merchant::fresh();
    let (one, other) = (shop.create(&ten_dollars()), shop.create(&ten_dollars()));
    assert_ne!(id(&one), id(&other));
    assert!(id(&one).len() >= 22, "128 random bits at least: {one}");
    let page = shop.page(&one);
    assert!(page.contains("A shop of the tests"), "{page}");
}

#[test]
fn a_4_prices_have_one_entry_a_coin_rounded_up_by_the_rate_of_the_day() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&json!({ "amount": 25.01, "payment_currencies": "all" }));
    assert_eq!(
        invoice["prices"],
        json!([
            { "currency": "eth_eth", "network": "ethereum", "amount": 0.010_004 },
            { "currency": "eth_usdt", "network": "ethereum", "amount": 25.01 },
            { "currency": "eth_usdc", "network": "ethereum", "amount": 25.01 },
            { "currency": "polygon_eth", "network": "polygon", "amount": 0.010_004 },
            { "currency": "polygon_usdt", "network": "polygon", "amount": 25.01 },
            { "currency": "polygon_usdc", "network": "polygon", "amount": 25.01 },
        ])
    );
}

#[test]
fn a_4_payments_name_transaction_amount_time_confirmations_and_where_to_look() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    let paid = shop.pay(&invoice, "4.5", 0);
    let now = shop.invoice(&invoice);
    let payment = &now["payments"][0];
    assert_eq!(payment["tx_hash"], paid["tx_hash"]);
    assert_eq!((&payment["amount"], &payment["currency"]), (&json!(4.5), &json!("eth_usdt")));
    assert_eq!(payment["confirmation"], 0);
    assert!(seconds(&payment["date"]) >= seconds(&invoice["created_at"]));
    let hash = paid["tx_hash"].as_str().unwrap();
    assert_eq!(payment["explorer_url"], format!("{}#{hash}", invoice["url"].as_str().unwrap()));
    assert!(shop.page(&invoice).contains(&format!("<li id=\"{hash}\">")), "the page shows it there");
    shop.native.mine("ethereum", 3);
    assert_eq!(shop.invoice(&invoice)["payments"][0]["confirmation"], 3);
    assert!(seconds(&now["updated_at"]) >= seconds(&now["created_at"]));
}

#[test]
fn a_10_an_invoice_is_read_as_it_was_created_and_an_unknown_one_is_404() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&ten_dollars());
    assert_eq!(shop.invoice(&invoice), invoice);
    for path in ["/invoice/nothing", "/invoice/%00", "/invoice/0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10"] {
        assert!(told(&shop.ask(Ask::get(&format!("{BASE}{path}"))), 404).is_empty());
    }
}

#[test]
fn a_4_it_is_one_of_the_native_api_s_invoices_too() {
    let shop = Merchant::fresh();
    let body = json!({ "amount": 10, "name": "Order 7", "description": "Books", "meta_data1": "cart", "payment_currencies": "eth_usdc" });
    shop.create(&body);
    let listed = shop.native.get("invoices?limit=1").data(200);
    let native = &listed[0];
    assert_eq!((&native["source"], &native["amount_fiat"]), (&json!("txcash"), &json!("10.00")));
    assert_eq!(native["description"], "Order 7: Books");
    assert_eq!(native["metadata"], json!({ "meta_data1": "cart" }));
}
