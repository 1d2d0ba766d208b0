//! B.1: media type, keys, members.

use super::shop::{MEDIA_TYPE, Merchant, document, id, invoices, refused, seed};
use crate::contract::http::Ask;
use serde_json::json;

const ACCESS_DENIED: [(u16, &str, &str); 1] = [(401, "unauthorized", "HTTP Token: Access denied.")];

#[test]
fn b_1_a_key_has_the_known_form_and_is_sent_as_a_bearer() {
    let shop = Merchant::fresh();
    let rest = shop.key.strip_prefix("txn_cmp_").unwrap();
    assert!(rest.len() == 30 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{}", shop.key);
    let host = shop.native.server.host();
    let ask = || Ask::get("/api/public/v1/invoices");
    for wrong in ["", "Bearer", "Bearer ", "Bearer nobody's", &shop.key, &format!("Basic {}", shop.key)] {
        let answer = ask().header("Authorization", wrong).send(host);
        refused(&answer, &ACCESS_DENIED);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    refused(&ask().send(host), &ACCESS_DENIED);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        document(&ask().header("Authorization", &format!("{scheme} {}", shop.key)).send(host), 200);
    }
}

#[test]
fn b_1_keys_of_other_apis_are_no_keys_here_and_this_one_is_none_there() {
    let shop = Merchant::fresh();
    let host = shop.native.server.host();
    let native = format!("Bearer {}", shop.native.key);
    refused(&Ask::get("/api/public/v1/invoices").header("Authorization", &native).send(host), &ACCESS_DENIED);
    assert_eq!(Ask::get("/api/v1/invoices").key(&shop.key).send(host).status, 401);
    assert_eq!(Ask::get("/v1/invoices/").key(&shop.key).send(host).status, 401);
}

#[test]
fn b_1_a_request_may_be_called_json_api_or_json_or_nothing() {
    let shop = Merchant::fresh();
    let sent = |reference: &str| invoices(&seed(reference)).to_string().into_bytes();
    let ask = || Ask::new("POST", "/api/public/v1/invoices");
    for media_type in [MEDIA_TYPE, "application/json", "application/json; charset=utf-8", "Application/VND.api+JSON"] {
        document(&shop.send(ask().bytes(media_type, &sent(media_type))), 201);
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let answer = shop.send(ask().bytes(media_type, &sent(media_type)));
        refused(&answer, &[(415, "unsupported_media_type", "Unsupported media type")]);
    }
}

#[test]
fn b_1_a_slash_at_the_end_changes_nothing() {
    let shop = Merchant::fresh();
    let invoice = document(&shop.post("/invoices/", &invoices(&seed("slash"))), 201);
    assert_eq!(shop.get(&format!("/invoices/{}/", id(&invoice))), shop.invoice(&invoice));
}

#[test]
fn b_1_an_invoice_is_its_merchant_s_and_its_environment_s_alone() {
    let (shop, other) = (Merchant::fresh(), Merchant::fresh());
    let invoice = shop.create(&seed("mine"));
    let path = format!("/invoices/{}", id(&invoice));
    let nothing = [(404, "not_found", "Record not found")];
    refused(&other.read(&path), &nothing);
    assert_eq!(other.get("/invoices")["data"], json!([]));
    let live = shop.credential("live", None);
    assert!(live.base_url.ends_with("/api/public/v1"), "{}", live.base_url);
    let live = live.key;
    let ask = Ask::get(&format!("/api/public/v1{path}")).header("Authorization", &format!("Bearer {live}"));
    refused(&ask.send(shop.native.server.host()), &nothing);
    document(&shop.read(&path), 200);
}

#[test]
fn b_1_the_native_api_shows_the_invoice_with_its_source() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&seed("both"));
    let native = shop.native.invoice(&json!({ "id": id(&invoice) }));
    assert_eq!(native["source"], "txnpro");
    assert_eq!(native["external_id"], "both");
    assert_eq!(native["deposit_address"], invoice["included"][0]["attributes"]["value"]);
    assert_eq!(native["checkout_url"], invoice["data"]["attributes"]["hostedPageUrl"]);
    let made_there = shop.native.create(&json!({ "amount": "0.5", "currency": "BTC" }));
    let path = format!("/invoices/{}", made_there["id"].as_str().unwrap());
    refused(&shop.read(&path), &[(404, "not_found", "Record not found")]);
}
