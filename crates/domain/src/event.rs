//! Events: what is told of an invoice. They are the difference between two standings, so doing the same thing twice tells nothing.

use crate::{
    invoice::Invoice,
    payment::PaymentKey,
    planted::{self, Bug},
    standing::{PaymentStatus, Standing, Status, Timeliness},
};
use alloc::vec::Vec;
use core::{fmt, str::FromStr};

/// Every kind of event; each API publishes by its own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// An invoice was created.
    Created,
    /// The payer chose, or the merchant activated: address and window are set.
    Activated,
    /// Money was seen for the first time, or again after it was gone.
    PaymentDetected,
    /// Money that was seen is gone before it was final.
    PaymentDropped,
    /// The invoice has money that waits for confirmations.
    Confirming,
    /// Final money reached the amount.
    Paid,
    /// Final money exceeds the amount.
    Overpaid,
    /// The invoice ended short.
    Underpaid,
    /// The window passed with nothing seen.
    Expired,
    /// A draft was never activated.
    DraftExpired,
    /// Cancelled.
    Cancelled,
    /// Marked invalid, or its money is gone.
    Invalid,
    /// Money came late.
    LateDeposit,
    /// Final money was reversed.
    DepositReversed,
    /// Money of an asset that was never quoted.
    DepositRejected,
    /// A payment request was mailed.
    Sent,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Created,
        Self::Activated,
        Self::PaymentDetected,
        Self::PaymentDropped,
        Self::Confirming,
        Self::Paid,
        Self::Overpaid,
        Self::Underpaid,
        Self::Expired,
        Self::DraftExpired,
        Self::Cancelled,
        Self::Invalid,
        Self::LateDeposit,
        Self::DepositReversed,
        Self::DepositRejected,
        Self::Sent,
    ];

    /// The native API's name (contract, sections 7.3 and 11).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "invoice.created",
            Self::Activated => "invoice.activated",
            Self::PaymentDetected => "invoice.payment_detected",
            Self::PaymentDropped => "invoice.payment_dropped",
            Self::Confirming => "invoice.confirming",
            Self::Paid => "invoice.paid",
            Self::Overpaid => "invoice.overpaid",
            Self::Underpaid => "invoice.underpaid",
            Self::Expired => "invoice.expired",
            Self::DraftExpired => "invoice.draft_expired",
            Self::Cancelled => "invoice.cancelled",
            Self::Invalid => "invoice.invalid",
            Self::LateDeposit => "invoice.late_deposit",
            Self::DepositReversed => "invoice.deposit_reversed",
            Self::DepositRejected => "invoice.deposit_rejected",
            Self::Sent => "invoice.sent",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an event of invoices")]
pub struct UnknownEvent;

impl FromStr for EventKind {
    type Err = UnknownEvent;
    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownEvent)
    }
}

/// Something to tell of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The payment that it is about, where it is about one.
    pub payment: Option<PaymentKey>,
}

impl Event {
    /// An event about the invoice as a whole.
    #[must_use]
    pub const fn of(kind: EventKind) -> Self {
        Self { kind, payment: None }
    }
}

/// What is new in `after`, payments first: the causes stand before their effects.
pub(crate) fn difference(before: &Standing, invoice: &Invoice, after: &Standing) -> Vec<Event> {
    let mut events = Vec::new();
    let mut is_seen_anew = false;
    for (index, (payment, now)) in invoice.payments.iter().zip(&after.payments).enumerate() {
        let then = before.payments.get(index);
        let stood = then.is_some_and(|then| then.status.stands());
        let mut tell = |kind| events.push(Event { kind, payment: Some(payment.key.clone()) });
        if then.map(|then| then.status) != Some(now.status) {
            // Also where a reorganisation had moved it to a block that was not final any more: it was told as paid.
            let was_final = payment.was_final_at.is_some();
            match now.status {
                PaymentStatus::Rejected if then.is_none() => tell(EventKind::DepositRejected),
                PaymentStatus::Reversed if planted::is(Bug::ReversalUntold) => {}
                PaymentStatus::Reversed if stood && was_final => tell(EventKind::DepositReversed),
                PaymentStatus::Reversed if stood => tell(EventKind::PaymentDropped),
                PaymentStatus::Detected | PaymentStatus::Confirming | PaymentStatus::Confirmed if !stood => {
                    tell(EventKind::PaymentDetected);
                    is_seen_anew |= now.counts();
                }
                PaymentStatus::Rejected
                | PaymentStatus::Reversed
                | PaymentStatus::Detected
                | PaymentStatus::Confirming
                | PaymentStatus::Confirmed => {}
            }
        }
        let was_late = stood && then.is_some_and(|then| then.timeliness != Timeliness::InTime);
        if now.status.stands() && now.timeliness != Timeliness::InTime && !was_late {
            tell(EventKind::LateDeposit);
        }
    }
    events.extend(change_of_status(before, after, is_seen_anew).into_iter().flatten().map(Event::of));
    events
}

/// The events of a changed status: at most `invoice.confirming`, which is told also when money is final as soon as it is
/// seen, and the status's own.
fn change_of_status(before: &Standing, after: &Standing, is_seen_anew: bool) -> [Option<EventKind>; 2] {
    let had_money = before.payments.iter().any(|payment| payment.counts());
    let is_new = before.status != after.status;
    let money_decides = matches!(after.status, Status::Paid | Status::Overpaid | Status::Underpaid);
    let skipped_confirming = is_seen_anew && !had_money && money_decides;
    let confirming =
        (skipped_confirming || (is_new && after.status == Status::Confirming)).then_some(EventKind::Confirming);
    let own = match after.status {
        Status::Paid if is_new => Some(EventKind::Paid),
        Status::Overpaid if is_new => Some(EventKind::Overpaid),
        Status::Underpaid if after.is_final && (is_new || !before.is_final) => Some(EventKind::Underpaid),
        Status::Expired if is_new => Some(EventKind::Expired),
        Status::DraftExpired if is_new => Some(EventKind::DraftExpired),
        Status::Cancelled if is_new => Some(EventKind::Cancelled),
        Status::Invalid if is_new => Some(EventKind::Invalid),
        Status::Paid
        | Status::Overpaid
        | Status::Underpaid
        | Status::Expired
        | Status::DraftExpired
        | Status::Cancelled
        | Status::Invalid
        | Status::Draft
        | Status::Pending
        | Status::Confirming => None,
    };
    [confirming, own]
}
