//! Section 1: base URL, transport, keys, environments.

use super::{
    documentation::operations,
    http::{Answer, Ask},
    server::shared,
    shop::{Shop, half_a_bitcoin, id},
};
use crate::eventually::eventually;
use serde_json::json;
use std::collections::BTreeSet;

/// An id that nothing has.
const NOBODY: &str = "01990000-0000-7000-8000-000000000000";

/// Every call that needs a key: method, path below `/api/v1/`, the permission.
fn keyed_calls() -> Vec<(&'static str, String, &'static str)> {
    let endpoint = format!("webhook-endpoints/{NOBODY}");
    let delivery = format!("{endpoint}/deliveries/{NOBODY}");
    vec![
        ("POST", "invoices".to_owned(), "invoices:write"),
        ("GET", "invoices".to_owned(), "invoices:read"),
        ("GET", format!("invoices/{NOBODY}"), "invoices:read"),
        ("POST", format!("invoices/{NOBODY}/activate"), "invoices:write"),
        ("POST", format!("invoices/{NOBODY}/cancel"), "invoices:write"),
        ("POST", "addresses".to_owned(), "addresses:write"),
        ("GET", "addresses".to_owned(), "addresses:read"),
        ("GET", format!("addresses/{NOBODY}"), "addresses:read"),
        ("GET", format!("addresses/{NOBODY}/invoices"), "addresses:read"),
        ("GET", "events".to_owned(), "events:read"),
        ("POST", "webhook-endpoints".to_owned(), "webhooks:write"),
        ("GET", "webhook-endpoints".to_owned(), "webhooks:read"),
        ("GET", endpoint.clone(), "webhooks:read"),
        ("PATCH", endpoint.clone(), "webhooks:write"),
        ("DELETE", endpoint.clone(), "webhooks:write"),
        ("POST", format!("{endpoint}/rotate-secret"), "webhooks:write"),
        ("POST", format!("{endpoint}/test"), "webhooks:write"),
        ("GET", format!("{endpoint}/deliveries"), "webhooks:read"),
        ("GET", format!("{delivery}/attempts"), "webhooks:read"),
        ("POST", format!("{delivery}/redeliver"), "webhooks:write"),
        ("POST", format!("test/invoices/{NOBODY}/payments"), "invoices:write"),
        ("POST", format!("test/addresses/{NOBODY}/payments"), "addresses:write"),
        ("POST", format!("test/invoices/{NOBODY}/scenarios"), "invoices:write"),
        ("POST", "test/networks/nowhere/blocks".to_owned(), "invoices:write"),
        ("POST", "test/networks/nowhere/reorg".to_owned(), "invoices:write"),
        ("POST", "test/clock/advance".to_owned(), "invoices:write"),
    ]
}

/// A call that goes wrong after the key was looked at: it changes nothing.
fn call(method: &'static str, path: &str, key: Option<&str>) -> Answer {
    let ask = Ask::new(method, &format!("/api/v1/{path}"));
    let ask = if matches!(method, "POST" | "PATCH") { ask.json(&json!({ "amount": 1, "url": 1 })) } else { ask };
    let ask = key.into_iter().fold(ask, Ask::key);
    shared().ask(&ask)
}

#[test]
fn section_1_every_documented_call_needs_the_permission_that_these_tests_hold_it_to() {
    let of_documentation = operations().filter_map(|(method, path, operation)| {
        let permission = operation["security"][0]["X-API-Key"][0].as_str()?;
        let path = path.replace("{id}", NOBODY).replace("{delivery}", NOBODY).replace("{network}", "nowhere");
        Some((method, path.strip_prefix("/api/v1/").unwrap().to_owned(), permission.to_owned()))
    });
    let of_tests =
        keyed_calls().into_iter().map(|(method, path, permission)| (method.to_owned(), path, permission.to_owned()));
    assert_eq!(of_documentation.collect::<BTreeSet<_>>(), of_tests.collect::<BTreeSet<_>>());
}

