//! Section 4.4: a permanent address, and what a deposit to it becomes.

use super::{
    http::Ask,
    shop::{Shop, half_a_bitcoin, id, with},
};
use serde_json::{Value, json};

fn bitcoin() -> Value {
    json!({ "currency": "BTC" })
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} in {of}"))
}

/// How many deposits an address had, and what it received.
fn sums(shop: &Shop<'_>, address: &Value) -> (u64, String) {
    let now = shop.address_now(address);
    (now["invoice_count"].as_u64().unwrap(), text(&now, "total_received").to_owned())
}

#[test]
fn section_4_4_currency_is_required_and_label_is_optional() {
    let shop = Shop::shared();
    let address = shop.address(&with(&bitcoin(), "label", "payer 7"));
    assert_eq!((text(&address, "currency"), text(&address, "label")), ("BTC", "payer 7"));
    assert!(text(&address, "address").starts_with("tb1q"), "{address}");
    assert!(shop.address(&bitcoin())["label"].is_null());
    shop.post("addresses", &json!({})).blames(400, "validation_error", "currency");
    shop.post("addresses", &json!({ "label": "x" })).blames(400, "validation_error", "currency");
    shop.post("addresses", &json!({ "currency": "XMR" })).blames(400, "validation_error", "currency");
    shop.post("addresses", &json!({ "currency": "B".repeat(21) })).blames(400, "validation_error", "currency");
    shop.post("addresses", &with(&bitcoin(), "label", "a".repeat(1001))).blames(400, "validation_error", "label");
    shop.address(&with(&bitcoin(), "label", "ä".repeat(1000)));
}

#[test]
fn section_11_network_is_required_for_usdt_usdc_and_eth_and_the_gate_is_its_slug() {
    let shop = Shop::shared();
    for code in ["USDT", "USDC", "ETH"] {
        shop.post("addresses", &json!({ "currency": code })).blames(400, "validation_error", "network");
    }
    shop.post("addresses", &json!({ "currency": "USDC", "network": "tron" })).blames(
        400,
        "validation_error",
        "network",
    );
    for (code, network) in
        [("USDT", "tron"), ("USDC", "polygon"), ("ETH", "base"), ("SOL", "solana"), ("BTC", "bitcoin")]
    {
        let address = shop.address(&json!({ "currency": code, "network": network }));
        assert_eq!((text(&address, "network"), text(&address, "gate_id")), (network, network));
    }
}

#[test]
fn section_5_3_a_new_address_received_nothing_and_has_no_tag() {
    let shop = Shop::fresh();
    let address = shop.address(&with(&bitcoin(), "external_id", "user-7"));
    assert_eq!((text(&address, "total_received"), &address["invoice_count"]), ("0", &json!(0)));
    assert!(address["address_tag"].is_null() && address["label"].is_null(), "{address}");
    assert_eq!((text(&address, "environment"), text(&address, "external_id")), ("test", "user-7"));
    assert_eq!(shop.address_now(&address), address);
    assert!(shop.deposits(&address).is_empty() && shop.feed().is_empty(), "an address alone is told to nobody");
}

#[test]
fn section_11_an_address_key_is_replayed_with_200_and_clashes_with_422() {
    let shop = Shop::fresh();
    let keyed = with(&bitcoin(), "idempotency_key", "k");
    let first = shop.address(&keyed);
    let again = shop.post("addresses", &keyed);
    assert_eq!((again.data(200), again.header("idempotent-replayed")), (first.clone(), Some("true")));
    let by_header = Ask::post("/api/v1/addresses", &bitcoin()).header("Idempotency-Key", "k");
    assert_eq!(shop.ask(by_header).data(200)["id"], first["id"]);
    let mismatch = |path: &str, body: &Value| {
        shop.post(path, body).blames(422, "idempotency_key_mismatch", "idempotency_key");
    };
    mismatch("addresses", &with(&keyed, "label", "x"));
    mismatch("addresses", &json!({ "currency": "LTC", "idempotency_key": "k" }));
    mismatch("invoices", &with(&half_a_bitcoin(), "idempotency_key", "k"));
    shop.create(&with(&half_a_bitcoin(), "idempotency_key", "of an invoice"));
    mismatch("addresses", &with(&bitcoin(), "idempotency_key", "of an invoice"));
    shop.post("addresses", &with(&bitcoin(), "idempotency_key", "a".repeat(256))).blames(
        400,
        "validation_error",
        "idempotency_key",
    );
    assert_eq!(shop.get("addresses").data(200).as_array().unwrap().len(), 1);
}

#[test]
fn section_4_4_a_deposit_makes_an_invoice_with_source_static_address_then_confirming_and_paid_follow() {
    let shop = Shop::moving();
    let address = shop.address(&json!({ "currency": "USDT", "network": "tron" }));
    let paid = shop.deposit(&address, "12.5", 0);
    let invoice = shop.deposits(&address).remove(0);
    assert_eq!((text(&invoice, "source"), &invoice["static_address_id"]), ("static_address", &address["id"]));
    assert_eq!((text(&invoice, "status"), text(&invoice, "amount_requested")), ("confirming", "12.5"));
    assert_eq!((&invoice["deposit_address"], &invoice["expires_at"]), (&address["address"], &Value::Null));
    assert_eq!(invoice["payments"][0]["tx_hash"], paid["tx_hash"]);
    assert_eq!(shop.told(&invoice), ["created", "payment_detected", "confirming"]);
    assert_eq!(sums(&shop, &address), (1, "0".to_owned()), "nothing is final");
    shop.mine("tron", 19);
    assert_eq!((text(&shop.invoice(&invoice), "status"), sums(&shop, &address)), ("paid", (1, "12.5".to_owned())));
    assert_eq!(shop.told(&invoice), ["created", "payment_detected", "confirming", "paid"]);
    assert_eq!(shop.get("invoices?status=paid").data(200)[0]["id"], invoice["id"], "it is in the list of invoices");
}

