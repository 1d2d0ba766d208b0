//! Payhubix v1 at `/v1` (`contracts/payhubix.md`): its routes and how it knows who calls.
//!
//! Two generations of paths lead to the same functions. A merchant has one shop, itself, so what the older paths divide into
//! personal and shop is one list here.

mod invoices;
mod shops;
mod wallet;

use super::{
    call::{Call, KeyCall, json},
    failure::{Failure, Trouble},
    route::{Api, Authenticating, Route, route},
};
use crate::state::AppState;
use axum::response::Response;
use farthing_dialects::payhubix::errors::{Refused, success};
use farthing_domain::{id::Owner, policy::Dialect};
use farthing_gateway::{credentials::DialectCaller, gateway::Gateway};
use farthing_store::{StoreError, records::Merchant};
use serde::Serialize;

/// The API.
pub(super) static API: Api = Api { dialect: Dialect::Payhubix, prefix: "/v1", routes, authenticate, trouble };

fn routes() -> Vec<Route> {
    [newer(), older()].into_iter().flatten().collect()
}

/// Gen-2 (B3), and two of our own: which currencies there are, and their icons.
fn newer() -> Vec<Route> {
    vec![
        route!(POST "/invoices" Credential(invoices::create)),
        route!(GET "/invoices" Credential(invoices::list)),
        route!(GET "/invoices/{link}" Credential(invoices::detail)),
        route!(GET "/shops" Credential(shops::list)),
        route!(GET "/shops/{shop_id}" Credential(shops::detail)),
        route!(GET "/assets/{fiat}" Credential(wallet::assets)),
        route!(GET "/transfers" Credential(wallet::transfers)),
        route!(GET "/currencies" Credential(shops::list_currencies)),
        route!(GET "/icons/{file}" Public(shops::icon)),
    ]
}

/// Gen-1 (B3).
fn older() -> Vec<Route> {
    vec![
        route!(POST "/payment/personal/invoices" Credential(invoices::create)),
        route!(GET "/payment/personal/invoices" Credential(invoices::list)),
        route!(POST "/payment/shops/{shop_id}/invoices" Credential(invoices::create_of_shop)),
        route!(GET "/payment/shops/{shop_id}/invoices" Credential(invoices::list_of_shop)),
        route!(GET "/payment/invoices/{link}" Credential(invoices::detail)),
        route!(GET "/payment/shops" Credential(shops::list)),
        route!(GET "/payment/shops/{shop_id}" Credential(shops::detail)),
        route!(GET "/wallet/personal/assets/{fiat}" Credential(wallet::assets)),
        route!(GET "/wallet/personal/transfers" Credential(wallet::transfers)),
        route!(GET "/wallet/shops/{shop_id}/assets/{fiat}" Credential(wallet::assets_of_shop)),
        route!(GET "/wallet/shops/{shop_id}/transfers" Credential(wallet::transfers_of_shop)),
    ]
}

fn authenticate<'a>(state: &'a AppState, call: &'a Call) -> Authenticating<'a> {
    Box::pin(caller(state, call))
}

async fn caller(state: &AppState, call: &Call) -> Result<DialectCaller, Failure> {
    let refused = || Failure::told(refusal(401, "The API key is missing or wrong."));
    let key = call.only_header("x-api-key").ok_or_else(refused)?;
    state.gateway.dialect_caller(Dialect::Payhubix, key).await?.ok_or_else(refused)
}

fn trouble(trouble: Trouble) -> Response {
    match trouble {
        Trouble::NoSuchRoute => refusal(404, "There is nothing at this path."),
        Trouble::NoSuchMethod => refusal(405, "This path has no such method."),
        Trouble::TooLarge => refusal(413, "The request body is too large."),
        Trouble::Broken => refusal(400, "The request body is incomplete."),
        Trouble::Limited(_) => refusal(429, "There were too many requests."),
        Trouble::Unavailable(_) => refusal(503, "This cannot be done at the moment."),
        Trouble::Internal => refusal(500, "Something went wrong."),
    }
}

/// A failure in the API's envelope (B2, B16).
fn refusal(status: u16, message: &str) -> Response {
    answer(&Refused { status, message: message.to_owned() })
}

fn answer(refused: &Refused) -> Response {
    json(refused.status, refused.body())
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::told(answer(&refused))
    }
}

/// A success: 200, also for what was created (B16).
fn shown(payload: &impl Serialize) -> Response {
    json(200, success(payload))
}

/// The shop: the merchant whose key it is.
async fn shop(gateway: &Gateway, owner: Owner) -> Result<Merchant, Failure> {
    let found = gateway.store().glance(move |reader| reader.merchant(owner.merchant)).await?;
    let missing = || StoreError::Corrupt(format!("the merchant {} of a credential is missing", owner.merchant));
    Ok(found.ok_or_else(missing)?)
}

/// Whether a shop's id is the caller's.
fn is_own_shop(owner: Owner, shop_id: &str) -> bool {
    owner.merchant.to_string().eq_ignore_ascii_case(shop_id)
}

/// Checks the shop that a path names.
fn check_shop(call: &KeyCall) -> Result<(), Failure> {
    if is_own_shop(call.caller.owner, call.call.parameter("shop_id")) {
        return Ok(());
    }
    Err(Refused::missing("There is no such shop.").into())
}