#[test]
fn section_1_the_key_goes_into_the_x_api_key_header_and_nowhere_else() {
    let shop = Shop::shared();
    assert_eq!(shop.get("invoices").status, 200);
    let bearer = Ask::get("/api/v1/invoices").header("Authorization", &format!("Bearer {}", shop.key));
    shop.server.ask(&bearer).refusal(401, "unauthorized");
    let in_query = Ask::get(&format!("/api/v1/invoices?api_key={}", shop.key));
    shop.server.ask(&in_query).refusal(401, "unauthorized");
}

#[test]
fn section_1_a_key_is_its_environment_s_prefix_and_64_hex_characters() {
    let shop = Shop::fresh();
    let live = shop.server.key(&shop.merchant, "live", "");
    for (key, prefix) in [(&shop.key, "sk_test_"), (&live, "sk_live_")] {
        let digits = key.strip_prefix(prefix).unwrap();
        assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{prefix}");
    }
}

#[test]
fn section_1_without_a_key_every_merchant_call_is_401_unauthorized() {
    for (method, path, _) in keyed_calls() {
        let details = call(method, &path, None).refusal(401, "unauthorized");
        assert!(details.is_empty(), "{details:?}");
    }
}

#[test]
fn section_1_a_malformed_or_unknown_key_is_401_unauthorized() {
    let shop = Shop::shared();
    let unknown = format!("sk_test_{}", "0".repeat(64));
    let other_environment = shop.key.replace("sk_test_", "sk_live_");
    let shorter = shop.key.get(..71).unwrap();
    let longer = format!("{}0", shop.key);
    let upper = shop.key.to_uppercase();
    let quoted = format!("\"{}\"", shop.key);
    let keys = ["", "sk_test_", "x", shorter, &longer, &upper, &quoted, &unknown, &other_environment, "é"];
    for key in keys {
        let answer = call("GET", "invoices", Some(key));
        answer.refusal(401, "unauthorized");
        assert!(key.len() < 8 || !answer.text().contains(key), "a key is never repeated");
    }
    let twice = Ask::get("/api/v1/invoices").key(&shop.key).key(&shop.key);
    shop.server.ask(&twice).refusal(401, "unauthorized");
}

#[test]
fn section_1_a_revoked_key_is_401_unauthorized() {
    let shop = Shop::fresh();
    let made = shop.server.command(&["api-keys", "create", "--merchant", &shop.merchant, "--environment", "test"]);
    let other = shop.with_key(made["api_key"].as_str().unwrap());
    assert_eq!(other.get("invoices").status, 200);
    shop.server.command(&["api-keys", "revoke", id(&made)]);
    eventually("the revocation", || (other.get("invoices").status != 200).then_some(()));
    other.get("invoices").refusal(401, "unauthorized");
    assert_eq!(shop.get("invoices").status, 200, "the shop's other key still works");
}

#[test]
fn section_1_a_key_without_the_call_s_permission_is_403_forbidden() {
    let shop = Shop::fresh();
    let all = [
        "invoices:read",
        "invoices:write",
        "addresses:read",
        "addresses:write",
        "webhooks:read",
        "webhooks:write",
        "events:read",
    ];
    for permission in all {
        let others: Vec<&str> = all.into_iter().filter(|other| *other != permission).collect();
        let without = shop.server.key(&shop.merchant, "test", &others.join(","));
        let only = shop.server.key(&shop.merchant, "test", permission);
        for (method, path, needed) in keyed_calls() {
            let (lacks, has) = if needed == permission { (&without, &only) } else { (&only, &without) };
            call(method, &path, Some(lacks)).refusal(403, "forbidden");
            let status = call(method, &path, Some(has)).status;
            assert!(matches!(status, 200 | 400 | 404), "{method} {path} with {needed}: {status}");
        }
    }
}

#[test]
fn section_1_public_lists_need_no_key() {
    for path in ["/api/v1/currencies", "/api/v1/rates", "/api/v1/currencies?environment=test"] {
        shared().ask(&Ask::get(path)).data(200);
    }
}

