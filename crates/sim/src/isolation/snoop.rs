//! What one shop finds under names that another shop uses too, and that it is shown and can change nothing of the other's.

use super::stage::Player;
use crate::{
    act::{Outcome, unexpected},
    plan::CALLING_BACK,
};
use farthing_domain::{
    id::{InvoiceId, StaticAddressId},
    invoice::Invoice,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    endpoints::EndpointError,
    gateway::Gateway,
};
use farthing_store::{
    Reader, StoreError,
    records::{InvoiceFilter, NameKind, Page, StaticAddressChange, StaticAddressFilter},
};
use std::{fmt::Debug, sync::Arc};

const PAGE: Page = Page { limit: 100, offset: 0 };
const KINDS: [NameKind; 4] = [NameKind::Invoice, NameKind::Reference, NameKind::Address, NameKind::Transaction];

/// What a number means as a name, a reference, and as what the dialects call the shop's own invoice of that number.
pub(super) async fn look_up(gateway: &Arc<Gateway>, player: &Player, number: usize) -> Outcome<String> {
    let owner = player.owner;
    let (order, customer) = (format!("order-{number}"), format!("customer-{number}"));
    let mut names = vec![number.to_string(), order.clone()];
    if let Some(invoice) = invoice(gateway, player, number).await? {
        names.extend(invoice.terms.foreign.map(|foreign| foreign.name));
    }
    let mut found = named(gateway, player, names).await?;
    let filter = InvoiceFilter { external_id: Some(order), is_oldest_first: true, ..InvoiceFilter::default() };
    let (invoices, total) = gateway.invoices(owner, filter, PAGE).await.map_err(unexpected)?;
    found.extend(invoices.iter().map(|invoice| format!("order of {total}: {}", invoice.id)));
    let filter = StaticAddressFilter { external_id: Some(customer), ..StaticAddressFilter::default() };
    let (addresses, total) = gateway.static_addresses(owner, filter, PAGE).await.map_err(unexpected)?;
    found.extend(addresses.iter().map(|address| format!("customer of {total}: {}", address.id)));
    for known in &player.credentials {
        let caller = gateway.dialect_caller(known.dialect, &known.key).await.map_err(unexpected)?;
        if caller.is_none_or(|caller| caller.owner != owner || caller.credential != known.id) {
            return Err(format!("isolation: the key of {} is not its shop's", known.dialect));
        }
    }
    Ok(found.join("; "))
}

/// What each name is in every dialect.
async fn named(gateway: &Arc<Gateway>, player: &Player, names: Vec<String>) -> Outcome<Vec<String>> {
    let owner = player.owner;
    let read = move |reader: &Reader<'_>| {
        let mut found = Vec::new();
        for name in &names {
            for (dialect, kind) in CALLING_BACK.iter().flat_map(|dialect| KINDS.map(|kind| (*dialect, kind))) {
                let thing = reader.thing_named(owner, dialect, kind, name)?;
                found.extend(thing.map(|thing| format!("{dialect} {} {name}: {thing}", kind.as_str())));
            }
            found.extend(reader.invoices_named(owner, name)?.iter().map(|id| format!("{name}: {id}")));
        }
        Ok::<_, StoreError>(found)
    };
    gateway.store().read(read).await.map_err(unexpected)
}

/// Nothing of the other shop's is there. What the shop hears does not depend on whether the other has any.
pub(super) async fn snoop(gateway: &Arc<Gateway>, player: &Player, other: &Player, number: usize) -> Outcome<()> {
    if let Some(id) = other.invoices.get(number) {
        invoice_of(gateway, player, other, (*id, number)).await?;
    }
    if let Some(id) = other.addresses.get(number) {
        address_of(gateway, player, *id).await?;
    }
    if let Some((network, hash)) = other.sent.get(number).cloned() {
        let owner = player.owner;
        let read = move |reader: &Reader<'_>| reader.invoices_paid_by(owner, &[network.as_str()], &hash);
        for id in gateway.store().read(read).await.map_err(unexpected)? {
            // One transaction may pay both.
            let is_own = gateway.invoice(owner, id).await.map_err(unexpected)?.is_some();
            hidden("an invoice that one transaction paid", is_own, &id)?;
        }
    }
    let of = other.owner;
    let callbacks = gateway.store().read(move |reader| reader.callbacks(of, 1)).await.map_err(unexpected)?;
    for (delivery, _) in callbacks {
        let answer = gateway.redeliver(player.owner, delivery.id).await;
        hidden("a callback", matches!(answer, Err(EndpointError::NotFound(_))), &answer)?;
    }
    Ok(())
}

async fn invoice_of(
    gateway: &Arc<Gateway>,
    player: &Player,
    other: &Player,
    (id, number): (InvoiceId, usize),
) -> Outcome<()> {
    let shown = gateway.invoice(player.owner, id).await.map_err(unexpected)?;
    hidden("an invoice", shown.is_none(), &shown)?;
    let answer = gateway.cancel(Which::ById(player.owner, id)).await;
    hidden("an invoice", matches!(answer, Err(ChangeError::NotFound)), &answer)?;
    // The shop's own may have the same name.
    let foreign = invoice(gateway, other, number).await?.and_then(|invoice| invoice.terms.foreign);
    let found = named(gateway, player, foreign.map(|foreign| foreign.name).into_iter().collect()).await?;
    hidden("an invoice's name", !found.iter().any(|found| found.ends_with(&id.to_string())), &found)
}

async fn address_of(gateway: &Arc<Gateway>, player: &Player, id: StaticAddressId) -> Outcome<()> {
    let shown = gateway.static_address(player.owner, id).await.map_err(unexpected)?;
    hidden("a permanent address", shown.is_none(), &shown)?;
    let deposits = gateway.static_address_invoices(player.owner, id, PAGE).await.map_err(unexpected)?;
    hidden("a permanent address", deposits.is_none(), &deposits)?;
    let change = StaticAddressChange { label: Some(Some("mine".to_owned())), extras: Some("{}".to_owned()) };
    let changed = gateway.change_static_address(player.owner, id, change).await.map_err(unexpected)?;
    hidden("a permanent address", changed.is_none(), &changed)
}

fn hidden(what: &str, is_hidden: bool, answer: &impl Debug) -> Outcome<()> {
    if is_hidden { Ok(()) } else { Err(format!("isolation: {what} of the other shop's: {answer:?}")) }
}

async fn invoice(gateway: &Arc<Gateway>, player: &Player, number: usize) -> Outcome<Option<Invoice>> {
    let Some(id) = player.invoices.get(number).copied() else { return Ok(None) };
    gateway.invoice(player.owner, id).await.map_err(unexpected)
}
