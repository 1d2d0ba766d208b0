//! What a gateway without private keys cannot do: refused in the documented error form, never a pretended success (A.14).

use super::super::{call::KeyCall, failure::Failure};
use axum::response::Response;
use farthing_dialects::coinspaid::{
    errors::{Errors, selected},
    request::fields,
};

/// `POST /withdrawal/crypto`: there is no balance to debit.
pub(super) async fn withdrawal(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    Err(Errors::one("currency", selected("currency")).into())
}

/// `POST /exchange/…`: money stays what it was paid in.
pub(super) async fn exchange(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    Err(Errors::one("sender_currency", "Exchange is unavailable for given currencies").into())
}

/// `POST /futures/rates`: no address converts.
pub(super) async fn futures_rates(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    Err(Errors::one("address", "Address is not found, incorrect or without exchange").into())
}

/// `POST /futures/confirm`: likewise.
pub(super) async fn futures_confirm(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    let message = "Address is not found, incorrect or without exchange. Error can be related to incorrect sender or \
                   receiver currencies.";
    Err(Errors::one("address", message).into())
}
