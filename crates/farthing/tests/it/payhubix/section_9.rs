//! B9: several payments of one invoice, and rates that are renewed.

use super::shop::{Merchant, link};
use crate::contract::shop::with;
use serde_json::{Value, json};

fn coin_ids(invoice: &Value) -> Vec<Value> {
    let payments = invoice["payments"].as_array().unwrap();
    payments.iter().map(|payment| payment["selected_currency"]["currency_id"].clone()).collect()
}

#[test]
fn b9_the_rest_can_be_paid_in_another_coin() {
    let shop = Merchant::moving();
    let invoice = shop.create(&with(&shop.order(), "currencies", json!([1, 2])));
    shop.choose(&invoice, "BTC", "bitcoin");
    shop.pay(&invoice, ("0.0005", "BTC"), 2);
    shop.becomes(&invoice, "Partially");
    shop.choose(&invoice, "LTC", "litecoin");
    let two = shop.now(&invoice);
    assert_eq!(coin_ids(&two), [1, 2]);
    assert_eq!(two["selected_payment"], two["payments"][1]);
    let rest = &two["payments"][1];
    assert_eq!((&rest["currency_amount"], &rest["remaining_currency_amount"]), (&json!(30), &json!(30)));
    assert_eq!((&rest["status"], &rest["received_crypto_amount"]), (&json!("Created"), &json!(0)));
    assert_eq!(rest["crypto_amount"], rest["remaining_crypto_amount"]);
    assert_eq!(two["payments"][0]["received_crypto_amount"], json!(0.0005));
    shop.pay(&invoice, (&rest["remaining_crypto_amount"].to_string(), "LTC"), 6);
    let paid = shop.becomes(&invoice, "Paid");
    for payment in paid["payments"].as_array().unwrap() {
        assert_eq!((&payment["status"], &payment["remaining_currency_amount"]), (&json!("Paid"), &json!(0)));
    }
}

#[test]
fn b9_a_rate_that_lapsed_is_renewed_on_the_same_address_when_looked_at() {
    let shop = Merchant::moving();
    let invoice = shop.create(&with(&shop.order(), "currencies", json!([])));
    shop.choose(&invoice, "BTC", "bitcoin");
    let before = shop.now(&invoice);
    shop.native.advance(1801);
    let after = shop.now(&invoice);
    let (old, new) = (&before["payments"][0], &after["payments"][0]);
    assert_eq!(coin_ids(&after), [1]);
    assert_eq!((&new["address"], &new["created_at"]), (&old["address"], &old["created_at"]));
    assert!(new["expire_time"].as_str() > old["expire_time"].as_str(), "{old} {new}");
    assert_eq!((&after["status"], &after["expire_at"]), (&json!("Pending"), &before["expire_at"]));
    shop.receiver.is_left_alone();
    shop.native.advance(5401);
    let ended = shop.becomes(&invoice, "Expired");
    assert_eq!(
        ended["payments"][0]["expire_time"],
        shop.now(&invoice)["payments"][0]["expire_time"],
        "{}",
        link(&invoice)
    );
}
