//! `CoinsPaid` v2 at `/api/v2` (`contracts/coinspaid.md`): its routes and how it knows who calls.

mod addresses;
mod invoices;
mod lists;
mod refused;

use super::{
    call::{Call, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route, route},
};
use crate::state::AppState;
use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use farthing_dialects::coinspaid::{
    errors::{Errors, Fault},
    php_json::Php,
    present::data,
    request::is_json,
    signature::{self, KEY_HEADER, SIGNATURE_HEADER},
};
use farthing_domain::policy::Dialect;
use farthing_gateway::credentials::DialectCaller;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::CoinsPaid, prefix: "/api/v2", routes, authenticate, trouble };

fn routes() -> Vec<Route> {
    vec![
        route!(GET "/ping" Public(ping)),
        route!(POST "/invoices/create" Credential(invoices::create)),
        route!(POST "/invoices/{foreign_id}/cancel" Credential(invoices::cancel)),
        route!(GET "/transactions/info" Credential(invoices::info)),
        route!(POST "/addresses/take" Credential(addresses::take)),
        route!(POST "/currencies/list" Credential(lists::currencies)),
        route!(POST "/currencies/pairs" Credential(lists::pairs)),
        route!(POST "/currencies/rates" Credential(lists::pairs)),
        route!(POST "/accounts/list" Credential(lists::accounts)),
        route!(POST "/withdrawal/crypto" Credential(refused::withdrawal)),
        route!(POST "/exchange/calculate" Credential(refused::exchange)),
        route!(POST "/exchange/fixed" Credential(refused::exchange)),
        route!(POST "/exchange/now" Credential(refused::exchange)),
        route!(POST "/futures/rates" Credential(refused::futures_rates)),
        route!(POST "/futures/confirm" Credential(refused::futures_confirm)),
    ]
}

/// Two bytes (A.13).
async fn ping(_: Call) -> Result<Response, Failure> {
    let mut response = "OK".into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=UTF-8"));
    Ok(response)
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

/// In the documented order: key, signature, content (A.3.2), of which every route reads the body first of all.
async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let key = call.only_header(KEY_HEADER).filter(|key| !key.is_empty()).ok_or(Fault::NoKey)?;
    let caller = state.gateway.dialect_caller(Dialect::CoinsPaid, key).await?.ok_or(Fault::BadKey)?;
    let signed = call.only_header(SIGNATURE_HEADER).filter(|signed| !signed.is_empty()).ok_or(Fault::NoSignature)?;
    if !signature::is_right(&caller.secret, &call.body, signed) {
        return Err(Fault::BadSignature.into());
    }
    if call.header("content-type").is_some_and(is_json) { Ok(caller) } else { Err(Fault::BadContent.into()) }
}

/// An unknown URL is told as a missing key (A.3.2).
fn trouble(trouble: Trouble) -> Response {
    let fault = match trouble {
        Trouble::NoSuchRoute | Trouble::NoSuchMethod => Fault::NoKey,
        Trouble::TooLarge | Trouble::Broken => Fault::BadContent,
        Trouble::Limited(_) => Fault::TooMany,
        Trouble::Unavailable(_) => Fault::Unavailable,
        Trouble::Internal => Fault::Internal,
    };
    json(fault.status(), fault.body())
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::told(json(fault.status(), fault.body()))
    }
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        Self::told(json(400, errors.body()))
    }
}

/// A success in its envelope.
fn success(status: u16, value: Php) -> Response {
    json(status, data(value))
}
