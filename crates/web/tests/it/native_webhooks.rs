//! Webhook endpoints as a shop manages them.

use crate::native::{HALF_BITCOIN, Shop, unlimited};
use farthing_web::settings::WebSettings;
use serde_json::json;

#[tokio::test]
async fn a_secret_is_shown_when_it_is_made_and_never_again() {
    let shop = Shop::open().await;
    let made = shop
        .post("/api/v1/webhook-endpoints", r#"{"url":"https://shop.example/hooks","events":["invoice.paid"]}"#)
        .await;
    assert_eq!(made.status, 201);
    let secret = made.data()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    assert_eq!(made.data()["events"], json!(["invoice.paid"]));
    let path = format!("/api/v1/webhook-endpoints/{}", made.data()["id"].as_str().unwrap());
    let listed = shop.get("/api/v1/webhook-endpoints").await;
    assert!(!listed.text.contains("whsec_") && !shop.get(&path).await.text.contains("whsec_"));
    let rotated = shop.post(&format!("{path}/rotate-secret"), r#"{"overlap_seconds":60}"#).await;
    assert_eq!(rotated.status, 200);
    assert_ne!(rotated.data()["secret"], secret.as_str());
    let key = [("X-API-Key", shop.key.as_str())];
    let changed = shop.ask("PATCH", &path, &key, r#"{"url":"https://shop.example/other"}"#).await;
    assert_eq!((changed.status, &changed.data()["url"]), (200, &json!("https://shop.example/other")));
    assert_eq!(changed.data()["events"], json!(["invoice.paid"]));
    assert_eq!(shop.ask("DELETE", &path, &key, "").await.status, 204);
    assert_eq!(shop.get(&path).await.status, 404);
    assert_eq!(shop.ask("DELETE", &path, &key, "").await.status, 404);
}

#[tokio::test]
async fn deliveries_and_their_attempts_can_be_seen_and_repeated() {
    let shop = Shop::open().await;
    let endpoint = shop.endpoint_id().await;
    let delivery = shop.delivery_id(&endpoint).await;
    shop.invoice_id(HALF_BITCOIN).await;
    let path = format!("/api/v1/webhook-endpoints/{endpoint}/deliveries");
    let listed = shop.get(&path).await;
    let last = listed.data().as_array().unwrap().iter().find(|row| row["id"] == delivery.as_str()).unwrap().clone();
    assert_eq!((&last["event"], &last["status"], &last["attempts"]), (&json!("test"), &json!("waiting"), &json!([])));
    assert_eq!(shop.get(&format!("{path}/{delivery}/attempts")).await.data(), &json!([]));
    let again = shop.post(&format!("{path}/{delivery}/redeliver"), "").await;
    assert_eq!((again.status, &again.data()["id"]), (200, &json!(delivery)));
    let other = shop.endpoint_id().await;
    let elsewhere = format!("/api/v1/webhook-endpoints/{other}/deliveries/{delivery}/redeliver");
    assert_eq!(shop.post(&elsewhere, "").await.status, 404);
}

#[tokio::test]
async fn bad_endpoints_are_refused() {
    let shop = Shop::with(WebSettings { allow_http_webhooks: false, ..unlimited() }).await;
    for (body, field) in [
        ("{}", "url"),
        (r#"{"url":""}"#, "url"),
        (r#"{"url":7}"#, "url"),
        (r#"{"url":"http://shop.example/"}"#, "url"),
        (r#"{"url":"javascript:alert(1)"}"#, "url"),
        (r#"{"url":"https://a:b@shop.example/"}"#, "url"),
        (r#"{"url":"https://shop.example/","events":[]}"#, "events"),
        (r#"{"url":"https://shop.example/","events":["invoice.lost"]}"#, "events"),
        (r#"{"url":"https://shop.example/","events":"invoice.paid"}"#, "events"),
    ] {
        let answer = shop.post("/api/v1/webhook-endpoints", body).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{body}");
        assert!(answer.json["error"]["details"][0].as_str().is_some_and(|text| text.starts_with(field)), "{answer:?}");
    }
    assert_eq!(shop.get("/api/v1/webhook-endpoints").await.json["meta"]["pagination"]["total"], 0);
}
