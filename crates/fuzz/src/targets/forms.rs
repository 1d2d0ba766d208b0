//! Request bodies of the native API.

use crate::Target;
use farthing_dialects::native::{
    endpoints::{CreateEndpoint, RotateSecret, UpdateEndpoint},
    errors::ApiError,
    forms::Activate,
    request::CreateInvoice,
    test_mode::{AdvanceClock, Mine, Reorg, Scenario, TestPayment},
    web_address::PlainHttp,
};
use farthing_domain::catalog::Catalog;
use serde_json::Value;
use std::fmt::Debug;

/// `POST /api/v1/invoices`.
pub(super) const INVOICE: Target = Target {
    name: "invoice",
    feed: invoice,
    seeds: &[
        br#"{"currency":"BTC","amount":"0.5"}"#,
        br#"{"currency":"USDT","network":"tron","amount":"25.50","description":"a","external_id":"1","idempotency_key":"k","metadata":{"a":[1,1.5e3,null,{"b":"c"}]},"redirect_url":"https://shop.example/?a=b#c","expiry_minutes":30,"payment_tolerance":"0.1","customer_email":"a@b.co","deferred":false}"#,
        br#"{"amount_fiat":"49.90","fiat_currency":"EUR"}"#,
        br#"{"amount_usd":"1","currency":"USDC","network":"polygon","deferred":true}"#,
        br#"{"amount_usd":"1","amount_fiat":"1","fiat_currency":"JPY"}"#,
        br#"{"amount":"340282366920938463463374607431768211456","currency":"ETH","network":"base"}"#,
        br#"{"amount":1.5,"currency":"BTC"}"#,
        br#"{"amount":"1","amount":"9","currency":"BTC"}"#,
        br#"{"metadata":{"n":1e400},"amount_fiat":"1"}"#,
        br#"{"redirect_url":"https://good@evil.example/","amount_fiat":"1"}"#,
        br#"{"customer_email":"a@b.co\r\nBcc: x@y.z","amount_fiat":"1"}"#,
    ],
};

/// All other bodies.
pub(super) const OTHERS: Target = Target {
    name: "bodies",
    feed: others,
    seeds: &[
        b"",
        b"{}",
        br#"{"currency":"USDT","network":"tron"}"#,
        br#"{"url":"https://shop.example/webhooks","events":["invoice.paid","test"]}"#,
        br#"{"url":"https://127.1/","events":[]}"#,
        br#"{"overlap_seconds":86400}"#,
        br#"{"overlap_seconds":-1e3}"#,
        br#"{"amount":"0.1","confirmations":1,"currency":"BTC","network":"bitcoin"}"#,
        br#"{"scenario":"double_spend"}"#,
        br#"{"count":10}"#,
        br#"{"depth":2,"drop":["aa"]}"#,
        br#"{"seconds":31622400}"#,
    ],
};

fn invoice(bytes: &[u8]) {
    let catalog = Catalog::shipped();
    let first = CreateInvoice::parse(bytes, None, &catalog);
    match &first {
        Ok(request) => {
            assert!(request.fingerprint.len() == 64);
            // The same members in another order and with other white space mean the same.
            if let Ok(value) = serde_json::from_slice::<Value>(bytes)
                && let Ok(other_form) = serde_json::to_string_pretty(&value)
                && value.get("metadata").is_none()
            {
                let second = CreateInvoice::parse(other_form.as_bytes(), None, &catalog);
                assert_eq!(second.as_ref().ok(), Some(request), "written as {other_form}");
            }
        }
        Err(error) => is_told(error),
    }
    // A key in the header is the same as one in the body.
    if let (Ok(request), Ok(with_key)) = (&first, CreateInvoice::parse(bytes, Some("key"), &catalog)) {
        assert_eq!(request.fingerprint, with_key.fingerprint);
    }
}

fn others(bytes: &[u8]) {
    twice(|| Activate::parse(bytes));
    for plain in [PlainHttp::Never, PlainHttp::OnLoopback, PlainHttp::Everywhere] {
        twice(|| CreateEndpoint::parse(bytes, plain));
        twice(|| UpdateEndpoint::parse(bytes, plain));
    }
    twice(|| RotateSecret::parse(bytes));
    twice(|| TestPayment::parse(bytes));
    twice(|| Scenario::parse(bytes));
    twice(|| Mine::parse(bytes));
    twice(|| Reorg::parse(bytes));
    twice(|| AdvanceClock::parse(bytes));
}

/// The same bytes mean the same, and a refusal says why.
fn twice<T: Debug>(read: impl Fn() -> Result<T, ApiError>) {
    let (first, second) = (read(), read());
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    if let Err(error) = &first {
        is_told(error);
    }
}

fn is_told(error: &ApiError) {
    assert!(!error.message.is_empty());
    assert!(error.details.iter().all(|detail| !detail.contains(['\r', '\n', '\0'])), "{:?}", error.details);
}
