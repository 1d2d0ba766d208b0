//! txn.pro's channels: permanent addresses, taken, switched and read, with their deposits (B.10).

use super::{
    super::{call::KeyCall, failure::Failure},
    body, no_quote, refused, shown, with_sale,
};
use axum::response::Response;
use farthing_dialects::txnpro::{
    channels::{self, CreateChannel, Extras},
    errors::Fault,
    query::ListQuery,
};
use farthing_domain::{id::StaticAddressId, invoice::Source, policy::Dialect, static_address::StaticAddress};
use farthing_gateway::static_addresses::{TakeError, TakeStaticAddress};
use farthing_store::records::{Page, StaticAddressChange, StaticAddressFilter};

/// `POST /channels`: 201 with the new channel.
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let request = {
        let body = body(&call)?;
        with_sale(&call, |on_sale| CreateChannel::parse(body, on_sale))?
    };
    let extras = Extras::of(&request, call.caller.credential).and_then(|extras| serde_json::to_string(&extras));
    let command = TakeStaticAddress {
        owner: call.caller.owner,
        dialect: Dialect::TxnPro,
        asset: request.asset,
        label: None,
        external_id: request.said.reference,
        extras: extras.map_err(|error| Failure::internal(&error))?,
        key: None,
    };
    let taken = call.call.gateway().take_static_address(command).await.map_err(not_taken)?;
    let channel = taken.into_address();
    Ok(shown(&call, 201, |context| channels::channel(&channel, context)))
}

/// `GET /channels/:id`.
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let channel = found(&call).await?;
    Ok(shown(&call, 200, |context| channels::channel(&channel, context)))
}

/// `PATCH /channels/:id`: its status. Whatever it says, money that comes is recorded.
pub(super) async fn change(call: KeyCall) -> Result<Response, Failure> {
    let channel = found(&call).await?;
    let is_disabled = channels::parse_change(body(&call)?)?;
    let extras = Extras::read(&channel).ok_or_else(|| refused(Fault::NotFound))?.switched(is_disabled);
    let extras = serde_json::to_string(&extras).map_err(|error| Failure::internal(&error))?;
    let change = StaticAddressChange { extras: Some(extras), ..StaticAddressChange::default() };
    let changed = call.call.gateway().change_static_address(call.caller.owner, channel.id, change).await?;
    let changed = changed.ok_or_else(|| refused(Fault::NotFound))?;
    Ok(shown(&call, 200, |context| channels::channel(&changed, context)))
}

/// `GET /channels`.
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let query = ListQuery::parse(call.call.query())?;
    let page = Page { limit: query.paging.limit(), offset: query.paging.offset() };
    let filter = StaticAddressFilter { dialect: Some(Dialect::TxnPro), currency: None, external_id: query.reference };
    let (list, total) = gateway.static_addresses(owner, filter, page).await?;
    let meta = query.paging.meta(total);
    Ok(shown(&call, 200, |context| channels::channels(&list, context, &meta)))
}

/// `GET /channels/:id/transactions`.
pub(super) async fn deposits(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let channel = found(&call).await?;
    let query = ListQuery::parse(call.call.query())?;
    let page = Page { limit: query.paging.limit(), offset: query.paging.offset() };
    let list = gateway.static_address_invoices(owner, channel.id, page).await?;
    let (list, total) = list.ok_or_else(|| refused(Fault::NotFound))?;
    let meta = query.paging.meta(total);
    Ok(shown(&call, 200, |context| channels::deposits(&list, context, &meta)))
}

/// `GET /channels/:id/transactions/:deposit_id`.
pub(super) async fn deposit(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let channel = found(&call).await?;
    let id = call.call.parameter("deposit_id").parse().map_err(|_| refused(Fault::NotFound))?;
    let source = Source::StaticAddress(channel.id);
    let deposit = gateway.invoice(owner, id).await?.filter(|invoice| invoice.source == source);
    let deposit = deposit.ok_or_else(|| refused(Fault::NotFound))?;
    Ok(shown(&call, 200, |context| channels::deposit(&deposit, context)))
}

/// The channel that the path names: one that this API took.
async fn found(call: &KeyCall) -> Result<StaticAddress, Failure> {
    let id: StaticAddressId = call.call.parameter("id").parse().map_err(|_| refused(Fault::NotFound))?;
    let found = call.call.gateway().static_address(call.caller.owner, id).await?;
    found.filter(|channel| channel.dialect == Dialect::TxnPro).ok_or_else(|| refused(Fault::NotFound))
}

fn not_taken(error: TakeError) -> Failure {
    match error {
        TakeError::Store(error) => error.into(),
        // This API has no idempotency keys.
        TakeError::KeyMismatch => refused(Fault::Internal),
        TakeError::Quote(error) => no_quote(error),
        TakeError::Mismatch(error) => error.into(),
    }
}
