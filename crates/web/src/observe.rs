//! Around every request: its id, a log line, its counters, and an answer where a route panicked.
//!
//! Never logs a key, a body, a query or a path as it was sent: the template of the route says enough.

use crate::{
    dialects,
    native::{errors, failure},
    state::AppState,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{Extensions, HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use farthing_gateway::entropy::Ids;
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};
use tokio::time::Instant;
use tracing::Instrument;

/// The header that carries the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The template of a request that no route took.
const NO_ROUTE: &str = "-";

/// Names a request in its answer and in the log.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    fn new(ids: &Ids) -> Self {
        Self(format!("req_{:016x}", u64::from_be_bytes(ids.bytes())))
    }

    /// The request's; empty where none was given, which the outermost layer rules out.
    pub(crate) fn of(extensions: &Extensions) -> String {
        extensions.get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// Answers a request, and tells of it.
pub(crate) async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(state.gateway.ids());
    let began = Instant::now();
    let method = method_name(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", id = id.0);
    let answered = caught(next.run(request)).instrument(span.clone()).await;
    let _in_span = span.enter();
    let mut response = answered.unwrap_or_else(|()| {
        tracing::error!(method, route, "a route panicked");
        dialects::panicked(&path).unwrap_or_else(|| failure::answer(errors::ApiError::internal(), &id.0))
    });
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(method, route, status, took_us);
    count(method, route, status, took_us);
    response
}

fn count(method: &'static str, route: &str, status: u16, took_us: u64) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("farthing_http_requests_total", &labels).increment(1);
    metrics::counter!("farthing_http_request_microseconds_total", "route" => route.to_owned()).increment(took_us);
}

/// The methods there are; what else is sent is one word, so that nobody makes a metric of his own.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// What a future answers; an error when it panicked. The panic's own message is written by the panic hook.
async fn caught<F: Future>(future: F) -> Result<F::Output, ()> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(Err(())),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn break_down() {
        panic!("told by the hook");
    }

    #[tokio::test]
    async fn a_panic_is_caught_wherever_it_happens() {
        assert_eq!(caught(async { 1 }).await, Ok(1));
        let panicking = async {
            tokio::task::yield_now().await;
            break_down();
        };
        assert_eq!(caught(panicking).await, Err(()));
    }
}
