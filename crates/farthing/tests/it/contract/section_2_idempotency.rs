//! Section 2, idempotency, and what section 11 decides of it.

use super::{
    http::{Answer, Ask},
    server::shared,
    shop::{Shop, half_a_bitcoin, id, with},
};
use serde_json::{Value, json};
use std::thread;

fn keyed(key: &str) -> Value {
    with(&half_a_bitcoin(), "idempotency_key", key)
}

/// Asserts a replay of an invoice.
fn replays(answer: &Answer, invoice: &Value) {
    assert_eq!(answer.data(200)["id"], invoice["id"], "{answer}");
    assert_eq!(answer.header("idempotent-replayed"), Some("true"), "{answer}");
}

#[test]
fn section_11_a_new_invoice_is_201_and_a_replay_is_200_with_idempotent_replayed() {
    let shop = Shop::fresh();
    let first = shop.post("invoices", &keyed("order-1"));
    let invoice = first.data(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(invoice["idempotency_key"], "order-1");
    let again = shop.post("invoices", &keyed("order-1"));
    replays(&again, &invoice);
    assert_eq!(again.data(200), invoice, "the same in every field");
    assert_eq!((shop.total(), shop.feed().len()), (1, 1), "nothing was made and nothing told twice");
}

#[test]
fn section_2_without_a_key_every_request_makes_an_invoice() {
    let shop = Shop::fresh();
    let (one, two) = (shop.create(&half_a_bitcoin()), shop.create(&half_a_bitcoin()));
    assert_ne!(one["id"], two["id"]);
    assert_ne!(one["deposit_address"], two["deposit_address"]);
}

#[test]
fn section_2_the_same_key_with_another_request_is_422_idempotency_key_mismatch() {
    let shop = Shop::fresh();
    let invoice = shop.create(&keyed("k"));
    let others = [
        with(&keyed("k"), "amount", "0.6"),
        with(&keyed("k"), "description", "tea"),
        with(&keyed("k"), "deferred", true),
        with(&keyed("k"), "metadata", json!({ "a": 1 })),
        with(&keyed("k"), "expiry_minutes", 31),
        with(&keyed("k"), "payment_tolerance", "0.1"),
        with(&keyed("k"), "customer_email", "a@b.co"),
        with(&keyed("k"), "redirect_url", "https://shop.example/"),
        with(&keyed("k"), "external_id", "x"),
        json!({ "amount": "0.5", "currency": "LTC", "idempotency_key": "k" }),
        json!({ "amount_fiat": "5", "idempotency_key": "k" }),
    ];
    for other in others {
        shop.post("invoices", &other).blames(422, "idempotency_key_mismatch", "idempotency_key");
    }
    replays(&shop.post("invoices", &keyed("k")), &invoice);
    assert_eq!(shop.total(), 1);
}

#[test]
fn section_11_the_normalised_request_is_compared_and_not_its_bytes() {
    let shop = Shop::fresh();
    let invoice = shop.create(&keyed("n"));
    let same = [
        r#"{ "idempotency_key" : "n", "currency":"BTC" ,"amount":"0.5"}"#,
        r#"{"idempotency_key":"n","currency":"BTC","amount":"0.50000000"}"#,
        r#"{"idempotency_key":"\u006e","currency":"BTC","network":"bitcoin","amount":"0.5","deferred":false}"#,
        r#"{"idempotency_key":"n","currency":"BTC","amount":"0.5","metadata":{},"expiry_minutes":0,"description":""}"#,
        r#"{"idempotency_key":"n","currency":"BTC","amount":"0.5","payment_tolerance":"0.00","unknown":[1]}"#,
        r#"{"idempotency_key":"n","currency":"BTC","amount":"0.5","fiat_currency":"USD","external_id":null}"#,
    ];
    for body in same {
        let ask = Ask::new("POST", "/api/v1/invoices").bytes("application/json", body.as_bytes());
        replays(&shop.ask(ask), &invoice);
    }
}

#[test]
fn section_11_the_order_of_metadata_is_no_difference() {
    let shop = Shop::fresh();
    let ask = |metadata: &str| {
        let body = format!(r#"{{"amount_fiat":"1","idempotency_key":"m","metadata":{metadata}}}"#);
        shop.ask(Ask::new("POST", "/api/v1/invoices").bytes("application/json", body.as_bytes()))
    };
    let invoice = ask(r#"{"a":1,"b":{"c":2,"d":3}}"#).data(201);
    replays(&ask(r#"{"b":{"d":3,"c":2},"a":1}"#), &invoice);
    ask(r#"{"b":{"d":3,"c":2},"a":2}"#).refusal(422, "idempotency_key_mismatch");
}

#[test]
fn section_11_a_key_s_scope_is_the_merchant_and_the_environment() {
    let (one, other) = (Shop::fresh(), Shop::fresh());
    let invoice = one.create(&keyed("shared"));
    let theirs = other.create(&keyed("shared"));
    assert_ne!(invoice["id"], theirs["id"]);
    let second_key = one.with_key(&shared().key(&one.merchant, "test", ""));
    replays(&second_key.post("invoices", &keyed("shared")), &invoice);
}

#[test]
fn section_11_a_replay_shows_the_current_state() {
    let shop = Shop::fresh();
    let invoice = shop.create(&keyed("now"));
    shop.cancel(&invoice);
    let again = shop.post("invoices", &keyed("now"));
    replays(&again, &invoice);
    assert_eq!(again.data(200)["status"], "cancelled");
}

#[test]
fn section_11_a_failed_create_stores_nothing() {
    let shop = Shop::fresh();
    shop.refuses(&with(&keyed("f"), "amount", "0"), "validation_error", &["amount: must be greater than zero"]);
    shop.create(&keyed("f"));
    assert_eq!(shop.total(), 1);
}

#[test]
fn section_11_the_idempotency_key_header_does_the_same_as_the_field() {
    let shop = Shop::fresh();
    let ask = |key: &str, body: &Value| shop.ask(Ask::post("/api/v1/invoices", body).header("Idempotency-Key", key));
    let first = ask("h", &half_a_bitcoin());
    let invoice = first.data(201);
    assert_eq!(invoice["idempotency_key"], "h");
    replays(&ask("h", &half_a_bitcoin()), &invoice);
    replays(&ask("h", &keyed("h")), &invoice);
    replays(&shop.post("invoices", &keyed("h")), &invoice);
    ask("h", &with(&half_a_bitcoin(), "amount", "0.7")).refusal(422, "idempotency_key_mismatch");
}

#[test]
fn section_11_header_and_field_that_differ_are_400_validation_error() {
    let shop = Shop::fresh();
    let differ = Ask::post("/api/v1/invoices", &keyed("a")).header("Idempotency-Key", "b");
    shop.ask(differ).blames(400, "validation_error", "idempotency_key");
    let long = Ask::post("/api/v1/invoices", &half_a_bitcoin()).header("Idempotency-Key", &"k".repeat(256));
    shop.ask(long).blames(400, "validation_error", "idempotency_key");
    let twice =
        Ask::post("/api/v1/invoices", &half_a_bitcoin()).header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    let answer = shop.ask(twice);
    assert!(answer.refusal(400, "validation_error")[0].contains("idempotency"), "{answer}");
    assert_eq!(shop.total(), 0);
}

#[test]
fn section_2_a_key_has_at_most_255_characters() {
    let shop = Shop::fresh();
    let longest = "é".repeat(255);
    assert_eq!(shop.create(&keyed(&longest))["idempotency_key"], longest.as_str());
    let details = ["idempotency_key: must be at most 255 characters"];
    shop.refuses(&keyed(&"é".repeat(256)), "validation_error", &details);
}

#[test]
fn section_11_a_hundred_parallel_twins_make_one_invoice() {
    let shop = Shop::fresh();
    let ask = Ask::post("/api/v1/invoices", &keyed("twins")).key(&shop.key);
    let twins: Vec<_> = (0..100)
        .map(|_| {
            let ask = ask.clone();
            thread::spawn(move || {
                let answer = shared().ask(&ask);
                (answer.status, answer.json()["data"]["id"].as_str().unwrap_or_default().to_owned())
            })
        })
        .collect();
    let mut answers: Vec<(u16, String)> = twins.into_iter().map(|twin| twin.join().unwrap()).collect();
    answers.sort();
    let only = answers[0].1.clone();
    assert!(answers.iter().all(|(_, id)| *id == only), "{answers:?}");
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 99);
    assert_eq!((shop.total(), shop.feed().len()), (1, 1));
}

#[test]
fn section_11_of_parallel_requests_with_one_key_only_one_meaning_wins() {
    let shop = Shop::fresh();
    let asks: Vec<_> = (1..=20)
        .map(|number| {
            let body = with(&keyed("race"), "description", format!("meaning {}", number % 2));
            let ask = Ask::post("/api/v1/invoices", &body).key(&shop.key);
            thread::spawn(move || shared().ask(&ask).status)
        })
        .collect();
    let statuses: Vec<u16> = asks.into_iter().map(|ask| ask.join().unwrap()).collect();
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(200), count(422)), (1, 9, 10), "{statuses:?}");
    assert_eq!(id(&shop.get("invoices").data(200)[0]).len(), 36);
    assert_eq!(shop.total(), 1);
}
