//! Events: numbered without gaps, each with its cause, and together the whole story of each invoice.

use super::{Evidence, Violation};
use farthing_domain::{
    event::EventKind,
    id::InvoiceId,
    invoice::{Invoice, Source},
    payment::Payment,
    standing::Status,
};
use farthing_store::records::StoredEvent;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What an invoice's events tell so far.
#[derive(Default)]
struct Story {
    created: u32,
    last_status: Option<EventKind>,
    standing: BTreeMap<String, i64>,
    rejected: usize,
}

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let invoices: BTreeMap<InvoiceId, &Invoice> =
        evidence.invoices.iter().map(|invoice| (invoice.id, invoice)).collect();
    let mut stories: BTreeMap<InvoiceId, Story> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut problems = Vec::new();
    for (merchant, events) in &evidence.events {
        for (expected, event) in (1_u64..).zip(events) {
            if event.sequence != expected || !ids.insert(event.id) {
                problems.push(format!("event {} stands where {expected} should", event.sequence));
            }
            let is_theirs = invoices.get(&event.invoice).is_some_and(|invoice| invoice.owner.merchant == *merchant);
            if !is_theirs {
                problems.push(format!("event {} is of {}, which is not theirs", event.sequence, event.invoice));
            }
            if let Err(what) = stories.entry(event.invoice).or_default().add(event) {
                problems.push(format!("event {} of {}: {what}", event.sequence, event.invoice));
            }
        }
    }
    for invoice in &evidence.invoices {
        let story = stories.remove(&invoice.id).unwrap_or_default();
        if let Err(what) = story.matches(invoice) {
            problems.push(format!("{} is {}: {what}", invoice.id, invoice.standing.status));
        }
    }
    problems.into_iter().map(|what| Violation::new("events", what)).collect()
}

impl Story {
    fn add(&mut self, event: &StoredEvent) -> Result<(), String> {
        let kind: EventKind = event.kind.parse().map_err(|_| format!("unknown kind {}", event.kind))?;
        let body: Value = serde_json::from_slice(&event.body).map_err(|error| error.to_string())?;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/event") != event.kind || text("/data/invoice_id") != event.invoice.to_string() {
            return Err(format!("its body is of {} {}", text("/event"), text("/data/invoice_id")));
        }
        if self.created == 0 && kind != EventKind::Created {
            return Err(format!("{kind} before the creation"));
        }
        if !causes(kind).is_empty() && !causes(kind).iter().any(|status| status.as_str() == text("/data/status")) {
            return Err(format!("{kind}, but the status was {}", text("/data/status")));
        }
        let ends = matches!(kind, EventKind::Expired | EventKind::DraftExpired | EventKind::Cancelled);
        if ends && self.last_status == Some(kind) {
            return Err(format!("{kind} twice, and nothing in between"));
        }
        let mut count = |by: i64| {
            let sum = self.standing.entry(text("/data/payment/tx_hash").to_owned()).or_default();
            *sum = sum.saturating_add(by);
        };
        match kind {
            EventKind::Created => self.created = self.created.saturating_add(1),
            EventKind::PaymentDetected => count(1),
            EventKind::PaymentDropped | EventKind::DepositReversed => count(-1),
            EventKind::DepositRejected => self.rejected = self.rejected.saturating_add(1),
            EventKind::Confirming
            | EventKind::Paid
            | EventKind::Overpaid
            | EventKind::Underpaid
            | EventKind::Expired
            | EventKind::DraftExpired
            | EventKind::Cancelled
            | EventKind::Invalid => self.last_status = Some(kind),
            EventKind::Activated | EventKind::LateDeposit | EventKind::Sent => {}
        }
        Ok(())
    }

    /// Whether the story ends where the invoice is.
    fn matches(self, invoice: &Invoice) -> Result<(), String> {
        if self.created != 1 {
            return Err(format!("created {} times", self.created));
        }
        // A deposit of money that a permanent address does not accept is an invoice that is over from its beginning.
        let was_over_at_once = matches!(invoice.source, Source::StaticAddress(_)) && self.last_status.is_none();
        let own = own_event(invoice.standing.status).filter(|own| !(was_over_at_once && *own == EventKind::Expired));
        if invoice.standing.is_final && own.is_some() && self.last_status != own {
            return Err(format!("the last event of its status was {:?}", self.last_status));
        }
        let mut standing: BTreeMap<String, i64> = BTreeMap::new();
        for payment in invoice.payments.iter().filter(|payment| payment.stands()) {
            let sum = standing.entry(payment.key.transaction.clone()).or_default();
            *sum = sum.saturating_add(1);
        }
        let told: BTreeMap<String, i64> = self.standing.into_iter().filter(|(_, count)| *count != 0).collect();
        if told != standing {
            return Err(format!("told payments {told:?}, standing {standing:?}"));
        }
        let is_rejected = |payment: &&Payment| payment.rejection.is_some();
        let rejected = invoice.payments.iter().filter(is_rejected).count();
        if rejected != self.rejected {
            return Err(format!("{rejected} rejected deposits, {} told", self.rejected));
        }
        Ok(())
    }
}

/// The statuses of which one must hold when an event is told; none: any.
const fn causes(kind: EventKind) -> &'static [Status] {
    match kind {
        // Told also on the way to a status that final money decides at once.
        EventKind::Confirming => &[Status::Confirming, Status::Paid, Status::Overpaid, Status::Underpaid],
        EventKind::Paid => &[Status::Paid],
        EventKind::Overpaid => &[Status::Overpaid],
        EventKind::Underpaid => &[Status::Underpaid],
        EventKind::Expired => &[Status::Expired],
        EventKind::DraftExpired => &[Status::DraftExpired],
        EventKind::Cancelled => &[Status::Cancelled],
        EventKind::Invalid => &[Status::Invalid],
        EventKind::Created
        | EventKind::Activated
        | EventKind::PaymentDetected
        | EventKind::PaymentDropped
        | EventKind::LateDeposit
        | EventKind::DepositReversed
        | EventKind::DepositRejected
        | EventKind::Sent => &[],
    }
}

const fn own_event(status: Status) -> Option<EventKind> {
    match status {
        Status::Paid => Some(EventKind::Paid),
        Status::Overpaid => Some(EventKind::Overpaid),
        Status::Underpaid => Some(EventKind::Underpaid),
        Status::Expired => Some(EventKind::Expired),
        Status::DraftExpired => Some(EventKind::DraftExpired),
        Status::Cancelled => Some(EventKind::Cancelled),
        Status::Invalid => Some(EventKind::Invalid),
        Status::Draft | Status::Pending | Status::Confirming => None,
    }
}
