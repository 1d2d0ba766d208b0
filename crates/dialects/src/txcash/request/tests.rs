//! What real and careless clients send.

use super::*;
use serde_json::{Value, json};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");

fn read(content_type: Option<&str>, body: &str) -> Result<CreateInvoice, Value> {
    let catalog = Catalog::shipped();
    let has_rate = |_: AssetCode, currency: Fiat| currency.code() != "ZWG";
    let parsed =
        CreateInvoice::parse(content_type, body.as_bytes(), &OnSale { catalog: &catalog, has_rate: &has_rate });
    parsed.map_err(|errors| serde_json::from_slice(&errors.body()).unwrap())
}

fn wrong(body: &Value) -> Vec<String> {
    let errors = read(JSON, &body.to_string()).expect_err("refused");
    let problems = errors["errors"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problems.iter().map(|problem| format!("{} {}", text(&problem["code"]), text(&problem["description"]))).collect()
}

#[test]
fn a_form_and_an_object_say_the_same() {
    let form = "amount=25.01&currency=eur&payment_currencies=eth_stables%2Cpolygon_eth&valid_for=2h45m&name=Order+7&meta_data1=&meta_data2=a%26b";
    let object = json!({
        "amount": 25.01, "currency": "EUR", "payment_currencies": "eth_stables,polygon_eth", "valid_for": "2h45m",
        "name": "Order 7", "meta_data1": "", "meta_data2": "a&b",
    });
    let read_form = read(FORM, form).unwrap();
    assert_eq!(read_form, read(JSON, &object.to_string()).unwrap());
    assert_eq!(read_form, read(None, form).unwrap());
    assert_eq!(read_form, read(FORM, &object.to_string()).unwrap(), "curl -d calls an object a form");
    assert_eq!(read_form.terms.window_seconds, Some(9900));
    assert_eq!(read_form.terms.coins.len(), 3);
    assert_eq!(read_form.said.meta_data1, None);
    assert_eq!(read_form.terms.metadata, r#"{"meta_data2":"a&b"}"#);
    let list = json!({
        "amount": "25.01", "currency": "EUR", "payment_currencies": ["eth_stables", "polygon_eth"], "valid_for": "9900s",
        "name": "Order 7", "meta_data2": "a&b",
    });
    assert_eq!(read_form, read(JSON, &list.to_string()).unwrap());
}

#[test]
fn what_is_left_out_has_its_default() {
    let created = read(JSON, r#"{"amount":5}"#).unwrap();
    assert_eq!(created.terms.price, Price::Fiat(FiatAmount { currency: Fiat::USD, minor: 500 }));
    assert_eq!(created.terms.coins.len(), 6);
    assert_eq!(created.terms.window_seconds, Some(3600));
    assert_eq!((created.said, created.callback_url), (Said::default(), None));
    assert_eq!(created.terms.metadata, "{}");
}

#[test]
fn an_amount_is_exact_or_refused() {
    let minor = |raw: &str| match read(JSON, &format!(r#"{{"amount":{raw}}}"#)).unwrap().terms.price {
        Price::Fiat(amount) => amount.minor,
        Price::Asset(_) => 0,
    };
    for (raw, expected) in [("25", 2500), ("0.01", 1), ("1.0e2", 10_000), ("\"25.10\"", 2510), ("25.100000", 2510)] {
        assert_eq!(minor(raw), expected, "{raw}");
    }
    for (amount, problem) in [
        (json!(0), "invalid amount must be greater than zero"),
        (json!(-5), "invalid amount must be a positive number"),
        (json!("ten"), "invalid amount must be a positive number"),
        (json!("1,5"), "invalid amount must be a positive number"),
        (json!(true), "invalid amount must be a string or a number"),
        (json!(0.001), "invalid amount has more decimal places than USD has (2)"),
        (json!("99999999999999999999"), "invalid amount is too large"),
        (json!(null), "missing_field amount is required"),
        (json!(""), "missing_field amount is required"),
    ] {
        assert_eq!(wrong(&json!({ "amount": amount })), [problem]);
    }
}

#[test]
fn every_wrong_field_is_told_at_once() {
    let told = wrong(&json!({
        "amount": 0, "payment_currencies": "btc", "valid_for": 300, "callback_url": "shop.example",
        "success_url": "https://a:b@shop.example", "fail_url": "ftp://shop.example", "name": [], "description": "x".repeat(2001),
        "meta_data1": {}, "meta_data2": 7,
    }));
    let fields: Vec<&str> = told.iter().filter_map(|text| text.split(' ').nth(1)).collect();
    assert_eq!(
        fields,
        [
            "amount",
            "payment_currencies",
            "valid_for",
            "name",
            "description",
            "meta_data1",
            "callback_url",
            "success_url",
            "fail_url"
        ]
    );
    assert_eq!(
        wrong(&json!({ "amount": 5, "currency": "XXX" })),
        ["invalid currency must be an ISO 4217 currency code"]
    );
    let unsold = "unprocessable payment_currencies chooses nothing that is on sale here at the moment for ZWG";
    assert_eq!(wrong(&json!({ "amount": 5, "currency": "ZWG" })), [unsold]);
}

#[test]
fn a_body_with_two_meanings_is_refused() {
    for (content_type, body) in [
        (JSON, r#"{"amount":1,"amount":2}"#),
        (JSON, "[]"),
        (JSON, "amount=5"),
        (JSON, ""),
        (FORM, "amount=1&amount=2"),
        (FORM, "amount=5&name=%FF"),
        (FORM, "amount=5&name=a%00b"),
        (Some("multipart/form-data; boundary=x"), "--x"),
    ] {
        assert!(read(content_type, body).is_err(), "{body}");
    }
    assert!(
        CreateInvoice::parse(
            FORM,
            b"amount=5&name=\xFF",
            &OnSale { catalog: &Catalog::shipped(), has_rate: &|_, _| true }
        )
        .is_err()
    );
}

#[test]
fn a_payment_currency_is_one_coin() {
    let coin = |content_type, body: &str| payment_currency(content_type, body.as_bytes());
    assert_eq!(coin(FORM, "payment_currency=eth_usdt"), Ok(coins::asset("eth_usdt").unwrap()));
    assert_eq!(coin(JSON, r#"{"payment_currency":"POLYGON_ETH"}"#), Ok(coins::asset("polygon_eth").unwrap()));
    for body in
        ["", "payment_currency=", "payment_currency=all", "payment_currency=eth_usdt,eth_eth", "currency=eth_eth"]
    {
        assert!(coin(FORM, body).is_err(), "{body}");
    }
}
