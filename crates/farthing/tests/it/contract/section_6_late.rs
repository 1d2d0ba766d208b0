//! Section 6.1: what comes late, is not final, or is of the wrong asset.

use super::{
    section_6::{WINDOW, tells},
    shop::{Shop, half_a_bitcoin},
};
use serde_json::json;

#[test]
fn section_6_1_after_expiry_a_deposit_raises_late_deposit_and_changes_no_status() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.advance(WINDOW);
    tells(&shop, &invoice, "expired", "created expired");
    shop.pay(&invoice, "0.5", 2);
    tells(&shop, &invoice, "expired", "created expired payment_detected late_deposit");
    let shown = shop.invoice(&invoice);
    assert_eq!((&shown["amount_paid"], &shown["paid_at"]), (&json!("0"), &json!(null)));
    assert_eq!(shown["payments"][0]["status"], "confirmed");
}

#[test]
fn section_6_1_money_seen_in_time_that_becomes_final_after_the_window_still_pays() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 0);
    shop.advance(WINDOW * 2);
    tells(&shop, &invoice, "confirming", "created payment_detected confirming");
    shop.mine("bitcoin", 2);
    tells(&shop, &invoice, "paid", "created payment_detected confirming paid");
}

#[test]
fn section_6_1_money_that_is_not_final_within_the_grace_is_late() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 0);
    shop.advance(WINDOW + 24 * 3600 + 1);
    tells(&shop, &invoice, "expired", "created payment_detected confirming late_deposit expired");
}

#[test]
fn section_6_1_money_after_a_cancellation_is_late_and_the_invoice_stays_cancelled() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.cancel(&invoice);
    shop.pay(&invoice, "0.5", 2);
    tells(&shop, &invoice, "cancelled", "created cancelled payment_detected late_deposit");
}

#[test]
fn section_6_1_money_after_paid_is_late_and_takes_nothing_back() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 2);
    shop.advance(5);
    shop.pay(&invoice, "0.1", 2);
    tells(&shop, &invoice, "paid", "created payment_detected confirming paid payment_detected late_deposit");
    assert_eq!(shop.invoice(&invoice)["amount_paid"], "0.5");
}

#[test]
fn section_6_1_money_seen_before_paid_may_still_make_it_overpaid() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 1);
    shop.pay(&invoice, "0.1", 0);
    shop.mine("bitcoin", 1);
    assert_eq!(shop.invoice(&invoice)["status"], "paid");
    shop.mine("bitcoin", 1);
    assert_eq!(shop.invoice(&invoice)["status"], "overpaid");
    let told = shop.told(&invoice).join(" ");
    assert_eq!(told, "created payment_detected confirming payment_detected paid overpaid");
}

#[test]
fn section_11_money_gone_before_it_was_final_is_told_as_dropped() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    let payment = shop.pay(&invoice, "0.5", 1);
    shop.reorganise("bitcoin", 1, &[payment["tx_hash"].as_str().unwrap()]);
    tells(&shop, &invoice, "pending", "created payment_detected confirming payment_dropped");
    assert_eq!(shop.invoice(&invoice)["payments"][0]["status"], "reversed");
}

#[test]
fn section_11_money_of_another_asset_is_a_rejected_payment_with_its_event() {
    let shop = Shop::moving();
    let invoice = shop.create(&json!({ "amount": "10", "currency": "USDT", "network": "polygon" }));
    let body = json!({ "amount": "10", "currency": "USDC", "network": "polygon", "confirmations": 64 });
    shop.post(&format!("test/invoices/{}/payments", invoice["id"].as_str().unwrap()), &body).data(201);
    tells(&shop, &invoice, "pending", "created deposit_rejected");
    let shown = shop.invoice(&invoice);
    let payment = &shown["payments"][0];
    assert_eq!((&payment["status"], &payment["currency"]), (&json!("rejected"), &json!("USDC")));
    assert_eq!(shown["amount_paid"], "0");
    let other_network = json!({ "amount": "10", "currency": "USDT", "network": "arbitrum", "confirmations": 20 });
    shop.post(&format!("test/invoices/{}/payments", invoice["id"].as_str().unwrap()), &other_network).data(201);
    tells(&shop, &invoice, "pending", "created deposit_rejected deposit_rejected");
}

#[test]
fn section_6_1_two_invoices_never_take_each_other_s_money() {
    let shop = Shop::moving();
    let (one, two) = (shop.create(&half_a_bitcoin()), shop.create(&half_a_bitcoin()));
    shop.pay(&one, "0.5", 2);
    tells(&shop, &one, "paid", "created payment_detected confirming paid");
    tells(&shop, &two, "pending", "created");
}

#[test]
fn section_6_1_the_books_agree_after_every_story() {
    let shop = Shop::moving();
    for scenario in ["exact", "underpay", "overpay", "split", "reorg", "double_spend", "wrong_token", "late"] {
        let invoice = shop.create(&json!({ "amount": "10", "currency": "USDC", "network": "base" }));
        shop.play(&invoice, scenario);
    }
    let audit = shop.server.command(&["audit"]);
    assert_eq!(audit["ok"], true, "{audit}");
    let numbers: Vec<u64> = shop.feed().iter().map(|item| item["sequence"].as_u64().unwrap()).collect();
    let count = u64::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (1..=count).collect::<Vec<u64>>(), "numbered without gaps");
}
