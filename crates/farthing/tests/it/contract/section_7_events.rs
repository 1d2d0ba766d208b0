//! Sections 7.3 and 7.4: the bodies of events, and the feed that tells the same ones.

use super::{
    documented::{check_invoice, check_payment, is_utc_time, is_uuid},
    http::{Ask, keys},
    receiver::Receiver,
    shop::{Shop, half_a_bitcoin, id, ten_dollars},
};
use serde_json::{Value, json};

/// Every event that invoices can have.
const ALL: [&str; 15] = [
    "invoice.created",
    "invoice.activated",
    "invoice.confirming",
    "invoice.paid",
    "invoice.overpaid",
    "invoice.underpaid",
    "invoice.expired",
    "invoice.draft_expired",
    "invoice.invalid",
    "invoice.cancelled",
    "invoice.late_deposit",
    "invoice.deposit_reversed",
    "invoice.payment_detected",
    "invoice.payment_dropped",
    "invoice.deposit_rejected",
];

/// Asserts the data of an invoice's event: the invoice as it is shown, its id, and the payment of a deposit's event.
fn check_data(data: &Value, has_payment: bool) {
    let mut invoice = data.clone();
    let fields = invoice.as_object_mut().unwrap();
    assert_eq!(fields.remove("invoice_id").as_ref(), Some(&data["id"]));
    let payment = fields.remove("payment");
    assert_eq!(payment.is_some(), has_payment, "{data}");
    check_invoice(&invoice);
    if let Some(mut payment) = payment {
        let reason = payment.as_object_mut().unwrap().remove("reason").unwrap();
        assert!(reason.is_null() || reason.is_string(), "{reason}");
        check_payment(&payment);
    }
}

#[test]
fn section_7_4_an_event_s_body_is_event_created_at_and_data() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.created"] }));
    let invoice = shop.create(&half_a_bitcoin());
    let body = receiver.next().json();
    assert_eq!(keys(&body), ["created_at", "data", "event"]);
    assert_eq!((&body["event"], &body["created_at"]), (&json!("invoice.created"), &invoice["created_at"]));
    check_data(&body["data"], false);
    assert_eq!(body["data"]["invoice_id"], invoice["id"]);
    let mut told = body["data"].clone();
    told.as_object_mut().unwrap().remove("invoice_id");
    assert_eq!(told, invoice, "the invoice of section 5.1, as it was at that moment");
}

#[test]
fn section_7_4_amount_usd_amount_fiat_and_fiat_currency_are_sent_side_by_side() {
    let (shop, receiver) = (Shop::moving(), Receiver::new());
    shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.paid"] }));
    let draft = shop.create(&ten_dollars());
    shop.activate(&draft, &json!({ "currency": "USDT", "network": "tron" }));
    shop.pay(&draft, "10", 19);
    let data = receiver.next().json()["data"].clone();
    let price = (&data["amount_usd"], &data["amount_fiat"], &data["fiat_currency"]);
    assert_eq!(price, (&json!("10.00"), &json!("10.00"), &json!("USD")));
    assert_eq!((&data["status"], &data["amount_paid"]), (&json!("paid"), &json!("10")));
    assert!(is_utc_time(&data["paid_at"]));
}

#[test]
fn section_7_4_the_test_event_has_a_type_and_no_data() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let endpoint = shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.paid"] }));
    let delivery = shop.post(&format!("webhook-endpoints/{}/test", id(&endpoint)), &json!({})).data(201);
    assert_eq!(delivery["event"], "test");
    let webhook = receiver.next();
    webhook.is_signed_with(endpoint["secret"].as_str().unwrap());
    assert_eq!(webhook.header("x-halfin-event"), "test");
    let body = webhook.json();
    assert_eq!(keys(&body), ["created_at", "environment", "message", "type"]);
    assert_eq!((&body["type"], &body["environment"]), (&json!("test"), &json!("test")));
    assert!(!body["message"].as_str().unwrap().is_empty() && is_utc_time(&body["created_at"]));
    assert!(shop.feed().is_empty(), "it is about no invoice");
}

