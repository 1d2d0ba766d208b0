//! The forms of webhook endpoints.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn create(body: &Value) -> Result<CreateEndpoint, ApiError> {
    CreateEndpoint::parse(body.to_string().as_bytes(), PlainHttp::Never)
}

fn details<T: core::fmt::Debug>(read: Result<T, ApiError>) -> Vec<String> {
    let error = read.unwrap_err();
    assert_eq!(error.status(), 400);
    error.details
}

#[test]
fn section_11_an_endpoint_that_names_no_events_gets_the_documented_fifteen() {
    let endpoint = create(&json!({ "url": "https://shop.example/hooks" })).unwrap();
    assert_eq!(endpoint.events, EventName::DOCUMENTED);
    assert_eq!(
        create(&json!({ "url": "https://shop.example/hooks", "events": null })).unwrap().events,
        EventName::DOCUMENTED
    );
    assert_eq!(CreateEndpoint::of("https://shop.example/hooks", &[], PlainHttp::Never).unwrap(), endpoint);
}

#[test]
fn section_11_the_five_extra_events_come_by_name() {
    let names: Vec<&str> = EventName::ON_REQUEST.iter().map(|name| name.as_str()).collect();
    let endpoint = create(&json!({ "url": "https://shop.example/hooks", "events": names })).unwrap();
    assert_eq!(endpoint.events, EventName::ON_REQUEST);
    let twice =
        create(&json!({ "url": "https://shop.example", "events": ["test", "balance.credited", "test"] })).unwrap();
    assert_eq!(twice.events, [EventName::Test, EventName::BalanceCredited]);
}

#[test]
fn unknown_events_are_refused_by_name() {
    let with = |events: Value| details(create(&json!({ "url": "https://shop.example", "events": events })));
    assert_eq!(
        with(json!(["invoice.paid", "invoice.eaten"])),
        [r#"events: has an unknown name: "invoice.eaten" is not an event"#]
    );
    assert_eq!(with(json!([])), ["events: must name at least one event; leave it out for the documented ones"]);
    assert_eq!(with(json!("invoice.paid")), ["events: must be a list of strings"]);
    assert_eq!(with(json!([5])), ["events[0]: must be a string"]);
    let of = CreateEndpoint::of("https://shop.example", &["x".to_owned()], PlainHttp::Never);
    assert_eq!(details(of), [r#"events: has an unknown name: "x" is not an event"#]);
}

#[test]
fn an_endpoint_is_an_https_url_unless_the_operator_says_otherwise() {
    assert_eq!(details(create(&json!({}))), ["url: is required"]);
    assert_eq!(details(create(&json!({ "url": null }))), ["url: is required"]);
    assert_eq!(details(create(&json!({ "url": "" }))), ["url: must not be empty"]);
    assert_eq!(details(create(&json!({ "url": 5 }))), ["url: must be a string"]);
    assert_eq!(details(create(&json!({ "url": "http://shop.example/" }))), ["url: must be an https:// URL"]);
    assert_eq!(details(create(&json!({ "url": "file:///x" }))), ["url: must be an https:// URL"]);
    assert_eq!(
        details(create(&json!({ "url": "https://a:b@shop.example/" }))),
        ["url: must not carry a user name or password"]
    );
    assert!(CreateEndpoint::parse(br#"{"url":"http://127.0.0.1:9000/"}"#, PlainHttp::Everywhere).is_ok());
    assert!(CreateEndpoint::of("javascript:x", &[], PlainHttp::Everywhere).is_err());
    assert!(CreateEndpoint::of(&format!("https://{}", "a".repeat(2048)), &[], PlainHttp::Everywhere).is_err());
}

#[test]
fn an_update_changes_only_what_it_names() {
    let update = |body: &str| UpdateEndpoint::parse(body.as_bytes(), PlainHttp::Never);
    assert_eq!(update("{}").unwrap(), UpdateEndpoint { url: None, events: None });
    let events = update(r#"{"events":["invoice.paid"]}"#).unwrap();
    assert!(events.url.is_none() && events.events.is_some_and(|names| names.len() == 1));
    assert_eq!(details(update(r#"{"url":"","events":[]}"#)).len(), 2);
}

#[test]
fn a_rotation_overlaps_for_a_day_unless_it_says_otherwise() {
    let overlap = |body: &str| RotateSecret::parse(body.as_bytes()).map(|rotation| rotation.overlap_seconds);
    assert_eq!((overlap(""), overlap("{}"), overlap(r#"{"overlap_seconds":0}"#)), (Ok(86_400), Ok(86_400), Ok(0)));
    assert_eq!(details(overlap(r#"{"overlap_seconds":604801}"#)), ["overlap_seconds: must be from 0 to 604800"]);
}

#[test]
fn the_secret_is_shown_only_where_it_was_made() {
    let view = EndpointView {
        id: "1".to_owned(),
        url: "https://shop.example".to_owned(),
        events: vec!["test".to_owned()],
        environment: "test".to_owned(),
        created_at: "2026-03-01T12:00:00Z".to_owned(),
        secret: None,
    };
    assert!(serde_json::to_value(view.clone()).unwrap().get("secret").is_none());
    let secret = WebhookSecret::from_bytes([1; 32]);
    assert_eq!(serde_json::to_value(view.with_secret(&secret)).unwrap()["secret"], secret.reveal());
}

proptest! {
    #[test]
    fn no_body_panics(body: Vec<u8>) {
        drop(CreateEndpoint::parse(&body, PlainHttp::Never));
        drop(UpdateEndpoint::parse(&body, PlainHttp::Everywhere));
        drop(RotateSecret::parse(&body));
    }
}
