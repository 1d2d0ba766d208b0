//! Every transfer to an address of ours has exactly one record, every standing record a transfer, and the sums agree.

use super::{Evidence, Violation};
use crate::oracle::OnChain;
use farthing_domain::{
    asset::AssetId,
    invoice::Invoice,
    network::Family,
    payment::{Payment, PaymentKey},
    settle::{Money, received_in},
};
use farthing_store::records::Holder;
use std::collections::BTreeMap;

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut records: BTreeMap<&PaymentKey, Vec<(Holder, &Payment)>> = BTreeMap::new();
    for invoice in &evidence.invoices {
        for payment in &invoice.payments {
            records.entry(&payment.key).or_default().push((Holder::of(invoice), payment));
        }
    }
    let bound = evidence.addresses.iter().map(|row| ((row.family, row.bytes.as_slice()), row.holder));
    let owners: BTreeMap<(Family, &[u8]), Holder> = bound.collect();
    for (key, transfer) in &evidence.oracle.transfers {
        let Some(owner) = owners.get(&(transfer.family, transfer.address.as_slice())) else { continue };
        let found = records.get(key).map(Vec::as_slice).unwrap_or_default();
        let is_no_deposit = matches!(owner, Holder::StaticAddress(_)) && transfer.units == 0;
        if is_no_deposit && found.is_empty() {
            continue;
        }
        if let Err(what) = agrees(evidence, *owner, transfer, found) {
            violations.push(Violation::new("complete", format!("{key:?}: {what}")));
        }
    }
    for (key, found) in &records {
        let on_chain = evidence.oracle.transfers.get(*key);
        for (holder, payment) in found {
            let is_there = on_chain
                .is_some_and(|transfer| owners.get(&(transfer.family, transfer.address.as_slice())) == Some(holder));
            if is_there != payment.reversed_at.is_none() {
                let what = format!("{holder} has {key:?}, reversed {:?}, chain {on_chain:?}", payment.reversed_at);
                violations.push(Violation::new("none invented", what));
            }
        }
    }
    violations.extend(evidence.invoices.iter().flat_map(|invoice| sound(evidence, invoice, &owners)));
    violations
}

/// Whether a transfer's one record is right in everything.
fn agrees(evidence: &Evidence, owner: Holder, transfer: &OnChain, found: &[(Holder, &Payment)]) -> Result<(), String> {
    let [(holder, payment)] = found else { return Err(format!("{} records", found.len())) };
    if *holder != owner {
        return Err(format!("recorded for {holder}, but the address is of {owner}"));
    }
    let amount = (payment.asset, payment.decimals, payment.units);
    if amount != (transfer.asset, transfer.decimals, transfer.units) {
        return Err(format!(
            "recorded as {:?}, but {} units of {} moved",
            payment.amount(),
            transfer.units,
            transfer.asset
        ));
    }
    if payment.block.as_ref() != transfer.mined.as_ref().map(|(block, _)| block) {
        return Err(format!("recorded in {:?}, but it is in {:?}", payment.block, transfer.mined));
    }
    let needed = evidence.oracle.needed.get(&payment.key.network).copied().unwrap_or(u64::MAX);
    if transfer.confirmations >= needed && payment.final_since.is_none() {
        return Err(format!("{} confirmations and not final", transfer.confirmations));
    }
    Ok(())
}

/// What an invoice counts as paid is at most what the chains moved to its addresses.
fn sound(evidence: &Evidence, invoice: &Invoice, owners: &BTreeMap<(Family, &[u8]), Holder>) -> Vec<Violation> {
    let mut moved: BTreeMap<AssetId, u128> = BTreeMap::new();
    for transfer in evidence.oracle.transfers.values() {
        if owners.get(&(transfer.family, transfer.address.as_slice())) == Some(&Holder::of(invoice)) {
            let sum = moved.entry(transfer.asset).or_default();
            *sum = sum.saturating_add(transfer.units);
        }
    }
    let mut violations = Vec::new();
    let assets: Vec<AssetId> = invoice.quotes.iter().map(|quote| quote.due.asset).collect();
    let is_one_asset = assets.iter().all(|asset| assets.first() == Some(asset));
    for asset in assets.iter().take(1).filter(|_| is_one_asset) {
        let counted = received_in(invoice, *asset, Money::Final).map_or(0, |amount| amount.units);
        let most = moved.get(asset).copied().unwrap_or_default();
        if counted > most {
            let what = format!("{} counts {counted} units of {asset}, but {most} moved", invoice.id);
            violations.push(Violation::new("sound", what));
        }
    }
    violations
}
