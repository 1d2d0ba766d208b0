//! A.9.2 and A.14: how an invoice fails, and that it stays so.

use super::shop::{Merchant, timed, without};
use crate::contract::shop::with;
use serde_json::{Value, json};

fn failed(told: &Value, error: &str, remaining: &str, transactions: usize) {
    assert_eq!((&told["status"], &told["error"]), (&json!("failed"), &json!(error)), "{told}");
    assert_eq!(told["currency_sent"]["remaining_amount"], remaining, "{told}");
    assert_eq!(told["transactions"].as_array().unwrap().len(), transactions, "{told}");
    assert_eq!(told["fees"], json!([]));
}

#[test]
fn a_9_2_nothing_was_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("nothing"));
    shop.native.advance(899);
    shop.receiver.is_left_alone();
    shop.native.advance(2);
    let told = shop.callback();
    failed(&told, "Timer expired. User not paid.", "0.00075000", 0);
    assert_eq!(told["expires_at"], invoice["release_at"]);
}

#[test]
fn a_9_2_less_was_paid_than_requested() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("less"));
    shop.pay(&invoice, "0.0005", 2);
    assert_eq!(shop.callback()["status"], "pending");
    shop.native.advance(901);
    failed(&shop.callback(), "Timer expired. User paid less than requested.", "0.00025000", 1);
    shop.receiver.is_left_alone();
}

#[test]
fn a_9_2_transactions_were_in_processing_for_too_long() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("slow"));
    shop.pay(&invoice, "0.00075", 0);
    assert_eq!(shop.callback()["status"], "processing");
    shop.native.advance(80_000);
    shop.receiver.is_left_alone();
    shop.native.advance(6_500);
    failed(&shop.callback(), "Timer expired. Transactions were in status processing too long.", "0.00000000", 1);
    shop.native.mine("bitcoin", 2);
    shop.receiver.is_left_alone();
}

#[test]
fn a_14_an_open_invoice_waits_seven_days_for_a_choice() {
    let shop = Merchant::moving();
    shop.create(&without(&with(&timed("open"), "timer", json!(false)), "sender_currency"));
    shop.native.advance(7 * 86_400 - 60);
    shop.receiver.is_left_alone();
    shop.native.advance(61);
    let told = shop.callback();
    assert_eq!((&told["status"], &told["error"]), (&json!("failed"), &json!("Timer expired. User not paid.")));
    assert_eq!((&told["crypto_address"], &told["fixed_at"]), (&json!(null), &json!(null)));
}

#[test]
fn a_14_late_money_reopens_nothing_and_is_not_told_again() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("late"));
    shop.native.advance(901);
    failed(&shop.callback(), "Timer expired. User not paid.", "0.00075000", 0);
    shop.pay(&invoice, "0.00075", 2);
    shop.receiver.is_left_alone();
    let native = shop.native.get("invoices?external_id=late").success(200);
    assert_eq!(native["data"][0]["payments"].as_array().unwrap().len(), 1);
    let info = shop.ask("GET", "/transactions/info", json!({ "id": invoice["id"] }).to_string().as_bytes()).json();
    failed(&info, "Timer expired. User not paid.", "0.00075000", 0);
}

#[test]
fn a_9_2_money_that_a_reorganisation_takes_back_is_told() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("gone"));
    let paid = shop.pay(&invoice, "0.00075", 1);
    assert_eq!(shop.callback()["status"], "processing");
    shop.native.reorganise("bitcoin", 1, &[paid["tx_hash"].as_str().unwrap()]);
    let pending = shop.callback();
    assert_eq!((&pending["status"], &pending["transactions"]), (&json!("pending"), &json!([])));
}

#[test]
fn a_14_money_that_was_credited_and_is_gone_from_the_chain_fails_the_invoice() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("taken back"));
    let paid = shop.pay(&invoice, "0.00075", 2);
    let mut told = shop.callback();
    while told["status"] != "confirmed" {
        told = shop.callback();
    }
    shop.native.reorganise("bitcoin", 4, &[paid["tx_hash"].as_str().unwrap()]);
    assert_eq!(shop.callback()["status"], "pending");
    shop.native.advance(901);
    failed(&shop.callback(), "Transaction was reversed.", "0.00075000", 0);
    shop.receiver.is_left_alone();
}
