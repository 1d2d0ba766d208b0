//! Test mode over HTTP: pay, mine, reorganise, move the clock.

use crate::native::{HALF_BITCOIN, Shop};
use serde_json::json;

#[tokio::test]
async fn a_payment_is_made_and_becomes_paid_with_its_confirmations() {
    let shop = Shop::open().await;
    let id = shop.invoice_id(HALF_BITCOIN).await;
    let paid = shop.post(&format!("/api/v1/test/invoices/{id}/payments"), r#"{"amount":"0.5"}"#).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    assert_eq!((&paid.data()["currency"], &paid.data()["network"]), (&json!("BTC"), &json!("bitcoin")));
    assert_eq!((&paid.data()["amount"], &paid.data()["confirmations"]), (&json!("0.5"), &json!(0)));
    let path = format!("/api/v1/invoices/{id}");
    assert_eq!(shop.get(&path).await.data()["status"], "confirming");
    let mined = shop.post("/api/v1/test/networks/bitcoin/blocks", r#"{"count":2}"#).await;
    assert!(mined.data()["height"].as_u64().is_some_and(|height| height > 0), "{mined:?}");
    let invoice = shop.get(&path).await;
    assert_eq!((&invoice.data()["status"], &invoice.data()["amount_paid"]), (&json!("paid"), &json!("0.5")));
    assert_eq!(invoice.data()["payments"][0]["tx_hash"], paid.data()["tx_hash"]);
}

#[tokio::test]
async fn scenarios_end_as_they_are_named() {
    let shop = Shop::open().await;
    for (scenario, status, payments) in
        [("exact", "paid", 1), ("underpay", "underpaid", 1), ("overpay", "overpaid", 1), ("split", "paid", 2)]
    {
        let id = shop.invoice_id(HALF_BITCOIN).await;
        let body = format!(r#"{{"scenario":"{scenario}"}}"#);
        let played = shop.post(&format!("/api/v1/test/invoices/{id}/scenarios"), body).await;
        assert_eq!((played.status, &played.data()["scenario"]), (201, &json!(scenario)));
        assert_eq!(played.data()["payments"].as_array().unwrap().len(), payments, "{played:?}");
        assert_eq!(shop.get(&format!("/api/v1/invoices/{id}")).await.data()["status"], status, "{scenario}");
    }
}

#[tokio::test]
async fn the_clock_moves_and_what_is_due_has_happened() {
    let shop = Shop::open().await;
    let id = shop.invoice_id(HALF_BITCOIN).await;
    let moved = shop.post("/api/v1/test/clock/advance", r#"{"seconds":1801}"#).await;
    assert_eq!((moved.status, &moved.data()["environment"]), (200, &json!("test")));
    assert_eq!(shop.get(&format!("/api/v1/invoices/{id}")).await.data()["status"], "expired");
}

#[tokio::test]
async fn the_clock_gets_a_hundred_years_ahead_and_no_second_more() {
    let shop = Shop::open().await;
    let advance = |seconds: u64| format!(r#"{{"seconds":{seconds}}}"#);
    for _ in 0..99 {
        assert_eq!(shop.post("/api/v1/test/clock/advance", advance(366 * 86_400)).await.status, 200);
    }
    for (seconds, status) in [(366 * 86_400 + 1, 400), (366 * 86_400 - 1, 200), (2, 400), (1, 200), (1, 400)] {
        let answer = shop.post("/api/v1/test/clock/advance", advance(seconds)).await;
        assert_eq!(answer.status, status, "{seconds}: {answer:?}");
    }
    let refused = shop.post("/api/v1/test/clock/advance", advance(60)).await;
    assert_eq!(refused.code(), "validation_error");
    let expected = "seconds: would move the test clock more than 36600 days ahead of real time";
    assert!(refused.text.contains(expected), "{refused:?}");
    // What needs no such jump goes on.
    let id = shop.invoice_id(HALF_BITCOIN).await;
    assert_eq!(shop.get(&format!("/api/v1/invoices/{id}")).await.data()["status"], "pending");
    let late = shop.post(&format!("/api/v1/test/invoices/{id}/scenarios"), r#"{"scenario":"late"}"#).await;
    assert_eq!(late.code(), "validation_error", "{late:?}");
}

#[tokio::test]
async fn bad_calls_are_refused_with_a_reason() {
    let shop = Shop::open().await;
    let invoice = shop.invoice_id(HALF_BITCOIN).await;
    let draft = shop.invoice_id(r#"{"amount_fiat":"5"}"#).await;
    let pay = |id: &str| format!("/api/v1/test/invoices/{id}/payments");
    for (path, body, status, code) in [
        (pay(&invoice), "{}", 400, "validation_error"),
        (pay(&invoice), r#"{"amount":"0"}"#, 400, "validation_error"),
        (pay(&invoice), r#"{"amount":0.5}"#, 400, "validation_error"),
        (pay(&invoice), r#"{"amount":"0.000000001"}"#, 400, "validation_error"),
        (pay(&invoice), r#"{"amount":"1","network":"mars"}"#, 400, "validation_error"),
        (pay(&invoice), r#"{"amount":"1","currency":"XMR"}"#, 400, "validation_error"),
        (pay(&invoice), r#"{"amount":"1","confirmations":1001}"#, 400, "validation_error"),
        (pay(&draft), r#"{"amount":"1"}"#, 400, "invalid_state"),
        (pay("0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10"), r#"{"amount":"1"}"#, 404, "not_found"),
        (format!("/api/v1/test/invoices/{invoice}/scenarios"), r#"{"scenario":"miracle"}"#, 400, "validation_error"),
        ("/api/v1/test/networks/mars/blocks".to_owned(), "", 404, "not_found"),
        ("/api/v1/test/networks/m%20!/blocks".to_owned(), "", 404, "not_found"),
        ("/api/v1/test/networks/bitcoin/blocks".to_owned(), r#"{"count":0}"#, 400, "validation_error"),
        ("/api/v1/test/networks/bitcoin/reorg".to_owned(), "{}", 400, "validation_error"),
        ("/api/v1/test/networks/bitcoin/reorg".to_owned(), r#"{"depth":1,"drop":["none"]}"#, 400, "validation_error"),
        ("/api/v1/test/clock/advance".to_owned(), r#"{"seconds":-1}"#, 400, "validation_error"),
    ] {
        let answer = shop.post(&path, body).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{path} {body}: {answer:?}");
    }
}
