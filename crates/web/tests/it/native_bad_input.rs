//! What bad input gets: a 4xx that names the field, and nothing is written. Never a 5xx, never a panic.

use crate::native::{HALF_BITCOIN, Shop};
use serde_json::{Value, json};

/// A create with one field changed.
fn with(field: &str, value: &Value) -> String {
    let mut body = json!({ "currency": "BTC", "amount": "0.5" });
    body[field] = value.clone();
    body.to_string()
}

/// A fiat create with one field changed.
fn fiat_with(field: &str, value: &Value) -> String {
    let mut body = json!({ "amount_fiat": "10.50" });
    body[field] = value.clone();
    body.to_string()
}

fn object_of(count: usize) -> Value {
    Value::Object((0..count).map(|number| (format!("key{number}"), json!(number))).collect())
}

/// The field to be named, and a body in which it is wrong.
type Row = (&'static str, String);

/// Values of another type than the field's.
fn wrong_types() -> Vec<Row> {
    let texts =
        ["currency", "network", "description", "external_id", "idempotency_key", "redirect_url", "customer_email"];
    let amounts = ["amount", "payment_tolerance"];
    let wrong_types = [json!(7), json!(true), json!([]), json!({}), json!(1.5)];
    let mut rows: Vec<Row> = Vec::new();
    for field in texts.into_iter().chain(amounts) {
        rows.extend(wrong_types.iter().map(|value| (field, with(field, value))));
    }
    for field in ["amount_fiat", "fiat_currency"] {
        rows.extend(wrong_types.iter().map(|value| (field, fiat_with(field, value))));
    }
    rows
}

/// Texts that are no amounts, too long, or no addresses.
fn wrong_texts() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for text in [
        "NaN",
        "1e400",
        "1e2",
        "-1",
        "+1",
        "0x1",
        "1,5",
        ".",
        "1.",
        " 1",
        "Infinity",
        "٣",
        "0",
        "0.0",
        "0.000000001",
        "1_000",
    ] {
        rows.push(("amount", with("amount", &json!(text))));
    }
    for text in ["NaN", "-1", "1e2", "0", "0.001", "99999999999999999999999999999999999999"] {
        rows.push(("amount_fiat", fiat_with("amount_fiat", &json!(text))));
    }
    for (field, chars) in [
        ("currency", 21),
        ("network", 31),
        ("description", 1001),
        ("external_id", 256),
        ("idempotency_key", 256),
        ("customer_email", 321),
    ] {
        rows.push((field, with(field, &json!("é".repeat(chars)))));
    }
    rows.push(("amount", with("amount", &json!("1".repeat(51)))));
    rows.push(("redirect_url", with("redirect_url", &json!(format!("https://shop.example/{}", "x".repeat(2048))))));
    for url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "http://shop.example/",
        "https://",
        "shop",
    ] {
        rows.push(("redirect_url", with("redirect_url", &json!(url))));
    }
    rows
}

