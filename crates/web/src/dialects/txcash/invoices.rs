//! TX.Cash's invoices: created, looked at, and addresses asked for by payers.

use super::{
    super::{
        call::{Call, KeyCall, json},
        create::{self, Asked},
        failure::Failure,
    },
    environment, refusal,
};
use axum::response::Response;
use farthing_dialects::{
    callbacks::Around,
    naming::Numbers,
    txcash::{
        errors::{Code, Errors},
        present,
        request::{self, CreateInvoice, OnSale},
    },
};
use farthing_domain::{
    asset::AssetId,
    id::{InvoiceId, Owner},
    invoice::{Invoice, Refusal},
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

/// The field that names a payer's coin.
const PAYMENT_CURRENCY: &str = "payment_currency";

/// `POST /invoice` (A3): 200 with the new invoice.
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let CreateInvoice { terms, said, callback_url } = read_body(&call)?;
    let asked = Asked { terms, callback_url, said };
    let invoice = create::create(&call, Dialect::TxCash, asked, not_created).await?;
    Ok(shown(&call, &invoice))
}

fn read_body(call: &KeyCall) -> Result<CreateInvoice, Failure> {
    let (gateway, environment) = (call.call.gateway(), call.caller.owner.environment);
    let setup = gateway.environment(environment);
    let now = gateway.clocks().of_rates(environment);
    let has_rate = |code, fiat| setup.rates.has_rate(code, fiat, now);
    let on_sale = OnSale { catalog: &setup.catalog, has_rate: &has_rate };
    let read = CreateInvoice::parse(call.call.header("content-type"), &call.call.body, &on_sale)?;
    if let Some(url) = &read.callback_url {
        let refused = |refusal| Errors::one(Code::Invalid, "callback_url", format!("is refused: {refusal}"));
        gateway.may_call_back(url).map_err(refused)?;
    }
    Ok(read)
}

/// `GET /invoice/{id}`: our addition (A10), for shops that do not trust a callback.
pub(super) async fn read(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let name = call.call.parameter("id").to_owned();
    let found = gateway.store().read(move |reader| named(reader, owner, &name)).await?;
    let invoice = gateway.invoice(owner, found.ok_or_else(no_invoice)?).await?.ok_or_else(no_invoice)?;
    Ok(shown(&call, &gateway.renewed(invoice).await?))
}

fn named(reader: &Reader<'_>, owner: Owner, name: &str) -> Result<Option<InvoiceId>, StoreError> {
    let thing = reader.thing_named(owner, Dialect::TxCash, NameKind::Invoice, name)?;
    thing.map(|thing| thing.parse().map_err(|_| StoreError::Corrupt(format!("the name {name}")))).transpose()
}

fn shown(call: &KeyCall, invoice: &Invoice) -> Response {
    let (gateway, environment) = (call.call.gateway(), invoice.owner.environment);
    let (merchant, now) = (&call.caller.merchant, gateway.clocks().now(environment));
    let due = |asset| gateway.due_now(invoice, asset);
    let body = gateway.with_context(environment, |context| {
        let numbers = Numbers::default();
        present::invoice(invoice, &Around { context, merchant, numbers: &numbers, now, due: &due })
    });
    json(200, body)
}

/// `POST /invoice/{id}/payment/address` (A6): where to pay with a coin, and how much. The same again while the rate is held.
pub(super) async fn payment_address(call: Call) -> Result<Response, Failure> {
    let (gateway, environment) = (call.gateway(), environment(&call)?);
    let token = call.parameter("id").to_owned();
    let is_ours = |found: &Invoice| found.policy.dialect == Dialect::TxCash && found.owner.environment == environment;
    let invoice = gateway.invoice_by_token(token).await?.filter(is_ours).ok_or_else(no_invoice)?;
    let asset = request::payment_currency(call.header("content-type"), &call.body)?;
    let invoice = quoted(gateway, invoice, asset).await?;
    let body = present::payment_address(&invoice, asset).ok_or_else(no_invoice)?;
    Ok(json(200, body))
}

/// The invoice with a rate that is held for the asset.
async fn quoted(gateway: &Arc<Gateway>, invoice: Invoice, asset: AssetId) -> Result<Invoice, Failure> {
    let now = gateway.clocks().now(invoice.owner.environment);
    let which = Which::ByToken(invoice.token.clone());
    if invoice.standing.is_final {
        return Err(cannot_be_paid().into());
    }
    let latest = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset);
    let changed = match latest {
        Some(quote) if quote.ends_at.is_none_or(|end| now < end) => return Ok(invoice),
        Some(_) => gateway.renew(which, asset).await,
        None => gateway.activate(which, asset).await,
    };
    changed.map_err(not_changed)
}

/// Of whose callers nobody learns whether somebody else has such an invoice.
fn no_invoice() -> Failure {
    Failure::told(refusal(404, "there is no such invoice"))
}

fn cannot_be_paid() -> Errors {
    Errors::one(Code::Unprocessable, PAYMENT_CURRENCY, "cannot be chosen: the invoice cannot be paid any more")
}

fn not_created(error: CreateError) -> Failure {
    match error {
        CreateError::Store(error) => error.into(),
        // This API has neither idempotency keys nor references.
        CreateError::KeyMismatch | CreateError::ReferenceTaken => Failure::internal(&error),
        CreateError::Quote(error) => no_quote(error),
    }
}

fn not_changed(error: ChangeError) -> Failure {
    match error {
        ChangeError::Store(error) => error.into(),
        ChangeError::NotFound => no_invoice(),
        ChangeError::Refused(Refusal::NotOffered(_) | Refusal::Locked(_)) => {
            Errors::one(Code::Invalid, PAYMENT_CURRENCY, "is not one that this invoice can be paid with").into()
        }
        ChangeError::Refused(
            Refusal::State { .. } | Refusal::Policy(_) | Refusal::NoSuchPayment | Refusal::TooManyChoices,
        ) => cannot_be_paid().into(),
        ChangeError::Quote(error) => no_quote(error),
    }
}

/// Why nothing can be sold.
fn no_quote(error: NoQuote) -> Failure {
    let unsold = |problem: &str| Errors::one(Code::Unprocessable, PAYMENT_CURRENCY, problem).into();
    match error {
        NoQuote::Address(NoAddress::Store(error)) => error.into(),
        NoQuote::NotOnSale(_) | NoQuote::Rate(_) => unsold("is not on sale at the moment"),
        NoQuote::Due(..) => unsold("cannot express so large an amount"),
        NoQuote::NetworkOffline(_) | NoQuote::Address(_) => Failure::nothing_to_sell(&error),
    }
}
