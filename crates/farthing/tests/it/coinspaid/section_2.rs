//! A.2 and A.3.2: keys, signatures, and what is told when they are wrong.

use super::shop::{Merchant, timed};
use crate::contract::http::Ask;
use crate::dialects::signatures;
use serde_json::json;

fn fault(ask: &Ask, host: &str, status: u16, error: &str, code: &str) {
    let answer = ask.send(host);
    assert_eq!((answer.status, answer.json()), (status, json!({ "error": error, "code": code })), "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn a_3_2_the_checks_come_in_the_documented_order() {
    let shop = Merchant::fresh();
    let host = shop.native.server.host();
    let body = b"not json";
    let sent = || Ask::new("POST", "/api/v2/invoices/create").bytes("text/plain", body);
    let keyed = || sent().header("X-Processing-Key", &shop.key);
    let signed = |body: &[u8]| signatures::coinspaid(&shop.secret, body);
    fault(&sent(), host, 403, "No key header", "required_header_key");
    fault(&sent().header("X-Processing-Key", "nobody's"), host, 403, "Bad key header", "bad_header_key");
    fault(&keyed(), host, 403, "No signature header", "required_header_signature");
    for wrong in ["", "00", "zz", &signed(b"{}")] {
        let (error, code) = if wrong.is_empty() {
            ("No signature header", "required_header_signature")
        } else {
            ("Bad signature header", "bad_header_signature")
        };
        fault(&keyed().header("X-Processing-Signature", wrong), host, 403, error, code);
    }
    fault(
        &keyed().header("X-Processing-Signature", &signed(body)),
        host,
        400,
        "Bad content format",
        "bad_content_format",
    );
    let answer = shop.post("/invoices/create", &json!({}));
    assert_eq!(answer.status, 400, "{answer}");
    assert!(answer.json()["errors"].is_object(), "{answer}");
}

#[test]
fn a_3_2_an_unknown_url_is_told_as_a_missing_key() {
    let shop = Merchant::fresh();
    let host = shop.native.server.host();
    for path in ["/api/v2", "/api/v2/", "/api/v2/nothing", "/api/v2/invoices", "/api/v2/invoices/x/y/z"] {
        fault(&Ask::post(path, &json!({})), host, 403, "No key header", "required_header_key");
    }
    fault(&Ask::get("/api/v2/invoices/create"), host, 403, "No key header", "required_header_key");
}

#[test]
fn a_2_the_signature_is_of_the_raw_bytes_and_may_be_in_capitals() {
    let shop = Merchant::fresh();
    let escaped = timed("raw-1").to_string().replace('/', "\\/").replace("\":", "\" : ");
    assert_eq!(shop.ask("POST", "/invoices/create", escaped.as_bytes()).status, 200);
    let body = timed("raw-2").to_string();
    let capital = Ask::new("POST", "/api/v2/invoices/create")
        .bytes("application/json; charset=utf-8", body.as_bytes())
        .header("x-processing-key", &shop.key)
        .header("x-processing-signature", &signatures::coinspaid(&shop.secret, body.as_bytes()).to_uppercase());
    assert_eq!(capital.send(shop.native.server.host()).status, 200);
}
