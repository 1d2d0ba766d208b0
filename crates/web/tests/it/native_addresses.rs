//! Permanent addresses over HTTP.

use crate::native::{Answer, HALF_BITCOIN, Shop};
use serde_json::json;

const USDT: &str = r#"{"currency":"USDT","network":"tron","label":"payer 7","external_id":"user-7"}"#;

impl Shop {
    /// Pays an address, a moment after the one before: the world's clock stands still, and lists go by time.
    async fn deposit(&self, address: &str, body: &str) -> Answer {
        self.world.clock.move_by_ms(1);
        self.post(&format!("/api/v1/test/addresses/{address}/payments"), body.to_owned()).await
    }
}

#[tokio::test]
async fn a_deposit_is_an_invoice_of_the_address_and_counts_when_it_is_final() {
    let shop = Shop::open().await;
    let id = shop.address_id(USDT).await;
    let path = format!("/api/v1/addresses/{id}");
    let paid = shop.deposit(&id, r#"{"amount":"12.5"}"#).await;
    assert_eq!((paid.status, &paid.data()["currency"], &paid.data()["network"]), (201, &json!("USDT"), &json!("tron")));
    let seen = shop.get(&path).await;
    assert_eq!((&seen.data()["invoice_count"], &seen.data()["total_received"]), (&json!(1), &json!("0")));
    shop.deposit(&id, r#"{"amount":"0.5","confirmations":19}"#).await;
    let both = shop.get(&path).await;
    assert_eq!((&both.data()["invoice_count"], &both.data()["total_received"]), (&json!(2), &json!("13")));
    let list = shop.get(&format!("{path}/invoices?limit=1&offset=1")).await;
    assert_eq!(list.json["meta"]["pagination"], json!({ "total": 2, "limit": 1, "offset": 1, "has_more": false }));
    let invoice = &list.data()[0];
    assert_eq!((&invoice["status"], &invoice["source"]), (&json!("paid"), &json!("static_address")));
    assert_eq!((&invoice["static_address_id"], &invoice["amount_paid"]), (&json!(id), &json!("12.5")));
    assert_eq!(invoice["payments"][0]["tx_hash"], paid.data()["tx_hash"]);
    let alone = shop.get(&format!("/api/v1/invoices/{}", invoice["id"].as_str().unwrap())).await;
    assert_eq!(alone.data(), invoice);
}

#[tokio::test]
async fn a_repeated_creation_answers_the_same_address_and_another_one_is_refused() {
    let shop = Shop::open().await;
    let with_key = r#"{"currency":"BTC","idempotency_key":"one"}"#;
    let first = shop.post("/api/v1/addresses", with_key).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let again = shop.post("/api/v1/addresses", with_key).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.data(), first.data());
    let other = shop.post("/api/v1/addresses", r#"{"currency":"LTC","idempotency_key":"one"}"#).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_mismatch"));
    let invoice = shop.post("/api/v1/invoices", r#"{"currency":"BTC","amount":"1","idempotency_key":"one"}"#).await;
    assert_eq!((invoice.status, invoice.code()), (422, "idempotency_key_mismatch"));
    let without = shop.post("/api/v1/addresses", r#"{"currency":"BTC"}"#).await;
    assert_ne!(without.data()["address"], first.data()["address"]);
}

#[tokio::test]
async fn addresses_are_listed_newest_first_and_filtered() {
    let shop = Shop::open().await;
    let tether = shop.address_id(USDT).await;
    shop.world.clock.move_by_ms(1);
    let bitcoin = shop.address_id(r#"{"currency":"BTC"}"#).await;
    for (query, ids) in [
        ("", vec![&bitcoin, &tether]),
        ("currency=usdt", vec![&tether]),
        ("external_id=user-7", vec![&tether]),
        ("external_id=user-7&currency=BTC", vec![]),
        ("limit=1&offset=1", vec![&tether]),
    ] {
        let list = shop.get(&format!("/api/v1/addresses?{query}")).await;
        let shown: Vec<&str> = list.data().as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(shown, ids, "{query}");
    }
}

#[tokio::test]
async fn a_deposit_has_a_page_wherever_it_stands() {
    let shop = Shop::open().await;
    let id = shop.address_id(r#"{"currency":"USDT","network":"polygon"}"#).await;
    for (body, shown) in [
        (r#"{"amount":"5"}"#, "seen"),
        (r#"{"amount":"6","confirmations":1}"#, "of 64"),
        (r#"{"amount":"7","confirmations":64}"#, "data-title=\"Paid"),
        (r#"{"amount":"8","currency":"USDC","confirmations":64}"#, "xpired"),
    ] {
        assert_eq!(shop.deposit(&id, body).await.status, 201, "{body}");
        let newest = shop.get(&format!("/api/v1/addresses/{id}/invoices?limit=1")).await.data()[0].clone();
        let url = newest["checkout_url"].as_str().unwrap();
        let page = shop.ask("GET", url.trim_start_matches("http://127.0.0.1:8080"), &[], "").await;
        assert_eq!(page.status, 200, "{body}");
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
        assert!(!page.text.contains("data-seconds"), "no window runs: {}", page.text);
    }
}

#[tokio::test]
async fn bad_calls_are_refused_with_a_reason() {
    let shop = Shop::open().await;
    let id = shop.address_id(USDT).await;
    let invoice = shop.invoice_id(HALF_BITCOIN).await;
    for (body, field) in [("{}", "currency"), (r#"{"currency":"USDT"}"#, "network"), ("[]", "")] {
        let answer = shop.post("/api/v1/addresses", body).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{body}");
        assert!(answer.json["error"]["message"].as_str().unwrap().contains(field), "{answer:?}");
    }
    for (path, status) in [
        ("/api/v1/addresses/x".to_owned(), 400),
        (format!("/api/v1/addresses/{invoice}"), 404),
        (format!("/api/v1/addresses/{invoice}/invoices"), 404),
        (format!("/api/v1/addresses/{id}/invoices?limit=0"), 400),
        ("/api/v1/addresses?currency=%24".to_owned(), 400),
    ] {
        assert_eq!(shop.get(&path).await.status, status, "{path}");
    }
    for (to, body, status, code) in [
        (&id, "{}", 400, "validation_error"),
        (&id, r#"{"amount":"0"}"#, 400, "validation_error"),
        (&id, r#"{"amount":"1","network":"mars"}"#, 400, "validation_error"),
        (&id, r#"{"amount":"1","currency":"BTC"}"#, 400, "invalid_state"),
        (&invoice, r#"{"amount":"1"}"#, 404, "not_found"),
    ] {
        let answer = shop.deposit(to, body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}: {answer:?}");
    }
}
