//! A8: callbacks.

use super::shop::{FINAL, Merchant, ten_dollars};
use serde_json::json;

#[test]
fn a_8_every_status_and_every_payment_is_told_with_the_whole_invoice() {
    let shop = Merchant::moving();
    let invoice = shop.listening(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    shop.pay(&invoice, "4", 0);
    let seen = shop.callback();
    assert_eq!((&seen["status_code"], &seen["paid_amount"], &seen["id"]), (&json!(0), &json!(0), &invoice["id"]));
    assert_eq!(seen["payments"][0]["amount"], 4);
    assert_eq!(seen["notify_url"], shop.receiver.url);
    shop.native.mine("ethereum", FINAL);
    let short = shop.callback();
    assert_eq!((&short["status"], &short["paid_amount"]), (&json!("under paid"), &json!(4)));
    shop.pay(&invoice, "6", 0);
    let more = shop.callback();
    assert_eq!((&more["status_code"], &more["payments"][1]["amount"]), (&json!(2), &json!(6)));
    shop.native.mine("ethereum", FINAL);
    let paid = shop.callback();
    assert_eq!((&paid["status"], &paid["paid_amount"]), (&json!("paid"), &json!(10)));
    assert_eq!(shop.invoice(&invoice), paid, "reading it again says the same");
    shop.receiver.is_left_alone();
}

#[test]
fn a_8_more_of_a_part_is_told_though_the_status_stays() {
    let shop = Merchant::moving();
    let invoice = shop.listening(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    let told: Vec<_> = ["1", "2"]
        .into_iter()
        .flat_map(|amount| {
            shop.pay(&invoice, amount, 0);
            let seen = shop.callback();
            shop.native.mine("ethereum", FINAL);
            [seen, shop.callback()]
        })
        .map(|invoice| json!([invoice["status_code"], invoice["paid_amount"]]))
        .collect();
    assert_eq!(json!(told), json!([[0, 0], [2, 1], [2, 1], [2, 3]]));
    shop.receiver.is_left_alone();
}

#[test]
fn a_8_creation_and_the_choice_of_a_coin_are_no_updates_and_a_cancel_is() {
    let shop = Merchant::moving();
    let invoice = shop.listening(&json!({ "amount": 10, "fail_url": "https://shop.example/no" }));
    shop.address(&invoice, "eth_usdt");
    shop.address(&invoice, "polygon_eth");
    shop.receiver.is_left_alone();
    shop.press(&invoice, "cancel", "");
    let cancelled = shop.callback();
    assert_eq!((&cancelled["status"], &cancelled["status_code"]), (&json!("cancelled"), &json!(5)));
    shop.receiver.is_left_alone();
}

#[test]
fn a_8_expiry_is_told_and_so_is_late_money() {
    let shop = Merchant::moving();
    let invoice = shop.listening(&json!({ "amount": 10, "valid_for": "1m", "payment_currencies": "eth_usdt" }));
    shop.address(&invoice, "eth_usdt");
    shop.native.advance(61);
    assert_eq!(shop.callback()["status"], "expired");
    shop.pay(&invoice, "10", 0);
    let late = shop.callback();
    assert_eq!(
        (&late["status_code"], &late["paid_amount"], &late["payments"][0]["amount"]),
        (&json!(4), &json!(0), &json!(10))
    );
}

#[test]
fn a_8_money_that_is_gone_again_is_told() {
    let shop = Merchant::moving();
    let invoice = shop.listening(&ten_dollars());
    shop.address(&invoice, "eth_usdt");
    let payment = shop.pay(&invoice, "10", 1);
    assert_eq!(shop.callback()["payments"].as_array().unwrap().len(), 1);
    shop.native.reorganise("ethereum", 2, &[payment["tx_hash"].as_str().unwrap()]);
    let gone = shop.callback();
    assert_eq!((&gone["status_code"], &gone["payments"]), (&json!(0), &json!([])));
}

#[test]
fn a_10_an_invoice_without_a_callback_url_is_told_to_the_credential_s() {
    let shop = Merchant::moving();
    let url = shop.receiver.url.clone();
    let shop = shop.told_at(Some(&url));
    let invoice = shop.create(&ten_dollars());
    shop.press(&invoice, "cancel", "");
    let webhook = shop.receiver.next();
    shop.vouches_for(&webhook);
    assert_eq!(webhook.json()["id"], invoice["id"]);
    assert!(webhook.json().get("notify_url").is_none(), "it is an echo of the request's");
}
