//! B.4.4 and B.4.5: the three words of an invoice, and when they change. Every change is told once (B.11).

use super::shop::{Merchant, seed, triple};
use crate::{contract::shop::with, eventually::eventually};
use serde_json::Value;

/// The payer's window, in seconds.
const WINDOW: i64 = 20 * 60;
/// How long an invoice stays open, in seconds.
const OPEN: i64 = 168 * 3600;

impl Merchant {
    /// Asserts that an invoice comes to these words, and that this is told next.
    fn becomes(&self, invoice: &Value, words: [&str; 3]) -> Value {
        let told = self.callback();
        assert_eq!((&told["data"]["id"], triple(&told)), (&invoice["data"]["id"], words.map(str::to_owned)), "{told}");
        eventually("the change", || (self.status(invoice) == words).then_some(()));
        told
    }
}

#[test]
fn b_4_4_paid_in_time_is_processing_and_then_completed_in_full() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("full"));
    assert_eq!(triple(&invoice), ["pending", "unpaid", "expecting"]);
    shop.pay(&invoice, "100", 0);
    shop.becomes(&invoice, ["processing", "unpaid", "onTime"]);
    shop.native.mine("tron", 18);
    assert_eq!(shop.status(&invoice), ["processing", "unpaid", "onTime"]);
    shop.native.mine("tron", 1);
    shop.becomes(&invoice, ["completed", "full", "onTime"]);
    shop.receiver.is_left_alone();
}

#[test]
fn b_4_4_one_short_payment_ends_the_flow_when_it_is_confirmed() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("short"));
    shop.pay(&invoice, "99.999999", 1);
    shop.becomes(&invoice, ["processing", "unpaid", "onTime"]);
    shop.native.mine("tron", 18);
    shop.becomes(&invoice, ["completed", "underpaid", "onTime"]);
    // What comes after the end is recorded, and changes nothing.
    shop.pay(&invoice, "0.000001", 19);
    assert_eq!(shop.status(&invoice), ["completed", "underpaid", "onTime"]);
    let read = shop.invoice(&invoice);
    assert_eq!(read["data"]["relationships"]["coinDeposits"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(read["data"]["relationships"]["invoiceTransactions"]["data"].as_array().unwrap().len(), 1);
    assert_eq!(super::shop::included(&read, "coinTransactions")[1]["attributes"]["state"], "on_hold_confirmed");
    shop.receiver.is_left_alone();
}

#[test]
fn b_14_several_deposits_that_were_seen_before_the_end_are_summed() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("sum"));
    shop.pay(&invoice, "40", 0);
    shop.becomes(&invoice, ["processing", "unpaid", "onTime"]);
    shop.pay(&invoice, "61", 0);
    shop.native.mine("tron", 19);
    let told = shop.becomes(&invoice, ["completed", "overpaid", "onTime"]);
    assert_eq!(told["data"]["relationships"]["coinDeposits"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(told["data"]["relationships"]["refundLinks"], serde_json::json!({ "data": [] }));
    shop.receiver.is_left_alone();
}

#[test]
fn b_4_4_an_expired_invoice_is_not_final_and_late_money_completes_it() {
    let shop = Merchant::moving();
    let invoice = shop.create(&with(&seed("late"), "billedCurrency", "EUR"));
    shop.native.advance(WINDOW - 5);
    assert_eq!(shop.status(&invoice), ["pending", "unpaid", "expecting"]);
    shop.native.advance(10);
    shop.becomes(&invoice, ["expired", "unpaid", "expecting"]);
    shop.native.advance(24 * 3600);
    shop.pay(&invoice, "125", 0);
    shop.becomes(&invoice, ["processing", "unpaid", "late"]);
    shop.native.mine("tron", 19);
    let told = shop.becomes(&invoice, ["completed", "full", "late"]);
    assert_eq!(super::shop::included(&told, "invoiceTransactions")[0]["attributes"]["amountBilled"], "100.00");
    shop.receiver.is_left_alone();
}

#[test]
fn b_4_4_late_money_may_be_short_or_too_much() {
    let shop = Merchant::moving();
    for (reference, amount, context) in [("less", "99", "underpaid"), ("more", "101", "overpaid")] {
        let invoice = shop.create(&seed(reference));
        shop.native.advance(WINDOW + 5);
        shop.becomes(&invoice, ["expired", "unpaid", "expecting"]);
        shop.pay(&invoice, amount, 0);
        shop.becomes(&invoice, ["processing", "unpaid", "late"]);
        shop.native.mine("tron", 19);
        shop.becomes(&invoice, ["completed", context, "late"]);
    }
    shop.receiver.is_left_alone();
}

#[test]
fn b_4_4_nothing_in_168_hours_is_cancelled_for_good() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("nothing"));
    shop.native.advance(WINDOW + 5);
    shop.becomes(&invoice, ["expired", "unpaid", "expecting"]);
    shop.native.advance(OPEN - WINDOW - 60);
    assert_eq!(shop.status(&invoice), ["expired", "unpaid", "expecting"]);
    shop.native.advance(60);
    shop.becomes(&invoice, ["cancelled", "unpaid", "expecting"]);
    shop.pay(&invoice, "100", 19);
    assert_eq!(shop.status(&invoice)[..2], ["cancelled", "unpaid"]);
    shop.native.mine("tron", 1);
    assert_eq!(shop.invoice(&invoice)["data"]["relationships"]["invoiceTransactions"]["data"], serde_json::json!([]));
}

#[test]
fn b_4_4_what_is_seen_and_never_confirmed_is_cancelled_with_the_time_of_the_payer() {
    let shop = Merchant::moving();
    let (in_time, late) = (shop.create(&seed("in-time")), shop.create(&seed("late")));
    shop.pay(&in_time, "100", 0);
    shop.becomes(&in_time, ["processing", "unpaid", "onTime"]);
    shop.native.advance(WINDOW + 5);
    shop.becomes(&late, ["expired", "unpaid", "expecting"]);
    shop.pay(&late, "100", 0);
    shop.becomes(&late, ["processing", "unpaid", "late"]);
    shop.native.advance(OPEN);
    let ended: Vec<[String; 3]> = (0..2).map(|_| triple(&shop.callback())).collect();
    assert!(ended.contains(&["cancelled", "unpaid", "onTime"].map(str::to_owned)), "{ended:?}");
    assert!(ended.contains(&["cancelled", "unpaid", "late"].map(str::to_owned)), "{ended:?}");
    assert_eq!(shop.status(&in_time), ["cancelled", "unpaid", "onTime"]);
    assert_eq!(shop.status(&late), ["cancelled", "unpaid", "late"]);
}

#[test]
fn b_4_4_an_invoice_whose_credited_money_is_gone_is_rejected_when_its_window_is_over() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("gone"));
    shop.pay(&invoice, "100", 0);
    shop.becomes(&invoice, ["processing", "unpaid", "onTime"]);
    shop.native.mine("tron", 19);
    let told = shop.becomes(&invoice, ["completed", "full", "onTime"]);
    let hash = super::shop::included(&told, "coinTransactions")[0]["attributes"]["txHash"].as_str().unwrap().to_owned();
    shop.native.reorganise("tron", 19, &[&hash]);
    let told = shop.becomes(&invoice, ["pending", "unpaid", "expecting"]);
    assert_eq!(super::shop::included(&told, "coinTransactions")[0]["attributes"]["state"], "failed");
    shop.native.advance(WINDOW + 5);
    shop.becomes(&invoice, ["rejected", "unpaid", "expecting"]);
    shop.receiver.is_left_alone();
}
