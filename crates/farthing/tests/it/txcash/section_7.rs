//! A7: the error form, whatever goes wrong.

use super::shop::{BASE, Merchant, TxCash, told};
use crate::{
    contract::{http::Ask, server::Server},
    dialects::merchant::{Credential, FORM},
};
use serde_json::json;

/// How often is asked until somebody must have had enough.
const ASKED_MAX: usize = 2000;

#[test]
fn a_7_every_wrong_field_is_told_at_once_and_the_message_says_all_of_it() {
    let shop = Merchant::fresh();
    let answer = shop.post(&json!({ "amount": 0, "valid_for": "soon" }));
    assert_eq!(
        answer.json(),
        json!({
            "message": "amount must be greater than zero; valid_for must be a duration such as 300s or 2h45m; units are s, m and h",
            "errors": [
                { "resource": "Invoice", "code": "invalid", "field": "amount", "description": "amount must be greater than zero" },
                { "resource": "Invoice", "code": "invalid", "field": "valid_for",
                  "description": "valid_for must be a duration such as 300s or 2h45m; units are s, m and h" },
            ],
        })
    );
}

#[test]
fn a_7_a_body_that_cannot_be_read_is_400_in_the_same_form() {
    let shop = Merchant::fresh();
    let json_type = "application/json";
    for (content_type, body) in [
        (json_type, &b""[..]),
        (json_type, b"not json"),
        (json_type, b"[]"),
        (json_type, b"{\"amount\":1,\"amount\":2}"),
        (json_type, b"{\"amount\":1,\"name\":\"\xff\"}"),
        (json_type, b"amount=5"),
        (FORM, b"{\"amount\":1,}"),
        (FORM, b"amount=5&amount=6"),
        (FORM, b"amount=5&name=%FF"),
        (FORM, b"amount=5&name=%00"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\namount\r\n--x--"),
    ] {
        let answer = shop.ask(Ask::new("POST", &format!("{BASE}/invoice")).bytes(content_type, body));
        let told = told(&answer, 400);
        assert_eq!(told.len(), 1, "{answer}");
        assert_eq!(told[0].1, "invalid", "{answer}");
    }
    let deep = format!("{{\"amount\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let answer = shop.ask(Ask::new("POST", &format!("{BASE}/invoice")).bytes(json_type, deep.as_bytes()));
    assert_eq!(told(&answer, 400).len(), 1);
}

#[test]
fn a_7_unknown_paths_and_methods_and_too_large_bodies_have_the_same_form() {
    let shop = Merchant::fresh();
    for path in [
        "/invoice/v1",
        "/invoice/v1/",
        "/invoice/v1/testnet",
        "/invoice/v1/testnet/invoices",
        "/invoice/v1/testnet/invoice/x/y",
    ] {
        assert!(told(&shop.ask(Ask::get(path)), 404).is_empty(), "{path}");
    }
    for (method, path) in [("GET", "/invoice"), ("DELETE", "/invoice/x"), ("GET", "/invoice/x/payment/address")] {
        assert!(told(&shop.ask(Ask::new(method, &format!("{BASE}{path}"))), 405).is_empty(), "{path}");
    }
    let large = format!("amount=5&name={}", "x".repeat(3_000_000));
    let answer = shop.ask(Ask::new("POST", &format!("{BASE}/invoice")).bytes(FORM, large.as_bytes()));
    assert!(told(&answer, 413).is_empty());
    let slashed = shop.ask(Ask::post(&format!("{BASE}/invoice/"), &json!({ "amount": 5 })));
    assert_eq!(slashed.status, 200, "a slash at the end changes nothing");
}

#[test]
fn a_10_the_public_call_is_limited_by_address_and_keys_by_key() {
    let server = Server::serve("[limits]\nrequests_per_minute = 5\n");
    let merchant = server.merchant();
    let key = Credential::of::<TxCash>(&server, &merchant, "test", None).key;
    let create = || {
        let ask = Ask::post(&format!("{BASE}/invoice"), &json!({ "amount": 5 })).header("X-API-Key", &key);
        ask.send(server.host())
    };
    let invoice = create().json();
    let path = format!("{BASE}/invoice/{}/payment/address", invoice["id"].as_str().unwrap());
    let ask = || Ask::new("POST", &path).bytes(FORM, b"payment_currency=eth_usdt").send(server.host());
    let passed = (0..ASKED_MAX).take_while(|_| ask().status == 200).count();
    assert!((100..ASKED_MAX).contains(&passed), "{passed} passed");
    let limited = ask();
    assert!(told(&limited, 429).is_empty());
    assert!(limited.header("retry-after").is_some(), "{limited}");
    let passed = (0..ASKED_MAX).take_while(|_| create().status == 200).count();
    assert!((4..ASKED_MAX).contains(&passed), "{passed} passed");
    assert!(told(&create(), 429).is_empty());
}
