//! From a view to an answer: the templates, and the headers that keep a page from doing anything but its own.

use super::{
    assets::{CSS_PATH, JS_PATH},
    language::{Language, Tongue, texts::Texts},
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

/// Which invoice's page, and in which language.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The invoice's token.
    pub(super) token: &'a str,
    /// The language.
    pub(super) tongue: Tongue,
}

/// The whole page.
#[derive(Template)]
#[template(path = "checkout/page.html")]
struct Page<'a> {
    view: &'a View,
    merchant: &'a str,
    description: Option<&'a str>,
    token: &'a str,
    t: &'a Texts,
    /// What addresses of this page end with.
    query: String,
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
    t: &'a Texts,
    query: String,
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "checkout/message.html")]
struct Message<'a> {
    headline: &'a str,
    message: &'a str,
    back: Option<&'a str>,
    t: &'a Texts,
    query: String,
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
    place: Place<'_>,
) -> Result<String, askama::Error> {
    let Place { token, tongue } = place;
    let (t, query) = (tongue.texts(), tongue.query());
    Page { view, merchant, description, token, t, query, css: &CSS_PATH, js: &JS_PATH }.render()
}

/// The part of the page that changes.
///
/// # Errors
/// As [`page`].
pub(super) fn live(view: &View, merchant: &str, place: Place<'_>) -> Result<String, askama::Error> {
    let Place { token, tongue } = place;
    Live { view, merchant, token, t: tongue.texts(), query: tongue.query() }.render()
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

/// A page that only says something.
fn message(status: StatusCode, said: (&str, &str), back: Option<&str>, tongue: Tongue) -> Response {
    let (headline, message) = said;
    let (t, query) = (tongue.texts(), tongue.query());
    answer(status, Message { headline, message, back, t, query, css: &CSS_PATH }.render())
}

/// A page that only says something, with a way back to the invoice; headline and sentence are chosen from the language's texts.
pub(super) fn message_at<'a>(
    place: Place<'_>,
    status: StatusCode,
    said: impl FnOnce(&'static Texts) -> (&'a str, &'a str),
) -> Response {
    message(status, said(place.tongue.texts()), Some(place.token), place.tongue)
}

/// What every address gets that leads to no invoice: always the same.
pub(super) fn not_found(tongue: Tongue) -> Response {
    let texts = tongue.texts();
    message(StatusCode::NOT_FOUND, (texts.unknown_head, texts.unknown), None, tongue)
}

/// What is said while the store cannot be read or written.
pub(super) fn unavailable(tongue: Tongue) -> Response {
    let texts = tongue.texts();
    let said = (texts.unavailable_head, texts.unavailable);
    let mut response = message(StatusCode::SERVICE_UNAVAILABLE, said, None, tongue);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// What is said when an invoice's address is not its own: showing it could send money to somebody else.
pub(super) fn wrong_address(tongue: Tongue) -> Response {
    let texts = tongue.texts();
    message(StatusCode::INTERNAL_SERVER_ERROR, (texts.wrong_head, texts.wrong), None, tongue)
}

/// What a stream is refused with: read by scripts and in logs only.
pub(super) fn too_many_streams(tongue: Tongue) -> Response {
    let texts = tongue.texts();
    message(StatusCode::TOO_MANY_REQUESTS, (texts.too_many_head, texts.too_many), None, tongue)
}
