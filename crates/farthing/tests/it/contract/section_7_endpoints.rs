//! Section 7, and issue 2: webhook endpoints are made, shown, changed, deleted.

use super::{
    documented::{is_utc_time, is_uuid},
    http::keys,
    receiver::Receiver,
    shop::{Shop, half_a_bitcoin, id},
};
use serde_json::{Value, json};

/// The fifteen documented events (section 7.3).
const DOCUMENTED: [&str; 15] = [
    "invoice.activated",
    "invoice.confirming",
    "invoice.draft_expired",
    "invoice.paid",
    "invoice.overpaid",
    "invoice.underpaid",
    "invoice.sent",
    "invoice.expired",
    "invoice.invalid",
    "invoice.late_deposit",
    "invoice.deposit_reversed",
    "balance.credited",
    "payout.completed",
    "payout.failed",
    "test",
];

/// Events outside the fifteen (section 11).
const ON_REQUEST: [&str; 5] = [
    "invoice.created",
    "invoice.payment_detected",
    "invoice.payment_dropped",
    "invoice.cancelled",
    "invoice.deposit_rejected",
];

fn path(endpoint: &Value) -> String {
    format!("webhook-endpoints/{}", id(endpoint))
}

#[test]
fn section_7_a_new_endpoint_answers_201_with_its_id_and_this_once_its_secret() {
    let shop = Shop::fresh();
    let made = shop.endpoint(&json!({ "url": "http://127.0.0.1:9/hook", "events": ["invoice.paid"] }));
    assert_eq!(keys(&made), ["created_at", "environment", "events", "id", "secret", "url"]);
    assert!(is_uuid(id(&made)) && is_utc_time(&made["created_at"]));
    assert_eq!((&made["url"], &made["events"]), (&json!("http://127.0.0.1:9/hook"), &json!(["invoice.paid"])));
    assert_eq!(made["environment"], "test");
    let secret = made["secret"].as_str().unwrap();
    let reads = [shop.get(&path(&made)), shop.get("webhook-endpoints"), shop.patch(&path(&made), &json!({}))];
    for answer in reads {
        assert!(
            answer.status == 200 && !answer.text().contains("secret") && !answer.text().contains(secret),
            "{answer}"
        );
    }
    let shown = shop.get(&path(&made)).data(200);
    assert_eq!(keys(&shown), ["created_at", "environment", "events", "id", "url"]);
}

#[test]
fn section_7_3_without_events_an_endpoint_gets_the_documented_fifteen() {
    let shop = Shop::fresh();
    let made = shop.endpoint(&json!({ "url": "http://127.0.0.1:9/" }));
    let mut events: Vec<&str> = made["events"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    events.sort_unstable();
    let mut documented = DOCUMENTED;
    documented.sort_unstable();
    assert_eq!(events, documented);
}

#[test]
fn section_11_events_outside_the_fifteen_are_sent_by_name_only() {
    let (shop, by_default, by_name) = (Shop::fresh(), Receiver::new(), Receiver::new());
    shop.endpoint(&json!({ "url": by_default.url }));
    shop.endpoint(&json!({ "url": by_name.url, "events": ON_REQUEST }));
    let invoice = shop.create(&json!({ "amount_fiat": "1" }));
    shop.activate(&invoice, &json!({ "currency": "BTC" }));
    shop.cancel(&invoice);
    assert_eq!(by_name.names(2), ["invoice.created", "invoice.cancelled"]);
    assert_eq!(by_default.names(1), ["invoice.activated"]);
    by_default.is_left_alone();
    by_name.is_left_alone();
}

#[test]
fn section_7_1_subscription_is_per_event() {
    let (shop, receiver) = (Shop::moving(), Receiver::new());
    shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.paid", "invoice.created", "invoice.paid"] }));
    let invoice = shop.create(&half_a_bitcoin());
    shop.pay(&invoice, "0.5", 2);
    assert_eq!(receiver.names(2), ["invoice.created", "invoice.paid"]);
    receiver.is_left_alone();
}

#[test]
fn section_7_what_is_changed_of_an_endpoint_changes_and_the_rest_stays() {
    let (shop, before, after) = (Shop::fresh(), Receiver::new(), Receiver::new());
    let made = shop.endpoint(&json!({ "url": before.url, "events": ["invoice.created"] }));
    let changed = shop.patch(&path(&made), &json!({ "url": after.url })).data(200);
    assert_eq!((&changed["url"], &changed["events"]), (&json!(after.url), &json!(["invoice.created"])));
    shop.create(&half_a_bitcoin());
    after.next().is_signed_with(made["secret"].as_str().unwrap());
    let changed = shop.patch(&path(&made), &json!({ "events": ["invoice.cancelled"] })).data(200);
    assert_eq!((&changed["url"], &changed["events"]), (&json!(after.url), &json!(["invoice.cancelled"])));
    let invoice = shop.create(&half_a_bitcoin());
    shop.cancel(&invoice);
    assert_eq!(after.names(1), ["invoice.cancelled"]);
    before.is_left_alone();
}

#[test]
fn section_7_a_deleted_endpoint_is_gone_and_hears_nothing() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let made = shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.created"] }));
    let answer = shop.delete(&path(&made));
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    shop.get(&path(&made)).refusal(404, "not_found");
    shop.delete(&path(&made)).refusal(404, "not_found");
    shop.post(&format!("{}/test", path(&made)), &json!({})).refusal(404, "not_found");
    assert_eq!(shop.get("webhook-endpoints").success(200)["meta"]["pagination"]["total"], 0);
    shop.create(&half_a_bitcoin());
    receiver.is_left_alone();
    assert_eq!(shop.feed().len(), 1, "the feed still has it");
}

