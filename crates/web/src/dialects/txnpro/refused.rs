//! What txn.pro's API has and a gateway without private keys cannot do: told so, never pretended (B.14).

use super::{
    super::{call::KeyCall, failure::Failure},
    document, refused,
};
use axum::response::Response;
use farthing_dialects::txnpro::{
    errors::{Errors, Fault},
    pairs,
    query::ListQuery,
};

/// A list in which there is nothing.
pub(super) async fn nothing(call: KeyCall) -> Result<Response, Failure> {
    let query = ListQuery::parse(call.call.query())?;
    Ok(document(200, &pairs::none(&query.paging.meta(0))))
}

/// A record that there cannot be.
pub(super) async fn no_such_record(_: KeyCall) -> Result<Response, Failure> {
    Err(refused(Fault::NotFound))
}

/// Payouts and exchange: no currencies are exchanged, and none go out.
pub(super) async fn no_such_pair(_: KeyCall) -> Result<Response, Failure> {
    let detail = "this gateway holds no keys: money cannot be exchanged or sent from it";
    Err(Errors::detailed(Fault::PairNotSupported, detail).into())
}

/// Payment links.
pub(super) async fn not_supported(_: KeyCall) -> Result<Response, Failure> {
    Err(Errors::detailed(Fault::NotSupported, "this gateway has no payment links; create an invoice").into())
}

/// Addresses of accounts.
pub(super) async fn no_addresses(_: KeyCall) -> Result<Response, Failure> {
    Err(Errors::detailed(Fault::NotSupported, "accounts have no addresses of their own; create a channel").into())
}

/// The ledger of an account.
pub(super) async fn no_ledger(_: KeyCall) -> Result<Response, Failure> {
    let detail = "accounts have no ledger; invoices and channels list what came in";
    Err(Errors::detailed(Fault::NotSupported, detail).into())
}
