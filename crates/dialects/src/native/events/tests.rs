//! Event bodies and names.

use super::*;
use crate::native::present::tests::{at, half_a_bitcoin, key, sighting, with_context};
use farthing_domain::payment::{Observation, PaymentKey};
use serde_json::{Value, json};

fn body(kind: EventKind, payment: Option<PaymentKey>, invoice: &Invoice) -> Value {
    let bytes = with_context(|context| event_body(&Event { kind, payment }, at(300), invoice, context));
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn section_7_3_the_documented_fifteen() {
    let documented = [
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
    assert_eq!(EventName::documented(), documented);
}

#[test]
fn every_event_of_invoices_can_be_subscribed_to_and_every_name_reads_back() {
    for kind in EventKind::ALL {
        assert!(EventName::all().any(|name| name == EventName::Invoice(kind)), "{kind}");
    }
    assert_eq!(EventName::all().count(), 20);
    for name in EventName::all() {
        assert_eq!(name.as_str().parse(), Ok(name));
    }
    assert_eq!("invoice.eaten".parse::<EventName>(), Err(UnknownEventName));
}

#[test]
fn section_7_4_the_envelope_and_section_11_the_invoice_with_its_id() {
    let invoice = half_a_bitcoin();
    let body = body(EventKind::Expired, None, &invoice);
    assert_eq!((&body["event"], &body["created_at"]), (&json!("invoice.expired"), &json!("2026-03-01T12:05:00Z")));
    assert_eq!(body.as_object().unwrap().len(), 3);
    let data = body["data"].as_object().unwrap();
    assert_eq!((&data["id"], &data["invoice_id"]), (&json!(invoice.id.to_string()), &json!(invoice.id.to_string())));
    assert_eq!(data["metadata"], json!({ "cart": "9f1c" }));
    assert!(!data.contains_key("payment"));
    for field in ["amount_usd", "amount_fiat", "fiat_currency"] {
        assert!(data.contains_key(field), "{field}");
    }
    assert_eq!(data.len(), 37);
}

#[test]
fn section_11_deposit_events_add_the_payment_with_a_reason() {
    let mut invoice = half_a_bitcoin();
    invoice.observe(vec![sighting("a1", "0.5", Some(250)), sighting("b2", "0", Some(250))], None, at(300));
    for (kind, name, reason) in [
        (EventKind::PaymentDetected, "a1", Value::Null),
        (EventKind::PaymentDropped, "a1", json!("dropped")),
        (EventKind::LateDeposit, "a1", json!("late")),
        (EventKind::DepositReversed, "a1", json!("reversed")),
        (EventKind::DepositRejected, "b2", json!("nothing")),
    ] {
        let body = body(kind, Some(key(name)), &invoice);
        let payment = body["data"]["payment"].as_object().unwrap();
        assert_eq!(payment["reason"], reason, "{kind}");
        assert_eq!(
            (&payment["tx_hash"], &payment["currency"], &payment["network"]),
            (&json!(name), &json!("BTC"), &json!("bitcoin"))
        );
        let status = if kind == EventKind::DepositRejected { "rejected" } else { "confirming" };
        assert_eq!((&payment["status"], payment.len()), (&json!(status), 10));
    }
}

#[test]
fn section_7_4_the_test_event_has_a_shape_of_its_own() {
    let body: Value = serde_json::from_slice(&test_body(Environment::Live, at(0))).unwrap();
    let expected = json!({
        "type": "test",
        "message": "This is a test event from Farthing.",
        "environment": "live",
        "created_at": "2026-03-01T12:00:00Z",
    });
    assert_eq!(body, expected);
}

#[test]
fn the_feed_shows_what_the_webhook_sent() {
    let mut invoice = half_a_bitcoin();
    invoice.observe(vec![sighting("a1", "0.5", Some(250)), Observation::Final(key("a1"))], None, at(300));
    let bytes = with_context(|context| event_body(&Event::of(EventKind::Paid), at(300), &invoice, context));
    let item = serde_json::to_string(&EventItem::of("e1".to_owned(), 7, &bytes).unwrap()).unwrap();
    let sent = String::from_utf8(bytes).unwrap();
    let data = sent.split_once(r#""data":"#).unwrap().1;
    let expected =
        format!(r#"{{"id":"e1","sequence":7,"event":"invoice.paid","created_at":"2026-03-01T12:05:00Z","data":{data}"#);
    assert_eq!(item, expected);
    assert_eq!(EventItem::of("e1".to_owned(), 7, b"{}").err(), Some(UnreadableBody));
}
