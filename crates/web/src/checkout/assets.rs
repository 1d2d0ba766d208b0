//! The page's style sheet and script: in the binary, named by their content, so that they may be kept for ever.

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::LazyLock;

const CSS: &str = include_str!("../../assets/checkout.css");
const JS: &str = include_str!("../../assets/checkout.js");

/// Where the style sheet is.
pub(super) static CSS_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/checkout.{:016x}.css", fnv1a(CSS)));
/// Where the script is.
pub(super) static JS_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/checkout.{:016x}.js", fnv1a(JS)));

/// The two files.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(&CSS_PATH, get(|| async { asset("text/css; charset=utf-8", CSS) }))
        .route(&JS_PATH, get(|| async { asset("text/javascript; charset=utf-8", JS) }))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text).into_response()
}

/// FNV-1a, 64 bits: tells two versions of a file apart, no more.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