/// Other wrong values, pairs that nobody sells, and fields that exclude or need each other.
fn wrong_values() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for value in [json!("yes"), json!(1), json!("true"), json!([])] {
        rows.push(("deferred", with("deferred", &value)));
    }
    for value in [json!(-1), json!(1.5), json!("30"), json!(43_201), json!(1e30)] {
        rows.push(("expiry_minutes", with("expiry_minutes", &value)));
    }
    for value in [object_of(51), json!([]), json!("{}"), json!(1)] {
        rows.push(("metadata", with("metadata", &value)));
    }
    for text in ["plain", "a@b@c", "a b@shop.example", "@shop.example"] {
        rows.push(("customer_email", with("customer_email", &json!(text))));
    }
    rows.push(("currency", with("currency", &json!("XMR"))));
    rows.push(("network", with("network", &json!("tron"))));
    rows.push(("network", with("network", &json!("mars"))));
    rows.push(("network", with("currency", &json!("USDT"))));
    rows.push(("deferred", fiat_with("currency", &json!("BTC"))));
    rows.push(("amount", with("amount_fiat", &json!("5"))));
    rows.push(("amount", "{}".to_owned()));
    rows.push(("currency", r#"{"amount":"1"}"#.to_owned()));
    rows.push(("payment_tolerance", with("payment_tolerance", &json!("-1"))));
    rows
}

#[tokio::test]
async fn every_field_is_named_when_it_is_wrong() {
    let shop = Shop::open().await;
    let rows = [wrong_types(), wrong_texts(), wrong_values()].concat();
    for (field, body) in rows {
        let answer = shop.post("/api/v1/invoices", body.clone()).await;
        assert_eq!(answer.status, 400, "{field}: {body:.100}: {}", answer.text);
        let details = answer.json["error"]["details"].as_array().unwrap();
        let is_named =
            details.iter().any(|detail| detail.as_str().is_some_and(|text| text.starts_with(&format!("{field}:"))));
        assert!(is_named, "{field}: {body:.100}: {}", answer.text);
    }
    nothing_was_written(&shop).await;
}

#[tokio::test]
async fn section_4_1_the_amount_rules_have_codes_of_their_own() {
    let shop = Shop::open().await;
    for (body, code) in [
        (r#"{"amount_usd":"5","fiat_currency":"EUR"}"#, "conflicting_amount_fields"),
        (r#"{"amount_usd":"5","amount_fiat":"5","fiat_currency":"EUR"}"#, "conflicting_amount_fields"),
        (r#"{"amount_fiat":"5","fiat_currency":"PLN"}"#, "invalid_fiat_currency"),
        (r#"{"amount_fiat":"5","fiat_currency":"usd"}"#, "invalid_fiat_currency"),
    ] {
        let answer = shop.post("/api/v1/invoices", body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
    nothing_was_written(&shop).await;
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let shop = Shop::open().await;
    let deep = format!("{{\"metadata\":{}{}}}", "{\"a\":".repeat(40) + "1", "}".repeat(40));
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"7".to_vec(),
        b"{} {}".to_vec(),
        b"{\"amount\":\"1\",}".to_vec(),
        b"{\"amount\":NaN}".to_vec(),
        b"{'amount':'1'}".to_vec(),
        b"{\"amount\":\"1\",\"amount\":\"2\"}".to_vec(),
        b"{\"metadata\":{\"a\":1,\"a\":2},\"currency\":\"BTC\",\"amount\":\"1\"}".to_vec(),
        b"{\"description\":\"\xff\"}".to_vec(),
        b"{\"description\":\"\\ud800\"}".to_vec(),
        b"{\"description\":\"\\u0000\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        "[".repeat(60_000).into_bytes(),
        deep.into_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let answer = shop.post("/api/v1/invoices", body).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{shown}: {}", answer.text);
    }
    let large = format!("{{\"description\":\"{}\"}}", "x".repeat(65_536));
    assert_eq!(shop.post("/api/v1/invoices", large).await.status, 413);
    nothing_was_written(&shop).await;
}

#[tokio::test]
async fn unknown_fields_and_empty_texts_are_as_good_as_nothing() {
    let shop = Shop::open().await;
    let body =
        r#"{"currency":"BTC","amount":"0.5","amount_usd":"","network":null,"fiat_currency":"","surprise":{"a":[1]}}"#;
    assert_eq!(shop.post("/api/v1/invoices", body).await.status, 201);
}

#[tokio::test]
async fn texts_at_their_limit_are_taken_and_counted_in_characters() {
    let shop = Shop::open().await;
    let body = json!({
        "currency": "BTC",
        "amount": "0.5",
        "description": "😀".repeat(1000),
        "external_id": "é".repeat(255),
        "metadata": object_of(50),
    });
    let answer = shop.post("/api/v1/invoices", body.to_string()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.data()["description"].as_str().unwrap().chars().count(), 1000);
}

async fn nothing_was_written(shop: &Shop) {
    assert_eq!(shop.get("/api/v1/invoices").await.json["meta"]["pagination"]["total"], 0);
    assert_eq!(shop.get("/api/v1/events").await.data(), &json!([]));
    // The next invoice gets the first address: a refused one took none.
    assert_eq!(shop.post("/api/v1/invoices", HALF_BITCOIN).await.status, 201);
}
