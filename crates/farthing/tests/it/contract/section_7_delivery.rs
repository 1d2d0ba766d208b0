//! Sections 7.1 and 7.2: how a webhook comes, how it is signed, and what happens when it is not taken.

use super::{
    documented::{is_utc_time, seconds},
    http::keys,
    receiver::Receiver,
    shop::{Shop, half_a_bitcoin, id},
};
use crate::eventually::eventually;
use serde_json::{Value, json};
use std::{io::Read, net::TcpListener};

/// An endpoint for the creation of invoices, which needs no chain.
fn endpoint(shop: &Shop<'_>, receiver: &Receiver) -> Value {
    shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.created"] }))
}

fn deliveries(shop: &Shop<'_>, endpoint: &Value) -> Vec<Value> {
    let list = shop.get(&format!("webhook-endpoints/{}/deliveries", id(endpoint))).success(200);
    assert_eq!(keys(&list["meta"]), ["pagination", "request_id"]);
    list["data"].as_array().unwrap().clone()
}

/// The only delivery, when it was attempted so often.
fn attempted(shop: &Shop<'_>, endpoint: &Value, attempts: usize) -> Value {
    eventually("the attempt", || {
        let delivery = deliveries(shop, endpoint).pop()?;
        (delivery["attempts"].as_array()?.len() == attempts).then_some(delivery)
    })
}

#[test]
fn section_7_1_a_webhook_is_a_json_post_with_its_event_and_signature_in_headers() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let endpoint = endpoint(&shop, &receiver);
    shop.create(&half_a_bitcoin());
    let webhook = receiver.next();
    assert_eq!(webhook.request_line, "POST /hook?shop=1 HTTP/1.1");
    assert_eq!(webhook.header("content-type"), "application/json");
    assert_eq!(webhook.header("x-halfin-event"), "invoice.created");
    webhook.is_signed_with(endpoint["secret"].as_str().unwrap());
}

#[test]
fn section_7_2_the_signature_is_of_the_time_and_the_raw_body_keyed_by_the_whole_secret() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let endpoint = endpoint(&shop, &receiver);
    shop.create(&json!({ "amount_fiat": "1", "description": "é \u{1F600} \"quoted\"" }));
    let webhook = receiver.next();
    let secret = endpoint["secret"].as_str().unwrap();
    webhook.is_signed_with(secret);
    assert_eq!(webhook.signature().1.len(), 1, "one secret, one signature");
    assert!(!webhook.has_signature_of(secret.strip_prefix("whsec_").unwrap()));
    let mut changed = webhook.clone();
    changed.body.push(b' ');
    assert!(!changed.has_signature_of(secret), "every byte of the body is signed");
}

#[test]
fn section_11_standard_webhooks_headers_stand_beside_with_the_event_s_id() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    endpoint(&shop, &receiver);
    shop.create(&half_a_bitcoin());
    let webhook = receiver.next();
    assert_eq!(webhook.header("webhook-id"), id(&shop.feed()[0]));
    assert_eq!(webhook.header("webhook-timestamp"), webhook.signature().0.to_string());
}

#[test]
fn section_11_a_webhook_secret_is_whsec_and_base64_of_32_bytes() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let endpoint = endpoint(&shop, &receiver);
    let secret = endpoint["secret"].as_str().unwrap();
    assert_eq!(secret.len(), "whsec_".len() + 44);
    let printed = shop.server.demo["webhook_secret"].as_str().unwrap();
    assert!(printed.starts_with("whsec_") && printed.len() == secret.len());
}

#[test]
fn section_7_1_any_2xx_is_success_and_nothing_else_is() {
    for (status, stage) in [(200, "delivered"), (201, "delivered"), (204, "delivered"), (299, "delivered")] {
        taken(status, stage);
    }
    for status in [301, 302, 400, 404, 410, 429, 500, 503] {
        taken(status, "waiting");
    }
}

/// Asserts what becomes of a delivery that is answered so.
fn taken(status: u16, stage: &str) {
    let (shop, receiver) = (Shop::shared(), Receiver::answering(&[status]));
    let endpoint = shop.endpoint(&json!({ "url": receiver.url, "events": ["invoice.draft_expired"] }));
    let sent = shop.post(&format!("webhook-endpoints/{}/test", id(&endpoint)), &json!({})).data(201);
    assert_eq!((&sent["event"], &sent["status"]), (&json!("test"), &json!("waiting")));
    receiver.next();
    let delivery = attempted(&shop, &endpoint, 1);
    assert_eq!(delivery["status"], stage, "{status}");
    assert_eq!(delivery["attempts"][0]["status_code"], status);
    assert_eq!(delivery["next_attempt_at"].is_null(), stage == "delivered");
    shop.delete(&format!("webhook-endpoints/{}", id(&endpoint)));
    receiver.is_left_alone();
}