#[test]
fn section_1_live_and_test_are_wholly_separate() {
    let test = Shop::fresh();
    let live = test.with_key(&test.server.key(&test.merchant, "live", ""));
    let invoice = test.create(&half_a_bitcoin());
    let endpoint = test.endpoint(&json!({ "url": "http://127.0.0.1:9/", "events": ["invoice.paid"] }));
    assert_eq!(invoice["environment"], "test");
    for path in [format!("invoices/{}", id(&invoice)), format!("webhook-endpoints/{}", id(&endpoint))] {
        assert_eq!(test.get(&path).status, 200);
        live.get(&path).refusal(404, "not_found");
    }
    for list in ["invoices", "events", "webhook-endpoints"] {
        assert_eq!(live.get(list).success(200)["data"], json!([]), "{list}");
        assert_eq!(test.get(list).success(200)["data"].as_array().unwrap().len(), 1, "{list}");
    }
    for action in ["activate", "cancel"] {
        live.post(&format!("invoices/{}/{action}", id(&invoice)), &json!({})).refusal(404, "not_found");
    }
}

#[test]
fn section_1_merchant_requests_take_no_environment_parameter() {
    let shop = Shop::fresh();
    shop.create(&json!({ "amount": "0.5", "currency": "BTC", "environment": "live" }));
    let listed = shop.get("invoices?environment=live").success(200);
    assert_eq!(listed["data"][0]["environment"], "test");
}

#[test]
fn section_1_public_lists_take_an_environment_where_the_answer_depends_on_it() {
    let rows = |path: &str| shared().ask(&Ask::get(path)).data(200).as_array().unwrap().clone();
    let on_sale = |path: &str| rows(path).iter().filter(|row| row["available"] == true).count();
    assert_eq!(on_sale("/api/v1/currencies?environment=test"), rows("/api/v1/currencies?environment=test").len());
    assert_eq!(on_sale("/api/v1/currencies"), 0, "the demo sells nothing live");
    assert_eq!(on_sale("/api/v1/currencies?environment=live"), 0);
    shared().ask(&Ask::get("/api/v1/currencies?environment=prod")).blames(400, "validation_error", "environment");
}

#[test]
fn section_1_a_live_key_cannot_use_test_mode() {
    let shop = Shop::fresh();
    let live = shop.server.key(&shop.merchant, "live", "");
    for (method, path, _) in keyed_calls().into_iter().filter(|(_, path, _)| path.starts_with("test/")) {
        call(method, &path, Some(&live)).refusal(403, "forbidden");
    }
}

#[test]
fn section_1_another_merchant_s_resources_are_404_as_if_they_were_not_there() {
    let (one, other) = (Shop::fresh(), Shop::fresh());
    let invoice = one.create(&half_a_bitcoin());
    let endpoint = one.endpoint(&json!({ "url": "http://127.0.0.1:9/", "events": ["invoice.sent"] }));
    let (invoice, endpoint) = (format!("invoices/{}", id(&invoice)), format!("webhook-endpoints/{}", id(&endpoint)));
    let answers = [
        (other.get(&invoice), other.get(&format!("invoices/{NOBODY}"))),
        (
            other.post(&format!("{invoice}/cancel"), &json!({})),
            other.post(&format!("invoices/{NOBODY}/cancel"), &json!({})),
        ),
        (other.get(&endpoint), other.get(&format!("webhook-endpoints/{NOBODY}"))),
        (other.delete(&endpoint), other.delete(&format!("webhook-endpoints/{NOBODY}"))),
        (other.patch(&endpoint, &json!({})), other.patch(&format!("webhook-endpoints/{NOBODY}"), &json!({}))),
        (other.get(&format!("{endpoint}/deliveries")), other.get(&format!("webhook-endpoints/{NOBODY}/deliveries"))),
    ];
    for (theirs, nobody_s) in answers {
        theirs.refusal(404, "not_found");
        assert_eq!(theirs.json()["error"], nobody_s.json()["error"], "the two cannot be told apart");
    }
    for action in ["activate", "payments", "scenarios"] {
        let path =
            if action == "activate" { format!("{invoice}/activate") } else { format!("test/{invoice}/{action}") };
        let body = json!({ "currency": "BTC", "amount": "1", "scenario": "exact" });
        other.post(&path, &body).refusal(404, "not_found");
    }
    for change in ["rotate-secret", "test"] {
        other.post(&format!("{endpoint}/{change}"), &json!({})).refusal(404, "not_found");
    }
    assert_eq!(one.get(&invoice).data(200)["status"], "pending", "nothing happened to it");
}
