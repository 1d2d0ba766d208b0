//! Sections 4.2 and 4.3: listing and reading invoices, and cancelling them.

use super::{
    documented::check_invoice,
    http::Ask,
    server::shared,
    shop::{Shop, half_a_bitcoin, id, ten_dollars, with},
};
use serde_json::{Value, json};
use std::{slice::from_ref, thread::spawn};

/// The ids of a list's answer.
fn ids(shop: &Shop<'_>, query: &str) -> Vec<String> {
    let list = shop.get(&format!("invoices?{query}")).data(200);
    list.as_array().unwrap().iter().map(|invoice| id(invoice).to_owned()).collect()
}

fn id_of(invoice: &Value) -> String {
    id(invoice).to_owned()
}

#[test]
fn section_4_2_status_takes_one_or_several_with_commas() {
    let shop = Shop::fresh();
    let pending = id_of(&shop.create(&half_a_bitcoin()));
    let draft = id_of(&shop.create(&ten_dollars()));
    let cancelled = shop.create(&half_a_bitcoin());
    shop.cancel(&cancelled);
    let cancelled = id_of(&cancelled);
    assert_eq!(ids(&shop, "status=pending"), from_ref(&pending));
    assert_eq!(ids(&shop, "status=draft"), from_ref(&draft));
    assert_eq!(ids(&shop, "status=cancelled,%20pending"), [cancelled.clone(), pending.clone()]);
    assert_eq!(ids(&shop, "status=draft,draft"), from_ref(&draft));
    assert_eq!(ids(&shop, "status="), [cancelled, draft, pending]);
    assert!(ids(&shop, "status=paid,overpaid,underpaid,expired,draft_expired,invalid,confirming").is_empty());
    for wrong in ["detected", "PAID", "pending;draft", "pending,", "a".repeat(256).as_str()] {
        shop.get(&format!("invoices?status={wrong}")).blames(400, "validation_error", "status");
    }
}

#[test]
fn section_4_2_currency_finds_what_is_to_be_paid_in_it() {
    let shop = Shop::fresh();
    let bitcoin = id_of(&shop.create(&half_a_bitcoin()));
    let locked = json!({ "amount_fiat": "1", "currency": "LTC", "deferred": true });
    let locked = id_of(&shop.create(&locked));
    let open = shop.create(&ten_dollars());
    assert_eq!(ids(&shop, "currency=BTC"), from_ref(&bitcoin));
    assert_eq!(ids(&shop, "currency=btc"), from_ref(&bitcoin));
    assert_eq!(ids(&shop, "currency=LTC"), [locked]);
    assert!(ids(&shop, "currency=XMR").is_empty());
    shop.activate(&open, &json!({ "currency": "BTC" }));
    assert_eq!(ids(&shop, "currency=BTC"), [id_of(&open), bitcoin]);
    for wrong in ["B%00", "BTCBTCBTCBTCBTCBTCBTC1", "%F0%9F%98%80", "B%20C"] {
        shop.get(&format!("invoices?currency={wrong}")).blames(400, "validation_error", "currency");
    }
}

#[test]
fn section_4_2_external_id_finds_the_merchant_s_reference_exactly() {
    let shop = Shop::fresh();
    let one = id_of(&shop.create(&with(&half_a_bitcoin(), "external_id", "order 1/ä%")));
    let two = id_of(&shop.create(&with(&ten_dollars(), "external_id", "order 1/ä%")));
    shop.create(&with(&half_a_bitcoin(), "external_id", "order 1/ä%2"));
    assert_eq!(ids(&shop, "external_id=order%201/%C3%A4%25"), [two.clone(), one.clone()]);
    assert_eq!(ids(&shop, "external_id=order+1/%C3%A4%25&status=pending"), [one]);
    assert_eq!(ids(&shop, "external_id=order+1/%C3%A4%25&limit=1"), [two]);
    assert!(ids(&shop, "external_id=ORDER%201/%C3%A4%25").is_empty());
    shop.get(&format!("invoices?external_id={}", "a".repeat(256))).blames(400, "validation_error", "external_id");
}

#[test]
fn section_4_2_each_listed_invoice_is_whole_with_its_payments() {
    let shop = Shop::moving();
    let paid = shop.create(&json!({ "amount": "3", "currency": "LTC" }));
    shop.pay(&paid, "1", 1);
    let listed = shop.get("invoices").data(200);
    check_invoice(&listed[0]);
    assert_eq!(listed[0], shop.invoice(&paid));
    assert_eq!(listed[0]["payments"].as_array().unwrap().len(), 1);
}

#[test]
fn section_4_2_unknown_parameters_are_ignored() {
    let shop = Shop::fresh();
    shop.create(&half_a_bitcoin());
    assert_eq!(ids(&shop, "sort=asc&page=3&x[]=1&&=&%").len(), 1);
}

#[test]
fn section_4_3_an_invoice_is_read_by_its_uuid() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    assert_eq!(shop.invoice(&invoice), invoice);
    let token = invoice["checkout_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for wrong in ["1", "x", "null", token.as_str(), "01990000-0000-7000-8000-00000000000", "%00", "..%2f", "{}"] {
        shop.get(&format!("invoices/{wrong}")).blames(400, "validation_error", "id");
        shop.post(&format!("invoices/{wrong}/cancel"), &json!({})).blames(400, "validation_error", "id");
        shop.post(&format!("invoices/{wrong}/activate"), &json!({})).blames(400, "validation_error", "id");
    }
    shop.get("invoices/00000000-0000-0000-0000-000000000000").refusal(404, "not_found");
}

#[test]
fn section_6_1_a_draft_and_a_pending_invoice_can_be_cancelled_once() {
    let shop = Shop::fresh();
    for body in [half_a_bitcoin(), ten_dollars()] {
        let invoice = shop.create(&body);
        assert_eq!(shop.cancel(&invoice)["status"], "cancelled");
        let path = format!("invoices/{}/cancel", id(&invoice));
        shop.post(&path, &json!({})).refusal(400, "invalid_state");
        assert_eq!(shop.told(&invoice), ["created", "cancelled"]);
    }
}

#[test]
fn section_6_1_an_invoice_with_money_cannot_be_cancelled() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.1", 0);
    let path = format!("invoices/{}/cancel", id(&invoice));
    shop.post(&path, &json!({})).refusal(400, "invalid_state");
    shop.pay(&invoice, "0.4", 3);
    assert_eq!(shop.invoice(&invoice)["status"], "paid");
    shop.post(&path, &json!({})).refusal(400, "invalid_state");
}

#[test]
fn section_6_1_of_parallel_cancellations_one_succeeds_and_is_told() {
    let shop = Shop::fresh();
    let invoice = shop.create(&half_a_bitcoin());
    let ask = Ask::post(&format!("/api/v1/invoices/{}/cancel", id(&invoice)), &json!({})).key(&shop.key);
    let asked: Vec<_> = (0..20).map(|_| ask.clone()).map(|ask| spawn(move || shared().ask(&ask).status)).collect();
    let statuses: Vec<u16> = asked.into_iter().map(|asked| asked.join().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
    assert_eq!(shop.told(&invoice), ["created", "cancelled"]);
}
