//! What txn.pro's clients look up before they ask for money: currency pairs, networks, addresses (B.4.7, B.8).

use super::{
    super::{call::KeyCall, failure::Failure},
    body, document, refused, with_sale,
};
use axum::response::Response;
use farthing_dialects::txnpro::{errors::Fault, networks::CodedNetwork, pairs, request::ValidateAddress};
use farthing_domain::network::ChainId;
use serde_json::json;

/// `GET /invoices/currency_pairs`.
pub(super) async fn of_invoices(call: KeyCall) -> Result<Response, Failure> {
    Ok(document(200, &with_sale(&call, pairs::of_invoices)))
}

/// `GET /channels/currency_pairs`.
pub(super) async fn of_channels(call: KeyCall) -> Result<Response, Failure> {
    Ok(document(200, &with_sale(&call, pairs::of_channels)))
}

/// `POST /addresses/validate`: whether a text is an address of a network. Nobody scores risks here.
pub(super) async fn validate_address(call: KeyCall) -> Result<Response, Failure> {
    let request = ValidateAddress::parse(body(&call)?)?;
    let environment = call.caller.owner.environment;
    let catalog = &call.call.gateway().environment(environment).catalog;
    let known = CodedNetwork::find(&request.network, environment).and_then(|network| network.asset(catalog));
    let network = known.ok_or_else(|| refused(Fault::NetworkNotFound))?.id.network;
    match call.call.gateway().is_address(ChainId { environment, network }, &request.address) {
        None => Err(refused(Fault::NetworkNotFound)),
        Some(false) => Err(refused(Fault::InvalidAddress)),
        Some(true) => Ok(document(200, &json!({ "data": {}, "status": "ok", "jsonapi": { "version": "1.0" } }))),
    }
}
