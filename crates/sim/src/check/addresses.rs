//! No address serves two invoices, no index is used twice, and what was answered is what is bound.

use super::{Evidence, Violation};
use farthing_store::records::{AddressRow, Holder};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut indices: BTreeSet<(&[u8], u32)> = BTreeSet::new();
    let mut bound: BTreeMap<(_, &[u8]), Holder> = BTreeMap::new();
    for AddressRow { family, bytes, account, index, holder, .. } in &evidence.addresses {
        if !indices.insert((account, *index)) {
            violations.push(Violation::new("address", format!("index {index} was used twice, for {holder} too")));
        }
        if let Some(before) = bound.insert((*family, bytes), *holder) {
            violations.push(Violation::new("address", format!("one address for {before} and {holder}")));
        }
    }
    for ((family, bytes), invoice) in &evidence.memory.addresses {
        let now = bound.get(&(*family, bytes.as_slice()));
        if now != Some(&Holder::Invoice(*invoice)) {
            let what = format!("an address was handed out for {invoice} and is bound to {now:?}");
            violations.push(Violation::new("address", what));
        }
    }
    let mut texts: BTreeMap<&str, Holder> = BTreeMap::new();
    for invoice in &evidence.invoices {
        let holder = Holder::of(invoice);
        for quote in &invoice.quotes {
            let first = *texts.entry(&quote.address).or_insert(holder);
            if first != holder {
                let what = format!("{} is asked for by {first} and {holder}", quote.address);
                violations.push(Violation::new("address", what));
            }
        }
    }
    violations
}
