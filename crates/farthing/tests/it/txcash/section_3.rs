//! A3: creating an invoice.

use super::shop::{BASE, Merchant, TxCash, checked, seconds, told};
use crate::{
    contract::{http::Ask, server::Server},
    dialects::merchant::{Credential, FORM},
};
use serde_json::{Value, json};

fn coins(invoice: &Value) -> Vec<&str> {
    invoice["prices"].as_array().unwrap().iter().map(|price| price["currency"].as_str().unwrap()).collect()
}

#[test]
fn a_3_the_seed_s_request_is_answered_200_with_a_bare_invoice() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&json!({
        "amount": 25.01, "name": "Order 1001", "currency": "eur", "payment_currencies": "eth_stables,polygon_eth",
        "valid_for": "2h45m", "callback_url": "http://127.0.0.1:9/?optionalQuery=value",
        "success_url": "https://shop.example/?optionalQuery=ok", "fail_url": "http://shop.example/?optionalQuery=no",
        "description": "Two books", "meta_data1": "cart 7", "meta_data2": "{\"a\":1}",
    }));
    let named = ["amount", "paid_amount", "base_currency", "name", "description", "status", "status_code"];
    let shown: Vec<Value> = named.iter().map(|name| invoice[name].clone()).collect();
    let expected = json!([25.01, 0, "EUR", "Order 1001", "Two books", "pending", 0]);
    assert_eq!(json!(shown), expected);
    let echoed = ["notify_url", "suceess_url", "fail_url", "meta_data1", "meta_data2", "account_name"];
    let shown: Vec<Value> = echoed.iter().map(|name| invoice[name].clone()).collect();
    let expected = json!([
        "http://127.0.0.1:9/?optionalQuery=value",
        "https://shop.example/?optionalQuery=ok",
        "http://shop.example/?optionalQuery=no",
        "cart 7",
        "{\"a\":1}",
        "A shop of the tests"
    ]);
    assert_eq!(json!(shown), expected);
    assert_eq!(coins(&invoice), ["eth_usdt", "eth_usdc", "polygon_eth"]);
    assert_eq!(seconds(&invoice["expires_on"]) - seconds(&invoice["created_at"]), 9900);
    assert_eq!(invoice["payments"], json!([]));
}

