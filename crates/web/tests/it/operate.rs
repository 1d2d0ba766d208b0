//! What those see who run it.

use crate::native::{HALF_BITCOIN, Shop, unlimited};
use axum::{body::Body, http::Request};
use farthing_web::{edge::PeerAddr, settings::WebSettings};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::net::SocketAddr;

#[tokio::test]
async fn a_running_gateway_is_healthy_and_ready() {
    let shop = Shop::open().await;
    let health = shop.ask("GET", "/healthz", &[], "").await;
    assert_eq!((health.status, &health.json["status"]), (200, &serde_json::json!("ok")));
    let ready = shop.ask("GET", "/readyz", &[], "").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    let networks = ready.json["networks"].as_array().unwrap();
    assert!(networks.len() == 10 && networks.iter().all(|network| network["state"] == "ready"), "{ready:?}");
    shop.world.clock.move_by_ms(3_600_000);
    let degraded = shop.ask("GET", "/readyz", &[], "").await;
    assert_eq!((degraded.status, &degraded.json["networks"][0]["state"]), (200, &serde_json::json!("degraded")));
}

#[tokio::test]
async fn health_is_red_for_a_minute_after_a_background_task_fell_over() {
    let shop = Shop::open().await;
    shop.world.gateway.note_fall("scan live polygon");
    let health = shop.ask("GET", "/healthz", &[], "").await;
    assert_eq!(health.status, 503);
    assert_eq!(health.json, serde_json::json!({"status": "degraded", "store": "ok", "tasks": "ailing"}));
    assert_eq!(shop.ask("GET", "/readyz", &[], "").await.status, 200, "it goes on selling");
    shop.world.clock.move_by_ms(61_000);
    assert_eq!(shop.ask("GET", "/healthz", &[], "").await.status, 200);
    shop.world.gateway.note_fall("scan live polygon");
    shop.world.clock.move_by_ms(-3_600_000);
    assert_eq!(shop.ask("GET", "/healthz", &[], "").await.status, 200, "a clock that is set back makes nobody ill");
}

#[tokio::test]
async fn the_numbers_are_for_this_machine_alone() {
    let handle = PrometheusBuilder::new().install_recorder().expect("the first");
    let shop = Shop::with(WebSettings { metrics: Some(handle), ..unlimited() }).await;
    shop.invoice_id(HALF_BITCOIN).await;
    let numbers = shop.ask("GET", "/metrics", &[], "").await;
    assert_eq!(numbers.status, 200);
    for line in [
        "farthing_http_requests_total{method=\"POST\",route=\"/api/v1/invoices\",status=\"201\"}",
        "farthing_invoices_created_total{environment=\"test\"}",
        "farthing_chain_cursor{environment=\"test\",network=\"bitcoin\"}",
        "farthing_chain_head{environment=\"test\",network=\"bitcoin\"}",
        "farthing_watched_addresses{environment=\"test\",network=\"bitcoin\"} 1",
        "farthing_chain_behind_blocks{environment=\"test\",network=\"bitcoin\"} 0",
        "farthing_chain_gap_blocks{environment=\"test\",network=\"bitcoin\"} 0",
        "farthing_chain_alarm{environment=\"test\",network=\"bitcoin\"} 0",
        "farthing_chain_sells{environment=\"test\",network=\"bitcoin\"} 1",
        "farthing_unexplained_surpluses 0",
        "farthing_address_concerns 0",
        "farthing_tasks_ailing 0",
        "farthing_outbox_waiting 0",
        "farthing_set_aside 0",
        "farthing_store_commits_total",
    ] {
        assert!(numbers.text.contains(line), "{line} in {}", numbers.text);
    }
    assert!(!numbers.text.contains("sk_test_"));
    for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"] {
        assert_eq!(shop.ask("GET", "/metrics", &[(header, "192.0.2.7")], "").await.status, 404, "{header}");
    }
    let from = SocketAddr::from(([192, 0, 2, 7], 4000));
    let request = Request::get("/metrics").extension(PeerAddr(from)).body(Body::empty()).unwrap();
    assert_eq!(shop.send(request).await.status, 404);
    let without = Shop::open().await;
    assert_eq!(without.ask("GET", "/metrics", &[], "").await.status, 404);
}
