//! B4: what create takes.

use super::shop::{Merchant, message};
use crate::contract::shop::with;
use serde_json::{Value, json};

#[test]
fn b4_the_documented_example_is_taken() {
    let shop = Merchant::fresh();
    let body = json!({
        "currency_amount": 1, "currency_symbol": "USD", "customer_email": "customer@example.com",
        "time_for_payment": "02:00", "currencies": [1], "order_id": "#12325425",
        "order_description": "macbook air m3", "callback_url": "https://example.com/callback",
    });
    let invoice = shop.create(&body);
    for name in
        ["currency_amount", "currency_symbol", "customer_email", "order_id", "order_description", "callback_url"]
    {
        assert_eq!(invoice[name], body[name], "{name}");
    }
    assert_eq!(invoice["pure_expire_time"], "02:00");
}

#[test]
fn b4_what_the_woocommerce_plugin_sends_is_taken() {
    let shop = Merchant::fresh();
    let callback = format!("https://shop.example/?wc-api=payhubix_gateway&key=wc_order_{}", "x".repeat(200));
    let invoice = shop.create(&json!({
        "currency_amount": 19.99, "currency_symbol": "EUR", "customer_email": "buyer@shop.example",
        "time_for_payment": "02:00", "currencies": [], "order_id": "1042", "order_description": "Order 1042",
        "callback_url": callback, "shop_id": "",
    }));
    assert_eq!((&invoice["callback_url"], &invoice["order_id"]), (&json!(callback), &json!("1042")));
    assert_eq!(invoice["currencies"].as_array().unwrap().len(), 24);
}

#[test]
fn b4_what_the_edd_plugin_sends_is_taken() {
    let shop = Merchant::fresh();
    let body = json!({
        "currency_amount": 5, "currency_symbol": "USD", "customer_email": "", "time_for_payment": "00:15",
        "currencies": [], "order_id": 77, "order_description": "", "shop_id": shop.native.merchant,
        "callback_url": "https://shop.example/?edd-listener=payhubix&order_id=77",
    });
    let invoice = shop.create(&body);
    assert_eq!(invoice["order_id"], "77");
    assert_eq!((&invoice["customer_email"], &invoice["order_description"]), (&Value::Null, &Value::Null));
}

#[test]
fn b4_no_currencies_at_all_mean_all_and_unknown_ones_are_refused() {
    let shop = Merchant::fresh();
    let mut body = shop.order();
    body.as_object_mut().unwrap().remove("currencies");
    assert_eq!(shop.create(&body)["currencies"].as_array().unwrap().len(), 24);
    assert_eq!(shop.create(&with(&body, "currencies", json!(null)))["currencies"].as_array().unwrap().len(), 24);
    let some = shop.create(&with(&body, "currencies", json!([2, 9])));
    let ids: Vec<_> = some["currencies"].as_array().unwrap().iter().map(|coin| coin["currency_id"].clone()).collect();
    assert_eq!(ids, [2, 9]);
    shop.refuses(&with(&body, "currencies", json!([1, 999])), "currencies");
    shop.refuses(&with(&body, "currencies", "BTC"), "currencies");
}

#[test]
fn b4_times_are_hours_and_minutes_from_one_minute_to_99_59() {
    let shop = Merchant::fresh();
    for (time, shown) in [("2:20", "02:20"), ("02:00", "02:00"), ("00:01", "00:01"), ("99:59", "99:59")] {
        assert_eq!(shop.create(&with(&shop.order(), "time_for_payment", time))["pure_expire_time"], shown);
    }
    for time in ["00:00", "100:00", "02:60", "2", "2:5", "two", ""] {
        shop.refuses(&with(&shop.order(), "time_for_payment", time), "time_for_payment");
    }
}

#[test]
fn b4_amounts_are_positive_and_exact() {
    let shop = Merchant::fresh();
    for amount in [json!(0), json!(-1), json!("abc"), json!(1.234), json!(null), json!([1])] {
        shop.refuses(&with(&shop.order(), "currency_amount", amount), "currency_amount");
    }
    let invoice = shop.create(&with(&shop.order(), "currency_amount", "10.50"));
    assert_eq!(invoice["currency_amount"], json!(10.5));
    let body = shop.order().to_string().replace("\"currency_amount\":60", "\"currency_amount\":12.339999999999999");
    assert_eq!(message(&shop.post_bytes("/invoices/", body.as_bytes()))["currency_amount"], json!(12.34));
    let yen = with(&shop.order(), "currency_symbol", "JPY");
    shop.refuses(&with(&yen, "currency_amount", 100.5), "currency_amount");
}

#[test]
fn b4_limits_of_texts_hold() {
    let shop = Merchant::fresh();
    for (name, value) in [
        ("currency_symbol", json!("XXX")),
        ("currency_symbol", json!("")),
        ("customer_email", json!("no mail")),
        ("customer_email", json!(format!("a@{}.example", "b".repeat(200)))),
        ("order_id", json!("x".repeat(101))),
        ("order_description", json!("x".repeat(201))),
        ("callback_url", json!(format!("https://shop.example/{}", "x".repeat(2040)))),
        ("callback_url", json!("ftp://shop.example/")),
        ("redirect_url", json!("javascript:alert(1)")),
    ] {
        shop.refuses(&with(&shop.order(), name, value), name);
    }
    let longest = with(&shop.order(), "order_id", "é".repeat(100));
    assert_eq!(shop.create(&longest)["order_id"], json!("é".repeat(100)));
}

#[test]
fn b16_an_order_id_may_be_used_again() {
    let shop = Merchant::fresh();
    let (one, two) = (shop.create(&shop.order()), shop.create(&shop.order()));
    assert_eq!(one["order_id"], two["order_id"]);
    assert_ne!(one["link"], two["link"]);
}
