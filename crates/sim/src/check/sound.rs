//! Money is final only where a chain was high enough for it, and expiry erases nothing that was mined in time.

use super::{Evidence, Violation};
use crate::oracle::OnChain;
use farthing_domain::time::Timestamp;
use farthing_domain::{id::InvoiceId, invoice::Invoice, payment::Payment, policy::Dialect, standing::Status};

/// Native's patience with money that is not final yet, in seconds after the deadline (contract, section 11).
const GRACE_SECONDS: i64 = 86_400;

/// No payment is final that never had the confirmations its network needs.
pub(super) fn deep_enough(evidence: &Evidence) -> Vec<Violation> {
    let payments =
        evidence.invoices.iter().flat_map(|invoice| invoice.payments.iter().map(move |payment| (invoice.id, payment)));
    let early = payments.filter(|(_, payment)| !is_deep_enough(evidence, payment));
    early.map(|(id, payment)| Violation::new("sound", format!("{id}: {payment:?} is final too early"))).collect()
}

fn is_deep_enough(evidence: &Evidence, payment: &Payment) -> bool {
    let (Some(block), Some(_)) = (&payment.block, payment.final_since) else { return true };
    let network = payment.key.network;
    let shipped = evidence.oracle.needed.get(&network).copied().unwrap_or(u64::MAX);
    let lowest = evidence.memory.lowest_confirmations.get(&network).map_or(shipped, |lowest| u64::from(*lowest));
    let highest = evidence.memory.highest.get(&network).copied().unwrap_or_default();
    block.height.saturating_add(shipped.min(lowest)) <= highest.saturating_add(1)
}

/// A native invoice that just expired had no money mined in time, by providers that tell the truth.
pub(crate) fn erased(evidence: &Evidence, invoice: &Invoice, now: Timestamp) -> Option<Violation> {
    let deadline = invoice.deadline.filter(|_| invoice.policy.dialect == Dialect::Native)?;
    let is_due = invoice.standing.status == Status::Expired && now < deadline.plus_seconds(GRACE_SECONDS);
    let overlooked = evidence.oracle.transfers.iter().find(|(key, transfer)| {
        let was_seen = invoice.payments.iter().any(|payment| payment.key == **key);
        is_due && !was_seen && is_in_time(evidence, invoice.id, transfer, deadline) && is_quoted(invoice, transfer)
    });
    overlooked.map(|(key, _)| Violation::new("legal", format!("{} expired, but {key:?} was mined in time", invoice.id)))
}

fn is_in_time(evidence: &Evidence, id: InvoiceId, transfer: &OnChain, deadline: Timestamp) -> bool {
    let place = (transfer.family, transfer.address.clone());
    evidence.memory.addresses.get(&place) == Some(&id)
        && transfer.sent_at <= deadline
        && transfer.mined.as_ref().is_some_and(|(_, time)| *time <= deadline)
}

fn is_quoted(invoice: &Invoice, transfer: &OnChain) -> bool {
    transfer.units > 0 && invoice.quotes.iter().any(|quote| quote.due.asset == transfer.asset)
}