#[test]
fn a_3_a_form_is_taken_as_well_as_an_object() {
    let shop = Merchant::fresh();
    let form =
        "amount=25.01&currency=EUR&payment_currencies=polygon_stables&valid_for=300s&name=Order+7&meta_data1=a%26b";
    let path = format!("{BASE}/invoice");
    for content_type in [FORM, "application/x-www-form-urlencoded; charset=UTF-8"] {
        let invoice = checked(&shop.ask(Ask::new("POST", &path).bytes(content_type, form.as_bytes())));
        assert_eq!(invoice["amount"], json!(25.01));
        assert_eq!((&invoice["name"], &invoice["meta_data1"]), (&json!("Order 7"), &json!("a&b")));
        assert_eq!(coins(&invoice), ["polygon_usdt", "polygon_usdc"]);
        assert_eq!(seconds(&invoice["expires_on"]) - seconds(&invoice["created_at"]), 300);
    }
    let object = checked(&shop.ask(Ask::new("POST", &path).bytes(FORM, br#"{"amount":5}"#)));
    assert_eq!(object["amount"], 5, "what curl sends by default");
}

#[test]
fn a_3_and_a_10_what_is_left_out_is_usd_all_coins_and_one_hour() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&json!({ "amount": 5 }));
    assert_eq!(invoice["base_currency"], "USD");
    let all = ["eth_eth", "eth_usdt", "eth_usdc", "polygon_eth", "polygon_usdt", "polygon_usdc"];
    assert_eq!(coins(&invoice), all);
    assert_eq!(seconds(&invoice["expires_on"]) - seconds(&invoice["created_at"]), 3600);
    for name in ["name", "description", "notify_url", "suceess_url", "fail_url", "meta_data1", "meta_data2"] {
        assert!(invoice.get(name).is_none(), "{name}");
    }
    let empty = shop.create(&json!({
        "amount": "5", "name": "", "currency": "", "payment_currencies": "", "valid_for": "", "callback_url": null,
    }));
    assert_eq!((coins(&empty), &empty["base_currency"]), (all.to_vec(), &json!("USD")));
}

#[test]
fn a_3_filters_are_a_union_in_one_order_and_unknown_ones_are_refused() {
    let shop = Merchant::fresh();
    let chosen = |filters: &str| {
        let invoice = shop.create(&json!({ "amount": 5, "payment_currencies": filters }));
        coins(&invoice).join(" ")
    };
    assert_eq!(chosen("eth_eth"), "eth_eth");
    assert_eq!(chosen("polygon_usdc,eth_eth,polygon_usdc"), "eth_eth polygon_usdc");
    assert_eq!(chosen("eth_stables, polygon_stables"), "eth_usdt eth_usdc polygon_usdt polygon_usdc");
    assert_eq!(chosen("all,eth_eth"), "eth_eth eth_usdt eth_usdc polygon_eth polygon_usdt polygon_usdc");
    for filters in ["btc_btc", "matic", "polygon_matic", "eth", "eth_eth|eth_usdt", ",", "bsc_stables"] {
        let body = json!({ "amount": 5, "payment_currencies": filters });
        let told = told(&shop.post(&body), 400);
        assert_eq!(told.len(), 1, "{filters}");
        assert_eq!(told[0].0, "payment_currencies", "{filters}");
    }
}

#[test]
fn a_3_valid_for_is_hours_minutes_and_seconds_from_one_minute_to_720_hours() {
    let shop = Merchant::fresh();
    for (text, length) in
        [("300s", 300), ("2h45m", 9900), ("1m", 60), ("720h", 2_592_000), ("1.5h", 5400), ("30s90s", 120)]
    {
        let invoice = shop.create(&json!({ "amount": 5, "valid_for": text }));
        assert_eq!(seconds(&invoice["expires_on"]) - seconds(&invoice["created_at"]), length, "{text}");
    }
    for wrong in ["300", "5d", "300ms", "-5m", "0s", "59s", "721h", "1h 5m", "5M", "h"] {
        shop.refuses(&json!({ "amount": 5, "valid_for": wrong }), &[("valid_for", "invalid")]);
    }
}

#[test]
fn a_3_an_amount_is_exact_in_its_currency() {
    let shop = Merchant::fresh();
    let created = |body: Value| shop.create(&body)["amount"].to_string();
    assert_eq!(created(json!({ "amount": 0.1 })), "0.1");
    assert_eq!(created(json!({ "amount": "19.90" })), "19.9");
    assert_eq!(created(json!({ "amount": 500, "currency": "jpy" })), "500");
    let raw = br#"{"amount":1.25e3,"currency":"Usd"}"#;
    let answer = shop.ask(Ask::new("POST", &format!("{BASE}/invoice")).bytes("application/json", raw));
    assert_eq!(checked(&answer)["amount"], 1250);
    for (printed, amount) in [("12.339999999999999", json!(12.34)), ("59.970000000000006", json!(59.97))] {
        let raw = format!(r#"{{"amount":{printed},"currency":"USD"}}"#);
        let ask = Ask::new("POST", &format!("{BASE}/invoice")).bytes("application/json", raw.as_bytes());
        assert_eq!(checked(&shop.ask(ask))["amount"], amount, "the noise of a float is no part of it");
    }
    for amount in [json!(0), json!(-1), json!("ten"), json!(0.001), json!(1e30), json!([5]), json!(true)] {
        shop.refuses(&json!({ "amount": amount }), &[("amount", "invalid")]);
    }
    shop.refuses(&json!({ "amount": 5.5, "currency": "JPY" }), &[("amount", "invalid")]);
    shop.refuses(&json!({}), &[("amount", "missing_field")]);
    shop.refuses(&json!({ "amount": 5, "currency": "EURO" }), &[("currency", "invalid")]);
}

#[test]
fn a_3_addresses_are_absolute_http_or_https() {
    let shop = Merchant::fresh();
    for field in ["callback_url", "success_url", "fail_url"] {
        for wrong in
            ["shop.example/x", "//shop.example", "ftp://shop.example", "javascript:alert(1)", "https://a:b@x.example"]
        {
            let mut body = json!({ "amount": 5 });
            body[field] = json!(wrong);
            shop.refuses(&body, &[(field, "invalid")]);
        }
    }
}

#[test]
fn a_10_plain_http_callbacks_go_only_where_the_operator_allows_them() {
    let server = Server::serve("");
    let merchant = server.merchant();
    let key = Credential::of::<TxCash>(&server, &merchant, "test", None).key;
    let create = |body: &Value| {
        let ask = Ask::post(&format!("{BASE}/invoice"), body).header("X-API-Key", &key);
        ask.send(server.host())
    };
    for refused in ["http://shop.example/hook", "https://127.0.0.1/hook", "https://shop.example:22/"] {
        let answer = create(&json!({ "amount": 5, "callback_url": refused }));
        assert_eq!(told(&answer, 400), [("callback_url".to_owned(), "invalid".to_owned())], "{answer}");
    }
    let pages =
        json!({ "amount": 5, "callback_url": "https://shop.example/hook", "success_url": "http://shop.example/ok" });
    assert_eq!(create(&pages).status, 200, "payers may be sent anywhere");
}
