//! What bad requests get, whatever they say: broken, huge, deep or ambiguous bodies; odd paths and headers.

use super::{
    http::{Answer, Ask},
    shop::{Shop, half_a_bitcoin, id},
};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// Every call that reads a body. `{invoice}` and `{endpoint}` are some of the shop's own.
const CALLS: [(&str, &str); 12] = [
    ("POST", "invoices"),
    ("POST", "invoices/{invoice}/activate"),
    ("POST", "invoices/{invoice}/cancel"),
    ("POST", "webhook-endpoints"),
    ("PATCH", "webhook-endpoints/{endpoint}"),
    ("POST", "webhook-endpoints/{endpoint}/rotate-secret"),
    ("POST", "webhook-endpoints/{endpoint}/test"),
    ("POST", "test/invoices/{invoice}/payments"),
    ("POST", "test/invoices/{invoice}/scenarios"),
    ("POST", "test/networks/bitcoin/blocks"),
    ("POST", "test/networks/bitcoin/reorg"),
    ("POST", "test/clock/advance"),
];

/// Calls that have nothing to read: they look at no body, only at its size.
const NOTHING_TO_READ: [&str; 2] = ["/cancel", "/test"];

/// A shop with an invoice and an endpoint, and its calls.
fn shop_and_calls() -> (Shop<'static>, Vec<(&'static str, String)>) {
    let shop = Shop::fresh();
    let invoice = shop.create(&json!({ "amount_fiat": "5" }));
    let endpoint = shop.endpoint(&json!({ "url": "http://127.0.0.1:9/", "events": ["invoice.sent"] }));
    let named = |path: &str| path.replace("{invoice}", id(&invoice)).replace("{endpoint}", id(&endpoint));
    let calls = CALLS.iter().map(|(method, path)| (*method, format!("/api/v1/{}", named(path)))).collect();
    (shop, calls)
}

fn send(shop: &Shop<'_>, method: &'static str, path: &str, body: &[u8]) -> Answer {
    shop.ask(Ask::new(method, path).bytes("application/json", body))
}

#[test]
fn bad_input_broken_json_is_a_validation_error_at_every_call() {
    let (shop, calls) = shop_and_calls();
    let deep = [b"{\"a\":".repeat(40), b"1".to_vec(), b"}".repeat(40)].concat();
    let very_deep = [b"{\"amount\":".to_vec(), b"[".repeat(30_000), b"]".repeat(30_000), b"}".to_vec()].concat();
    let bodies: [&[u8]; 24] = [
        b"{",
        b"}",
        b"[]",
        b"null",
        b"\"text\"",
        b"5",
        b"true",
        b"{} {}",
        b"{}x",
        b"{'a':1}",
        b"{\"a\":1,}",
        b"{a:1}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":Infinity}",
        b"{\"a\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"amount\":\"1\",\"amount\":\"2\"}",
        b"{\"a\":\"\\u0000\"}",
        b"{\"x\":{\"y\":1,\"y\":2}}",
        b"{\"a\":\"\n\"}",
        &deep,
        &very_deep,
    ];
    for (method, path) in &calls {
        if NOTHING_TO_READ.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        for body in bodies {
            let answer = send(&shop, method, path, body);
            answer.refusal(400, "validation_error");
        }
    }
    assert_eq!(shop.total(), 1);
}

#[test]
fn bad_input_a_duplicate_name_is_told_by_its_path() {
    let shop = Shop::shared();
    let twice = br#"{"amount":"1","currency":"BTC","metadata":{"a":{"b":1,"b":2}}}"#;
    let details = send(&shop, "POST", "/api/v1/invoices", twice).refusal(400, "validation_error");
    assert_eq!(details, ["metadata.a.b: the field appears twice"]);
    let hidden = br#"{"amount":"1","currency":"BTC","\u0061mount":"2"}"#;
    let details = send(&shop, "POST", "/api/v1/invoices", hidden).refusal(400, "validation_error");
    assert_eq!(details, ["amount: the field appears twice"]);
}

