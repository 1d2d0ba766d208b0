//! The checks: what the books say, compared with the chains, with what was answered, and with what the shops received.
//!
//! Pure: evidence in, violations out. Nothing here asks the gateway, so that doctored evidence shows that a check can fail.

mod addresses;
mod callbacks;
mod deliveries;
mod events;
pub(crate) mod exact;
mod model;
mod payments;
mod permanent;
pub(crate) mod sound;
#[cfg(test)]
mod tests;

use crate::{
    act::callbacks::Written,
    memory::Memory,
    oracle::Oracle,
    receivers::{CalledBack, Received},
};
use farthing_domain::{
    id::MerchantId, invoice::Invoice, settle::settle, static_address::StaticAddress, time::Timestamp,
};
use farthing_store::records::{AddressRow, Attempt, Delivery, StoredEvent};
use std::{collections::BTreeMap, fmt};

/// Everything that is looked at.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The books: every invoice with its payments.
    pub invoices: Vec<Invoice>,
    /// The books: every address handed out.
    pub addresses: Vec<AddressRow>,
    /// The books: every permanent address that was acknowledged, with its sums.
    pub permanent: Vec<StaticAddress>,
    /// The books: every event, by shop.
    pub events: BTreeMap<MerchantId, Vec<StoredEvent>>,
    /// What is on the chains.
    pub oracle: Oracle,
    /// What was answered.
    pub memory: Memory,
    /// The books: every delivery to an endpoint that was acknowledged, with its attempts.
    pub deliveries: Vec<(Delivery, Vec<Attempt>)>,
    /// What the receivers got.
    pub log: Vec<Received>,
    /// The books: every callback of a dialect, in the order in which they were written.
    pub callbacks: Vec<Written>,
    /// The callbacks that their receivers got.
    pub called_back: Vec<CalledBack>,
    /// When all money was final, by the environment's clock; `None` while faults go on.
    pub quiet_at: Option<Timestamp>,
    /// By how much the clock was set back altogether: a process that starts again believes it.
    pub set_back_seconds: i64,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What of it.
    pub what: String,
}

impl Violation {
    /// A violation of an invariant.
    #[must_use]
    pub const fn new(invariant: &'static str, what: String) -> Self {
        Self { invariant, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// What must hold at any time, also in the middle of faults.
#[must_use]
pub fn at_any_time(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = durable(evidence);
    violations.extend(idempotent(evidence));
    violations.extend(derivable(evidence));
    violations.extend(sound::deep_enough(evidence));
    violations.extend(addresses::check(evidence));
    violations.extend(permanent::counted(evidence));
    violations.extend(permanent::conserved(evidence));
    violations.extend(events::check(evidence));
    violations.extend(deliveries::honest(evidence));
    violations.extend(deliveries::recorded(evidence));
    violations.extend(callbacks::honest(evidence));
    violations
}

/// What must hold when faults stopped, chains went on beyond finality, and nothing is due any more.
#[must_use]
pub fn when_quiet(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = at_any_time(evidence);
    violations.extend(payments::check(evidence));
    violations.extend(permanent::summed(evidence));
    violations.extend(model::check(evidence));
    violations.extend(settled(evidence));
    violations.extend(deliveries::complete(evidence));
    violations.extend(deliveries::repeated(evidence));
    violations.extend(callbacks::complete(evidence));
    violations
}

/// Every acknowledged invoice is there, with its owner, what it asked for, and its cancellation.
fn durable(evidence: &Evidence) -> Vec<Violation> {
    let by_id: BTreeMap<_, &Invoice> = evidence.invoices.iter().map(|invoice| (invoice.id, invoice)).collect();
    let mut violations = Vec::new();
    for (id, known) in &evidence.memory.invoices {
        let Some(invoice) = by_id.get(id) else {
            violations.push(Violation::new("durable", format!("invoice {id} was acknowledged and is gone")));
            continue;
        };
        let has_dues = known
            .dues
            .iter()
            .all(|(asset, (due, _))| invoice.quotes.iter().any(|quote| quote.due.asset == *asset && quote.due == *due));
        if invoice.owner != known.owner || !has_dues || (known.is_cancelled && invoice.cancellation.is_none()) {
            violations.push(Violation::new("durable", format!("invoice {id} is not what was acknowledged")));
        }
    }
    violations
}

/// Each key has one invoice, the one that every success named.
fn idempotent(evidence: &Evidence) -> Vec<Violation> {
    let mut by_key: BTreeMap<(MerchantId, &str), Vec<&Invoice>> = BTreeMap::new();
    for invoice in &evidence.invoices {
        if let Some(key) = invoice.terms.idempotency_key.as_deref() {
            by_key.entry((invoice.owner.merchant, key)).or_default().push(invoice);
        }
    }
    let mut violations = Vec::new();
    for ((merchant, key), invoices) in &by_key {
        let named = evidence.memory.keys.get(&(*merchant, (*key).to_owned())).and_then(|known| known.invoice);
        let ids: Vec<_> = invoices.iter().map(|invoice| invoice.id).collect();
        if ids.len() != 1 || named.is_some_and(|named| !ids.contains(&named)) {
            violations.push(Violation::new("idempotent", format!("key {key} has {ids:?} and named {named:?}")));
        }
    }
    violations
}

/// What is stored of a standing is what the facts come to.
fn derivable(evidence: &Evidence) -> Vec<Violation> {
    let differs = |invoice: &&Invoice| settle(invoice, invoice.standing.settled_at) != invoice.standing;
    let wrong = evidence.invoices.iter().filter(differs);
    wrong.map(|invoice| Violation::new("derivable", format!("{}: {:?}", invoice.id, invoice.standing))).collect()
}

/// Nothing waits for anything any more.
fn settled(evidence: &Evidence) -> Vec<Violation> {
    let waits = |invoice: &&Invoice| !invoice.standing.is_final || invoice.standing.next_change.is_some();
    let waiting = evidence.invoices.iter().filter(waits);
    waiting.map(|invoice| Violation::new("settled", format!("{} is {:?}", invoice.id, invoice.standing))).collect()
}
