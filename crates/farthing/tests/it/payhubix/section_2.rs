//! B2 and B15: the envelope, and what is wrong.

use super::shop::{Merchant, Payhubix, refusal};
use crate::{
    contract::{http::Ask, server::Server},
    dialects::merchant::Credential,
};
use serde_json::json;

#[test]
fn b2_success_says_error_false_as_a_boolean_and_number_0() {
    let shop = Merchant::fresh();
    let text = shop.post("/invoices/", &shop.order()).text();
    assert!(text.starts_with(r#"{"error":false,"number":0,"message":{"invoice_url":""#), "{text}");
}

#[test]
fn b2_every_failure_has_the_envelope() {
    let shop = Merchant::fresh();
    let with_key = |ask: Ask| shop.send(&ask.header("X-Api-Key", &shop.key));
    refusal(&shop.get("/nothing/here/"), 404);
    refusal(&shop.get("/invoices/INV-NOTHING0/"), 404);
    refusal(&with_key(Ask::new("DELETE", "/v1/invoices/")), 405);
    refusal(&with_key(Ask::post("/v1/shops/", &json!({}))), 405);
    refusal(&shop.post_bytes("/invoices/", &vec![b' '; 2_000_000]), 413);
}

#[test]
fn b2_a_body_that_is_no_object_is_refused_in_the_same_form() {
    let shop = Merchant::fresh();
    for body in [&b""[..], b"[]", b"null", b"1", b"{", b"{\"currency_amount\":1,}", b"\xff", b"currency_amount=1"] {
        refusal(&shop.post_bytes("/invoices/", body), 400);
    }
    let twice = br#"{"currency_amount":1,"currency_amount":2}"#;
    assert!(refusal(&shop.post_bytes("/invoices/", twice), 400).contains("currency_amount"));
}

#[test]
fn b15_all_wrong_fields_are_told_at_once() {
    let shop = Merchant::fresh();
    let told = refusal(&shop.post("/invoices/", &json!({ "customer_email": "nobody", "currencies": [0] })), 400);
    for field in ["currency_amount", "currency_symbol", "time_for_payment", "customer_email", "currencies"] {
        assert!(told.contains(&format!("{field} ")), "{told}");
    }
}

#[test]
fn b2_too_many_requests_are_told_in_the_same_form() {
    let server = Server::serve("[limits]\nrequests_per_minute = 2\n");
    let key = Credential::of::<Payhubix>(&server, &server.merchant(), "test", None).key;
    let ask = || Ask::get("/v1/shops/").header("X-Api-Key", &key).send(server.host());
    let limited = (0..9).map(|_| ask()).find(|answer| answer.status != 200).expect("no request was one too many");
    refusal(&limited, 429);
    assert!(limited.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{limited}");
}
