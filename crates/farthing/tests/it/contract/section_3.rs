//! Section 3: every documented error that can be reached over HTTP without breaking anything, and the two that can be added.

use super::{
    http::Ask,
    shop::{Shop, half_a_bitcoin, id},
};
use serde_json::json;

#[test]
fn section_3_every_code_that_can_be_reached_has_its_documented_status() {
    let shop = Shop::fresh();
    let cancelled = shop.create(&half_a_bitcoin());
    shop.cancel(&cancelled);
    shop.create(&json!({ "amount_fiat": "1", "idempotency_key": "k" }));
    let read_only = shop.with_key(&shop.server.key(&shop.merchant, "test", "invoices:read"));
    let mismatch = json!({ "amount_fiat": "2", "idempotency_key": "k" });
    let conflicting = json!({ "amount_usd": "1", "fiat_currency": "EUR" });
    let odd_fiat = json!({ "amount_fiat": "1", "fiat_currency": "XXX" });
    shop.post("invoices", &json!({})).refusal(400, "validation_error");
    shop.post(&format!("invoices/{}/cancel", id(&cancelled)), &json!({})).refusal(400, "invalid_state");
    shop.post("invoices", &conflicting).refusal(400, "conflicting_amount_fields");
    shop.post("invoices", &odd_fiat).refusal(400, "invalid_fiat_currency");
    shop.with_key("sk_test_x").get("invoices").refusal(401, "unauthorized");
    read_only.post("invoices", &half_a_bitcoin()).refusal(403, "forbidden");
    shop.get("invoices/01990000-0000-7000-8000-000000000000").refusal(404, "not_found");
    shop.post("invoices", &mismatch).refusal(422, "idempotency_key_mismatch");
}

#[test]
fn section_3_an_unsupported_pair_is_a_validation_error() {
    let shop = Shop::shared();
    shop.refuses(
        &json!({ "amount": "1", "currency": "BTC", "network": "tron" }),
        "validation_error",
        &["network: does not carry BTC"],
    );
}

#[test]
fn section_3_an_invoice_that_is_not_there_is_told_as_in_the_example() {
    let answer = Shop::shared().get("invoices/01990000-0000-7000-8000-000000000000");
    assert!(answer.refusal(404, "not_found").is_empty());
    assert_eq!(answer.json()["error"]["message"], "invoice not found");
}

#[test]
fn section_3_a_path_that_is_not_there_is_a_404_in_the_envelope() {
    let shop = Shop::shared();
    for path in ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/charges", "/api/v3/x/y", "/%00", "/api/v1/invoices/a/b/c"]
    {
        shop.ask(Ask::get(path)).refusal(404, "not_found");
    }
}

#[test]
fn section_3_a_method_that_a_path_does_not_have_is_a_405_that_says_which_it_has() {
    let shop = Shop::shared();
    for (method, path, allowed) in [
        ("PUT", "/api/v1/invoices", "GET,HEAD,POST"),
        ("DELETE", "/api/v1/invoices", "GET,HEAD,POST"),
        ("POST", "/api/v1/rates", "GET,HEAD"),
        ("GET", "/api/v1/test/clock/advance", "POST"),
    ] {
        let answer = shop.ask(Ask::new(method, path));
        answer.refusal(405, "method_not_allowed");
        let mut names: Vec<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
        names.sort_unstable();
        assert_eq!(names.join(","), allowed, "{method} {path}");
    }
}
