//! Lists: pages, filters, the feed, the public lists.

use crate::native::{HALF_BITCOIN, Shop};
use serde_json::json;

#[tokio::test]
async fn section_2_pages_are_newest_first_and_say_where_they_are() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, shop.invoice_id(HALF_BITCOIN).await);
    }
    let page = shop.get("/api/v1/invoices?limit=2&offset=1").await;
    let shown: Vec<&str> =
        page.data().as_array().unwrap().iter().map(|invoice| invoice["id"].as_str().unwrap()).collect();
    assert_eq!(shown, ids[1..3]);
    assert_eq!(page.json["meta"]["pagination"], json!({ "total": 5, "limit": 2, "offset": 1, "has_more": true }));
    let last = shop.get("/api/v1/invoices?limit=100&offset=4").await;
    assert_eq!(last.json["meta"]["pagination"]["has_more"], false);
    let beyond = shop.get("/api/v1/invoices?offset=9223372036854775807").await;
    assert_eq!((beyond.status, beyond.data()), (200, &json!([])));
    let default = shop.get("/api/v1/invoices").await;
    assert_eq!(default.json["meta"]["pagination"]["limit"], 20);
}

#[tokio::test]
async fn section_4_2_the_list_is_filtered() {
    let shop = Shop::open().await;
    let btc = shop.invoice_id(r#"{"currency":"BTC","amount":"0.5","external_id":"order 1"}"#).await;
    shop.invoice_id(r#"{"currency":"LTC","amount":"0.5"}"#).await;
    shop.invoice_id(r#"{"amount_fiat":"5"}"#).await;
    for (query, count) in [
        ("status=pending", 2),
        ("status=draft", 1),
        ("status=draft,pending", 3),
        ("status=paid", 0),
        ("currency=BTC", 1),
        ("currency=btc", 1),
        ("external_id=order+1", 1),
        ("external_id=order%201&currency=LTC", 0),
        ("unknown=1&status=", 3),
    ] {
        let page = shop.get(&format!("/api/v1/invoices?{query}")).await;
        assert_eq!(page.json["meta"]["pagination"]["total"], count, "{query}");
    }
    assert_eq!(shop.get("/api/v1/invoices?external_id=order+1").await.data()[0]["id"], btc);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let shop = Shop::open().await;
    for (path, field) in [
        ("/api/v1/invoices?limit=0", "limit"),
        ("/api/v1/invoices?limit=101", "limit"),
        ("/api/v1/invoices?limit=-1", "limit"),
        ("/api/v1/invoices?limit=1e1", "limit"),
        ("/api/v1/invoices?limit=1&limit=2", "limit"),
        ("/api/v1/invoices?offset=-1", "offset"),
        ("/api/v1/invoices?offset=99999999999999999999", "offset"),
        ("/api/v1/invoices?status=lost", "status"),
        ("/api/v1/invoices?currency=%24", "currency"),
        ("/api/v1/events?after=x", "after"),
        ("/api/v1/events?limit=1000", "limit"),
        ("/api/v1/webhook-endpoints?limit=x", "limit"),
        ("/api/v1/rates?environment=prod", "environment"),
        ("/api/v1/currencies?environment=TEST", "environment"),
    ] {
        let answer = shop.get(path).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{path}");
        let detail = answer.json["error"]["details"][0].as_str().unwrap_or_default().to_owned();
        assert!(detail.starts_with(&format!("{field}:")), "{path}: {detail}");
    }
}

#[tokio::test]
async fn the_feed_is_read_on_from_where_it_was_left() {
    let shop = Shop::open().await;
    for _ in 0..3 {
        shop.invoice_id(HALF_BITCOIN).await;
    }
    let first = shop.get("/api/v1/events?limit=2").await;
    assert_eq!((first.data()[0]["sequence"].as_u64(), first.json["meta"]["has_more"].as_bool()), (Some(1), Some(true)));
    assert_eq!(first.data()[0]["event"], "invoice.created");
    assert!(first.data()[0]["data"]["invoice_id"].is_string());
    let next = first.json["meta"]["next_after"].as_u64().unwrap();
    let rest = shop.get(&format!("/api/v1/events?after={next}&limit=100")).await;
    assert_eq!(rest.data()[0]["sequence"].as_u64(), Some(next + 1));
    assert_eq!(rest.json["meta"]["has_more"], false);
    let end = rest.json["meta"]["next_after"].as_u64().unwrap();
    let nothing = shop.get(&format!("/api/v1/events?after={end}")).await;
    assert_eq!((nothing.data(), nothing.json["meta"]["next_after"].as_u64()), (&json!([]), Some(end)));
}

#[tokio::test]
async fn section_4_10_the_public_lists_need_no_key_and_may_be_kept() {
    let shop = Shop::open().await;
    let currencies = shop.ask("GET", "/api/v1/currencies?environment=test", &[], "").await;
    assert_eq!(currencies.data().as_array().unwrap().len(), 24);
    assert!(currencies.data().as_array().unwrap().iter().all(|row| row["available"] == true), "{}", currencies.text);
    assert!(currencies.header("cache-control").starts_with("public, max-age="));
    assert_eq!(currencies.header("vary"), "x-api-key");
    for path in ["/api/v1/currencies", "/api/v1/rates"] {
        let by_key = shop.get(path).await;
        assert!(!by_key.data().as_array().unwrap().is_empty(), "a test key's own: {}", by_key.text);
    }
    let live = shop.ask("GET", "/api/v1/currencies", &[], "").await;
    assert_eq!((live.status, live.data()), (200, &json!([])));
    let rates = shop.ask("GET", "/api/v1/rates?environment=test", &[], "").await;
    assert_eq!(rates.data().as_array().unwrap().len(), 150);
    assert!(rates.header("cache-control").starts_with("public, max-age="));
    let btc = shop.ask("GET", "/api/v1/rates?environment=test&currency=BTC", &[], "").await;
    assert_eq!(btc.data().as_array().unwrap().len(), 15);
    assert_eq!((&btc.data()[0]["fiat_currency"], &btc.data()[0]["rate"]), (&json!("USD"), &json!("60000")));
}
