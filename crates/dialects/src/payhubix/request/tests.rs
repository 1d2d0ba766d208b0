//! Requests of `Payhubix`, as its clients write them.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(body: &Value) -> Result<CreateInvoice, Refused> {
    parse_bytes(body.to_string().as_bytes())
}

fn parse_bytes(body: &[u8]) -> Result<CreateInvoice, Refused> {
    let catalog = Catalog::shipped();
    let has_rate = |_, fiat: Fiat| matches!(fiat.code(), "USD" | "EUR" | "JPY");
    CreateInvoice::parse(body, &OnSale { catalog: &catalog, has_rate: &has_rate, plain_http: PlainHttp::Never })
}

/// The documented example (B4).
fn documented() -> Value {
    json!({
        "currency_amount": 1, "currency_symbol": "USD", "customer_email": "customer@example.com",
        "time_for_payment": "02:00", "currencies": [1], "order_id": "#12325425",
        "order_description": "macbook air m3", "callback_url": "https://example.com/callback",
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = documented();
    body[name] = value.into();
    body
}

#[test]
fn the_documented_example_is_read() {
    let CreateInvoice { terms, said, shop_id } = parse(&documented()).unwrap();
    assert_eq!(terms.price, Price::Fiat(FiatAmount { currency: Fiat::USD, minor: 100 }));
    assert_eq!(terms.window_seconds, Some(7200));
    assert!(matches!(terms.choice, Choice::Fixed(asset) if asset.code.as_str() == "BTC"));
    assert_eq!(terms.external_id.as_deref(), Some("#12325425"));
    assert_eq!(terms.redirect_url.as_deref(), Some("https://example.com/callback"));
    assert_eq!(said, Said { callback_url: terms.redirect_url, redirect_url: None });
    assert_eq!(shop_id, None);
}

#[test]
fn what_the_official_plugins_send_is_read() {
    let body = br#"{"currency_amount":19.99,"currency_symbol":"EUR","customer_email":"","time_for_payment":"02:00",
        "currencies":[],"order_id":1042,"order_description":"","callback_url":"https://shop.example/?wc-api=x&key=y","shop_id":""}"#;
    let CreateInvoice { terms, shop_id, .. } = parse_bytes(body).unwrap();
    assert_eq!((terms.choice, terms.coins.len()), (Choice::Any, 0));
    assert_eq!(terms.external_id.as_deref(), Some("1042"));
    assert_eq!((terms.customer_email, terms.description, shop_id), (None, None, None));
}

#[test]
fn amounts_are_exact_but_for_the_noise_of_floats() {
    let minor = |amount: &str, symbol: &str| {
        let body = with("currency_symbol", symbol)
            .to_string()
            .replace("\"currency_amount\":1,", &format!("\"currency_amount\":{amount},"));
        parse_bytes(body.as_bytes()).map(|read| read.terms.price.units())
    };
    for (amount, symbol, units) in [
        ("12.34", "USD", 1234),
        ("12.340000000000001", "USD", 1234),
        ("12.339999999999999", "USD", 1234),
        ("1.0e1", "USD", 1000),
        ("\"5.00\"", "USD", 500),
        ("100.0", "JPY", 100),
    ] {
        assert_eq!(minor(amount, symbol), Ok(units), "{amount}");
    }
    for amount in ["12.345", "12.3401", "0", "-1", "0.001", "0.0000000001", "true", "{}", "1e99", "\"\""] {
        let refused = minor(amount, "USD").unwrap_err();
        assert!(refused.message.starts_with("currency_amount "), "{amount}: {}", refused.message);
    }
}

#[test]
fn times_are_hours_and_minutes() {
    for (time, seconds) in [("2:20", 8400), ("02:00", 7200), ("00:01", 60), ("0:15", 900), ("99:59", 359_940)] {
        assert_eq!(parse(&with("time_for_payment", time)).unwrap().terms.window_seconds, Some(seconds), "{time}");
    }
    for time in ["00:00", "100:00", "2:2", "02:60", ":30", "2", "02:00:00", "-1:00", "+1:00", "", " "] {
        let refused = parse(&with("time_for_payment", time)).unwrap_err();
        assert!(refused.message.starts_with("time_for_payment "), "{time}: {}", refused.message);
    }
}

#[test]
fn every_wrong_field_is_named() {
    for (name, value) in [
        ("currency_symbol", json!("XXX")),
        ("currency_symbol", json!(1)),
        ("customer_email", json!("nobody")),
        ("customer_email", json!(format!("{}@example.com", "a".repeat(200)))),
        ("currencies", json!([999])),
        ("currencies", json!(["BTC"])),
        ("currencies", json!(1)),
        ("order_id", json!("x".repeat(101))),
        ("order_id", json!(["x"])),
        ("order_description", json!("x".repeat(201))),
        ("callback_url", json!("http://shop.example/")),
        ("callback_url", json!(format!("https://shop.example/{}", "x".repeat(2048)))),
        ("redirect_url", json!("javascript:alert(1)")),
    ] {
        let refused = parse(&with(name, value.clone())).unwrap_err();
        assert_eq!(refused.status, 400);
        assert!(refused.message.starts_with(&format!("{name} ")), "{name} {value}: {}", refused.message);
    }
    let refused = parse(&json!({})).unwrap_err();
    for name in ["currency_amount", "currency_symbol", "time_for_payment"] {
        assert!(refused.message.contains(&format!("{name} is required")), "{}", refused.message);
    }
}

#[test]
fn several_currencies_are_a_choice_and_each_counts_once() {
    let terms = parse(&with("currencies", json!([1, "9", 9]))).unwrap().terms;
    assert_eq!(terms.choice, Choice::Any);
    let codes: Vec<&str> = terms.coins.iter().map(|asset| asset.code.as_str()).collect();
    assert_eq!(codes, ["BTC", "USDT"]);
}

#[test]
fn the_browser_returns_to_the_redirect_address_where_there_is_one() {
    let terms = parse(&with("redirect_url", "https://shop.example/thanks")).unwrap().terms;
    assert_eq!(terms.redirect_url.as_deref(), Some("https://shop.example/thanks"));
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC*") {
        drop(parse_bytes(&body));
        drop(parse(&with("time_for_payment", text.clone())));
        drop(parse(&with("currency_amount", text)));
    }
}
