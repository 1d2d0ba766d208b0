//! Payhubix' invoices: created, listed, looked at.

use super::{
    super::{
        call::KeyCall,
        create::{self, Asked},
        failure::{Failure, Trouble},
    },
    check_shop, is_own_shop, shown,
};
use axum::response::Response;
use farthing_dialects::payhubix::{
    errors::Refused,
    lists::{InvoicesQuery, PageView},
    present::{InvoiceRow, InvoiceView},
    request::{CreateInvoice, OnSale},
};
use farthing_domain::{
    invoice::{Invoice, Source},
    policy::Dialect,
};
use farthing_gateway::{addresses::NoAddress, create_invoice::CreateError, quotes::NoQuote};
use farthing_store::{
    StoreError,
    records::{InvoiceFilter, NameKind, Page, StandingFilter},
};

/// `POST` of an invoice (B4).
pub(super) async fn create(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let CreateInvoice { terms, said, shop_id } = read(&call)?;
    if shop_id.is_some_and(|shop_id| !is_own_shop(owner, &shop_id)) {
        return Err(Refused::field("shop_id", "is not the id of a shop of this API key").into());
    }
    if let Some(Err(refusal)) = said.callback_url.as_deref().map(|url| gateway.may_call_back(url)) {
        return Err(Refused::field("callback_url", &format!("cannot be used: {refusal}")).into());
    }
    let asked = Asked { terms, callback_url: said.callback_url.clone(), said };
    let invoice = create::create(&call, Dialect::Payhubix, asked, not_created).await?;
    Ok(show(&call, &invoice))
}

/// The same in a shop that the path names.
pub(super) async fn create_of_shop(call: KeyCall) -> Result<Response, Failure> {
    check_shop(&call)?;
    create(call).await
}

fn read(call: &KeyCall) -> Result<CreateInvoice, Failure> {
    let (gateway, environment) = (call.call.gateway(), call.caller.owner.environment);
    let setup = gateway.environment(environment);
    let now = gateway.clocks().of_rates(environment);
    let has_rate = |code, fiat| setup.rates.has_rate(code, fiat, now);
    let plain_http = call.call.state.surface.plain_http;
    let on_sale = OnSale { catalog: &setup.catalog, has_rate: &has_rate, plain_http };
    Ok(CreateInvoice::parse(&call.call.body, &on_sale)?)
}

/// `GET` of one invoice (B5), by its link. A rate that lapsed is renewed.
pub(super) async fn detail(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let none = || Refused::missing("There is no such invoice.");
    let link = call.call.parameter("link").to_owned();
    let found = gateway
        .store()
        .read(move |reader| reader.thing_named(owner, Dialect::Payhubix, NameKind::Invoice, &link))
        .await?
        .ok_or_else(none)?;
    let id = found.parse().map_err(|_| StoreError::Corrupt("the name of an invoice".to_owned()))?;
    let invoice = gateway.invoice(owner, id).await?.ok_or_else(none)?;
    let invoice = gateway.renewed(invoice).await?;
    Ok(show(&call, &invoice))
}

fn show(call: &KeyCall, invoice: &Invoice) -> Response {
    let (gateway, merchant) = (call.call.gateway(), &call.caller.merchant);
    shown(&gateway.with_context(invoice.owner.environment, |context| InvoiceView::of(invoice, context, merchant)))
}

/// `GET` of invoices (B10).
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let query = InvoicesQuery::parse(call.call.query())?;
    let standings = query.status.map(|status| {
        let standings = status.standings();
        StandingFilter {
            statuses: standings.statuses.to_vec(),
            is_final: standings.is_final,
            is_chosen: standings.is_chosen,
            always: standings.always.to_vec(),
        }
    });
    let filter = InvoiceFilter {
        source: Some(Source::Api(Dialect::Payhubix)),
        standings,
        fiat: query.fiat,
        is_oldest_first: query.is_ascending,
        ..InvoiceFilter::default()
    };
    let page = Page { limit: query.page.per_page, offset: query.page.offset() };
    let (invoices, total) = gateway.invoices(owner, filter, page).await?;
    let merchant = &call.caller.merchant;
    let rows = gateway.with_context(owner.environment, |context| {
        let numbered = (query.page.first_index()..).zip(&invoices);
        numbered.map(|(index, invoice)| InvoiceRow::of(index, invoice, context, merchant)).collect()
    });
    Ok(shown(&PageView { name: "invoices", page: query.page, total, rows }))
}

/// The same of a shop that the path names.
pub(super) async fn list_of_shop(call: KeyCall) -> Result<Response, Failure> {
    check_shop(&call)?;
    list(call).await
}

fn not_created(error: CreateError) -> Failure {
    match error {
        CreateError::Store(error) => error.into(),
        // This API lets references be used again (B16), and has no idempotency keys.
        CreateError::ReferenceTaken | CreateError::KeyMismatch => Failure::Trouble(Trouble::Internal),
        CreateError::Quote(NoQuote::Address(NoAddress::Store(error))) => error.into(),
        CreateError::Quote(NoQuote::NotOnSale(_) | NoQuote::Rate(_)) => {
            Refused::field("currencies", "has no currency that is sold now").into()
        }
        CreateError::Quote(NoQuote::Due(..)) => Refused::field("currency_amount", "is too large").into(),
        CreateError::Quote(error @ (NoQuote::NetworkOffline(_) | NoQuote::Address(_))) => {
            Failure::nothing_to_sell(&error)
        }
    }
}
