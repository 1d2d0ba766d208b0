//! Section 6.1: every status, reached through the test-mode API, with the events of the way there.

use super::shop::{Shop, half_a_bitcoin, ten_dollars};
use serde_json::{Value, json};

/// Seconds of the default window.
pub(super) const WINDOW: i64 = 1800;

/// An invoice's status, and its events.
pub(super) fn story(shop: &Shop<'_>, invoice: &Value) -> (String, String) {
    (shop.invoice(invoice)["status"].as_str().unwrap().to_owned(), shop.told(invoice).join(" "))
}

/// Asserts status and events.
pub(super) fn tells(shop: &Shop<'_>, invoice: &Value, status: &str, events: &str) {
    assert_eq!(story(shop, invoice), (status.to_owned(), events.to_owned()));
}

#[test]
fn section_6_1_draft_becomes_pending_when_it_is_activated() {
    let shop = Shop::fresh();
    let invoice = shop.create(&ten_dollars());
    tells(&shop, &invoice, "draft", "created");
    shop.activate(&invoice, &json!({ "currency": "BTC" }));
    tells(&shop, &invoice, "pending", "created activated");
}

#[test]
fn section_6_1_a_deferred_crypto_draft_is_activated_without_a_choice() {
    let shop = Shop::fresh();
    let draft = shop.create(&json!({ "amount": "0.5", "currency": "BTC", "deferred": true }));
    let invoice = shop.activate(&draft, &json!({}));
    assert_eq!(invoice["amount_requested"], "0.5");
    tells(&shop, &invoice, "pending", "created activated");
}

#[test]
fn section_6_1_draft_expires_when_its_deadline_passes() {
    let shop = Shop::moving();
    let invoice = shop.create(&ten_dollars());
    shop.advance(7 * 86_400 - 60);
    tells(&shop, &invoice, "draft", "created");
    shop.advance(60);
    tells(&shop, &invoice, "draft_expired", "created draft_expired");
    let path = format!("invoices/{}/activate", invoice["id"].as_str().unwrap());
    shop.post(&path, &json!({ "currency": "BTC" })).refusal(400, "invalid_state");
}

#[test]
fn section_6_1_pending_becomes_confirming_with_the_first_payment_seen_and_paid_when_it_is_final() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    tells(&shop, &invoice, "pending", "created");
    shop.pay(&invoice, "0.5", 0);
    tells(&shop, &invoice, "confirming", "created payment_detected confirming");
    shop.mine("bitcoin", 1);
    tells(&shop, &invoice, "confirming", "created payment_detected confirming");
    shop.mine("bitcoin", 1);
    tells(&shop, &invoice, "paid", "created payment_detected confirming paid");
    shop.mine("bitcoin", 10);
    shop.advance(WINDOW);
    tells(&shop, &invoice, "paid", "created payment_detected confirming paid");
}

#[test]
fn section_6_1_confirming_becomes_overpaid() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.7", 2);
    tells(&shop, &invoice, "overpaid", "created payment_detected confirming overpaid");
    assert_eq!(shop.invoice(&invoice)["amount_paid"], "0.7");
}

#[test]
fn section_6_1_confirming_becomes_underpaid_and_the_rest_can_be_paid_while_the_window_is_open() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.2", 2);
    tells(&shop, &invoice, "underpaid", "created payment_detected confirming");
    shop.pay(&invoice, "0.3", 0);
    shop.mine("bitcoin", 2);
    let events = "created payment_detected confirming payment_detected confirming paid";
    tells(&shop, &invoice, "paid", events);
}

#[test]
fn section_11_invoice_underpaid_is_raised_only_when_it_is_final() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.2", 2);
    tells(&shop, &invoice, "underpaid", "created payment_detected confirming");
    shop.advance(WINDOW + 1);
    tells(&shop, &invoice, "underpaid", "created payment_detected confirming underpaid");
}

#[test]
fn section_6_1_pending_expires_when_its_window_passes() {
    let shop = Shop::moving();
    let invoice = shop.create(&json!({ "amount": "0.5", "currency": "BTC", "expiry_minutes": 5 }));
    shop.advance(240);
    tells(&shop, &invoice, "pending", "created");
    shop.advance(60);
    tells(&shop, &invoice, "expired", "created expired");
}

