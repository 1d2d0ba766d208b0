//! txn.pro's invoices: created, read, listed (B.4).

use super::{
    super::{
        call::KeyCall,
        create::{self, Asked},
        failure::Failure,
    },
    body, no_quote, refused, shown, with_sale,
};
use axum::response::Response;
use farthing_dialects::txnpro::{
    errors::{Errors, Fault},
    present::{self, Detail},
    query::ListQuery,
    request::CreateInvoice,
};
use farthing_domain::{invoice::Source, policy::Dialect};
use farthing_gateway::create_invoice::CreateError;
use farthing_store::records::{InvoiceFilter, Page};

/// What these invoices come from.
const SOURCE: Source = Source::Api(Dialect::TxnPro);

/// `POST /invoices`: 201 with the new invoice.
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let CreateInvoice { terms, said } = {
        let body = body(&call)?;
        with_sale(&call, |on_sale| CreateInvoice::parse(body, on_sale))?
    };
    let asked = Asked { terms, callback_url: None, said };
    let invoice = create::create(&call, Dialect::TxnPro, asked, not_created).await?;
    Ok(shown(&call, 201, |context| present::invoice(&invoice, context, Detail::Created)))
}

/// `GET /invoices/:id`.
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let id = call.call.parameter("id").parse().map_err(|_| refused(Fault::NotFound))?;
    let found = gateway.invoice(owner, id).await?.filter(|invoice| invoice.source == SOURCE);
    let invoice = gateway.renewed(found.ok_or_else(|| refused(Fault::NotFound))?).await?;
    Ok(shown(&call, 200, |context| present::invoice(&invoice, context, Detail::Whole)))
}

/// `GET /invoices`.
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let query = ListQuery::parse(call.call.query())?;
    let page = Page { limit: query.paging.limit(), offset: query.paging.offset() };
    let filter = InvoiceFilter {
        external_id: query.reference,
        source: Some(SOURCE),
        created_from: query.created_from,
        created_to: query.created_to,
        is_oldest_first: query.is_oldest_first,
        ..InvoiceFilter::default()
    };
    let (invoices, total) = gateway.invoices(owner, filter, page).await?;
    let meta = query.paging.meta(total);
    Ok(shown(&call, 200, |context| present::invoices(&invoices, context, &meta)))
}

fn not_created(error: CreateError) -> Failure {
    match error {
        CreateError::Store(error) => error.into(),
        CreateError::ReferenceTaken => Errors::from(Fault::ReferenceTaken).into(),
        // This API has no idempotency keys.
        CreateError::KeyMismatch => refused(Fault::Internal),
        CreateError::Quote(error) => no_quote(error),
    }
}
