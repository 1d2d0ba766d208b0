//! A5: statuses, by final money only (A10).

use super::shop::{FINAL, Merchant, id, ten_dollars};
use serde_json::{Value, json};

/// Status code, paid amount, and how many payments are shown.
fn stands(invoice: &Value) -> Value {
    json!([invoice["status_code"], invoice["paid_amount"], invoice["payments"].as_array().unwrap().len()])
}

#[test]
fn a_5_an_invoice_is_pending_until_money_is_final_and_then_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    assert_eq!(stands(&invoice), json!([0, 0, 0]));
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "10", 0);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([0, 0, 1]));
    shop.native.mine("ethereum", FINAL - 1);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([0, 0, 1]));
    shop.native.mine("ethereum", 1);
    assert_eq!(stands(&shop.becomes(&invoice, "paid")), json!([1, 10, 1]));
}

#[test]
fn a_5_a_part_is_under_paid_and_the_rest_makes_it_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "4.005", FINAL);
    assert_eq!(stands(&shop.becomes(&invoice, "under paid")), json!([2, 4, 1]), "rounded down to cents");
    shop.pay(&invoice, "5.995", 0);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([2, 4, 2]));
    shop.native.mine("ethereum", FINAL);
    assert_eq!(stands(&shop.becomes(&invoice, "paid")), json!([1, 10, 2]));
}

#[test]
fn a_5_more_than_the_amount_is_over_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "12.5", FINAL);
    assert_eq!(stands(&shop.becomes(&invoice, "over paid")), json!([3, 12.5, 1]));
}

#[test]
fn a_5_coins_of_the_filter_add_up() {
    let shop = Merchant::moving();
    let invoice = shop.create(&json!({ "amount": 10, "payment_currencies": "eth_stables" }));
    for (coin, code) in [("eth_usdt", "USDT"), ("eth_usdc", "USDC")] {
        shop.address(&invoice, coin);
        shop.pay_in(&invoice, "5", (code, "ethereum"), FINAL);
    }
    let paid = shop.becomes(&invoice, "paid");
    assert_eq!(stands(&paid), json!([1, 10, 2]));
    let coins: Vec<&Value> = paid["payments"].as_array().unwrap().iter().map(|payment| &payment["currency"]).collect();
    assert_eq!(json!(coins), json!(["eth_usdt", "eth_usdc"]));
}

#[test]
fn a_5_what_is_not_paid_in_time_expires() {
    let shop = Merchant::moving();
    let untouched = shop.create(&json!({ "amount": 10, "valid_for": "5m" }));
    let chosen = shop.create(&json!({ "amount": 10, "valid_for": "5m" }));
    shop.address(&chosen, "eth_eth");
    shop.native.advance(299);
    assert_eq!(stands(&shop.invoice(&untouched)), json!([0, 0, 0]));
    shop.native.advance(2);
    for invoice in [untouched, chosen] {
        assert_eq!(stands(&shop.becomes(&invoice, "expired")), json!([4, 0, 0]));
    }
}

#[test]
fn a_10_short_at_the_end_is_expired_and_shows_what_came() {
    let shop = Merchant::moving();
    let invoice = shop.create(&json!({ "amount": 10, "valid_for": "5m", "payment_currencies": "eth_usdt" }));
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "4", FINAL);
    shop.becomes(&invoice, "under paid");
    shop.native.advance(301);
    assert_eq!(stands(&shop.becomes(&invoice, "expired")), json!([4, 4, 1]));
}

#[test]
fn a_5_money_seen_in_time_counts_when_it_is_final_after_the_window() {
    let shop = Merchant::moving();
    let invoice = shop.create(&json!({ "amount": 10, "valid_for": "5m", "payment_currencies": "eth_usdt" }));
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "10", 1);
    shop.native.advance(301);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([0, 0, 1]));
    shop.native.mine("ethereum", FINAL);
    assert_eq!(stands(&shop.becomes(&invoice, "paid")), json!([1, 10, 1]));
}

#[test]
fn a_5_late_money_is_shown_and_changes_no_final_status() {
    let shop = Merchant::moving();
    let invoice = shop.create(&json!({ "amount": 10, "valid_for": "1m", "payment_currencies": "eth_usdt" }));
    shop.address(&invoice, "eth_usdt");
    shop.native.advance(61);
    shop.becomes(&invoice, "expired");
    shop.pay(&invoice, "10", FINAL);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([4, 0, 1]));
}

#[test]
fn a_5_the_payer_cancels_on_the_page_while_nothing_is_seen() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    assert!(shop.page(&invoice).contains("/cancel\""), "the page offers it");
    assert_eq!(shop.press(&invoice, "cancel", "").status, 303);
    assert_eq!(stands(&shop.invoice(&invoice)), json!([5, 0, 0]));
    assert_eq!(shop.press(&invoice, "cancel", "").status, 409);
    let seen = shop.create(&ten_dollars());
    shop.address(&seen, "eth_usdt");
    shop.pay(&seen, "1", 0);
    assert!(!shop.page(&seen).contains("/cancel\""), "nothing to cancel any more");
    assert_eq!(shop.press(&seen, "cancel", "").status, 409);
    assert_eq!(stands(&shop.invoice(&seen)), json!([0, 0, 1]));
}

#[test]
fn a_5_the_merchant_cannot_cancel_by_any_api() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&ten_dollars());
    let listed = shop.native.get("invoices?limit=1").data(200);
    assert_ne!(listed[0]["id"], id(&invoice), "the native API has its own id of it");
    let path = format!("invoices/{}/cancel", listed[0]["id"].as_str().unwrap());
    shop.native.post(&path, &json!({})).refusal(400, "invalid_state");
    assert_eq!(shop.invoice(&invoice)["status_code"], 0);
}

#[test]
fn a_5_an_invoice_whose_money_is_gone_from_the_chain_is_pending_and_then_expired() {
    let shop = Merchant::moving();
    let invoice = shop.create(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    let payment = shop.pay(&invoice, "10", FINAL);
    shop.becomes(&invoice, "paid");
    shop.native.reorganise("ethereum", FINAL + 3, &[payment["tx_hash"].as_str().unwrap()]);
    assert_eq!(stands(&shop.becomes(&invoice, "pending")), json!([0, 0, 0]));
    shop.native.advance(3600);
    assert_eq!(stands(&shop.becomes(&invoice, "expired")), json!([4, 0, 0]));
}