#[test]
fn section_6_1_paid_becomes_invalid_when_its_money_is_reversed_and_the_window_passes() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    let payment = shop.pay(&invoice, "0.5", 2);
    let hash = payment["tx_hash"].as_str().unwrap();
    shop.reorganise("bitcoin", 3, &[hash]);
    let events = "created payment_detected confirming paid deposit_reversed";
    tells(&shop, &invoice, "pending", events);
    let reversed = shop.invoice(&invoice);
    assert_eq!(reversed["payments"][0]["status"], "reversed");
    assert_eq!((&reversed["amount_paid"], &reversed["paid_at"]), (&json!("0"), &Value::Null));
    shop.advance(WINDOW + 1);
    tells(&shop, &invoice, "invalid", &format!("{events} invalid"));
}

#[test]
fn section_6_1_a_reversed_invoice_can_be_paid_again_in_its_window() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    let payment = shop.pay(&invoice, "0.5", 2);
    shop.reorganise("bitcoin", 3, &[payment["tx_hash"].as_str().unwrap()]);
    shop.pay(&invoice, "0.5", 2);
    let events = "created payment_detected confirming paid deposit_reversed payment_detected confirming paid";
    tells(&shop, &invoice, "paid", events);
}

#[test]
fn section_6_1_a_reorganisation_that_keeps_the_money_is_told_as_nothing() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 1);
    shop.reorganise("bitcoin", 1, &[]);
    shop.mine("bitcoin", 2);
    tells(&shop, &invoice, "paid", "created payment_detected confirming paid");
}

#[test]
fn section_6_1_each_scenario_of_test_mode_ends_as_it_says() {
    let shop = Shop::moving();
    let usdt = json!({ "amount": "10", "currency": "USDT", "network": "tron" });
    for (scenario, status, events) in [
        ("exact", "paid", "created payment_detected confirming paid"),
        ("underpay", "underpaid", "created payment_detected confirming"),
        ("overpay", "overpaid", "created payment_detected confirming overpaid"),
        ("reorg", "paid", "created payment_detected confirming paid"),
        ("double_spend", "pending", "created payment_detected confirming payment_dropped"),
        ("wrong_token", "pending", "created deposit_rejected"),
        ("split", "paid", "created payment_detected confirming payment_detected confirming paid"),
        ("late", "expired", "created expired payment_detected late_deposit"),
    ] {
        let invoice = shop.create(&usdt);
        let played = shop.play(&invoice, scenario);
        assert_eq!(played["scenario"], scenario);
        assert_eq!(played["payments"].as_array().unwrap().len(), if scenario == "split" { 2 } else { 1 });
        tells(&shop, &invoice, status, events);
    }
}

#[test]
fn section_6_1_test_mode_answers_when_what_it_causes_is_applied() {
    let shop = Shop::moving();
    let before = shop.advance(1)["now"].clone();
    let after = shop.advance(120);
    assert_eq!(after["environment"], "test");
    let moved = super::documented::seconds(&after["now"]) - super::documented::seconds(&before);
    assert!((120..=130).contains(&moved), "{moved}");
    let height = |chain: &Value| chain["height"].as_u64().unwrap();
    let (one, two) = (shop.mine("solana", 1), shop.mine("solana", 3));
    assert_eq!(height(&two) - height(&one), 3);
    let branch = shop.reorganise("solana", 2, &[]);
    assert_eq!(height(&branch) - height(&two), 1, "the last blocks are replaced by one more");
    assert_ne!(branch["hash"], two["hash"]);
}

#[test]
fn section_6_1_test_mode_refuses_what_it_cannot_play() {
    let shop = Shop::moving();
    let draft = shop.create(&ten_dollars());
    let path = |of: &Value, call: &str| format!("test/invoices/{}/{call}", of["id"].as_str().unwrap());
    shop.post(&path(&draft, "payments"), &json!({ "amount": "1" })).refusal(400, "invalid_state");
    shop.post(&path(&draft, "scenarios"), &json!({ "scenario": "exact" })).refusal(400, "invalid_state");
    let bitcoin = shop.create(&half_a_bitcoin());
    let details = shop.post(&path(&bitcoin, "scenarios"), &json!({ "scenario": "wrong_token" }));
    assert!(!details.refusal(400, "validation_error").is_empty(), "bitcoin carries no other asset");
    for network in ["nowhere", "bitcoin2", "x%2fy"] {
        shop.post(&format!("test/networks/{network}/blocks"), &json!({})).refusal(404, "not_found");
        shop.post(&format!("test/networks/{network}/reorg"), &json!({ "depth": 1 })).refusal(404, "not_found");
    }
    let unknown = json!({ "depth": 1, "drop": ["00".repeat(32)] });
    shop.post("test/networks/bitcoin/reorg", &unknown).refusal(400, "validation_error");
}