#[test]
fn section_4_4_repeated_small_and_years_later_deposits_are_each_counted_once() {
    let shop = Shop::moving();
    let address = shop.address(&bitcoin());
    for amount in ["0.5", "0.5", "0.00000001"] {
        shop.deposit(&address, amount, 2);
    }
    assert_eq!(sums(&shop, &address), (3, "1.00000001".to_owned()));
    for _ in 0..3 {
        shop.advance(366 * 86_400);
    }
    shop.deposit(&address, "2", 2);
    assert_eq!(sums(&shop, &address), (4, "3.00000001".to_owned()));
    let deposits = shop.deposits(&address);
    let amounts: Vec<&str> = deposits.iter().map(|invoice| text(invoice, "amount_paid")).collect();
    assert_eq!(amounts, ["2", "0.00000001", "0.5", "0.5"]);
    assert!(deposits.iter().all(|invoice| invoice["status"] == "paid"));
}

#[test]
fn section_4_4_a_deposit_that_is_reversed_and_mined_again_keeps_its_invoice() {
    let shop = Shop::moving();
    let address = shop.address(&bitcoin());
    let kept = shop.deposit(&address, "0.5", 2);
    shop.reorganise("bitcoin", 2, &[]);
    shop.mine("bitcoin", 2);
    assert_eq!(sums(&shop, &address), (1, "0.5".to_owned()));
    let invoice = shop.deposits(&address).remove(0);
    assert_eq!(text(&invoice, "status"), "paid");
    let hash = text(&kept, "tx_hash").to_owned();
    shop.reorganise("bitcoin", 5, &[&hash]);
    let reversed = shop.invoice(&invoice);
    assert_eq!((text(&reversed, "status"), text(&reversed, "amount_paid")), ("invalid", "0"));
    assert_eq!(reversed["payments"][0]["status"], "reversed");
    assert_eq!(sums(&shop, &address), (1, "0".to_owned()));
    let told = shop.told(&invoice);
    assert_eq!(told[told.len() - 2..], ["deposit_reversed", "invalid"]);
    let audit = shop.server.command(&["audit"]);
    assert_eq!(audit["ok"], true, "what it received is what its deposits come to: {audit}");
}

#[test]
fn section_4_4_a_deposit_that_goes_before_it_is_final_expires_and_nothing_was_received() {
    let shop = Shop::moving();
    let address = shop.address(&bitcoin());
    let gone = shop.deposit(&address, "0.5", 1);
    let hash = text(&gone, "tx_hash").to_owned();
    shop.reorganise("bitcoin", 1, &[&hash]);
    let invoice = shop.deposits(&address).remove(0);
    assert_eq!((text(&invoice, "status"), sums(&shop, &address)), ("expired", (1, "0".to_owned())));
    assert_eq!(shop.told(&invoice), ["created", "payment_detected", "confirming", "payment_dropped", "expired"]);
}

#[test]
fn section_4_4_money_in_another_currency_is_a_rejected_deposit_that_stays_visible() {
    let shop = Shop::moving();
    let address = shop.address(&json!({ "currency": "USDT", "network": "polygon" }));
    let path = format!("test/addresses/{}/payments", id(&address));
    for (currency, network) in [("USDC", "polygon"), ("USDT", "bsc")] {
        let body = json!({ "amount": "5", "currency": currency, "network": network, "confirmations": 70 });
        shop.post(&path, &body).data(201);
        let invoice = shop.deposits(&address).remove(0);
        assert_eq!((text(&invoice, "status"), text(&invoice, "amount_paid")), ("expired", "0"));
        let payment = &invoice["payments"][0];
        assert_eq!((text(payment, "status"), text(payment, "amount")), ("rejected", "5"));
        assert_eq!((text(payment, "currency"), text(payment, "network")), (currency, network));
        assert_eq!(shop.told(&invoice), ["created", "deposit_rejected"]);
    }
    assert_eq!(sums(&shop, &address), (2, "0".to_owned()));
}

#[test]
fn section_6_1_a_deposit_s_invoice_is_neither_cancelled_nor_activated() {
    let shop = Shop::moving();
    let address = shop.address(&bitcoin());
    shop.deposit(&address, "0.5", 0);
    let invoice = shop.deposits(&address).remove(0);
    shop.post(&format!("invoices/{}/cancel", id(&invoice)), &json!({})).refusal(400, "invalid_state");
    shop.post(&format!("invoices/{}/activate", id(&invoice)), &bitcoin()).refusal(400, "invalid_state");
    assert_eq!(text(&shop.invoice(&invoice), "status"), "confirming");
}
