//! B10: lists of invoices.

use super::shop::{Merchant, message, refusal};
use crate::contract::http::keys;
use crate::contract::shop::with;
use serde_json::{Value, json};

fn links(listed: &Value) -> Vec<Value> {
    listed["invoices"].as_array().unwrap().iter().map(|row| row["link"].clone()).collect()
}

#[test]
fn b10_pages_say_where_they_are_and_rows_have_their_fields() {
    let shop = Merchant::fresh();
    let made: Vec<Value> = (0..3).map(|_| shop.create(&shop.order())["link"].clone()).collect();
    let first = message(&shop.get("/invoices/?page=1&per_page=2"));
    assert_eq!(keys(&first), ["invoices", "next_page", "page", "page_count", "previous_page"]);
    let pages = |listed: &Value| ["page_count", "page", "previous_page", "next_page"].map(|name| listed[name].clone());
    assert_eq!(pages(&first), [2, 1, 0, 2].map(Value::from));
    assert_eq!(links(&first), [made[2].clone(), made[1].clone()]);
    let second = message(&shop.get("/invoices/?page=2&per_page=2&created_at=desc"));
    assert_eq!(pages(&second), [2, 2, 1, 0].map(Value::from));
    let row = &second["invoices"][0];
    assert_eq!((&row["index"], &row["link"]), (&json!(3), &made[0]));
    for name in [
        "status",
        "transfer_fee_by",
        "service_fee_by",
        "currency_amount",
        "remaining_currency_amount",
        "currency_symbol",
        "order_id",
        "shop",
        "created_at",
    ] {
        assert!(!row[name].is_null(), "{name}: {row}");
    }
    assert_eq!(links(&message(&shop.get("/invoices/?page=1&per_page=1&created_at=asc"))), [made[0].clone()]);
    assert_eq!(links(&message(&shop.get("/invoices/?page=9&per_page=2"))), Vec::<Value>::new());
}

#[test]
fn b10_lists_are_filtered_by_status_and_currency() {
    let shop = Merchant::moving();
    let created = shop.create(&shop.order());
    let chosen = shop.create(&with(&with(&shop.order(), "currencies", json!([])), "currency_symbol", "EUR"));
    shop.choose(&chosen, "LTC", "litecoin");
    let part = shop.create(&shop.order());
    shop.pay(&part, ("0.0001", "BTC"), 2);
    let paid = shop.create(&shop.order());
    shop.pay(&paid, ("0.001", "BTC"), 2);
    let seen = shop.create(&shop.order());
    shop.pay(&seen, ("0.001", "BTC"), 0);
    let cancelled = shop.create(&shop.order());
    shop.cancel_on_page(&cancelled);
    shop.becomes(&part, "Partially");
    shop.becomes(&paid, "Paid");
    shop.becomes(&seen, "Pending");
    let listed = |query: &str| links(&message(&shop.get(&format!("/invoices/?page=1&per_page=10&{query}"))));
    let link = |invoice: &Value| invoice["link"].clone();
    assert_eq!(listed("status=Created"), [link(&created)]);
    assert_eq!(listed("status=Pending"), [link(&seen), link(&chosen)]);
    assert_eq!(listed("status=Partially"), [link(&part)]);
    assert_eq!(listed("status=Paid"), [link(&paid)]);
    assert_eq!(listed("status=Canceled"), [link(&cancelled)]);
    assert_eq!(listed("status=PartiallyExpired"), Vec::<Value>::new());
    assert_eq!(listed("currency_symbol=EUR"), [link(&chosen)]);
    assert_eq!(listed("").len(), 6);
}

#[test]
fn b10_wrong_parameters_are_named_and_other_apis_invoices_are_not_listed() {
    let shop = Merchant::fresh();
    for query in
        ["page=0", "page=x", "per_page=0", "per_page=101", "status=Cancelled", "created_at=up", "currency_symbol=BTC"]
    {
        let told = refusal(&shop.get(&format!("/invoices/?{query}")), 400);
        assert!(told.starts_with(query.split('=').next().unwrap()), "{told}");
    }
    shop.native.create(&json!({ "amount": "0.5", "currency": "BTC" }));
    assert_eq!(message(&shop.get("/invoices/"))["invoices"], json!([]));
}