#[test]
fn section_11_deposit_events_add_the_payment_with_currency_network_and_reason() {
    let (shop, receiver) = (Shop::moving(), Receiver::new());
    shop.endpoint(&json!({ "url": receiver.url, "events": ALL }));
    let late = shop.create(&json!({ "amount": "10", "currency": "USDT", "network": "tron" }));
    shop.play(&late, "late");
    let wrong = shop.create(&json!({ "amount": "10", "currency": "USDT", "network": "tron" }));
    shop.play(&wrong, "wrong_token");
    let dropped = shop.create(&half_a_bitcoin());
    shop.play(&dropped, "double_spend");
    let reversed = shop.create(&half_a_bitcoin());
    let payment = shop.pay(&reversed, "0.5", 2);
    shop.reorganise("bitcoin", 3, &[payment["tx_hash"].as_str().unwrap()]);
    let feed = shop.feed();
    for (event, reason, currency) in [
        ("invoice.late_deposit", "late", "USDT"),
        ("invoice.deposit_rejected", "wrong_asset", "TRX"),
        ("invoice.payment_dropped", "dropped", "BTC"),
        ("invoice.deposit_reversed", "reversed", "BTC"),
    ] {
        let item = feed.iter().find(|item| item["event"] == event).unwrap_or_else(|| panic!("no {event}"));
        let payment = &item["data"]["payment"];
        assert_eq!((&payment["reason"], &payment["currency"]), (&json!(reason), &json!(currency)), "{event}");
    }
    for item in &feed {
        let about_a_payment = ["deposit", "payment"].iter().any(|word| item["event"].as_str().unwrap().contains(word));
        check_data(&item["data"], about_a_payment);
    }
    let told: Vec<String> = feed.iter().map(|item| item["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(receiver.names(told.len()), told, "webhooks of one endpoint come in the feed's order");
}

#[test]
fn section_7_the_feed_tells_the_same_bodies_as_webhooks() {
    let (shop, receiver) = (Shop::moving(), Receiver::new());
    shop.endpoint(&json!({ "url": receiver.url, "events": ALL }));
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 2);
    let feed = shop.feed();
    assert_eq!(feed.len(), 4);
    for item in &feed {
        let webhook = receiver.next();
        let body = json!({ "event": item["event"], "created_at": item["created_at"], "data": item["data"] });
        assert_eq!((webhook.json(), webhook.header("webhook-id")), (body, id(item)));
    }
}

#[test]
fn section_7_the_feed_is_read_with_after_limit_and_next_after() {
    let shop = Shop::fresh();
    for _ in 0..25 {
        shop.create(&ten_dollars());
    }
    let page = |query: &str| shop.get(&format!("events{query}")).success(200);
    let numbers = |page: &Value| -> Vec<u64> {
        page["data"].as_array().unwrap().iter().map(|item| item["sequence"].as_u64().unwrap()).collect()
    };
    let first = page("");
    assert_eq!(keys(&first["data"][0]), ["created_at", "data", "event", "id", "sequence"]);
    assert!(is_uuid(id(&first["data"][0])));
    assert_eq!(numbers(&first), (1..=20).collect::<Vec<u64>>(), "from the first, ascending, without gaps");
    assert_eq!(first["meta"]["next_after"], 20);
    let rest = page("?after=20");
    assert_eq!((numbers(&rest), &rest["meta"]["next_after"]), ((21..=25).collect(), &json!(25)));
    let some = page("?after=3&limit=2");
    assert_eq!((numbers(&some), &some["meta"]["next_after"]), (vec![4, 5], &json!(5)));
    for after in [25, 1_000_000] {
        let none = page(&format!("?after={after}"));
        assert_eq!((&none["data"], &none["meta"]["next_after"]), (&json!([]), &json!(after)));
    }
    assert_eq!(numbers(&page("?limit=100")).len(), 25);
}

#[test]
fn section_7_feeds_of_merchants_are_numbered_apart() {
    let (one, other) = (Shop::fresh(), Shop::fresh());
    one.create(&half_a_bitcoin());
    let invoice = other.create(&half_a_bitcoin());
    one.create(&half_a_bitcoin());
    let feed = other.feed();
    assert_eq!((feed.len(), &feed[0]["sequence"]), (1, &json!(1)));
    assert_eq!(feed[0]["data"]["invoice_id"], invoice["id"]);
    assert_eq!(one.feed().len(), 2);
}

#[test]
fn section_7_an_event_shows_the_invoice_as_it_was_and_not_as_it_is() {
    let shop = Shop::fresh();
    let invoice = shop.create(&half_a_bitcoin());
    shop.cancel(&invoice);
    let feed = shop.feed();
    assert_eq!((&feed[0]["data"]["status"], &feed[1]["data"]["status"]), (&json!("pending"), &json!("cancelled")));
}

#[test]
fn section_7_no_event_ever_carries_a_secret() {
    let shop = Shop::fresh();
    shop.endpoint(&json!({ "url": "http://127.0.0.1:1/" }));
    shop.create(&half_a_bitcoin());
    let text = shop.ask(Ask::get("/api/v1/events")).text();
    assert!(!text.contains("whsec_") && !text.contains("sk_test_"));
}
