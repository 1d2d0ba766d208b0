//! Permanent addresses: created, listed, shown, with the invoices of their deposits.

use super::{call::KeyCall, failure::Failure};
use axum::{
    http::{HeaderValue, StatusCode},
    response::Response,
};
use farthing_dialects::native::{
    addresses::{AddressListParams, AddressListQuery, CreateAddress, CreateAddressBody, StaticAddressView},
    envelope::{Data, List},
    errors::{ApiError, ErrorBody},
    forms::{PageParams, PageQuery},
    present::InvoiceView,
};
use farthing_domain::{id::StaticAddressId, policy::Dialect, static_address::StaticAddress};
use farthing_gateway::static_addresses::{TakeStaticAddress, Taken};
use farthing_store::records::{Page, StaticAddressFilter, TakeKey};

/// Creates a permanent address.
///
/// It takes any number of deposits, for ever. Each makes an invoice of its own with `source` `static_address`, priced at that
/// deposit and without a window, and is told as any invoice is: `invoice.confirming`, `invoice.paid`. Answers 201 with a new
/// address, and 200 with `Idempotent-Replayed: true` where the same idempotency key made one before from the same request.
#[utoipa::path(
    post,
    path = "/api/v1/addresses",
    operation_id = "createAddress",
    tag = "addresses",
    params(("Idempotency-Key" = Option<String>, Header, description = "Does the same as the field `idempotency_key`; where both are sent they must be equal.")),
    request_body = CreateAddressBody,
    responses(
        (status = 201, description = "The new address.", body = Data<StaticAddressView>),
        (status = 200, description = "The address that the same request made before, as it is now.", body = Data<StaticAddressView>,
            headers(("Idempotent-Replayed" = String, description = "`true`"))),
        (status = 422, description = "`idempotency_key_mismatch`: the key was used with a different request.", body = ErrorBody),
    ),
)]
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let key = call.call.header("idempotency-key")?;
    let gateway = call.call.gateway();
    let catalog = &gateway.environment(call.owner.environment).catalog;
    let request = CreateAddress::parse(&call.call.body, key.as_deref(), catalog)?;
    let fingerprint = request.fingerprint;
    let command = TakeStaticAddress {
        owner: call.owner,
        dialect: Dialect::Native,
        asset: request.asset,
        label: request.label,
        external_id: request.external_id,
        extras: "{}".to_owned(),
        key: request.idempotency_key.map(|key| TakeKey { key, fingerprint }),
    };
    match gateway.take_static_address(command).await? {
        Taken::New(address) => show(&call, StatusCode::CREATED, &address),
        Taken::Replayed(address) => {
            let mut response = show(&call, StatusCode::OK, &address)?;
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

/// Lists permanent addresses, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/addresses",
    operation_id = "listAddresses",
    tag = "addresses",
    params(AddressListParams),
    responses((status = 200, description = "A part of the list.", body = List<StaticAddressView>)),
)]
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let query = AddressListQuery::parse(call.call.query())?;
    let filter = StaticAddressFilter { dialect: None, currency: query.currency, external_id: query.external_id };
    let (addresses, total) = call.call.gateway().static_addresses(call.owner, filter, page(query.page)).await?;
    call.call.list(addresses.iter().map(StaticAddressView::of).collect(), query.page, total)
}

/// Shows a permanent address with what it received.
#[utoipa::path(
    get,
    path = "/api/v1/addresses/{id}",
    operation_id = "getAddress",
    tag = "addresses",
    params(("id" = String, Path, format = "uuid", description = "The address's id.")),
    responses((status = 200, description = "The address.", body = Data<StaticAddressView>)),
)]
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let id = StaticAddressId(call.call.id("id")?);
    let found = call.call.gateway().static_address(call.owner, id).await?;
    show(&call, StatusCode::OK, &found.ok_or_else(ApiError::address_not_found)?)
}

/// Lists the invoices of a permanent address's deposits, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/addresses/{id}/invoices",
    operation_id = "listAddressInvoices",
    tag = "addresses",
    params(("id" = String, Path, format = "uuid", description = "The address's id."), PageParams),
    responses((status = 200, description = "A part of the list.", body = List<InvoiceView>)),
)]
pub(super) async fn list_invoices(call: KeyCall) -> Result<Response, Failure> {
    let query = PageQuery::parse(call.call.query())?;
    let id = StaticAddressId(call.call.id("id")?);
    let gateway = call.call.gateway();
    let found = gateway.static_address_invoices(call.owner, id, page(query)).await?;
    let (invoices, total) = found.ok_or_else(ApiError::address_not_found)?;
    let views = gateway.with_context(call.owner.environment, |context| {
        invoices.iter().map(|invoice| InvoiceView::of(invoice, context)).collect()
    });
    call.call.list(views, query, total)
}

fn page(query: PageQuery) -> Page {
    Page { limit: query.limit, offset: query.offset }
}

fn show(call: &KeyCall, status: StatusCode, address: &StaticAddress) -> Result<Response, Failure> {
    call.call.data(status, StaticAddressView::of(address))
}
