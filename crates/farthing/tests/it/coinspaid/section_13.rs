//! A.13: what real clients send, all of which must be taken.

use super::shop::{Merchant, data, timed};
use crate::contract::http::Ask;
use crate::contract::shop::with;
use crate::dialects::signatures;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
};

#[test]
fn trap_1_no_parameters_are_an_object_a_list_or_null() {
    let shop = Merchant::fresh();
    for body in ["{}", "[]", "null", " {} "] {
        for path in ["/currencies/list", "/accounts/list", "/currencies/pairs"] {
            assert_eq!(shop.ask("POST", path, body.as_bytes()).status, 200, "{path} {body}");
        }
    }
    for body in ["", "1", "[1]", "\"x\"", "{", "{\"a\":1,\"a\":2}", "{\"a\":\"\\ud800\"}"] {
        let answer = shop.ask("POST", "/currencies/list", body.as_bytes());
        let expected = json!({ "error": "Bad content format", "code": "bad_content_format" });
        assert_eq!((answer.status, answer.json()), (400, expected), "{body}");
    }
}

#[test]
fn traps_3_4_5_and_11_texts_numbers_nulls_and_unknown_keys_are_taken() {
    let shop = Merchant::fresh();
    let texts = json!({
        "timer": "True", "amount": "36", "type": "", "sender_currency": "btc", "currency": "eur", "description": null,
        "end_user_reference": "", "earlier_call": { "kept": [1, 2] }, "foreign_id": 1001,
    });
    let mut body = timed("x");
    for (name, value) in texts.as_object().unwrap() {
        body[name] = value.clone();
    }
    let invoice = shop.create(&body);
    let shown = ["foreign_id", "status", "sender_amount", "currency"].map(|name| invoice[name].clone());
    assert_eq!(shown, [json!("1001"), json!("pending"), json!("0.00075000"), json!("EUR")]);
    for (number, timer) in [json!("0"), json!(false), json!("false"), json!(0)].into_iter().enumerate() {
        let body = with(&timed(&format!("t{number}")), "timer", timer);
        assert_eq!(shop.create(&body)["status"], "created");
    }
    let null = with(&timed("n"), "sender_currency", Value::Null);
    assert_eq!(shop.create(&null)["sender_currency"], json!(null));
}

#[test]
fn trap_4_the_noise_of_a_printed_float_is_no_part_of_an_amount() {
    let shop = Merchant::fresh();
    let sent = |foreign_id: &str, currency: &str, amount: &str| {
        let mut body = timed(foreign_id);
        (body["currency"], body["sender_currency"]) = (json!(currency), json!("BTC"));
        let bytes = body.to_string().replace("\"amount\":36", &format!("\"amount\":{amount}"));
        data(&shop.ask("POST", "/invoices/create", bytes.as_bytes()), 200)["amount"].clone()
    };
    assert_eq!(sent("more", "EUR", "59.970000000000006"), "59.97000000");
    assert_eq!(sent("less", "EUR", "12.339999999999999"), "12.34000000");
    assert_eq!(sent("text", "EUR", "\"12.339999999999999\""), "12.34000000");
    assert_eq!(sent("coin", "BTC", "0.30000000000000004"), "0.30000000");
    let between = with(&timed("between"), "amount", json!(12.345));
    shop.refuses("/invoices/create", &between, &json!({ "amount": "The amount format is invalid." }));
}

#[test]
fn trap_6_an_old_client_speaks_http_1_0() {
    let shop = Merchant::fresh();
    let body = timed("old").to_string();
    let mut stream = TcpStream::connect(shop.native.server.host()).unwrap();
    let request = format!(
        "POST /api/v2/invoices/create HTTP/1.0\r\nAccept-Charset: utf-8\r\nContent-Type: application/json\r\n\
         X-Processing-Key: {}\r\nX-Processing-Signature: {}\r\nContent-Length: {}\r\n\r\n{body}",
        shop.key,
        signatures::coinspaid(&shop.secret, body.as_bytes()),
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn traps_7_8_and_9_references_titles_and_addresses_of_real_shops_are_taken() {
    let shop = Merchant::fresh();
    let mut body = timed("CP123456_1001");
    body["title"] = json!("#1001");
    body["description"] = json!("Tea; ".repeat(400));
    body["url_success"] = json!("https://shop.example/checkout/order-received/7/?key=wc_order_x&utm=a%20b");
    let bytes = body.to_string().replace('/', "\\/");
    let invoice = data(&shop.ask("POST", "/invoices/create", bytes.as_bytes()), 200);
    assert_eq!((&invoice["title"], &invoice["name"]), (&json!("#1001"), &json!("#1001")));
}

#[test]
fn trap_10_the_content_type_may_carry_a_parameter_and_must_be_json() {
    let shop = Merchant::fresh();
    let sent = |content_type: &str| {
        let ask = Ask::new("POST", "/api/v2/currencies/list").bytes(content_type, b"{}");
        ask.header("X-Processing-Key", &shop.key)
            .header("X-Processing-Signature", &signatures::coinspaid(&shop.secret, b"{}"))
            .send(shop.native.server.host())
    };
    for right in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"] {
        assert_eq!(sent(right).status, 200, "{right}");
    }
    for wrong in ["text/plain", "application/x-www-form-urlencoded", ""] {
        assert_eq!((sent(wrong).status, &sent(wrong).json()["code"]), (400, &json!("bad_content_format")), "{wrong}");
    }
}

#[test]
fn an_old_client_calls_the_title_name() {
    let shop = Merchant::fresh();
    let mut body = timed("old");
    body["name"] = body["title"].take();
    body.as_object_mut().unwrap().remove("title");
    assert_eq!(shop.create(&body)["title"], "Order 1001");
}
