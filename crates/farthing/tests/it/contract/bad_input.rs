//! What bad values get, in every field of every call: a 4xx in the envelope that names the field, and nothing half-written.

use super::shop::{Shop, half_a_bitcoin, id, with};
use serde_json::{Value, json};

/// What a field takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Decimal,
    Text,
    Boolean,
    Integer,
    Object,
    Texts,
}

/// A call with a body that is good, and its fields.
struct Call {
    path: String,
    is_patch: bool,
    good: Value,
    fields: Vec<(&'static str, Takes)>,
}

/// Texts that are no amount of anything.
const NO_AMOUNTS: [&str; 23] = [
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "inf",
    "1e400",
    "1e3",
    "1E3",
    "0x10",
    "-1",
    "-0",
    "+1",
    "0",
    "0.0",
    "1,5",
    "1 000",
    " 1",
    "1 ",
    ".5",
    "5.",
    "1.2.3",
    "١",
    "1_000",
];

/// Values of other types than a text.
fn no_texts() -> Vec<Value> {
    vec![json!(1), json!(1.5), json!(true), json!([]), json!(["1"]), json!({}), json!({ "a": "1" })]
}

/// Values that a field does not take.
fn bad_values(takes: Takes) -> Vec<Value> {
    match takes {
        Takes::Decimal => {
            let long = ["9".repeat(50), "9".repeat(51), format!("0.{}1", "0".repeat(47)), "1".repeat(5000)];
            let texts = NO_AMOUNTS.iter().map(|text| json!(text));
            texts.chain(long.into_iter().map(Value::from)).chain(no_texts()).collect()
        }
        Takes::Text => no_texts(),
        Takes::Boolean => vec![json!(0), json!(1), json!("true"), json!("false"), json!([true]), json!({})],
        Takes::Integer => {
            let numbers = [json!(-1), json!(1.5), json!(1e30), json!(u64::MAX), json!(i64::MIN)];
            numbers.into_iter().chain([json!("1"), json!(true), json!([1]), json!({})]).collect()
        }
        Takes::Object => vec![json!("{}"), json!([]), json!(1), json!(true), json!([{}])],
        Takes::Texts => vec![json!("a"), json!(1), json!({}), json!([1]), json!([null]), json!([["a"]]), json!(true)],
    }
}

fn calls(shop: &Shop<'_>) -> Vec<Call> {
    let invoice = shop.create(&json!({ "amount_fiat": "5" }));
    let payable = shop.create(&half_a_bitcoin());
    let endpoint = shop.endpoint(&json!({ "url": "http://127.0.0.1:9/", "events": ["invoice.sent"] }));
    let (invoice, payable, endpoint) = (id(&invoice), id(&payable), id(&endpoint));
    let post = |path: String, good: Value, fields: &[(&'static str, Takes)]| Call {
        path,
        is_patch: false,
        good,
        fields: fields.to_vec(),
    };
    let created = [
        ("currency", Takes::Text),
        ("network", Takes::Text),
        ("amount", Takes::Decimal),
        ("amount_usd", Takes::Text),
        ("amount_fiat", Takes::Text),
        ("fiat_currency", Takes::Text),
        ("deferred", Takes::Boolean),
        ("description", Takes::Text),
        ("external_id", Takes::Text),
        ("idempotency_key", Takes::Text),
        ("metadata", Takes::Object),
        ("redirect_url", Takes::Text),
        ("expiry_minutes", Takes::Integer),
        ("customer_email", Takes::Text),
    ];
    let priced_in_fiat = [("amount_fiat", Takes::Decimal)];
    let legacy = [("amount_usd", Takes::Decimal)];
    let pair = [("currency", Takes::Text), ("network", Takes::Text)];
    let paid = [
        ("amount", Takes::Decimal),
        ("confirmations", Takes::Integer),
        ("currency", Takes::Text),
        ("network", Takes::Text),
    ];
    let url = [("url", Takes::Text), ("events", Takes::Texts)];
    let one_endpoint = format!("webhook-endpoints/{endpoint}");
    vec![
        post("invoices".to_owned(), half_a_bitcoin(), &created),
        post("invoices".to_owned(), json!({ "amount_fiat": "5" }), &priced_in_fiat),
        post("invoices".to_owned(), json!({ "amount_usd": "5" }), &legacy),
        post(format!("invoices/{invoice}/activate"), json!({ "currency": "BTC", "network": "bitcoin" }), &pair),
        post("webhook-endpoints".to_owned(), json!({ "url": "http://127.0.0.1:9/" }), &url),
        Call { is_patch: true, ..post(one_endpoint.clone(), json!({}), &url) },
        post(format!("{one_endpoint}/rotate-secret"), json!({}), &[("overlap_seconds", Takes::Integer)]),
        post(format!("test/invoices/{payable}/payments"), json!({ "amount": "1" }), &paid),
        post(
            format!("test/invoices/{payable}/scenarios"),
            json!({ "scenario": "exact" }),
            &[("scenario", Takes::Text)],
        ),
        post("test/networks/bitcoin/blocks".to_owned(), json!({}), &[("count", Takes::Integer)]),
        post(
            "test/networks/bitcoin/reorg".to_owned(),
            json!({ "depth": 1 }),
            &[("depth", Takes::Integer), ("drop", Takes::Texts)],
        ),
        post("test/clock/advance".to_owned(), json!({ "seconds": 1 }), &[("seconds", Takes::Integer)]),
    ]
}

/// What a shop can see of what is stored.
fn books(shop: &Shop<'_>) -> Value {
    let lists = ["invoices?limit=100", "webhook-endpoints?limit=100", "events?limit=100"];
    lists.into_iter().map(|list| shop.get(list).data(200)).collect()
}

#[test]
fn bad_input_a_wrong_value_in_any_field_of_any_call_is_told_by_the_field_s_name() {
    let shop = Shop::fresh();
    let calls = calls(&shop);
    let before = books(&shop);
    for call in &calls {
        for (field, takes) in &call.fields {
            bad_values(*takes).into_iter().for_each(|value| is_refused(&shop, call, field, value));
        }
    }
    assert_eq!(books(&shop), before, "nothing was half-written");
}

/// Asserts that a value is refused in a field, by the field's name or a path inside of it.
fn is_refused(shop: &Shop<'_>, call: &Call, field: &str, value: Value) {
    let body = with(&call.good, field, value);
    let answer = if call.is_patch { shop.patch(&call.path, &body) } else { shop.post(&call.path, &body) };
    let details = answer.refusal(400, "validation_error");
    let names = |detail: &String| detail.strip_prefix(field).is_some_and(|rest| rest.starts_with([':', '[']));
    assert!(details.iter().any(names), "{field} in {body}: {answer}");
}

#[test]
fn bad_input_characters_that_stores_and_shells_stumble_over_are_kept_or_refused_but_never_break_anything() {
    let shop = Shop::fresh();
    let texts = [
        "'; DROP TABLE invoices; --",
        "$(reboot)",
        "%00",
        "../../etc/passwd",
        "\u{202e}gnp",
        "\u{feff}",
        "\r\n\t\u{7f}\u{1b}[31m",
        "{{7*7}}",
        "<!--",
        "\u{10ffff}",
        "a\u{300}\u{301}",
        "\\u0000",
        "NULL",
        "null",
    ];
    for text in texts {
        for field in ["description", "external_id", "idempotency_key"] {
            let body = with(&json!({ "amount_fiat": "1" }), field, text);
            let invoice = shop.post("invoices", &body).data(201);
            assert_eq!(shop.invoice(&invoice)[field], text);
        }
        for field in
            ["currency", "network", "fiat_currency", "redirect_url", "customer_email", "amount", "payment_tolerance"]
        {
            let answer = shop.post("invoices", &with(&half_a_bitcoin(), field, text));
            assert_eq!(answer.status, 400, "{field}: {answer}");
        }
    }
    assert_eq!(shop.total(), 42);
}

#[test]
fn bad_input_missing_fields_are_named() {
    let shop = Shop::fresh();
    let invoice = shop.create(&half_a_bitcoin());
    let of = |call: &str| format!("test/invoices/{}/{call}", id(&invoice));
    for (path, field) in [
        (of("payments"), "amount"),
        (of("scenarios"), "scenario"),
        ("test/networks/bitcoin/reorg".to_owned(), "depth"),
        ("test/clock/advance".to_owned(), "seconds"),
        ("webhook-endpoints".to_owned(), "url"),
        ("invoices".to_owned(), "amount"),
    ] {
        shop.post(&path, &json!({})).blames(400, "validation_error", field);
    }
}

#[test]
fn bad_input_numbers_beyond_their_bounds_are_named() {
    let shop = Shop::fresh();
    let invoice = shop.create(&half_a_bitcoin());
    let payments = format!("test/invoices/{}/payments", id(&invoice));
    for (path, body, field) in [
        (payments.as_str(), json!({ "amount": "1", "confirmations": 1001 }), "confirmations"),
        (&payments, json!({ "amount": "0.000000001" }), "amount"),
        (&payments, json!({ "amount": "1", "currency": "NOPE" }), "currency"),
        (&payments, json!({ "amount": "1", "network": "nowhere" }), "network"),
        ("test/networks/bitcoin/blocks", json!({ "count": 0 }), "count"),
        ("test/networks/bitcoin/blocks", json!({ "count": 10_001 }), "count"),
        ("test/networks/bitcoin/reorg", json!({ "depth": 0 }), "depth"),
        ("test/networks/bitcoin/reorg", json!({ "depth": 101 }), "depth"),
        ("test/networks/bitcoin/reorg", json!({ "depth": 1, "drop": vec!["a"; 101] }), "drop"),
        ("test/clock/advance", json!({ "seconds": 0 }), "seconds"),
        ("test/clock/advance", json!({ "seconds": 31_622_401 }), "seconds"),
    ] {
        shop.post(path, &body).blames(400, "validation_error", field);
    }
    let unknown = json!({ "scenario": "explode" });
    shop.post(&format!("test/invoices/{}/scenarios", id(&invoice)), &unknown).blames(
        400,
        "validation_error",
        "scenario",
    );
    assert_eq!(shop.invoice(&invoice)["payments"], json!([]));
}

#[test]
fn bad_input_the_largest_amounts_are_exact_or_refused() {
    let shop = Shop::shared();
    for (currency, network, amount, status) in [
        ("BTC", "bitcoin", "21000000", 201),
        ("BTC", "bitcoin", "3402823669209384634633746074317.68211455", 201),
        ("BTC", "bitcoin", "3402823669209384634633746074317.68211456", 400),
        ("ETH", "ethereum", "340282366920938463463.374607431768211455", 201),
        ("ETH", "ethereum", "340282366920938463463.374607431768211456", 400),
    ] {
        let answer = shop.post("invoices", &json!({ "amount": amount, "currency": currency, "network": network }));
        assert_eq!(answer.status, status, "{answer}");
        if status == 201 {
            assert_eq!(shop.invoice(&answer.data(201))["amount_requested"], amount);
        }
    }
    let largest = json!({ "amount_fiat": "10000000000000000.00", "fiat_currency": "USD" });
    let draft = shop.create(&largest);
    for pair in
        [json!({ "currency": "DOGE" }), json!({ "currency": "POL" }), json!({ "currency": "USDT", "network": "bsc" })]
    {
        let answer = shop.post(&format!("invoices/{}/activate", id(&draft)), &pair);
        assert_eq!(answer.status, 200, "{answer}");
    }
    shop.post("invoices", &json!({ "amount_fiat": "10000000000000000.01" })).blames(
        400,
        "validation_error",
        "amount_fiat",
    );
}
