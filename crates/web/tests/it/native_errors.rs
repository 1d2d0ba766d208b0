//! Errors have one form, whatever went wrong.

use crate::native::{Answer, HALF_BITCOIN, Shop};

fn is_in_the_envelope(answer: &Answer) {
    let id = answer.json["meta"]["request_id"].as_str().expect("a request id");
    let digits = id.strip_prefix("req_").expect("the prefix");
    assert!(digits.len() >= 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(answer.header("x-request-id"), id);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json["error"]["message"].is_string() && answer.json["error"]["details"].is_array(), "{answer:?}");
}

#[tokio::test]
async fn section_2_every_error_is_in_the_envelope() {
    let shop = Shop::open().await;
    let key = ("X-API-Key", shop.key.as_str());
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let missing = "/api/v1/invoices/0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10";
    let large = "x".repeat(65_537);
    for (method, path, headers, body, status, code) in [
        ("GET", "/nowhere", vec![], "", 404, "not_found"),
        ("GET", "/api/v1/nowhere", vec![key], "", 404, "not_found"),
        ("GET", missing, vec![key], "", 404, "not_found"),
        ("GET", "/api/v1/invoices/not-a-uuid", vec![key], "", 400, "validation_error"),
        ("GET", "/api/v1/invoices/%ff", vec![key], "", 400, "validation_error"),
        ("PUT", "/api/v1/invoices", vec![key], "", 405, "method_not_allowed"),
        ("DELETE", missing, vec![key], "", 405, "method_not_allowed"),
        ("PATCH", "/api/v1/rates", vec![], "", 405, "method_not_allowed"),
        ("POST", "/api/v1/invoices", vec![], "{}", 401, "unauthorized"),
        ("POST", "/api/v1/invoices", vec![key], "{}", 400, "validation_error"),
        ("POST", "/api/v1/invoices", vec![key], &large, 413, "validation_error"),
        ("POST", "/api/v1/invoices", vec![key, form], "currency=BTC&amount=0.5", 415, "validation_error"),
        (
            "POST",
            "/api/v1/invoices",
            vec![key, ("Content-Type", "multipart/form-data; boundary=x")],
            "x",
            415,
            "validation_error",
        ),
        ("POST", &format!("{missing}/cancel"), vec![key], "", 404, "not_found"),
        ("POST", &format!("{missing}/activate"), vec![key], r#"{"currency":"BTC"}"#, 404, "not_found"),
    ] {
        let answer = shop.ask(method, path, &headers, body.to_owned()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}: {answer:?}");
        is_in_the_envelope(&answer);
    }
}

#[tokio::test]
async fn json_is_read_as_json_whatever_it_is_called() {
    let shop = Shop::open().await;
    let by_curl = "application/x-www-form-urlencoded";
    for kind in [
        None,
        Some("application/json; charset=utf-8"),
        Some(by_curl),
        Some("application/vnd.shop+json"),
        Some("text/plain"),
    ] {
        let mut headers = vec![("X-API-Key", shop.key.as_str())];
        headers.extend(kind.map(|kind| ("Content-Type", kind)));
        assert_eq!(shop.ask("POST", "/api/v1/invoices", &headers, HALF_BITCOIN).await.status, 201, "{kind:?}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let shop = Shop::open().await;
    let answer = shop.ask("DELETE", "/api/v1/invoices", &[("X-API-Key", &shop.key)], "").await;
    let allowed = answer.header("allow");
    assert!(answer.status == 405 && allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn section_11_a_base_url_without_api_is_told_the_right_one() {
    let shop = Shop::open().await;
    for path in ["/v1/invoices", "/api/invoices", "/invoices", "/api/v1/v1/invoices", "/api/v1/invoices/"] {
        let answer = shop.ask("POST", path, &[("X-API-Key", &shop.key)], HALF_BITCOIN).await;
        assert_eq!(answer.status, 404, "{path}");
        let message = answer.json["error"]["message"].as_str().expect("a message");
        assert!(message.contains("http://127.0.0.1:8080/api,"), "{message}");
    }
    let other = shop.ask("POST", "/v1/charge", &[], "").await;
    assert!(!other.text.contains("8080"), "{}", other.text);
}

#[tokio::test]
async fn a_request_that_is_answered_has_an_id_of_its_own() {
    let shop = Shop::open().await;
    let (one, two) = (shop.get("/api/v1/invoices").await, shop.get("/api/v1/invoices").await);
    assert_eq!(one.json["meta"]["request_id"], one.header("x-request-id"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    assert_eq!(one.header("cache-control"), "no-store");
}

#[tokio::test]
async fn section_11_a_network_out_of_reach_for_ten_minutes_is_gate_offline() {
    let shop = Shop::open().await;
    shop.world.clock.move_by_ms(600_000);
    assert_eq!(shop.post("/api/v1/invoices", HALF_BITCOIN).await.status, 201);
    shop.world.clock.move_by_ms(1_000);
    let answer = shop.post("/api/v1/invoices", HALF_BITCOIN).await;
    assert_eq!((answer.status, answer.code()), (503, "gate_offline"), "{answer:?}");
    assert!(answer.text.contains("bitcoin"));
    let currencies = shop.get("/api/v1/currencies?environment=test").await;
    assert!(currencies.data().as_array().expect("a list").iter().all(|row| row["available"] == false));
}
