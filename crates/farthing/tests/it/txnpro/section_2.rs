//! B.2: errors.

use super::shop::{Merchant, TxnPro, invoices, refused, seed};
use crate::{
    contract::{http::Ask, server::Server, shop::with},
    dialects::merchant::Credential,
};
use serde_json::json;

const BAD_REQUEST: [(u16, &str, &str); 1] = [(400, "bad_request", "Bad request")];
const NOT_FOUND: [(u16, &str, &str); 1] = [(404, "not_found", "Record not found")];

#[test]
fn b_2_unknown_things_and_paths_are_records_not_found() {
    let shop = Merchant::fresh();
    for path in [
        "/invoices/00000000-0000-4000-8000-000000000001",
        "/invoices/x",
        "/invoices/%00",
        "/channels/00000000-0000-4000-8000-000000000001",
        "/channels/x/transactions",
        "/nothing",
        "",
    ] {
        refused(&shop.read(path), &NOT_FOUND);
    }
    refused(&shop.ask("DELETE", "/invoices", b""), &[(405, "method_not_allowed", "Method not allowed")]);
}

#[test]
fn b_2_an_unknown_network_is_not_found() {
    let shop = Merchant::fresh();
    for network in ["txrp", "nothing", "usdt", "trx:", "ttrx:usdt:x"] {
        let body = invoices(&with(&seed("n"), "network", network));
        shop.refuses("/invoices", &body, &[(404, "network_not_found", "Record not found")]);
    }
}

#[test]
fn b_2_amounts_beyond_their_limits_are_told_with_both_numbers() {
    let shop = Merchant::fresh();
    let told = |amount: &str| {
        let answer = shop.post("/invoices", &invoices(&with(&seed("limits"), "amountBilled", amount)));
        (answer.status, answer.json()["errors"][0].clone())
    };
    let (status, error) = told("5");
    assert_eq!(status, 422);
    assert_eq!(
        error,
        json!({ "status": 422, "code": "amount_below_minimum", "title": "amount is below minimum", "detail": "amount: 5.0, minimum: 10.00" })
    );
    let (status, error) = told("500000.0");
    assert_eq!(status, 422);
    assert_eq!(
        error,
        json!({ "status": 422, "code": "amount_above_maximum", "title": "amount is above maximum", "detail": "amount: 500000.0, maximum: 100000.00" })
    );
}

#[test]
fn b_2_a_coin_that_is_not_the_network_s_is_no_pair() {
    let shop = Merchant::fresh();
    let pair = [(422, "currency_pair_not_supported", "Currency pair not supported")];
    for (name, value) in
        [("chargedCurrency", "BTC"), ("billedCurrency", "BTC"), ("billedCurrency", "XXX"), ("network", "tbtc")]
    {
        shop.refuses("/invoices", &invoices(&with(&seed("pair"), name, value)), &pair);
    }
}

#[test]
fn b_2_a_reference_may_be_used_once() {
    let shop = Merchant::fresh();
    shop.create(&seed("once"));
    let taken = [(422, "reference_has_already_been_taken", "Reference has already been taken")];
    shop.refuses("/invoices", &invoices(&seed("once")), &taken);
    shop.create(&seed("twice"));
    let mut without = seed("x");
    without.as_object_mut().unwrap().remove("reference");
    shop.create(&without);
    shop.create(&without);
    Merchant::fresh().create(&seed("once"));
    assert_eq!(shop.get("/invoices")["meta"]["total"], 4);
}

#[test]
fn b_14_one_error_for_each_attribute_that_is_missing_or_wrong() {
    let shop = Merchant::fresh();
    let blank = |name: &str| (422, "blank", format!("{name} can't be blank"));
    let all: Vec<_> = ["amountBilled", "billedCurrency", "chargedCurrency", "network"].map(blank).to_vec();
    let all: Vec<(u16, &str, &str)> =
        all.iter().map(|(status, code, title)| (*status, *code, title.as_str())).collect();
    shop.refuses("/invoices", &invoices(&json!({})), &all);
    shop.refuses("/invoices", &json!({ "data": { "type": "invoices" } }), &all);
    let empty = json!({ "amountBilled": "", "billedCurrency": " ", "chargedCurrency": null, "network": "" });
    shop.refuses("/invoices", &invoices(&empty), &all);
    for (name, value) in [
        ("amountBilled", json!("-10")),
        ("amountBilled", json!("ten")),
        ("amountBilled", json!("10,00")),
        ("amountBilled", json!(true)),
        ("amountBilled", json!("10.001")),
        ("billedCurrency", json!(["USD"])),
        ("network", json!({})),
        ("reference", json!("x".repeat(256))),
        ("successRedirectUrl", json!("javascript:alert(1)")),
        ("unsuccessRedirectUrl", json!("http://shop.example/")),
        ("paymentMethods", json!("on_chain")),
        ("paymentMethods", json!(["cash"])),
    ] {
        let title = format!("{name} is invalid");
        shop.refuses("/invoices", &invoices(&with(&seed("w"), name, value)), &[(422, "invalid", &title)]);
    }
}

#[test]
fn b_14_the_type_must_be_the_resource_s() {
    let shop = Merchant::fresh();
    let typed = |kind: serde_json::Value| json!({ "data": { "type": kind, "attributes": seed("t") } });
    shop.refuses("/invoices", &typed(json!("payouts")), &[(422, "invalid", "type is invalid")]);
    shop.refuses("/invoices", &typed(json!(1)), &[(422, "invalid", "type is invalid")]);
    shop.refuses(
        "/invoices",
        &json!({ "data": { "attributes": seed("t") } }),
        &[(422, "blank", "type can't be blank")],
    );
}

#[test]
fn b_14_what_is_no_json_or_no_resource_is_a_bad_request() {
    let shop = Merchant::fresh();
    let twice = br#"{"data":{"type":"invoices","attributes":{"amountBilled":"10","amountBilled":"11"}}}"#;
    let bodies: [&[u8]; 10] = [
        b"",
        b"not json",
        b"{",
        b"[]",
        b"{}",
        b"null",
        br#"{"data":[]}"#,
        br#"{"data":{"type":"invoices","attributes":[]}}"#,
        b"\xff\xfe",
        twice,
    ];
    for body in bodies {
        refused(&shop.ask("POST", "/invoices", body), &BAD_REQUEST);
    }
    let large = vec![b' '; 2 * 1024 * 1024];
    let answer = shop.ask("POST", "/invoices", &large);
    refused(&answer, &[(413, "payload_too_large", "Payload too large")]);
    assert_eq!(shop.get("/invoices")["meta"]["total"], 0);
}

#[test]
fn b_2_too_many_requests_are_told_in_the_same_form() {
    let server = Server::serve("[limits]\nrequests_per_minute = 2\n");
    let key = Credential::of::<TxnPro>(&server, &server.merchant(), "test", None).key;
    let ask =
        || Ask::get("/api/public/v1/invoices").header("Authorization", &format!("Bearer {key}")).send(server.host());
    let limited = (0..9).map(|_| ask()).find(|answer| answer.status != 200).expect("no request was one too many");
    refused(&limited, &[(429, "too_many_requests", "Too many requests")]);
    assert!(limited.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{limited}");
}