#[test]
fn section_7_endpoints_are_listed_newest_first_in_pages_and_there_are_fifty_at_most() {
    let shop = Shop::fresh();
    let body = json!({ "url": "http://127.0.0.1:9/", "events": ["invoice.sent"] });
    let made: Vec<Value> = (0..50).map(|_| shop.endpoint(&body)["id"].clone()).collect();
    shop.post("webhook-endpoints", &body).refusal(400, "invalid_state");
    let list = shop.get("webhook-endpoints?limit=3&offset=1").success(200);
    let ids: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|endpoint| &endpoint["id"]).collect();
    assert_eq!(ids, [&made[48], &made[47], &made[46]]);
    assert_eq!(list["meta"]["pagination"], json!({ "total": 50, "limit": 3, "offset": 1, "has_more": true }));
}

#[test]
fn section_7_what_is_wrong_with_an_endpoint_is_named() {
    let shop = Shop::fresh();
    let url = "https://shop.example/hook";
    let long = format!("https://shop.example/{}", "a".repeat(2048));
    let cases: Vec<(Value, &str)> = vec![
        (json!({}), "url"),
        (json!({ "url": "" }), "url"),
        (json!({ "url": 5 }), "url"),
        (json!({ "url": "shop.example" }), "url"),
        (json!({ "url": "ftp://shop.example/" }), "url"),
        (json!({ "url": "https://user:pw@shop.example/" }), "url"),
        (json!({ "url": long }), "url"),
        (json!({ "url": url, "events": [] }), "events"),
        (json!({ "url": url, "events": "invoice.paid" }), "events"),
        (json!({ "url": url, "events": ["invoice.payed"] }), "events"),
        (json!({ "url": url, "events": [5] }), "events[0]"),
        (json!({ "url": url, "events": vec!["invoice.paid"; 51] }), "events"),
    ];
    for (body, field) in &cases {
        shop.post("webhook-endpoints", body).blames(400, "validation_error", field);
    }
    let made = shop.endpoint(&json!({ "url": url }));
    for (body, field) in cases.iter().filter(|(body, _)| body.as_object().is_some_and(|fields| !fields.is_empty())) {
        shop.patch(&path(&made), body).blames(400, "validation_error", field);
    }
    for overlap in [json!(-1), json!(604_801), json!("1"), json!(1.5)] {
        let answer = shop.post(&format!("{}/rotate-secret", path(&made)), &json!({ "overlap_seconds": overlap }));
        answer.blames(400, "validation_error", "overlap_seconds");
    }
    assert_eq!(shop.get("webhook-endpoints").data(200)[0]["url"], url, "nothing changed");
}

#[test]
fn section_7_ids_of_endpoints_and_deliveries_are_uuids() {
    let shop = Shop::fresh();
    for wrong in ["1", "x", "%00", "01990000000070008000000000000000"] {
        shop.get(&format!("webhook-endpoints/{wrong}")).blames(400, "validation_error", "id");
        shop.delete(&format!("webhook-endpoints/{wrong}")).blames(400, "validation_error", "id");
        shop.get(&format!("webhook-endpoints/{wrong}/deliveries")).blames(400, "validation_error", "id");
    }
    let made = shop.endpoint(&json!({ "url": "https://shop.example/" }));
    let nobody = "01990000-0000-7000-8000-000000000000";
    let deliveries = format!("{}/deliveries", path(&made));
    shop.get(&format!("{deliveries}/{nobody}/attempts")).refusal(404, "not_found");
    shop.post(&format!("{deliveries}/{nobody}/redeliver"), &json!({})).refusal(404, "not_found");
    let answer = shop.get(&format!("{deliveries}/x/attempts"));
    assert_eq!(answer.refusal(400, "validation_error").len(), 1, "{answer}");
}

#[test]
fn section_7_a_delivery_belongs_to_its_endpoint() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let (one, other) = (shop.endpoint(&json!({ "url": receiver.url })), shop.endpoint(&json!({ "url": receiver.url })));
    let delivery = shop.post(&format!("{}/test", path(&one)), &json!({})).data(201);
    receiver.next();
    let of_other = format!("{}/deliveries/{}", path(&other), id(&delivery));
    shop.get(&format!("{of_other}/attempts")).refusal(404, "not_found");
    shop.post(&format!("{of_other}/redeliver"), &json!({})).refusal(404, "not_found");
    receiver.is_left_alone();
}
