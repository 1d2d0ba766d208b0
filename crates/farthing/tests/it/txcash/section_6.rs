//! A6: the public call for a payment address.

use super::shop::{BASE, FINAL, Merchant, id, ten_dollars, told};
use crate::{contract::http::Ask, dialects::merchant::FORM};
use serde_json::{Value, json};

fn refused(shop: &Merchant, invoice: &Value, coin: &str, code: &str) {
    let told = told(&shop.ask_address(invoice, coin), 400);
    assert_eq!(told, [("payment_currency".to_owned(), code.to_owned())], "{coin}");
}

#[test]
fn a_6_a_payer_without_a_key_gets_address_and_amount_of_a_coin() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&json!({ "amount": 25.01 }));
    let eth = shop.address(&invoice, "eth_eth");
    assert_eq!(eth["amount"], json!(0.010_004));
    let address = eth["address"].as_str().unwrap();
    assert!(address.len() == 42 && address.starts_with("0x"), "{eth}");
    let usdt = shop.address(&invoice, "polygon_usdt");
    assert_eq!(
        (&usdt["address"], &usdt["amount"]),
        (&eth["address"], &json!(25.01)),
        "one address for all EVM networks"
    );
    let object = Ask::post(
        &format!("{BASE}/invoice/{}/payment/address", id(&invoice)),
        &json!({ "payment_currency": "eth_eth" }),
    );
    assert_eq!(object.send(shop.host()).json(), eth, "JSON is taken too");
    assert!(shop.page(&invoice).contains(address), "the hosted page shows the same");
}

#[test]
fn a_6_asking_again_answers_the_same_and_chooses_nothing_anew() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&ten_dollars());
    let first = shop.address(&invoice, "eth_usdt");
    for _ in 0..60 {
        assert_eq!(shop.address(&invoice, "eth_usdt"), first);
    }
    let native = shop.native.get("invoices?limit=1").data(200)[0].clone();
    assert_eq!(native["activation_count"], 1);
    assert_eq!(native["deposit_address"], first["address"]);
}

#[test]
fn a_10_a_lapsed_quote_is_renewed_on_the_same_address() {
    let shop = Merchant::moving();
    let invoice = shop.create(&json!({ "amount": 10, "valid_for": "3h", "payment_currencies": "eth_usdt" }));
    let first = shop.address(&invoice, "eth_usdt");
    shop.native.advance(3601);
    assert_eq!(shop.address(&invoice, "eth_usdt"), first, "rates of the test environment do not change");
    let native = shop.native.get("invoices?limit=1").data(200)[0].clone();
    assert_eq!(native["activation_count"], 1, "a renewed rate is no choice");
    shop.pay(&invoice, "10", FINAL);
    assert_eq!(shop.becomes(&invoice, "paid")["paid_amount"], 10);
}

#[test]
fn a_6_the_amount_is_what_is_still_due() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "4", FINAL);
    shop.becomes(&invoice, "under paid");
    assert_eq!(shop.address(&invoice, "eth_usdt")["amount"], 6);
    shop.pay(&invoice, "6", 0);
    assert_eq!(shop.address(&invoice, "eth_usdt")["amount"], 0, "nobody is asked to pay twice");
}

#[test]
fn a_6_a_coin_that_is_missing_unknown_or_outside_the_filter_is_400() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&ten_dollars());
    refused(&shop, &invoice, "", "missing_field");
    for coin in ["all", "eth_stables", "btc_btc", "eth_usdt,eth_usdc", "polygon_usdt", "eth_usdc"] {
        refused(&shop, &invoice, coin, "invalid");
    }
}

#[test]
fn a_6_a_final_invoice_has_no_address_to_pay_to() {
    let shop = Merchant::moving();
    let cancelled = shop.create(&ten_dollars());
    shop.press(&cancelled, "cancel", "");
    let paid = shop.create(&ten_dollars());
    shop.address(&paid, "eth_usdt");
    shop.pay(&paid, "10", FINAL);
    shop.becomes(&paid, "paid");
    let expired = shop.create(&json!({ "amount": 10, "valid_for": "1m", "payment_currencies": "eth_usdt" }));
    shop.address(&expired, "eth_usdt");
    shop.native.advance(60);
    for invoice in [&cancelled, &paid, &expired] {
        refused(&shop, invoice, "eth_usdt", "unprocessable");
    }
}

#[test]
fn a_6_an_unknown_invoice_is_404_and_a_native_one_is_unknown_too() {
    let shop = Merchant::fresh();
    let native = shop.native.create(&json!({ "amount_fiat": "10.00" }));
    let page = native["checkout_url"].as_str().unwrap();
    let token = page.rsplit('/').next().unwrap();
    for name in ["nothing", token, native["id"].as_str().unwrap()] {
        let path = format!("{BASE}/invoice/{name}/payment/address");
        let answer = Ask::new("POST", &path).bytes(FORM, b"payment_currency=eth_usdt").send(shop.host());
        assert!(told(&answer, 404).is_empty());
    }
}
