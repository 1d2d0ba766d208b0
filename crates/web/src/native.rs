//! The native API, `/api/v1`: one table of routes, one gate in front of all of them, one file a resource.
//!
//! A route is what the table says: it cannot be mounted without saying who may call it, and what it documents is what it is.

mod addresses;
mod call;
mod currencies;
mod document;
mod events;
pub(crate) mod failure;
mod gate;
mod invoices;
mod rates;
mod route;
mod table;
mod test_mode;
mod webhook_endpoints;

pub(crate) use document::example;
pub(crate) use farthing_dialects::native::errors;

use crate::{dialects, observe::RequestId, state::AppState};
use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    response::Response,
    routing::on,
};
use errors::{ApiError, ErrorCode};
use std::sync::Arc;
use utoipa::openapi::OpenApi;

/// The routes of the table, each behind the gate.
pub(crate) fn routes() -> Router<AppState> {
    let mut router = Router::new();
    for route in table::routes() {
        let route = Arc::new(route);
        let (path, filter) = (route.path.clone(), route.filter);
        let gate =
            move |State(state): State<AppState>, request: Request| gate::pass(Arc::clone(&route), state, request);
        router = router.route(&path, on(filter, gate));
    }
    router
}

/// The API's description.
pub(crate) fn document(public_url: &str) -> OpenApi {
    document::of(&table::routes(), public_url)
}

/// The answer to a path that no route has. Where somebody left out a part of the base, it says which is right.
pub(crate) async fn no_such_route(State(state): State<AppState>, request: Request) -> Response {
    if let Some(response) = dialects::no_such_route(&request) {
        return response;
    }
    let id = RequestId::of(request.extensions());
    let base = format!("{}/api", state.gateway.public_url());
    let message = match table::meant(request.uri().path()) {
        Some(path) => {
            format!("there is nothing at this path; the API's base URL is {base}, so you may mean {base}{path}")
        }
        None => format!("there is nothing at this path; {}/docs describes the API", state.gateway.public_url()),
    };
    failure::answer(ApiError::new(ErrorCode::NotFound, message), &id)
}

/// The answer to a method that a path does not have; which it has is in the `Allow` header.
pub(crate) async fn method_not_allowed(request: Request) -> Response {
    let method = if request.method() == Method::HEAD { "HEAD" } else { "this method" };
    let message = format!("{method} is not allowed at this path; see the Allow header");
    failure::answer(ApiError::new(ErrorCode::MethodNotAllowed, message), &RequestId::of(request.extensions()))
}
