//! Permanent addresses: each deposit one invoice with that one payment, and the sums are those of the chains.

use super::{Evidence, Violation};
use farthing_domain::{
    id::StaticAddressId,
    invoice::{Invoice, Source},
    payment::Payment,
    static_address::StaticAddress,
};
use farthing_store::records::Holder;
use num_bigint::BigUint;
use std::collections::BTreeSet;

/// What holds at any time: what was acknowledged is there, each of its invoices has exactly one payment, no two the same, and
/// they are counted.
pub(super) fn counted(evidence: &Evidence) -> Vec<Violation> {
    let problems = evidence.memory.permanent.keys().filter_map(|id| miscounted(evidence, *id).err());
    problems.map(|what| Violation::new("permanent", what)).collect()
}

fn miscounted(evidence: &Evidence, id: StaticAddressId) -> Result<(), String> {
    let address = the_one(evidence, id)?;
    let known = evidence.memory.permanent.get(&id).ok_or("nobody was told of it")?;
    if (address.owner, address.asset, address.decimals) != (known.owner, known.asset, known.decimals) {
        return Err(format!("{id} is not what was acknowledged: {address:?}"));
    }
    let bound = evidence.addresses.iter().find(|row| (row.family, &row.bytes) == (known.place.0, &known.place.1));
    if bound.map(|row| row.holder) != Some(Holder::StaticAddress(id)) {
        return Err(format!("{id} was handed out and is bound as {bound:?}"));
    }
    let deposits: Vec<&Invoice> =
        evidence.invoices.iter().filter(|invoice| invoice.source == Source::StaticAddress(id)).collect();
    let mut seen = BTreeSet::new();
    for invoice in &deposits {
        let [payment] = invoice.payments.as_slice() else {
            return Err(format!("deposit {} of {id} has {} payments", invoice.id, invoice.payments.len()));
        };
        if !seen.insert(&payment.key) || invoice.owner != known.owner {
            return Err(format!("{:?} made two deposits of {id}, or another shop's", payment.key));
        }
    }
    if usize::try_from(address.invoice_count) != Ok(deposits.len()) {
        return Err(format!("{id} counts {} deposits and has {}", address.invoice_count, deposits.len()));
    }
    Ok(())
}

/// Conservation: what an address received is the sum of its deposits' final money, at any time; nothing comes or goes between the
/// two, whatever is reversed.
pub(super) fn conserved(evidence: &Evidence) -> Vec<Violation> {
    let problems = evidence.permanent.iter().filter_map(|address| {
        let deposits = evidence.invoices.iter().filter(|invoice| invoice.source == Source::StaticAddress(address.id));
        let payments = deposits.flat_map(|invoice| &invoice.payments);
        let is_final =
            |payment: &&Payment| payment.asset == address.asset && payment.stands() && payment.final_since.is_some();
        let sum: BigUint = payments.filter(is_final).map(|payment| BigUint::from(payment.units)).sum();
        let is_right = address.received.to_string() == sum.to_string();
        (!is_right).then(|| format!("{} received {} and its deposits come to {sum}", address.id, address.received))
    });
    problems.map(|what| Violation::new("conserved", what)).collect()
}

/// What it received is what the chains moved to it in its asset, all of it final when it is quiet. That each transfer has its
/// record, and each record its transfer, is checked with all other payments.
pub(super) fn summed(evidence: &Evidence) -> Vec<Violation> {
    let problems = evidence.memory.permanent.iter().filter_map(|(id, known)| {
        let to_it = evidence.oracle.transfers.iter().filter(|(key, transfer)| {
            let needed = evidence.oracle.needed.get(&key.network).copied().unwrap_or(u64::MAX);
            (transfer.family, &transfer.address) == (known.place.0, &known.place.1)
                && transfer.asset == known.asset
                && transfer.confirmations >= needed
        });
        let moved: BigUint = to_it.map(|(_, transfer)| BigUint::from(transfer.units)).sum();
        let address = the_one(evidence, *id).ok()?;
        let is_right = address.received.to_string() == moved.to_string();
        (!is_right).then(|| format!("{id} received {} by the books and {moved} by the chains", address.received))
    });
    problems.map(|what| Violation::new("permanent", what)).collect()
}

fn the_one(evidence: &Evidence, id: StaticAddressId) -> Result<&StaticAddress, String> {
    let found = evidence.permanent.iter().find(|address| address.id == id);
    found.ok_or_else(|| format!("permanent address {id} was acknowledged and is gone"))
}