#[test]
fn bad_input_a_body_of_more_than_64_kib_is_413_at_every_call() {
    let (shop, calls) = shop_and_calls();
    let room = 64 * 1024 - br#"{"description":""}"#.len();
    let of = |length: usize| format!(r#"{{"description":"{}"}}"#, "a".repeat(length));
    for (method, path) in &calls {
        for length in [room + 1, room + 200_000] {
            send(&shop, method, path, of(length).as_bytes()).refusal(413, "validation_error");
        }
    }
    let largest = send(&shop, "POST", "/api/v1/invoices", of(room).as_bytes()).refusal(400, "validation_error");
    assert_eq!(largest[0], "description: must be at most 1000 characters", "a body of 64 KiB is read");
    assert_eq!(shop.total(), 1);
}

#[test]
fn bad_input_large_metadata_is_refused_by_name() {
    let shop = Shop::shared();
    let body = json!({ "amount_fiat": "1", "metadata": { "a": "x".repeat(40_000) } });
    shop.post("invoices", &body).blames(400, "validation_error", "metadata");
    let exact = br#"{"amount_fiat":"1","metadata":{"n":0.1234567890123456789012345678901234567890}}"#;
    let details = send(&shop, "POST", "/api/v1/invoices", exact).refusal(400, "validation_error");
    assert!(details[0].starts_with("metadata.n: "), "a number that cannot be kept exactly: {details:?}");
    let huge = br#"{"amount_fiat":"1","metadata":{"n":1e400}}"#;
    assert!(
        send(&shop, "POST", "/api/v1/invoices", huge).refusal(400, "validation_error")[0].starts_with("metadata.n: ")
    );
}

#[test]
fn bad_input_a_form_is_415_and_says_what_to_send() {
    let shop = Shop::shared();
    for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let ask = Ask::new("POST", "/api/v1/invoices").bytes(content_type, b"amount=1&currency=BTC");
        let answer = shop.ask(ask);
        answer.refusal(415, "validation_error");
        assert!(answer.text().contains("application/json"), "{answer}");
    }
    let charset = Ask::new("POST", "/api/v1/invoices")
        .bytes("application/json; charset=utf-8", half_a_bitcoin().to_string().as_bytes());
    assert_eq!(shop.ask(charset).status, 201);
}

#[test]
fn bad_input_an_empty_body_is_told_where_one_is_needed() {
    let shop = Shop::shared();
    for body in [&b""[..], b" \n"] {
        send(&shop, "POST", "/api/v1/invoices", body).refusal(400, "validation_error");
    }
    shop.ask(Ask::new("POST", "/api/v1/invoices")).refusal(400, "validation_error");
    let draft = shop.create(&json!({ "amount": "1", "currency": "BTC", "deferred": true }));
    let activated = shop.ask(Ask::new("POST", &format!("/api/v1/invoices/{}/activate", id(&draft))));
    assert_eq!(activated.data(200)["status"], "pending", "where nothing needs to be said, nothing needs to be sent");
}

#[test]
fn bad_input_odd_paths_and_queries_are_4xx_in_the_envelope() {
    let shop = Shop::shared();
    let long = format!("/api/v1/invoices?external_id={}", "a".repeat(20_000));
    for path in [
        "/api/v1/invoices/%ff",
        "/api/v1/invoices/%",
        "/api/v1/invoices/%zz",
        "/api/v1/invoices/..",
        "/api/v1/invoices//",
        "//api/v1/invoices",
        "/api/v1/../v1/invoices",
        "/api/v1/invoices;x=1",
        "/API/V1/INVOICES",
        long.as_str(),
        "/api/v1/invoices?limit=%ff",
        "/api/v1/invoices?status=%00",
        "/api/v1/events?after=%F0%9F%98%80",
        "/api/v1/invoices?status[]=paid&status=x",
        "/api/v1/test/networks/%ff/blocks",
    ] {
        let answer = shop.ask(Ask::get(path));
        assert!((400..500).contains(&answer.status), "{answer}");
        let code = answer.json()["error"]["code"].as_str().unwrap().to_owned();
        answer.refusal(answer.status, &code);
    }
}

/// The status of the answer to bytes that are no well-formed request.
fn raw(shop: &Shop<'_>, bytes: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(shop.server.host()).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[test]
fn bad_input_ambiguous_or_broken_requests_are_refused_before_anything_reads_them() {
    let shop = Shop::shared();
    let before = shop.total();
    let body = half_a_bitcoin().to_string();
    let post = |headers: &str, body: &str| {
        format!("POST /api/v1/invoices HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n{headers}\r\n{body}", shop.key)
    };
    let length = body.len();
    for request in [
        post(&format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length + 1), &body),
        post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), &body),
        post(&format!("Content-Length: +{length}\r\n"), &body),
        post("Content-Length: x\r\n", &body),
        post(&format!("Content-Length : {length}\r\n"), &body),
        post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        "GET /api/v1/invoices HTTP/1.1\r\n\r\n".to_owned(),
        "GET /api/v1/invoices\r\n\r\n".to_owned(),
        "rubbish\r\n\r\n".to_owned(),
        format!("GET /api/v1/invoices HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(20_000)),
    ] {
        let (status, answer) = raw(&shop, request.as_bytes());
        assert!((400..500).contains(&status), "{request}: {answer}");
        assert!(answer.contains(r#"{"error":{"code":""#), "{answer}");
    }
    assert_eq!(shop.total(), before);
}

#[test]
fn bad_input_a_key_or_header_that_is_no_text_is_a_4xx() {
    let shop = Shop::shared();
    let head = "GET /api/v1/invoices HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: sk_test_";
    let bytes = [head.as_bytes(), &[0xff; 64], b"\r\n\r\n"].concat();
    assert_eq!(raw(&shop, &bytes).0, 401);
    let mut post = format!(
        "POST /api/v1/invoices HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {}\r\nContent-Length: 2\r\nIdempotency-Key: ",
        shop.key
    )
    .into_bytes();
    post.extend_from_slice(b"\xff\xfe\r\n\r\n{}");
    let (status, answer) = raw(&shop, &post);
    assert!(status == 400 && answer.contains("validation_error"), "{answer}");
}
