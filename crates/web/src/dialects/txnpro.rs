//! txn.pro v1 at `/api/public/v1` (`contracts/txnpro.md`): its routes and how it knows who calls.

use super::{
    call::{Call, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route},
};
use crate::state::AppState;
use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::Response,
};
use farthing_domain::policy::Dialect;
use farthing_gateway::credentials::DialectCaller;
use serde_json::json as object;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::TxnPro, prefix: "/api/public/v1", routes, authenticate, trouble };

const fn routes() -> Vec<Route> {
    Vec::new()
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let refused = || Failure::told(refusal(401, "unauthorized", "HTTP Token: Access denied."));
    let key = call.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(refused)?;
    state.gateway.dialect_caller(Dialect::TxnPro, key).await?.ok_or_else(refused)
}

fn trouble(trouble: Trouble) -> Response {
    match trouble {
        Trouble::NoSuchRoute => refusal(404, "not_found", "Record not found"),
        Trouble::NoSuchMethod => refusal(405, "method_not_allowed", "Method not allowed"),
        Trouble::TooLarge => refusal(413, "payload_too_large", "Payload too large"),
        Trouble::Broken => refusal(400, "bad_request", "Bad request"),
        Trouble::Limited(_) => refusal(429, "too_many_requests", "Too many requests"),
        Trouble::Unavailable(_) => refusal(503, "service_unavailable", "Service unavailable"),
        Trouble::Internal => refusal(500, "internal_server_error", "Internal server error"),
    }
}

/// An error in the form of JSON:API, with an integer status (B.2).
fn refusal(status: u16, code: &str, title: &str) -> Response {
    let body = object!({ "errors": [{ "status": status, "title": title, "code": code }] });
    let mut response = json(status, body.to_string().into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.api+json"));
    response
}
