//! The rules of the contract's section 4.1, one by one.

use super::*;
use farthing_domain::{fiat, invoice::Choice, price::Price};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(body: &Value) -> Result<CreateInvoice, ApiError> {
    CreateInvoice::parse(body.to_string().as_bytes(), None, &Catalog::shipped())
}

fn terms(body: &Value) -> Terms {
    read(body).unwrap_or_else(|error| panic!("{body}: {error:?}")).terms
}

/// The code and all details of a refusal.
fn refusal(body: &Value) -> (&'static str, Vec<String>) {
    let error = read(body).err().unwrap_or_else(|| panic!("{body} was taken"));
    assert_eq!(error.status(), 400, "{body}");
    assert!(!error.message.is_empty(), "{body}");
    (error.code.as_str(), error.details)
}

/// Asserts one wrong field with `validation_error`.
fn refuses(body: &Value, detail: &str) {
    let (code, details) = refusal(body);
    assert_eq!((code, details), ("validation_error", vec![detail.to_owned()]), "{body}");
}

fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut body = base.clone();
    body[name] = value;
    body
}

fn btc() -> Value {
    json!({ "amount": "0.5", "currency": "BTC" })
}

#[test]
fn a_crypto_amount_is_due_at_once_in_its_currency() {
    let terms = terms(&json!({ "amount": "0.50", "currency": "BTC" }));
    let Price::Asset(amount) = terms.price else { panic!("{:?}", terms.price) };
    assert_eq!(format!("{amount:?}"), "0.5 BTC on bitcoin");
    assert_eq!(terms.choice, Choice::Fixed(amount.asset));
    assert!(!terms.is_deferred && terms.tolerance.is_zero() && terms.window_seconds.is_none());
    assert_eq!((terms.metadata.as_str(), terms.description, terms.idempotency_key), ("{}", None, None));
}

#[test]
fn row_1_currency_is_required_when_deferred_is_false() {
    let (code, details) = refusal(&json!({}));
    assert_eq!(code, "validation_error");
    assert_eq!(
        details,
        [
            "amount: is required unless amount_fiat is sent",
            "currency: is required unless amount_fiat is sent or deferred is true",
        ]
    );
    refuses(&json!({ "amount": "1" }), "currency: is required with amount");
    refuses(&json!({ "deferred": true }), "amount: is required unless amount_fiat is sent");
}

#[test]
fn row_2_network_is_inferred_for_single_chain_tickers_and_required_for_the_others() {
    for code in ["BTC", "SOL", "TRX", "LTC"] {
        assert!(read(&json!({ "amount": "1", "currency": code })).is_ok(), "{code}");
    }
    let body = json!({ "amount": "1", "currency": "ETH" });
    refuses(&body, "network: is required for ETH: one of ethereum, arbitrum, base, polygon");
    for code in ["USDT", "USDC"] {
        let (_, details) = refusal(&json!({ "amount": "1", "currency": code }));
        assert!(details[0].starts_with(&format!("network: is required for {code}: one of ")), "{details:?}");
    }
    terms(&json!({ "amount": "1", "currency": "USDT", "network": "tron" }));
}

