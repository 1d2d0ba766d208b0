//! `CoinsPaid`'s invoices: created, cancelled, looked at.

use super::{
    super::{
        call::{KeyCall, json},
        create::{self, Asked},
        failure::Failure,
    },
    success,
};
use axum::response::Response;
use farthing_dialects::{
    callbacks::{Around, Change, body},
    coinspaid::{
        errors::{Errors, Fault, selected},
        present,
        request::{CreateInvoice, OnSale, Refused, Wanted, fields},
    },
};
use farthing_domain::{
    id::{InvoiceId, Owner},
    invoice::Invoice,
    policy::Dialect,
};
use farthing_gateway::{
    addresses::NoAddress,
    change_invoice::{ChangeError, Which},
    create_invoice::CreateError,
    gateway::Gateway,
    quotes::NoQuote,
};
use farthing_store::{Reader, StoreError, records::NameKind};
use std::sync::Arc;

/// `POST /invoices/create` (A.8): 200 with the new invoice.
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let CreateInvoice { terms, said } = read(&call)?;
    let asked = Asked { terms, callback_url: None, said };
    let invoice = create::create(&call, Dialect::CoinsPaid, asked, not_created).await?;
    Ok(shown(call.call.gateway(), &invoice))
}

fn read(call: &KeyCall) -> Result<CreateInvoice, Failure> {
    let (gateway, environment) = (call.call.gateway(), call.caller.owner.environment);
    let setup = gateway.environment(environment);
    let now = gateway.clocks().of_rates(environment);
    let has_rate = |code, fiat| setup.rates.has_rate(code, fiat, now);
    let on_sale = OnSale { catalog: &setup.catalog, has_rate: &has_rate };
    Ok(CreateInvoice::parse(&call.call.body, &on_sale)?)
}

/// `POST /invoices/{foreign_id}/cancel/` (A.8.4): the invoice as it is now, failed.
pub(super) async fn cancel(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let reference = call.call.parameter("foreign_id").to_owned();
    let found = gateway.store().read(move |reader| by_reference(reader, owner, &reference)).await?;
    let id = found.ok_or_else(|| Errors::one("foreign_id", selected("foreign_id")))?;
    let invoice = gateway.cancel(Which::ById(owner, id)).await.map_err(not_changed)?;
    Ok(shown(gateway, &invoice))
}

/// `GET /transactions/info`: what a callback would say of it now, without an envelope (A.4).
pub(super) async fn info(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let wanted = Wanted::read(&fields(&call.call.body)?)?;
    let field = wanted.field();
    let networks: Vec<String> = gateway.environment(owner.environment).chains.keys().map(ToString::to_string).collect();
    let found = gateway
        .store()
        .read(move |reader| match wanted {
            Wanted::Id(number) => named(reader, owner, NameKind::Invoice, &number),
            Wanted::ForeignId(reference) => by_reference(reader, owner, &reference),
            Wanted::TxId(hash) => by_transaction(reader, owner, &networks, &hash),
        })
        .await?;
    let none = || Errors::one(field, selected(field));
    let invoice = gateway.invoice(owner, found.ok_or_else(none)?).await?.ok_or_else(none)?;
    let bytes = as_told(gateway, invoice).await?;
    Ok(json(200, bytes))
}

fn by_reference(reader: &Reader<'_>, owner: Owner, reference: &str) -> Result<Option<InvoiceId>, StoreError> {
    named(reader, owner, NameKind::Reference, reference)
}

fn named(reader: &Reader<'_>, owner: Owner, kind: NameKind, name: &str) -> Result<Option<InvoiceId>, StoreError> {
    let thing = reader.thing_named(owner, Dialect::CoinsPaid, kind, name)?;
    thing.map(|thing| thing.parse().map_err(|_| StoreError::Corrupt(format!("the name {name}")))).transpose()
}

/// Of this API's invoices the first that the transaction paid.
fn by_transaction(
    reader: &Reader<'_>,
    owner: Owner,
    networks: &[String],
    hash: &str,
) -> Result<Option<InvoiceId>, StoreError> {
    let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
    for id in reader.invoices_paid_by(owner, &networks, hash)? {
        if reader.invoice(owner, id)?.is_some_and(|invoice| invoice.policy.dialect == Dialect::CoinsPaid) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// An invoice in the form of its callbacks.
async fn as_told(gateway: &Arc<Gateway>, invoice: Invoice) -> Result<Vec<u8>, StoreError> {
    let showing = Arc::clone(gateway);
    gateway
        .store()
        .decide(move |transaction| {
            let change = Change { before: None, events: &[], invoice: &invoice };
            showing.in_its_dialect(transaction, &invoice, |around: &Around<'_>| body(&change, around))
        })
        .await
}

fn shown(gateway: &Gateway, invoice: &Invoice) -> Response {
    let environment = invoice.owner.environment;
    let now = gateway.clocks().now(environment);
    let view = gateway.with_context(environment, |context| present::invoice(invoice, context, now));
    success(200, view)
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fault(fault) => fault.into(),
            Refused::Errors(errors) => errors.into(),
        }
    }
}

fn not_created(error: CreateError) -> Failure {
    match error {
        CreateError::Store(error) => error.into(),
        CreateError::ReferenceTaken => Errors::one("foreign_id", "The foreign id has already been taken.").into(),
        // This API has no idempotency keys.
        CreateError::KeyMismatch => Fault::Internal.into(),
        CreateError::Quote(error) => no_quote(error),
    }
}

fn not_changed(error: ChangeError) -> Failure {
    match error {
        ChangeError::Store(error) => error.into(),
        ChangeError::NotFound => Errors::one("foreign_id", selected("foreign_id")).into(),
        ChangeError::Refused(_) => Errors::invalid_invoice_state().into(),
        ChangeError::Quote(error) => no_quote(error),
    }
}

/// Why nothing can be sold.
fn no_quote(error: NoQuote) -> Failure {
    match error {
        NoQuote::Address(NoAddress::Store(error)) => error.into(),
        NoQuote::NotOnSale(_) | NoQuote::Rate(_) => {
            Errors::one("sender_currency", "Exchange is unavailable for given currencies").into()
        }
        NoQuote::Due(..) => Errors::one("amount", "The amount is too large.").into(),
        NoQuote::NetworkOffline(_) | NoQuote::Address(_) => Failure::nothing_to_sell(&error),
    }
}
