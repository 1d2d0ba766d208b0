//! Limits of requests, and what a client is told that exceeds them.

use crate::native::{Shop, unlimited};
use farthing_dialects::native::api_keys::Permission;
use farthing_domain::id::Environment;
use farthing_web::settings::WebSettings;

#[tokio::test]
async fn section_2_a_key_that_asks_too_often_is_told_when_to_come_again() {
    let shop = Shop::with(WebSettings { requests_per_minute: 3, ..unlimited() }).await;
    for _ in 0..3 {
        assert_eq!(shop.get("/api/v1/invoices").await.status, 200);
    }
    let refused = shop.get("/api/v1/events").await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds));
    let message = format!("rate limit exceeded, retry after {seconds} seconds");
    assert_eq!(refused.json["error"]["message"], message);
    let other_key = shop.key(Environment::Test, &Permission::ALL).await;
    assert_eq!(shop.ask("GET", "/api/v1/invoices", &[("X-API-Key", &other_key)], "").await.status, 200);
}

#[tokio::test]
async fn section_2_the_public_lists_are_limited_by_address() {
    let shop = Shop::with(WebSettings { public_per_minute: 2, ..unlimited() }).await;
    let ask = async |path: &str| shop.ask("GET", path, &[("X-Forwarded-For", "192.0.2.7")], "").await.status;
    assert_eq!(ask("/api/v1/rates").await, 200);
    assert_eq!(ask("/api/v1/currencies").await, 200);
    assert_eq!(ask("/api/v1/rates").await, 429);
    assert_eq!(shop.get("/api/v1/invoices").await.status, 200);
}
