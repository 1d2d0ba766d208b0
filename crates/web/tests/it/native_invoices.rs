//! Invoices from creation to cancellation.

use crate::native::{HALF_BITCOIN, Shop};
use farthing_domain::id::InvoiceId;
use farthing_store::StoreError;
use serde_json::json;

#[tokio::test]
async fn section_4_1_a_new_invoice_is_201_with_its_address_and_page() {
    let shop = Shop::open().await;
    let invoice = shop.invoice(r#"{"currency":"BTC","amount":"0.5","description":"Tea","metadata":{"cart":1}}"#).await;
    assert_eq!(invoice["status"], "pending");
    assert_eq!(invoice["environment"], "test");
    assert_eq!((&invoice["amount_requested"], &invoice["amount_paid"]), (&json!("0.5"), &json!("0")));
    assert_eq!(invoice["metadata"], json!({ "cart": 1 }));
    assert!(invoice["deposit_address"].as_str().is_some_and(|address| address.starts_with("tb1q")), "{invoice}");
    assert!(
        invoice["checkout_url"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:8080/pay/")),
        "{invoice}"
    );
    let shown = shop.get(&format!("/api/v1/invoices/{}", invoice["id"].as_str().unwrap())).await;
    assert_eq!((shown.status, shown.data()), (200, &invoice));
}

#[tokio::test]
async fn section_2_the_same_request_answers_the_same_invoice_and_another_is_refused() {
    let shop = Shop::open().await;
    let body = r#"{"currency":"BTC","amount":"0.5","idempotency_key":"order-1"}"#;
    let first = shop.post("/api/v1/invoices", body).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let again =
        shop.post("/api/v1/invoices", r#"{ "idempotency_key":"order-1","amount":"0.50", "currency":"btc"}"#).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.data()["id"], first.data()["id"]);
    let headers = [("X-API-Key", shop.key.as_str()), ("Idempotency-Key", "order-1")];
    let by_header = shop.ask("POST", "/api/v1/invoices", &headers, HALF_BITCOIN).await;
    assert_eq!((by_header.status, &by_header.data()["id"]), (200, &first.data()["id"]));
    let other = shop.post("/api/v1/invoices", r#"{"currency":"BTC","amount":"0.6","idempotency_key":"order-1"}"#).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_mismatch"));
    let differing = shop
        .ask("POST", "/api/v1/invoices", &headers, r#"{"currency":"BTC","amount":"0.5","idempotency_key":"b"}"#)
        .await;
    assert_eq!((differing.status, differing.code()), (400, "validation_error"));
    let twice = [("X-API-Key", shop.key.as_str()), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")];
    assert_eq!(shop.ask("POST", "/api/v1/invoices", &twice, HALF_BITCOIN).await.status, 400);
}

#[tokio::test]
async fn section_11_a_key_is_the_environments_own() {
    let shop = Shop::open().await;
    let body = r#"{"currency":"BTC","amount":"0.5","idempotency_key":"order-1"}"#;
    let mine = shop.post("/api/v1/invoices", body).await;
    let somebody_else = shop.somebody_elses_key().await;
    let theirs = shop.ask("POST", "/api/v1/invoices", &[("X-API-Key", &somebody_else)], body).await;
    assert_eq!((mine.status, theirs.status), (201, 201));
}

#[tokio::test]
async fn a_hundred_parallel_twins_make_one_invoice() {
    let shop = Shop::open().await;
    let body = r#"{"currency":"BTC","amount":"0.5","idempotency_key":"twin"}"#;
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, key) = (shop.app.clone(), shop.key.clone());
        twins.spawn(async move {
            use tower::ServiceExt;
            let request = axum::http::Request::post("/api/v1/invoices")
                .header("X-API-Key", key)
                .body(axum::body::Body::from(body))
                .unwrap();
            app.oneshot(request).await.unwrap().status().as_u16()
        });
    }
    let mut statuses = twins.join_all().await;
    statuses.sort_unstable();
    assert_eq!((statuses[99], statuses[98]), (201, 200));
    assert_eq!(shop.get("/api/v1/invoices").await.json["meta"]["pagination"]["total"], 1);
}

#[tokio::test]
async fn section_9_a_draft_is_activated_with_the_coin_of_choice() {
    let shop = Shop::open().await;
    let draft = shop.invoice(r#"{"amount_fiat":"60","fiat_currency":"USD"}"#).await;
    assert_eq!(
        (&draft["status"], &draft["is_deferred"], &draft["currency"]),
        (&json!("draft"), &json!(true), &json!(null))
    );
    let path = format!("/api/v1/invoices/{}/activate", draft["id"].as_str().unwrap());
    for (body, field) in
        [("", "currency"), (r#"{"currency":"USDT"}"#, "network"), (r#"{"currency":"XMR"}"#, "currency")]
    {
        let refused = shop.post(&path, body).await;
        assert_eq!((refused.status, refused.code()), (400, "validation_error"), "{body}");
        assert!(
            refused.json["error"]["details"][0].as_str().is_some_and(|text| text.starts_with(field)),
            "{refused:?}"
        );
    }
    let active = shop.post(&path, r#"{"currency":"BTC"}"#).await;
    assert_eq!(active.status, 200, "{active:?}");
    assert_eq!((&active.data()["status"], &active.data()["amount_requested"]), (&json!("pending"), &json!("0.001")));
    let other = shop.post(&path, r#"{"currency":"USDT","network":"tron"}"#).await;
    assert_eq!((&other.data()["amount_requested"], &other.data()["activation_count"]), (&json!("60"), &json!(2)));
}

#[tokio::test]
async fn a_draft_locked_to_its_coin_needs_no_body() {
    let shop = Shop::open().await;
    let body = r#"{"amount_fiat":"60","currency":"BTC","deferred":true}"#;
    let path = format!("/api/v1/invoices/{}/activate", shop.invoice_id(body).await);
    assert_eq!(shop.post(&path, r#"{"currency":"LTC"}"#).await.status, 400);
    assert_eq!(shop.post(&path, "").await.data()["status"], "pending");
}

#[tokio::test]
async fn what_is_cancelled_stays_cancelled() {
    let shop = Shop::open().await;
    let path = format!("/api/v1/invoices/{}/cancel", shop.invoice_id(HALF_BITCOIN).await);
    assert_eq!(shop.post(&path, "").await.data()["status"], "cancelled");
    let again = shop.post(&path, "{}").await;
    assert_eq!((again.status, again.code()), (400, "invalid_state"));
}

#[tokio::test]
async fn a_live_key_without_networks_sells_nothing() {
    let shop = Shop::open().await;
    let live =
        shop.key(farthing_domain::id::Environment::Live, &farthing_dialects::native::api_keys::Permission::ALL).await;
    let answer = shop.ask("POST", "/api/v1/invoices", &[("X-API-Key", &live)], HALF_BITCOIN).await;
    assert_eq!((answer.status, answer.code()), (400, "validation_error"));
}

#[tokio::test]
async fn an_address_that_somebody_changed_in_the_database_is_not_shown() {
    let shop = Shop::open().await;
    let (kept, changed) = (shop.invoice(HALF_BITCOIN).await, shop.invoice(HALF_BITCOIN).await);
    let address = kept["deposit_address"].as_str().unwrap().to_owned();
    let id: InvoiceId = changed["id"].as_str().unwrap().parse().unwrap();
    let forged: Result<(), StoreError> = shop
        .world
        .gateway
        .store()
        .decide(move |transaction| {
            let mut invoice = transaction.lock_any_invoice(id)?.unwrap();
            invoice.quotes[0].address.clone_from(&address);
            transaction.save_invoice(&invoice, None)
        })
        .await;
    forged.unwrap();
    for path in [format!("/api/v1/invoices/{id}"), "/api/v1/invoices".to_owned()] {
        let answer = shop.get(&path).await;
        assert_eq!((answer.status, answer.code()), (500, "internal_error"), "{path}");
    }
    assert_eq!(shop.get(&format!("/api/v1/invoices/{}", kept["id"].as_str().unwrap())).await.status, 200);
}
