//! TX.Cash v1 at `/invoice/v1/{testnet|mainnet}` (`contracts/txcash.md`): its routes and how it knows who calls.

mod invoices;

use super::{
    call::{Call, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route, route},
};
use crate::state::AppState;
use axum::response::Response;
use farthing_dialects::txcash::{
    authorization::{KEY_HEADERS, key_of},
    errors::{Errors, message},
};
use farthing_domain::{id::Environment, policy::Dialect};
use farthing_gateway::credentials::DialectCaller;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::TxCash, prefix: "/invoice/v1", routes, authenticate, trouble };

fn routes() -> Vec<Route> {
    vec![
        route!(POST "/{network}/invoice" Credential(invoices::create)),
        route!(GET "/{network}/invoice/{id}" Credential(invoices::read)),
        // Whoever holds the invoice's id, which is as secret as its page's address, chooses a coin for it (A6).
        route!(POST "/{network}/invoice/{id}/payment/address" Public(invoices::payment_address)),
    ]
}

/// The environment that the path names.
fn environment(call: &Call) -> Result<Environment, Failure> {
    match call.parameter("network") {
        "mainnet" => Ok(Environment::Live),
        "testnet" => Ok(Environment::Test),
        _ => Err(Failure::Trouble(Trouble::NoSuchRoute)),
    }
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

/// A key of the other environment is no key here (A10).
async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let environment = environment(call)?;
    let refused = || Failure::told(refusal(401, "the API key is missing or wrong"));
    let bare = || KEY_HEADERS.into_iter().find_map(|name| call.only_header(name)).map(str::to_owned);
    let key = call.only_header("authorization").and_then(key_of).or_else(bare).ok_or_else(refused)?;
    let caller = state.gateway.dialect_caller(Dialect::TxCash, &key).await?.ok_or_else(refused)?;
    if caller.owner.environment == environment { Ok(caller) } else { Err(refused()) }
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

/// A failure that no field is to blame for, in the API's error form (A7).
fn refusal(status: u16, text: &str) -> Response {
    json(status, message(text))
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        Self::told(json(400, errors.body()))
    }
}
