//! A.3.1 and A.8.1: what is wrong with fields, in the documented words.

use super::shop::{CoinsPaid, Merchant, timed};
use crate::{
    contract::{http::Ask, server::Server, shop::with},
    dialects::{merchant::Credential, signatures},
};
use serde_json::{Value, json};

#[test]
fn a_3_1_every_field_that_is_missing_is_named() {
    let shop = Merchant::fresh();
    let expected = json!({
        "timer": "The timer field is required.",
        "title": "The title field is required.",
        "foreign_id": "The foreign id field is required.",
        "url_success": "The url success field is required.",
        "url_failed": "The url failed field is required.",
        "email_user": "The email user field is required.",
        "currency": "The currency field is required.",
        "amount": "The amount field is required.",
    });
    for body in [json!({}), json!([]), Value::Null] {
        shop.refuses("/invoices/create", &body, &expected);
    }
    let empty: Value = expected.as_object().unwrap().keys().map(|name| (name.clone(), json!(""))).collect();
    shop.refuses("/invoices/create", &empty, &expected);
}

#[test]
fn a_3_1_a_foreign_id_is_taken_once() {
    let shop = Merchant::fresh();
    shop.create(&timed("ord-1001"));
    shop.refuses(
        "/invoices/create",
        &timed("ord-1001"),
        &json!({ "foreign_id": "The foreign id has already been taken." }),
    );
    Merchant::fresh().create(&timed("ord-1001"));
}

#[test]
fn a_8_1_fields_that_are_wrong_are_told_so() {
    let shop = Merchant::fresh();
    let long = |count| "x".repeat(count);
    let rows = [
        ("type", json!("forever"), "The selected type is invalid."),
        ("timer", json!("perhaps"), "The timer field must be true or false."),
        ("title", json!(long(51)), "The title may not be greater than 50 characters."),
        ("foreign_id", json!(long(256)), "The foreign id may not be greater than 255 characters."),
        ("foreign_id", json!({}), "The foreign id must be a string."),
        ("currency", json!("XXX"), "The selected currency is invalid."),
        ("currency", json!("USDT"), "The selected currency is invalid."),
        ("sender_currency", json!("XXX"), "The selected sender currency is invalid."),
        ("amount", json!("many"), "The amount must be a number."),
        ("amount", json!(-1), "The amount must be a number."),
        ("amount", json!(0), "The amount must be greater than 0."),
        ("amount", json!("0.00"), "The amount must be greater than 0."),
        ("amount", json!("1.999"), "The amount format is invalid."),
        ("url_success", json!("http://shop.example/ok"), "The url success format is invalid."),
        ("url_success", json!("https://192.0.2.1/ok"), "The url success format is invalid."),
        ("url_success", json!("https://[2001:db8::1]/ok"), "The url success format is invalid."),
        ("url_failed", json!("shop"), "The url failed format is invalid."),
        ("url_failed", json!("javascript:alert(1)"), "The url failed format is invalid."),
        ("email_user", json!("nobody"), "The email user must be a valid email address."),
        ("end_user_reference", json!(long(256)), "The end user reference may not be greater than 255 characters."),
    ];
    for (name, value, message) in rows {
        shop.refuses("/invoices/create", &with(&timed("f"), name, value), &json!({ name: message }));
    }
    shop.create(&timed("f"));
}

#[test]
fn a_3_1_currencies_that_nothing_exchanges_are_told_so() {
    let shop = Merchant::fresh();
    let unavailable = json!({ "sender_currency": "Exchange is unavailable for given currencies" });
    shop.refuses("/invoices/create", &with(&timed("f"), "currency", json!("LTC")), &unavailable);
    let coin = with(&with(&timed("f"), "currency", json!("BTC")), "amount", json!("0.00001"));
    let invoice = shop.create(&coin);
    assert_eq!((&invoice["amount"], &invoice["sender_amount"]), (&json!("0.00001000"), &json!("0.00001000")));
}

#[test]
fn a_14_an_amount_is_read_exactly_from_its_own_text() {
    let shop = Merchant::fresh();
    for (number, (written, shown)) in
        [("1.0e-5", "0.00001000"), ("\"1E-5\"", "0.00001000"), ("0.12345678", "0.12345678"), ("\"0.5\"", "0.50000000")]
            .into_iter()
            .enumerate()
    {
        let body = with(&with(&timed(&format!("f{number}")), "currency", json!("BTC")), "amount", json!("AMOUNT"));
        let bytes = body.to_string().replace("\"AMOUNT\"", written);
        let answer = shop.ask("POST", "/invoices/create", bytes.as_bytes());
        assert_eq!(answer.json()["data"]["amount"], shown, "{answer}");
    }
    let nine = with(&with(&timed("nine"), "currency", json!("ETH")), "sender_currency", json!("ETH"));
    let nine = with(&nine, "amount", json!("0.123456789"));
    shop.refuses("/invoices/create", &nine, &json!({ "amount": "The amount format is invalid." }));
}

#[test]
fn a_3_4_too_many_requests_are_told_in_the_documented_form() {
    let server = Server::serve("[limits]\nrequests_per_minute = 2\n");
    let made = Credential::of::<CoinsPaid>(&server, &server.merchant(), "test", None);
    let ask = || {
        let ask = Ask::new("POST", "/api/v2/accounts/list").bytes("application/json", b"{}");
        let signature = signatures::coinspaid(&made.secret, b"{}");
        ask.header("X-Processing-Key", &made.key).header("X-Processing-Signature", &signature).send(server.host())
    };
    let limited = (0..9).map(|_| ask()).find(|answer| answer.status != 200).expect("no request was one too many");
    assert_eq!((limited.status, limited.json()), (429, json!({ "errors": { "error": "error code: 1015" } })));
    assert!(limited.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{limited}");
}
