//! Section 5: the invoice's and the payment's fields as money arrives.

use super::{
    documented::{check_payment, is_utc_time},
    http::keys,
    shop::{Shop, half_a_bitcoin, ten_dollars, with},
};
use serde_json::{Value, json};

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} in {of}"))
}

#[test]
fn section_5_2_a_payment_s_fields_from_the_mempool_to_finality() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    let made = shop.pay(&invoice, "0.5", 0);
    assert_eq!(keys(&made), ["amount", "confirmations", "currency", "network", "tx_hash"]);
    let payment = |confirmations: u64| {
        let payment = shop.invoice(&invoice)["payments"][0].clone();
        check_payment(&payment);
        assert_eq!(payment["confirmations"], confirmations, "{payment}");
        payment
    };
    let detected = payment(0);
    let expected = json!({
        "tx_hash": made["tx_hash"], "amount": "0.5", "confirmations": 0, "required_confirmations": 2,
        "status": "detected", "detected_at": detected["detected_at"], "settlement_conversion": null,
        "currency": "BTC", "network": "bitcoin",
    });
    assert_eq!(detected, expected);
    shop.mine("bitcoin", 1);
    assert_eq!(payment(1)["status"], "confirming");
    shop.mine("bitcoin", 1);
    assert_eq!(payment(2)["status"], "confirmed");
    shop.mine("bitcoin", 5);
    assert_eq!(payment(7)["detected_at"], detected["detected_at"], "it was first seen once");
}

#[test]
fn section_5_1_amount_paid_is_the_final_money_and_paid_at_its_time() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.2", 0);
    let seen = shop.invoice(&invoice);
    assert_eq!((text(&seen, "amount_paid"), &seen["paid_at"]), ("0", &Value::Null));
    shop.mine("bitcoin", 2);
    assert_eq!(text(&shop.invoice(&invoice), "amount_paid"), "0.2");
    shop.pay(&invoice, "0.3", 2);
    let paid = shop.invoice(&invoice);
    assert_eq!((text(&paid, "amount_paid"), text(&paid, "amount_requested")), ("0.5", "0.5"));
    assert!(is_utc_time(&paid["paid_at"]));
    assert_eq!(paid["payments"].as_array().unwrap().len(), 2);
}

#[test]
fn section_11_required_confirmations_is_the_network_s_usual_count() {
    let shop = Shop::moving();
    for (currency, network, required) in [
        ("BTC", "bitcoin", 2),
        ("LTC", "litecoin", 6),
        ("DOGE", "dogecoin", 10),
        ("USDT", "ethereum", 12),
        ("USDC", "polygon", 64),
        ("BNB", "bsc", 15),
        ("ETH", "arbitrum", 20),
        ("ETH", "base", 20),
        ("TRX", "tron", 19),
        ("SOL", "solana", 32),
    ] {
        let invoice = shop.create(&json!({ "amount": "2", "currency": currency, "network": network }));
        shop.pay(&invoice, "2", required - 1);
        let waiting = shop.invoice(&invoice);
        assert_eq!(waiting["payments"][0]["required_confirmations"], required, "{network}");
        assert_eq!((text(&waiting, "status"), text(&waiting, "amount_paid")), ("confirming", "0"), "{network}");
        shop.mine(network, 1);
        let paid = shop.invoice(&invoice);
        assert_eq!((text(&paid, "status"), text(&paid, "amount_paid")), ("paid", "2"), "{network}");
        assert_eq!(paid["payments"][0]["confirmations"], required, "{network}");
    }
}

#[test]
fn section_11_of_several_quotes_the_latest_is_shown_and_all_money_counts_by_the_quotes() {
    let shop = Shop::moving();
    let draft = shop.create(&json!({ "amount_fiat": "60" }));
    shop.activate(&draft, &json!({ "currency": "BTC" }));
    shop.activate(&draft, &json!({ "currency": "USDT", "network": "tron" }));
    // 0.0004 of 0.001 BTC are 40 %: 24 of 60 USDT.
    let body = json!({ "amount": "0.0004", "currency": "BTC", "network": "bitcoin", "confirmations": 2 });
    let path = format!("test/invoices/{}/payments", text(&draft, "id"));
    shop.post(&path, &body).data(201);
    let half = shop.invoice(&draft);
    assert_eq!((text(&half, "currency"), text(&half, "network")), ("USDT", "tron"));
    assert_eq!((text(&half, "amount_requested"), text(&half, "amount_paid")), ("60", "24"));
    assert_eq!(text(&half, "status"), "underpaid");
    assert_eq!((text(&half["payments"][0], "currency"), text(&half["payments"][0], "amount")), ("BTC", "0.0004"));
    shop.pay(&draft, "36", 19);
    let paid = shop.invoice(&draft);
    assert_eq!((text(&paid, "status"), text(&paid, "amount_paid")), ("paid", "60"));
    assert_eq!(text(&paid["payments"][1], "network"), "tron");
}

#[test]
fn section_11_amount_paid_converted_from_another_asset_is_rounded_down() {
    let shop = Shop::moving();
    let draft = shop.create(&json!({ "amount_fiat": "60" }));
    shop.activate(&draft, &json!({ "currency": "USDT", "network": "tron" }));
    shop.activate(&draft, &json!({ "currency": "BTC" }));
    let body = json!({ "amount": "0.000001", "currency": "USDT", "network": "tron", "confirmations": 19 });
    shop.post(&format!("test/invoices/{}/payments", text(&draft, "id")), &body).data(201);
    assert_eq!(text(&shop.invoice(&draft), "amount_paid"), "0", "a fraction of a satoshi is none");
}

#[test]
fn section_11_tolerance_is_the_largest_shortfall_that_still_counts_as_paid() {
    let shop = Shop::moving();
    let priced_in_coin = with(&half_a_bitcoin(), "payment_tolerance", "0.1");
    for (paid, status) in [("0.39999999", "underpaid"), ("0.4", "paid"), ("0.6", "paid"), ("0.60000001", "overpaid")] {
        let invoice = shop.create(&priced_in_coin);
        shop.pay(&invoice, paid, 2);
        assert_eq!(text(&shop.invoice(&invoice), "status"), status, "{paid}");
    }
    // In units of the fiat currency: 1 of 10 dollars.
    for (paid, status) in [("8.999999", "underpaid"), ("9", "paid"), ("11", "paid"), ("11.000002", "overpaid")] {
        let draft = shop.create(&with(&ten_dollars(), "payment_tolerance", "1"));
        let invoice = shop.activate(&draft, &json!({ "currency": "USDT", "network": "tron" }));
        shop.pay(&invoice, paid, 19);
        assert_eq!(text(&shop.invoice(&invoice), "status"), status, "{paid}");
    }
}

#[test]
fn section_5_1_metadata_comes_back_as_it_was_sent() {
    let shop = Shop::shared();
    let metadata = json!({
        "text": "<script>\u{1F600}\"\\", "number": 12_345_678_901_234_567_u64, "fraction": 0.1, "none": null, "yes": true,
        "list": [[], {}], "": "empty name", "a.b[0]": 1,
    });
    let invoice = shop.create(&with(&half_a_bitcoin(), "metadata", metadata.clone()));
    assert_eq!(shop.invoice(&invoice)["metadata"], metadata);
}
