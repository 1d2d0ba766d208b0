//! From a view to an answer: the templates, and the headers that keep a page from doing anything but its own.

use super::{
    assets::{CSS_PATH, JS_PATH},
    view::View,
};
use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Nothing from anywhere else, nothing inline, in nobody's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers of every page.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")),
];

/// The whole page.
#[derive(Template)]
#[template(path = "checkout/page.html")]
struct Page<'a> {
    view: &'a View,
    merchant: &'a str,
    description: Option<&'a str>,
    token: &'a str,
    css: &'a str,
    js: &'a str,
}

/// The part of it that changes.
#[derive(Template)]
#[template(path = "checkout/live.html")]
struct Live<'a> {
    view: &'a View,
    merchant: &'a str,
    token: &'a str,
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "checkout/message.html")]
struct Message<'a> {
    headline: &'a str,
    message: &'a str,
    back: Option<&'a str>,
    css: &'a str,
}

/// The whole page of an invoice.
///
/// # Errors
/// When a template cannot be rendered, which only a broken template makes.
pub(super) fn page(
    view: &View,
    merchant: &str,
    description: Option<&str>,
    token: &str,
) -> Result<String, askama::Error> {
    Page { view, merchant, description, token, css: &CSS_PATH, js: &JS_PATH }.render()
}

/// The part of the page that changes.
///
/// # Errors
/// As [`page`].
pub(super) fn live(view: &View, merchant: &str, token: &str) -> Result<String, askama::Error> {
    Live { view, merchant, token }.render()
}

/// A page as an answer.
pub(super) fn answer(status: StatusCode, html: Result<String, askama::Error>) -> Response {
    match html {
        Ok(html) => (status, HEADERS, html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, HEADERS, "Something went wrong. Please reload the page.")
                .into_response()
        }
    }
}

/// A page that only says something, with a way back to the invoice where there is one.
pub(super) fn message(status: StatusCode, headline: &str, message: &str, back: Option<&str>) -> Response {
    answer(status, Message { headline, message, back, css: &CSS_PATH }.render())
}

/// What every address gets that leads to no invoice: always the same.
pub(super) fn not_found() -> Response {
    message(
        StatusCode::NOT_FOUND,
        "There is no such invoice",
        "Please check the address of this page, or ask the shop for a new one.",
        None,
    )
}

/// What is said while the store cannot be read or written.
pub(super) fn unavailable() -> Response {
    let text = "Nothing was lost. Please try again in a moment.";
    let mut response = message(StatusCode::SERVICE_UNAVAILABLE, "This page cannot be shown right now", text, None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// What is said when an invoice's address is not its own: showing it could send money to somebody else.
pub(super) fn wrong_address() -> Response {
    let text = "Please do not pay this invoice, and contact the shop. If you already paid, tell the shop that too.";
    message(StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong with this invoice", text, None)
}