#[test]
fn row_3_an_amount_is_exact_positive_and_has_no_more_decimals_than_the_asset() {
    for (amount, problem) in [
        ("0", "must be greater than zero"),
        ("0.00", "must be greater than zero"),
        ("-1", "must be a plain decimal such as \"10.50\""),
        ("NaN", "must be a plain decimal such as \"10.50\""),
        ("1e400", "must be a plain decimal such as \"10.50\""),
        ("1,5", "must be a plain decimal such as \"10.50\""),
        (" 1", "must be a plain decimal such as \"10.50\""),
        (".5", "must be a plain decimal such as \"10.50\""),
        ("0.000000001", "has more decimal places than BTC on bitcoin has (8)"),
        ("99999999999999999999999999999999999999999999999999", "is too large"),
        ("340282366920938463463374607431768211455", "is too large"),
    ] {
        refuses(&with(&btc(), "amount", json!(amount)), &format!("amount: {problem}"));
    }
    for number in [json!(5), json!(0.5), json!(true), json!([]), json!({})] {
        refuses(&with(&btc(), "amount", number), r#"amount: must be a decimal string, e.g. "10.50""#);
    }
    let on_bsc = terms(&json!({ "amount": "0.000000000000000001", "currency": "USDT", "network": "bsc" }));
    assert_eq!(on_bsc.price.units(), 1);
}

#[test]
fn row_3_a_crypto_amount_may_be_deferred() {
    let terms = terms(&with(&btc(), "deferred", json!(true)));
    assert!(terms.is_deferred && matches!(terms.price, Price::Asset(_)) && matches!(terms.choice, Choice::Fixed(_)));
}

#[test]
fn rule_a_amount_usd_with_another_fiat_currency_conflicts_before_everything_else() {
    for body in [
        json!({ "amount_usd": "5", "fiat_currency": "EUR" }),
        json!({ "amount_usd": "5", "amount_fiat": "5", "fiat_currency": "EUR" }),
        json!({ "amount_usd": "5", "fiat_currency": "EUR", "amount": "1", "currency": "XXX" }),
        json!({ "amount_usd": "5", "fiat_currency": "ZZZ" }),
        json!({ "amount_usd": 5, "fiat_currency": "EUR" }),
        json!({ "amount_usd": "-5", "fiat_currency": "EUR", "description": "x".repeat(1001) }),
    ] {
        let (code, details) = refusal(&body);
        assert_eq!(code, "conflicting_amount_fields", "{body}");
        assert!(details[0].starts_with("amount_usd: "), "{details:?}");
    }
    for body in
        [json!({ "amount_usd": "5", "fiat_currency": "USD" }), json!({ "amount_usd": "5", "fiat_currency": "" })]
    {
        terms(&body);
    }
}

#[test]
fn rule_f_where_nothing_is_on_sale_there_is_nothing_to_choose() {
    let nothing = Catalog::new(Vec::new(), Vec::new());
    for body in [json!({ "amount_fiat": "5" }), json!({ "amount_usd": "5", "deferred": true })] {
        let error = CreateInvoice::parse(body.to_string().as_bytes(), None, &nothing).unwrap_err();
        assert_eq!(error.details, ["currency: cannot be chosen: no network is configured"]);
    }
}

#[test]
fn rule_b_amount_fiat_wins_over_amount_usd() {
    for body in [
        json!({ "amount_usd": "7", "amount_fiat": "5" }),
        json!({ "amount_usd": "7", "amount_fiat": "5", "fiat_currency": "USD" }),
        json!({ "amount_usd": "nonsense", "amount_fiat": "5" }),
    ] {
        assert_eq!(terms(&body).price.units(), 500, "{body}");
    }
}

#[test]
fn rule_c_amount_usd_alone_is_amount_fiat_in_dollars() {
    let Price::Fiat(amount) = terms(&json!({ "amount_usd": "5" })).price else { panic!() };
    assert_eq!(format!("{amount:?}"), "5.00 USD");
    refuses(&json!({ "amount_usd": "0" }), "amount_usd: must be greater than zero");
}

#[test]
fn rule_d_amount_and_a_fiat_amount_exclude_each_other() {
    for field in ["amount_fiat", "amount_usd"] {
        refuses(&with(&btc(), field, json!("5")), "amount: cannot be sent together with a fiat amount");
    }
}

#[test]
fn rule_e_fiat_currencies_outside_the_fifteen_are_refused_with_their_own_code() {
    for code in ["XXX", "PLN", "usd", "US", "BTC"] {
        let (error, details) = refusal(&json!({ "amount_fiat": "5", "fiat_currency": code }));
        assert_eq!(error, "invalid_fiat_currency", "{code}");
        assert!(details[0].starts_with("fiat_currency: must be one of USD, EUR, GBP"), "{details:?}");
    }
    for code in fiat::NATIVE {
        terms(&json!({ "amount_fiat": "5", "fiat_currency": code }));
    }
    refuses(&json!({ "amount_fiat": "5", "fiat_currency": "EURO" }), "fiat_currency: must be at most 3 characters");
}

#[test]
fn fiat_amounts_have_the_currency_s_own_digits() {
    refuses(
        &json!({ "amount_fiat": "5.5", "fiat_currency": "JPY" }),
        "amount_fiat: has more decimal places than JPY has (0)",
    );
    refuses(&json!({ "amount_fiat": "5.001" }), "amount_fiat: has more decimal places than USD has (2)");
    refuses(&json!({ "amount_fiat": "-5" }), "amount_fiat: must be a plain decimal such as \"10.50\"");
    refuses(&json!({ "amount_fiat": "10000000000000000.01" }), "amount_fiat: is too large");
    assert_eq!(terms(&json!({ "amount_fiat": "500", "fiat_currency": "JPY" })).price.units(), 500);
}

#[test]
fn rule_f_a_fiat_amount_without_currency_is_a_draft_for_the_payer_to_choose() {
    for body in [
        json!({ "amount_fiat": "5" }),
        json!({ "amount_fiat": "5", "deferred": false }),
        json!({ "amount_fiat": "5", "deferred": true }),
    ] {
        let terms = terms(&body);
        assert!(terms.is_deferred && terms.choice == Choice::Any, "{body}");
    }
    refuses(&json!({ "amount_fiat": "5", "network": "tron" }), "currency: is required when network is sent");
}

#[test]
fn rule_g_a_fiat_amount_with_a_pair_is_locked_to_it_and_needs_deferred() {
    let locked = json!({ "amount_fiat": "5", "currency": "USDT", "network": "tron", "deferred": true });
    let terms = terms(&locked);
    let Choice::Fixed(asset) = terms.choice else { panic!() };
    assert!(terms.is_deferred && asset.to_string() == "USDT on tron");
    for deferred in [json!(false), json!(null)] {
        let detail = "deferred: must be true when a fiat amount is locked to a currency";
        refuses(&with(&locked, "deferred", deferred), detail);
    }
    refuses(&with(&locked, "deferred", json!("true")), "deferred: must be true or false");
}

#[test]
fn rule_i_an_unsupported_pair_names_the_field() {
    refuses(&json!({ "amount": "1", "currency": "XMR" }), "currency: is not supported");
    refuses(&json!({ "amount": "1", "currency": "$$" }), "currency: is not supported");
    refuses(&json!({ "amount": "1", "currency": "BTC", "network": "tron" }), "network: does not carry BTC");
    refuses(&json!({ "amount": "1", "currency": "USDT", "network": "mars" }), "network: does not carry USDT");
    let fiat = json!({ "amount_fiat": "5", "currency": "BTC", "network": "tron", "deferred": true });
    refuses(&fiat, "network: does not carry BTC");
}

#[test]
fn limits_count_characters_not_bytes() {
    for (field, chars_max) in [("description", 1000), ("external_id", 255), ("idempotency_key", 255)] {
        terms(&with(&btc(), field, json!("é".repeat(chars_max))));
        let long = with(&btc(), field, json!("é".repeat(chars_max + 1)));
        refuses(&long, &format!("{field}: must be at most {chars_max} characters"));
        let (_, details) = refusal(&with(&btc(), field, json!(7)));
        assert_eq!(details, [format!("{field}: must be a string")]);
    }
    for (field, chars_max) in [
        ("currency", 20),
        ("network", 30),
        ("amount", 50),
        ("payment_tolerance", 50),
        ("redirect_url", 2048),
        ("customer_email", 320),
    ] {
        let (_, details) = refusal(&with(&btc(), field, json!("1".repeat(chars_max + 1))));
        assert_eq!(details, [format!("{field}: must be at most {chars_max} characters")]);
    }
    for field in ["amount_usd", "amount_fiat"] {
        refuses(&json!({ field: "1".repeat(51) }), &format!("{field}: must be at most 50 characters"));
    }
}

#[test]
fn row_11_metadata_has_at_most_50_properties_and_a_size() {
    let object = |count: usize| Value::Object((0..count).map(|n| (format!("k{n:02}"), json!(n))).collect());
    assert!(terms(&with(&btc(), "metadata", object(50))).metadata.starts_with(r#"{"k00":0,"#));
    refuses(&with(&btc(), "metadata", object(51)), "metadata: must have at most 50 properties");
    refuses(&with(&btc(), "metadata", json!([])), "metadata: must be an object");
    refuses(
        &with(&btc(), "metadata", json!({ "a": "x".repeat(32_768) })),
        "metadata: must be at most 32768 bytes of JSON",
    );
    let nested = json!({ "b": { "z": 1, "a": [true, null] }, "a": "é" });
    assert_eq!(terms(&with(&btc(), "metadata", nested)).metadata, r#"{"a":"é","b":{"a":[true,null],"z":1}}"#);
}

#[test]
fn row_12_redirects_go_to_web_pages_only() {
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https:evil.example",
        "http://shop.example/",
        "https://a@b.example",
    ] {
        let (_, details) = refusal(&with(&btc(), "redirect_url", json!(url)));
        assert!(details[0].starts_with("redirect_url: must "), "{url}: {details:?}");
    }
    let kept = terms(&with(&btc(), "redirect_url", json!("https://Shop.example")));
    assert_eq!(kept.redirect_url.as_deref(), Some("https://Shop.example"));
}

#[test]
fn row_13_expiry_is_a_minute_count_and_0_the_default() {
    for (minutes, seconds) in [(json!(0), None), (json!(1), Some(60)), (json!(43_200), Some(2_592_000))] {
        assert_eq!(terms(&with(&btc(), "expiry_minutes", minutes)).window_seconds, seconds);
    }
    for minutes in [json!(-1), json!(43_201), json!(9_223_372_036_854_775_807_i64)] {
        refuses(&with(&btc(), "expiry_minutes", minutes), "expiry_minutes: must be from 0 to 43200");
    }
    for minutes in [json!("30"), json!(1.5), json!(true)] {
        refuses(&with(&btc(), "expiry_minutes", minutes), "expiry_minutes: must be an integer from 0 to 43200");
    }
}

#[test]
fn row_14_tolerance_is_a_shortfall_below_the_price_in_its_own_digits() {
    assert_eq!(terms(&with(&btc(), "payment_tolerance", json!("0.10"))).tolerance.to_string(), "0.1");
    assert_eq!(terms(&json!({ "amount_fiat": "5", "payment_tolerance": "4.99" })).tolerance.to_string(), "4.99");
    refuses(&with(&btc(), "payment_tolerance", json!("0.5")), "payment_tolerance: must be less than the price");
    refuses(
        &with(&btc(), "payment_tolerance", json!("0.000000001")),
        "payment_tolerance: has more than 8 decimal places",
    );
    refuses(
        &with(&btc(), "payment_tolerance", json!("-1")),
        "payment_tolerance: must be a plain decimal such as \"10.50\"",
    );
    refuses(
        &json!({ "amount_fiat": "5", "payment_tolerance": "0.001" }),
        "payment_tolerance: has more than 2 decimal places",
    );
}

#[test]
fn row_15_a_customer_s_email_must_look_like_one() {
    let kept = terms(&with(&btc(), "customer_email", json!("a+b@mail.example")));
    assert_eq!(kept.customer_email.as_deref(), Some("a+b@mail.example"));
    for text in ["nobody", "a@b\r\nBcc: c@d.ee", "a b@c.de"] {
        refuses(&with(&btc(), "customer_email", json!(text)), "customer_email: must be an e-mail address");
    }
}

#[test]
fn section_11_the_idempotency_key_may_be_in_the_header_and_must_not_differ() {
    let parse = |body: Value, header| CreateInvoice::parse(body.to_string().as_bytes(), header, &Catalog::shipped());
    let key = |body, header| parse(body, header).unwrap().terms.idempotency_key;
    assert_eq!(key(btc(), Some("k")).as_deref(), Some("k"));
    assert_eq!(key(with(&btc(), "idempotency_key", json!("k")), Some("k")).as_deref(), Some("k"));
    assert_eq!(key(with(&btc(), "idempotency_key", json!("k")), Some("")).as_deref(), Some("k"));
    assert_eq!(key(with(&btc(), "idempotency_key", json!("")), None), None);
    let error = parse(with(&btc(), "idempotency_key", json!("k")), Some("other")).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.details),
        ("validation_error", vec!["idempotency_key: differs from the Idempotency-Key header".to_owned()])
    );
    let error = parse(btc(), Some(&"k".repeat(256))).unwrap_err();
    assert_eq!(error.details, ["idempotency_key: (the Idempotency-Key header) must be at most 255 characters"]);
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let (_, details) = refusal(&json!({
        "amount": "-1", "currency": 5, "description": false, "redirect_url": "x", "customer_email": "x", "expiry_minutes": -1
    }));
    let fields: Vec<&str> = details.iter().filter_map(|detail| detail.split(':').next()).collect();
    assert_eq!(fields, ["currency", "description", "expiry_minutes", "amount", "redirect_url", "customer_email"]);
}

#[test]
fn unknown_fields_are_ignored() {
    assert_eq!(read(&with(&btc(), "colour", json!("red"))), read(&btc()));
}

#[test]
fn broken_bodies_are_validation_errors() {
    for body in
        [&b""[..], b"{", b"[]", b"null", b"{\"amount\":\"1\",\"amount\":\"2\"}", b"\xff", b"{\"amount\":NaN}", b"{} {}"]
    {
        let error = CreateInvoice::parse(body, None, &Catalog::shipped()).unwrap_err();
        assert_eq!((error.code.as_str(), error.status()), ("validation_error", 400), "{}", body.escape_ascii());
    }
    let error = CreateInvoice::parse(br#"{"amount":"1","amount":"2"}"#, None, &Catalog::shipped()).unwrap_err();
    assert_eq!(error.details, ["amount: the field appears twice"]);
}

#[test]
fn section_11_the_same_meaning_has_the_same_fingerprint() {
    let print = |body: &str| CreateInvoice::parse(body.as_bytes(), None, &Catalog::shipped()).unwrap().fingerprint;
    let same = |a: &str, b: &str| assert_eq!(print(a), print(b), "{a} {b}");
    let base = r#"{"amount":"1.5","currency":"BTC"}"#;
    same(base, r#"{"currency":"btc","network":"bitcoin","amount":"1.50"}"#);
    same(
        base,
        r#"{"amount":"1.5","currency":"BTC","description":null,"external_id":"","metadata":{},"expiry_minutes":0,"payment_tolerance":"0.0","deferred":false}"#,
    );
    same(base, r#"{"amount":"1.5","currency":"BTC","idempotency_key":"k","unknown":1}"#);
    same(r#"{"amount_usd":"5"}"#, r#"{"amount_fiat":"5.00","fiat_currency":"USD"}"#);
    same(r#"{"amount_fiat":"5"}"#, r#"{"amount_fiat":"5","deferred":true}"#);
    same(
        r#"{"amount_fiat":"5","metadata":{"a":1,"b":{"c":2,"d":3}}}"#,
        r#"{"metadata": {"b": {"d": 3, "c": 2}, "a": 1}, "amount_fiat": "5"}"#,
    );
    let bodies = [
        base,
        r#"{"amount":"1.6","currency":"BTC"}"#,
        r#"{"amount":"1.5","currency":"LTC"}"#,
        r#"{"amount":"1.5","currency":"BTC","deferred":true}"#,
        r#"{"amount":"1.5","currency":"BTC","description":"x"}"#,
        r#"{"amount":"1.5","currency":"BTC","external_id":"x"}"#,
        r#"{"amount":"1.5","currency":"BTC","metadata":{"a":1}}"#,
        r#"{"amount":"1.5","currency":"BTC","redirect_url":"https://a.example"}"#,
        r#"{"amount":"1.5","currency":"BTC","expiry_minutes":30}"#,
        r#"{"amount":"1.5","currency":"BTC","payment_tolerance":"0.1"}"#,
        r#"{"amount":"1.5","currency":"BTC","customer_email":"a@b.co"}"#,
        r#"{"amount_fiat":"1.5"}"#,
        r#"{"amount_fiat":"1.5","fiat_currency":"EUR"}"#,
        r#"{"amount_fiat":"1.5","currency":"BTC","deferred":true}"#,
    ];
    let prints: std::collections::BTreeSet<String> = bodies.iter().map(|body| print(body)).collect();
    assert_eq!(prints.len(), bodies.len());
}

#[test]
fn a_fingerprint_never_changes_between_versions() {
    let print = |body: &Value| read(body).unwrap().fingerprint;
    let full = json!({
        "amount_fiat": "49.90", "fiat_currency": "EUR", "currency": "USDT", "network": "tron", "deferred": true, "description": "Order",
        "external_id": "1042", "metadata": { "a": 1 }, "redirect_url": "https://shop.example/", "expiry_minutes": 15,
        "payment_tolerance": "0.5", "customer_email": "a@b.co"
    });
    insta::assert_snapshot!(print(&btc()), @"784bc1bce598b4770f3ff24371d8d28da8afc758f5140ef849ea71bb4667029d");
    insta::assert_snapshot!(print(&full), @"c2216aab36d6e5ff1941c0e4aefb9582a86b63f3d5fbe1a5d7f7da8bd20eae5d");
}

proptest! {
    #[test]
    fn no_body_panics(body: Vec<u8>, header: Option<String>) {
        drop(CreateInvoice::parse(&body, header.as_deref(), &Catalog::shipped()));
    }

    #[test]
    fn no_values_panic_and_every_refusal_says_something(
        field in prop::sample::select(vec![
            "currency", "network", "amount", "amount_usd", "amount_fiat", "fiat_currency", "deferred", "description", "external_id",
            "idempotency_key", "metadata", "redirect_url", "expiry_minutes", "payment_tolerance", "customer_email",
        ]),
        value in prop_oneof![
            any::<String>().prop_map(Value::String),
            "[0-9]{0,45}\\.?[0-9]{0,40}".prop_map(Value::String),
            any::<i64>().prop_map(|number| json!(number)),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
        ],
        base in prop::sample::select(vec![
            json!({ "amount": "0.5", "currency": "BTC" }),
            json!({ "amount_fiat": "5" }),
            json!({ "amount_fiat": "5", "currency": "USDT", "network": "tron", "deferred": true }),
        ]),
    ) {
        if let Err(error) = read(&with(&base, field, value)) {
            prop_assert_eq!(error.status(), 400);
            prop_assert!(!error.details.is_empty());
        }
    }

    #[test]
    fn an_accepted_amount_is_the_amount_that_was_sent(units in 1_u128..10_u128.pow(30)) {
        let text = farthing_domain::decimal::Decimal::new(units, 18).unwrap().to_string();
        let terms = terms(&json!({ "amount": text, "currency": "ETH", "network": "base" }));
        prop_assert_eq!(terms.price.units(), units);
    }
}
