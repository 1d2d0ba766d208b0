//! The API's description, for programs (`/openapi.json`) and for people (`/docs`).
//!
//! Both are made of one document when the server starts. The page needs nobody else's server and runs no script.

mod page;

use crate::state::AppState;
use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use utoipa::openapi::OpenApi;

/// Only the page's own style sheet.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long each may be kept: it changes with the program only.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

const NOSNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

const CSS: &str = include_str!("../assets/docs.css");

/// The routes.
pub(crate) fn routes(document: &OpenApi) -> Router<AppState> {
    // The document holds texts and numbers only, which always can be written.
    let json = Bytes::from(document.to_pretty_json().unwrap_or_default());
    let html = Bytes::from(page::render(document));
    Router::new()
        .route("/openapi.json", get(|| async { answer("application/json", json) }))
        .route("/docs", get(|| async { page_answer(html) }))
        .route(
            "/docs/docs.css",
            get(|| async { answer("text/css; charset=utf-8", Bytes::from_static(CSS.as_bytes())) }),
        )
}

fn answer(kind: &'static str, body: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, CACHED), NOSNIFF], body)
}

fn page_answer(body: Bytes) -> impl IntoResponse {
    let policy = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (policy, answer("text/html; charset=utf-8", body))
}