#[test]
fn section_11_a_failed_attempt_is_listed_and_repeated_after_60_to_90_seconds() {
    let (shop, receiver) = (Shop::fresh(), Receiver::answering(&[500]));
    let endpoint = endpoint(&shop, &receiver);
    shop.create(&half_a_bitcoin());
    receiver.next();
    let delivery = attempted(&shop, &endpoint, 1);
    assert_eq!(keys(&delivery), ["attempts", "created_at", "event", "event_id", "id", "next_attempt_at", "status"]);
    assert_eq!((&delivery["event"], &delivery["status"]), (&json!("invoice.created"), &json!("waiting")));
    assert_eq!(delivery["event_id"], shop.feed()[0]["id"]);
    let attempt = &delivery["attempts"][0];
    assert_eq!(keys(attempt), ["answer", "at", "error", "latency_ms", "number", "status_code"]);
    let told = (&attempt["number"], &attempt["status_code"], &attempt["error"], &attempt["answer"]);
    assert_eq!(told, (&json!(1), &json!(500), &Value::Null, &json!("heard")));
    assert!(attempt["latency_ms"].is_u64() && is_utc_time(&attempt["at"]));
    let wait = seconds(&delivery["next_attempt_at"]) - seconds(&attempt["at"]);
    assert!((59..=91).contains(&wait), "{wait}");
    let path = format!("webhook-endpoints/{}/deliveries/{}/attempts", id(&endpoint), id(&delivery));
    assert_eq!(shop.get(&path).data(200), delivery["attempts"]);
}

#[test]
fn section_11_an_endpoint_that_nobody_answers_at_is_an_attempt_without_a_status() {
    let shop = Shop::fresh();
    let endpoint = shop.endpoint(&json!({ "url": "http://127.0.0.1:1/", "events": ["invoice.created"] }));
    shop.create(&half_a_bitcoin());
    let delivery = attempted(&shop, &endpoint, 1);
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["status_code"], &attempt["error"]), (&Value::Null, &json!("connect")));
    assert_eq!(delivery["status"], "waiting");
}

#[test]
fn section_7_2_redelivery_sends_the_same_bytes_signed_afresh() {
    let (shop, receiver) = (Shop::fresh(), Receiver::answering(&[500, 200, 200]));
    let endpoint = endpoint(&shop, &receiver);
    shop.create(&half_a_bitcoin());
    let first = receiver.next();
    let delivery = attempted(&shop, &endpoint, 1);
    let path = format!("webhook-endpoints/{}/deliveries/{}/redeliver", id(&endpoint), id(&delivery));
    assert_eq!(shop.post(&path, &json!({})).data(200)["status"], "waiting");
    let second = receiver.next();
    assert_eq!((&first.body, first.header("webhook-id")), (&second.body, second.header("webhook-id")));
    second.is_signed_with(endpoint["secret"].as_str().unwrap());
    let delivered = attempted(&shop, &endpoint, 2);
    assert_eq!((&delivered["status"], &delivered["attempts"][1]["number"]), (&json!("delivered"), &json!(2)));
    assert_eq!(shop.post(&path, &json!({})).data(200)["id"], delivery["id"], "what was delivered can be sent again");
    assert_eq!(receiver.next().body, first.body);
    attempted(&shop, &endpoint, 3);
}

#[test]
fn section_7_1_a_dead_endpoint_delays_nobody_else() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    shop.endpoint(&json!({ "url": "http://127.0.0.1:1/", "events": ["invoice.created"] }));
    endpoint(&shop, &receiver);
    for _ in 0..3 {
        shop.create(&half_a_bitcoin());
    }
    assert_eq!(receiver.names(3), ["invoice.created"; 3]);
}

#[test]
fn section_11_during_a_rotation_every_valid_secret_signs() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let made = endpoint(&shop, &receiver);
    let old = made["secret"].as_str().unwrap();
    let path = format!("webhook-endpoints/{}/rotate-secret", id(&made));
    let rotated = shop.post(&path, &json!({ "overlap_seconds": 3600 })).data(200);
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(old, new);
    shop.create(&half_a_bitcoin());
    let both = receiver.next();
    assert_eq!(both.signature().1.len(), 2);
    both.is_signed_with(new);
    both.is_signed_with(old);
    let last = shop.post(&path, &json!({ "overlap_seconds": 0 })).data(200);
    shop.create(&half_a_bitcoin());
    let alone = receiver.next();
    alone.is_signed_with(last["secret"].as_str().unwrap());
    assert!(!alone.has_signature_of(new) && !alone.has_signature_of(old), "an overlap of 0 ends them at once");
}

#[test]
fn section_11_a_rotation_without_a_body_overlaps_for_a_day() {
    let (shop, receiver) = (Shop::fresh(), Receiver::new());
    let made = endpoint(&shop, &receiver);
    let path = format!("/api/v1/webhook-endpoints/{}/rotate-secret", id(&made));
    let rotated = shop.ask(super::http::Ask::new("POST", &path)).data(200);
    shop.create(&half_a_bitcoin());
    let webhook = receiver.next();
    webhook.is_signed_with(rotated["secret"].as_str().unwrap());
    webhook.is_signed_with(made["secret"].as_str().unwrap());
}

#[test]
fn section_7_1_an_endpoint_has_15_seconds_to_answer() {
    let shop = Shop::fresh();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endpoint = shop.endpoint(&json!({ "url": url, "events": ["invoice.created"] }));
    shop.create(&half_a_bitcoin());
    let (mut stream, _) = listener.accept().unwrap();
    drop(stream.read_to_end(&mut Vec::new()));
    let delivery = attempted(&shop, &endpoint, 1);
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["status_code"], &attempt["error"]), (&Value::Null, &json!("timeout")));
    let waited = attempt["latency_ms"].as_u64().unwrap();
    // What a busy machine adds is less than what another deadline would.
    assert!((15_000..30_000).contains(&waited), "{waited}");
    assert_eq!(delivery["status"], "waiting");
    // Or it would be tried again in a minute, at a port that is another test's by then.
    shop.delete(&format!("webhook-endpoints/{}", id(&endpoint)));
}
