//! Payhubix v1 at `/v1` (`contracts/payhubix.md`): its routes and how it knows who calls.

use super::{
    call::{Call, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route},
};
use crate::state::AppState;
use axum::response::Response;
use farthing_domain::policy::Dialect;
use farthing_gateway::credentials::DialectCaller;
use serde_json::json as object;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::Payhubix, prefix: "/v1", routes, authenticate, trouble };

const fn routes() -> Vec<Route> {
    Vec::new()
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let refused = || Failure::told(refusal(401, "the API key is missing or wrong"));
    let key = call.header("x-api-key").ok_or_else(refused)?;
    state.gateway.dialect_caller(Dialect::Payhubix, key).await?.ok_or_else(refused)
}

fn trouble(trouble: Trouble) -> Response {
    match trouble {
        Trouble::NoSuchRoute => refusal(404, "there is nothing at this path"),
        Trouble::NoSuchMethod => refusal(405, "this path has no such method"),
        Trouble::TooLarge => refusal(413, "the request body is too large"),
        Trouble::Broken => refusal(400, "the request body is incomplete"),
        Trouble::Limited(_) => refusal(429, "too many requests"),
        Trouble::Unavailable(_) => refusal(503, "this cannot be done at the moment"),
        Trouble::Internal => refusal(500, "something went wrong"),
    }
}

/// A failure in the API's envelope (B2, B16).
fn refusal(status: u16, message: &str) -> Response {
    let body = object!({ "error": true, "number": status, "message": message });
    json(status, body.to_string().into_bytes())
}
