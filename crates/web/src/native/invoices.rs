//! Invoices: created, listed, shown, activated, cancelled.

use super::{call::KeyCall, failure::Failure};
use axum::{
    http::{HeaderValue, StatusCode},
    response::Response,
};
use farthing_dialects::native::{
    envelope::{Data, List},
    errors::{ApiError, ErrorBody},
    forms::{Activate, ListParams, ListQuery},
    present::InvoiceView,
    request::{CreateInvoice, body::CreateInvoiceBody},
};
use farthing_domain::{
    id::InvoiceId,
    invoice::{Choice, Invoice, Source},
    policy::{Dialect, Policy},
};
use farthing_gateway::{
    change_invoice::Which,
    create_invoice::{CreateInvoice as Command, Created},
    gateway::Gateway,
};
use farthing_store::records::{InvoiceFilter, Page};

/// Creates an invoice.
///
/// Answers 201 with a new invoice, and 200 with `Idempotent-Replayed: true` where the same idempotency key made one before
/// from the same request. Give the payer the `checkout_url`, or show `deposit_address` and `amount_requested` yourself.
#[utoipa::path(
    post,
    path = "/api/v1/invoices",
    operation_id = "createInvoice",
    tag = "invoices",
    params(("Idempotency-Key" = Option<String>, Header, description = "Does the same as the field `idempotency_key`; where both are sent they must be equal.")),
    request_body = CreateInvoiceBody,
    responses(
        (status = 201, description = "The new invoice.", body = Data<InvoiceView>),
        (status = 200, description = "The invoice that the same request made before, as it is now.", body = Data<InvoiceView>,
            headers(("Idempotent-Replayed" = String, description = "`true`"))),
        (status = 422, description = "`idempotency_key_mismatch`: the key was used with a different request.", body = ErrorBody),
    ),
)]
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let key = call.call.header("idempotency-key")?;
    let owner = call.owner;
    let gateway = call.call.gateway();
    let request =
        CreateInvoice::parse(&call.call.body, key.as_deref(), &gateway.environment(owner.environment).catalog)?;
    let command = Command {
        owner,
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        terms: request.terms,
        fingerprint: request.fingerprint,
    };
    match gateway.create_invoice(command).await? {
        Created::New(invoice) => {
            metrics::counter!("farthing_invoices_created_total", "environment" => owner.environment.as_str())
                .increment(1);
            show(&call, StatusCode::CREATED, &invoice)
        }
        Created::Replayed(invoice) => {
            let mut response = show(&call, StatusCode::OK, &invoice)?;
            response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

/// Lists invoices, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/invoices",
    operation_id = "listInvoices",
    tag = "invoices",
    params(ListParams),
    responses((status = 200, description = "A part of the list.", body = List<InvoiceView>)),
)]
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let query = ListQuery::parse(call.call.query())?;
    let filter = InvoiceFilter {
        statuses: query.statuses,
        currency: query.currency.map(|code| code.to_string()),
        external_id: query.external_id,
        ..InvoiceFilter::default()
    };
    let (owner, page) = (call.owner, Page { limit: query.page.limit, offset: query.page.offset });
    let gateway = call.call.gateway();
    let (invoices, total) = gateway.invoices(owner, filter, page).await?;
    let views = gateway.with_context(owner.environment, |context| {
        invoices.iter().map(|invoice| InvoiceView::of(invoice, context)).collect()
    });
    call.call.list(views, query.page, total)
}

/// Shows an invoice with its payments.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}",
    operation_id = "getInvoice",
    tag = "invoices",
    params(("id" = String, Path, format = "uuid", description = "The invoice's id.")),
    responses((status = 200, description = "The invoice.", body = Data<InvoiceView>)),
)]
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let invoice = find(&call).await?;
    show(&call, StatusCode::OK, &invoice)
}

/// Chooses the currency of a draft, or another one.
///
/// The first time, that starts the payment window, and the rate of a fiat price is taken. The payer does the same on the
/// checkout page. Where the invoice is locked to one currency the body may be left out.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/activate",
    operation_id = "activateInvoice",
    tag = "invoices",
    params(("id" = String, Path, format = "uuid", description = "The invoice's id.")),
    request_body(content = Activate, description = "May be left out where the invoice is locked to one currency."),
    responses((status = 200, description = "The invoice with its new quote.", body = Data<InvoiceView>)),
)]
pub(super) async fn activate(call: KeyCall) -> Result<Response, Failure> {
    let id = InvoiceId(call.call.id("id")?);
    let choice = Activate::parse(&call.call.body)?;
    let gateway = call.call.gateway();
    let asset = choice.asset(&gateway.environment(call.owner.environment).catalog)?.map(|asset| asset.id);
    let asset = match asset {
        Some(asset) => asset,
        None => match find(&call).await?.terms.choice {
            Choice::Fixed(asset) => asset,
            Choice::Any => {
                return Err(ApiError::field("currency", "is required: this invoice leaves the choice open").into());
            }
        },
    };
    let invoice = gateway.activate(Which::ById(call.owner, id), asset).await?;
    show(&call, StatusCode::OK, &invoice)
}

/// Cancels an invoice: a draft, or one that is pending and for which nothing was seen.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/cancel",
    operation_id = "cancelInvoice",
    tag = "invoices",
    params(("id" = String, Path, format = "uuid", description = "The invoice's id.")),
    responses((status = 200, description = "The cancelled invoice.", body = Data<InvoiceView>)),
)]
pub(super) async fn cancel(call: KeyCall) -> Result<Response, Failure> {
    let id = InvoiceId(call.call.id("id")?);
    let invoice = call.call.gateway().cancel(Which::ById(call.owner, id)).await?;
    show(&call, StatusCode::OK, &invoice)
}

async fn find(call: &KeyCall) -> Result<Invoice, Failure> {
    let (owner, id) = (call.owner, InvoiceId(call.call.id("id")?));
    let found = call.call.gateway().invoice(owner, id).await?;
    found.ok_or_else(|| ApiError::invoice_not_found().into())
}

fn show(call: &KeyCall, status: StatusCode, invoice: &Invoice) -> Result<Response, Failure> {
    call.call.data(status, view(call.call.gateway(), invoice))
}

/// An invoice as the API shows it now.
pub(super) fn view(gateway: &Gateway, invoice: &Invoice) -> InvoiceView {
    gateway.with_context(invoice.owner.environment, |context| InvoiceView::of(invoice, context))
}
