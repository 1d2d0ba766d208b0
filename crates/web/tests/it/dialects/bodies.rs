//! Bodies that two readers would understand differently, through all five APIs.

use super::merchant::{Merchant, ground, wanted};
use crate::native::Shop;
use farthing_dialects::credentials::base_path;
use farthing_domain::{id::Environment, policy::Dialect};
use serde_json::{Map, Value, json};

const URL: &str = "https://shop.example/hook";

/// Good requests whose body is read: of each API those that make something, or change it.
fn good(dialect: Dialect) -> Vec<(&'static str, String, String)> {
    let (path, order) = wanted(dialect, "12.34", "order");
    let mut all = vec![("POST", path.to_owned(), order)];
    let mut more = |path: &str, body: Value| all.push(("POST", path.to_owned(), body.to_string()));
    match dialect {
        Dialect::Native => {
            more("/addresses", json!({ "currency": "BTC", "label": "a" }));
            more("/webhook-endpoints", json!({ "url": URL }));
        }
        Dialect::CoinsPaid => {
            more("/addresses/take", json!({ "foreign_id": "user", "currency": "BTC" }));
            more("/currencies/pairs", json!({ "currency_from": "BTC" }));
        }
        Dialect::Payhubix => {
            let body = wanted(dialect, "12.34", "order").1;
            all.push(("POST", "/payment/personal/invoices".to_owned(), body));
        }
        Dialect::TxCash => {}
        Dialect::TxnPro => {
            let attributes = json!({ "targetCurrency": "BTC", "payNetwork": "tbtc", "status": "enabled" });
            more("/channels", json!({ "data": { "type": "channels", "attributes": attributes } }));
            more("/addresses/validate", json!({ "address": "x", "network": "tbtc" }));
        }
    }
    all
}

/// A good body with one member more, before all others.
fn led_by(member: &[u8], good: &str) -> Vec<u8> {
    [b"{", member, b",", good.trim_start_matches('{').as_bytes()].concat()
}

/// The same body as no two readers would read it.
fn ambiguous(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let parsed: Map<String, Value> = serde_json::from_str(good).expect("an object");
    let (name, value) = parsed.iter().next().expect("a member");
    let again = format!("{}:{value}", Value::from(name.as_str()));
    let mut letters = name.chars();
    let first = u32::from(letters.next().expect("a letter"));
    let hidden = format!("\"\\u{first:04x}{}\":{value}", letters.as_str());
    let open = good.strip_suffix('}').expect("an object");
    let nested = |open: &str, close: &str, count: usize| {
        let deep = format!("\"x\":{}0{}", open.repeat(count), close.repeat(count));
        led_by(deep.as_bytes(), good)
    };
    vec![
        ("nothing", Vec::new()),
        ("a member twice", led_by(again.as_bytes(), good)),
        ("a member twice, once escaped", led_by(hidden.as_bytes(), good)),
        ("a member twice, inside", led_by(br#""x":{"a":[{"b":1,"b":2}]}"#, good)),
        ("too deep in lists", nested("[", "]", 32)),
        ("too deep in objects", nested("{\"a\":", "}", 32)),
        ("very deep", vec![b'['; 60_000]),
        ("very deep and never closed", nested("[", "", 60_000)),
        ("half a character", led_by(br#""x":"\ud800""#, good)),
        ("the other half", led_by(br#""x":"\udc00 ""#, good)),
        ("half a character in a name", led_by(br#""\ud83d":1"#, good)),
        ("a NUL", led_by(br#""x":"a\u0000b""#, good)),
        ("a NUL in a name", led_by(br#""x\u0000":1"#, good)),
        ("a line break in a text", led_by(b"\"x\":\"a\nb\"", good)),
        ("no UTF-8", led_by(b"\"x\":\"\xff\"", good)),
        ("a surrogate in UTF-8", led_by(b"\"x\":\"\xed\xa0\x80\"", good)),
        ("an overlong slash", led_by(b"\"x\":\"\xc0\xaf\"", good)),
        ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("two values", format!("{good}{good}").into_bytes()),
        ("a value and more", format!("{good}x").into_bytes()),
        ("a comma at the end", format!("{open},}}").into_bytes()),
        ("a comment", format!("/**/{good}").into_bytes()),
        ("other quotes", good.replace('"', "'").into_bytes()),
        ("cut off", open.as_bytes().to_vec()),
        ("NaN", led_by(b"\"x\":NaN", good)),
        ("01", led_by(b"\"x\":01", good)),
        ("a text", b"\"{}\"".to_vec()),
        ("a number", b"7".to_vec()),
    ]
}

/// All that a merchant has.
pub(super) async fn counts(shop: &Shop, merchant: &Merchant) -> Vec<u64> {
    let mut counts = Vec::new();
    for path in ["/invoices?limit=1", "/addresses?limit=1", "/webhook-endpoints?limit=1"] {
        let listed = merchant.native(shop, "GET", path, &Value::Null).await;
        counts.push(listed.json["meta"]["pagination"]["total"].as_u64().expect("a total"));
    }
    counts
}

/// Every good request, with its whole path.
fn all_good() -> Vec<(Dialect, &'static str, String, String)> {
    let of = |dialect| {
        let base = base_path(dialect, Environment::Test);
        good(dialect).into_iter().map(move |(method, path, body)| (dialect, method, format!("{base}{path}"), body))
    };
    Dialect::ALL.into_iter().flat_map(of).collect()
}

#[tokio::test]
async fn a_body_with_more_than_one_meaning_has_none_in_any_api() {
    let (shop, _) = ground(41).await;
    let merchant = Merchant::open(&shop, URL).await;
    let before = counts(&shop, &merchant).await;
    for (dialect, method, path, body) in all_good() {
        for (what, bytes) in ambiguous(&body) {
            let answer = merchant.send(&shop, dialect, (method, &path), &bytes).await;
            assert_eq!(answer.status, 400, "{what}: {path}: {answer:?}");
            assert!(answer.json.is_object(), "{what}: {path}: {answer:?}");
        }
    }
    assert_eq!(counts(&shop, &merchant).await, before, "nothing was made");
    // The control: as they are, they are taken, also with members that nobody knows.
    for (dialect, method, path, body) in all_good() {
        let body = led_by(br#""__proto__":{"amount":"1"},"x":[[[[1.5e3,null,{}]]]]"#, &body);
        let answer = merchant.send(&shop, dialect, (method, &path), &body).await;
        let is_no_address = path.ends_with("/validate") && answer.status == 422;
        assert!([200, 201].contains(&answer.status) || is_no_address, "{path}: {answer:?}");
    }
}
