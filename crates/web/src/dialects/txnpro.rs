//! txn.pro v1 at `/api/public/v1` (`contracts/txnpro.md`): its routes and how it knows who calls.

mod accounts;
mod channels;
mod currencies;
mod invoices;
mod refused;

use super::{
    call::{Call, KeyCall, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route, route},
};
use crate::state::AppState;
use axum::{
    http::{
        HeaderValue,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::Response,
};
use farthing_dialects::{
    native::present::Context,
    txnpro::{
        errors::{Errors, Fault},
        request::{OnSale, is_json},
    },
};
use farthing_domain::policy::Dialect;
use farthing_gateway::{addresses::NoAddress, credentials::DialectCaller, quotes::NoQuote};
use serde::Serialize;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::TxnPro, prefix: "/api/public/v1", routes, authenticate, trouble };

/// The media type of JSON:API.
const MEDIA_TYPE: &str = "application/vnd.api+json";

fn routes() -> Vec<Route> {
    let mut routes = vec![
        route!(POST "/invoices" Credential(invoices::create)),
        route!(GET "/invoices" Credential(invoices::list)),
        route!(GET "/invoices/currency_pairs" Credential(currencies::of_invoices)),
        route!(GET "/invoices/{id}" Credential(invoices::get)),
        route!(POST "/channels" Credential(channels::create)),
        route!(GET "/channels" Credential(channels::list)),
        route!(GET "/channels/currency_pairs" Credential(currencies::of_channels)),
        route!(GET "/channels/{id}" Credential(channels::get)),
        route!(PATCH "/channels/{id}" Credential(channels::change)),
        route!(PUT "/channels/{id}" Credential(channels::change)),
        route!(GET "/channels/{id}/transactions" Credential(channels::deposits)),
        route!(GET "/channels/{id}/transactions/{deposit_id}" Credential(channels::deposit)),
        route!(POST "/addresses/validate" Credential(currencies::validate_address)),
        route!(GET "/accounts" Credential(accounts::list)),
        route!(GET "/accounts/{id}" Credential(accounts::get)),
    ];
    routes.extend(refused_routes());
    routes
}

/// What needs money to go out: lists in which there is nothing, and refusals (B.14).
fn refused_routes() -> Vec<Route> {
    vec![
        route!(GET "/accounts/{id}/addresses" Credential(refused::no_addresses)),
        route!(POST "/accounts/{id}/addresses" Credential(refused::no_addresses)),
        route!(GET "/accounts/{id}/transactions" Credential(refused::no_ledger)),
        route!(GET "/accounts/{id}/transactions/{txid}" Credential(refused::no_ledger)),
        route!(GET "/exchange/rate" Credential(refused::no_such_pair)),
        route!(GET "/exchange/quotes" Credential(refused::nothing)),
        route!(POST "/exchange/quotes" Credential(refused::no_such_pair)),
        route!(GET "/exchange/quotes/{id}" Credential(refused::no_such_record)),
        route!(PATCH "/exchange/quotes/{id}" Credential(refused::no_such_record)),
        route!(GET "/payouts" Credential(refused::nothing)),
        route!(POST "/payouts" Credential(refused::no_such_pair)),
        route!(GET "/payouts/currency_pairs" Credential(refused::nothing)),
        route!(POST "/payouts/draft" Credential(refused::no_such_pair)),
        route!(GET "/payouts/{id}" Credential(refused::no_such_record)),
        route!(PUT "/payouts/{id}" Credential(refused::no_such_record)),
        route!(GET "/payment_links" Credential(refused::nothing)),
        route!(POST "/payment_links" Credential(refused::not_supported)),
        route!(GET "/payment_links/{id}" Credential(refused::no_such_record)),
        route!(POST "/payment_links/{id}/expiration" Credential(refused::no_such_record)),
    ]
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let (scheme, key) = call.only_header("authorization").and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Fault::Unauthorized.into());
    }
    let caller = state.gateway.dialect_caller(Dialect::TxnPro, key.trim()).await?;
    caller.ok_or_else(|| Fault::Unauthorized.into())
}

fn trouble(trouble: Trouble) -> Response {
    let fault = match trouble {
        Trouble::NoSuchRoute => Fault::NotFound,
        Trouble::NoSuchMethod => Fault::MethodNotAllowed,
        Trouble::TooLarge => Fault::PayloadTooLarge,
        Trouble::Broken => Fault::BadRequest,
        Trouble::Limited(_) => Fault::TooManyRequests,
        Trouble::Unavailable(_) => Fault::Unavailable,
        Trouble::Internal => Fault::Internal,
    };
    refusal(&fault.into())
}

fn refusal(errors: &Errors) -> Response {
    let mut response = answer(errors.status(), errors.body());
    if errors.status() == 401 {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        Self::told(refusal(&errors))
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Errors::from(fault).into()
    }
}

fn refused(fault: Fault) -> Failure {
    fault.into()
}

/// A document with what it needs beside it.
fn shown<T: Serialize>(call: &KeyCall, status: u16, show: impl FnOnce(&Context<'_>) -> T) -> Response {
    document(status, &call.call.gateway().with_context(call.caller.owner.environment, show))
}

/// A document.
fn document(status: u16, document: &impl Serialize) -> Response {
    serde_json::to_vec(document).map_or_else(|_| refusal(&Fault::Internal.into()), |body| answer(status, body))
}

fn answer(status: u16, body: Vec<u8>) -> Response {
    let mut response = json(status, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// The body of a call that sends one: it may be called JSON:API, JSON, or nothing at all (B.1).
fn body(call: &KeyCall) -> Result<&[u8], Failure> {
    if call.call.header("content-type").is_some_and(|sent| !is_json(sent)) {
        return Err(refused(Fault::UnsupportedMediaType));
    }
    Ok(&call.call.body)
}

/// What is on sale to a credential now.
fn with_sale<T>(call: &KeyCall, read: impl FnOnce(&OnSale<'_>) -> T) -> T {
    let (gateway, environment) = (call.call.gateway(), call.caller.owner.environment);
    let setup = gateway.environment(environment);
    let now = gateway.clocks().of_rates(environment);
    let has_rate = |code, fiat| setup.rates.has_rate(code, fiat, now);
    read(&OnSale { environment, catalog: &setup.catalog, has_rate: &has_rate })
}

/// Why nothing can be sold.
fn no_quote(error: NoQuote) -> Failure {
    match error {
        NoQuote::Address(NoAddress::Store(error)) => error.into(),
        NoQuote::NotOnSale(_) | NoQuote::Rate(_) => refused(Fault::PairNotSupported),
        NoQuote::Due(..) => {
            let mut errors = Errors::default();
            errors.invalid("amountBilled", "cannot be expressed in the charged currency");
            errors.into()
        }
        NoQuote::NetworkOffline(_) | NoQuote::Address(_) => Failure::nothing_to_sell(&error),
    }
}
