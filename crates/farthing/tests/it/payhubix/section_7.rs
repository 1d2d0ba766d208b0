//! B7: callbacks and the way back.

use super::shop::{Merchant, link};
use crate::contract::shop::with;
use crate::contract::{receiver::Receiver, shop::Shop};
use serde_json::json;

#[test]
fn b7_the_end_is_told_once_with_the_detail_payload_and_nothing_before_it() {
    let shop = Merchant::moving();
    let invoice = shop.create(&shop.order());
    shop.pay(&invoice, ("0.0004", "BTC"), 2);
    shop.becomes(&invoice, "Partially");
    shop.pay(&invoice, ("0.0006", "BTC"), 0);
    shop.becomes(&invoice, "Pending");
    shop.receiver.is_left_alone();
    shop.native.mine("bitcoin", 2);
    let webhook = shop.receiver.next();
    shop.vouches_for(&webhook);
    let told = webhook.json();
    assert_eq!(told["status"], "Paid");
    assert_eq!(told, shop.now(&invoice));
    shop.receiver.is_left_alone();
}

#[test]
fn b7_every_end_is_told() {
    let shop = Merchant::moving();
    let short = with(&shop.order(), "time_for_payment", "00:30");
    let cancelled = shop.create(&short);
    shop.cancel_on_page(&cancelled);
    assert_eq!(shop.receiver.next().json()["status"], "Canceled");
    let (part, nothing) = (shop.create(&short), shop.create(&short));
    shop.pay(&part, ("0.0004", "BTC"), 2);
    shop.becomes(&part, "Partially");
    shop.native.advance(1801);
    let mut told: Vec<_> = (0..2)
        .map(|_| shop.receiver.next().json())
        .map(|told| (told["link"].clone(), told["status"].clone()))
        .collect();
    told.sort_by_key(|(_, status)| status.to_string());
    assert_eq!(told, [(nothing["link"].clone(), json!("Expired")), (part["link"].clone(), json!("PartiallyExpired"))]);
    shop.receiver.is_left_alone();
}

#[test]
fn b7_a_redirect_is_taken_for_an_answer_and_not_followed() {
    let redirecting = Merchant::of(Shop::moving(), Receiver::answering(&[302]));
    let invoice = redirecting.create(&redirecting.order());
    redirecting.pay(&invoice, ("0.001", "BTC"), 2);
    assert_eq!(redirecting.receiver.next().json()["status"], "Paid");
    redirecting.receiver.is_left_alone();
}

#[test]
fn b7_an_invoice_without_an_address_is_told_where_the_key_says() {
    let shop = Merchant::moving();
    let url = shop.receiver.url.clone();
    let shop = shop.told_at(Some(&url));
    let mut body = shop.order();
    body.as_object_mut().unwrap().remove("callback_url");
    let invoice = shop.create(&body);
    assert_eq!(invoice["callback_url"], json!(null));
    shop.pay(&invoice, ("0.001", "BTC"), 2);
    let webhook = shop.receiver.next();
    shop.vouches_for(&webhook);
    assert_eq!(webhook.json()["link"], json!(link(&invoice)));
}

#[test]
fn b7_the_page_leads_back_only_from_an_end_and_to_the_address_as_it_was_sent() {
    let shop = Merchant::moving();
    let back = "https://shop.example/?wc-api=payhubix_gateway&key=wc_order_1";
    let shown = "https://shop.example/?wc-api=payhubix_gateway&#38;key=wc_order_1";
    let body = with(&shop.order(), "callback_url", back);
    let invoice = shop.create(&body);
    assert!(!shop.page(&invoice).contains("shop.example"));
    shop.pay(&invoice, ("0.0004", "BTC"), 2);
    shop.becomes(&invoice, "Partially");
    assert!(!shop.page(&invoice).contains("shop.example"));
    shop.pay(&invoice, ("0.0006", "BTC"), 2);
    shop.becomes(&invoice, "Paid");
    let page = shop.page(&invoice);
    assert!(page.contains(shown), "{page}");
    let elsewhere = shop.create(&with(&body, "redirect_url", "https://shop.example/thanks"));
    shop.cancel_on_page(&elsewhere);
    let page = shop.page(&elsewhere);
    assert!(page.contains("https://shop.example/thanks") && !page.contains("wc-api"), "{page}");
}
