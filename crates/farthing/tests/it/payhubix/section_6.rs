//! B6: statuses, and B8 and B9's money beside them.

use super::shop::Merchant;
use crate::contract::shop::with;
use serde_json::json;

#[test]
fn b6_a_payment_goes_from_created_over_pending_to_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&shop.order());
    assert_eq!(invoice["status"], "Created");
    shop.pay(&invoice, ("0.001", "BTC"), 0);
    let pending = shop.becomes(&invoice, "Pending");
    assert_eq!(
        (&pending["remaining_currency_amount"], &pending["payments"][0]["status"]),
        (&json!(60), &json!("Pending"))
    );
    assert_eq!(pending["payments"][0]["transactions"].as_array().unwrap().len(), 1);
    shop.native.mine("bitcoin", 2);
    let paid = shop.becomes(&invoice, "Paid");
    assert_eq!((&paid["remaining_currency_amount"], &paid["payments"][0]["status"]), (&json!(0), &json!("Paid")));
    let payment = &paid["payments"][0];
    assert_eq!((&payment["received_crypto_amount"], &payment["remaining_crypto_amount"]), (&json!(0.001), &json!(0)));
    let transaction = &payment["transactions"][0];
    assert_eq!(transaction["tx_hash"], shop.native_invoice(&invoice)["payments"][0]["tx_hash"]);
    assert_eq!(transaction["scanner_link"], json!(null));
}

#[test]
fn b6_a_part_is_partially_and_the_rest_makes_it_paid() {
    let shop = Merchant::moving();
    let invoice = shop.create(&shop.order());
    shop.pay(&invoice, ("0.0004", "BTC"), 2);
    let part = shop.becomes(&invoice, "Partially");
    assert_eq!(part["remaining_currency_amount"], json!(36));
    let payment = &part["payments"][0];
    let amounts = ["status", "final_crypto_amount", "received_crypto_amount", "remaining_crypto_amount"];
    let shown: Vec<_> = amounts.iter().map(|name| payment[name].clone()).collect();
    assert_eq!(shown, [json!("Partially"), json!(0.001), json!(0.0004), json!(0.0006)]);
    shop.pay(&invoice, ("0.0006", "BTC"), 2);
    assert_eq!(shop.becomes(&invoice, "Paid")["remaining_currency_amount"], json!(0));
}

#[test]
fn b6_time_that_runs_out_expires_what_has_nothing_and_what_has_a_part() {
    let shop = Merchant::moving();
    let short = with(&shop.order(), "time_for_payment", "00:30");
    let (nothing, part) = (shop.create(&short), shop.create(&short));
    shop.pay(&part, ("0.0004", "BTC"), 2);
    shop.becomes(&part, "Partially");
    shop.native.advance(1801);
    let nothing = shop.becomes(&nothing, "Expired");
    assert_eq!(
        (&nothing["remaining_currency_amount"], &nothing["payments"][0]["status"]),
        (&json!(60), &json!("Expired"))
    );
    let part = shop.becomes(&part, "PartiallyExpired");
    assert_eq!(
        (&part["remaining_currency_amount"], &part["payments"][0]["status"]),
        (&json!(36), &json!("PartiallyExpired"))
    );
}

#[test]
fn b6_the_payer_cancels_while_nothing_is_seen() {
    let shop = Merchant::moving();
    let invoice = shop.create(&shop.order());
    shop.cancel_on_page(&invoice);
    let cancelled = shop.becomes(&invoice, "Canceled");
    assert_eq!(cancelled["payments"][0]["status"], "Canceled");
}

#[test]
fn b16_what_is_overpaid_is_paid_with_nothing_remaining() {
    let shop = Merchant::moving();
    let invoice = shop.create(&shop.order());
    shop.pay(&invoice, ("0.002", "BTC"), 2);
    let paid = shop.becomes(&invoice, "Paid");
    assert_eq!(paid["remaining_currency_amount"], json!(0));
    let payment = &paid["payments"][0];
    assert_eq!((&payment["received_crypto_amount"], &payment["remaining_crypto_amount"]), (&json!(0.002), &json!(0)));
    assert_eq!(shop.native_invoice(&invoice)["status"], "overpaid");
}
