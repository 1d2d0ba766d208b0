//! `CoinsPaid`'s statuses: a table over the standing (A.8.4).

use farthing_domain::{
    invoice::Invoice,
    payment::Payment,
    settle::{Fraction, Money, covered, is_after_window},
    standing::{Standing, Status, Timeliness},
};
use std::fmt;

/// An invoice's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Open-ended, and no coin chosen.
    Created,
    /// The rate is fixed; nothing was seen, or less than the amount.
    Pending,
    /// The whole amount was seen and waits for confirmations.
    Processing,
    /// Credited.
    Confirmed,
    /// The time was over, too little was paid, it took too long, or it was cancelled.
    Failed,
}

impl InvoiceStatus {
    /// What `standing` comes to in this API.
    #[must_use]
    pub fn of(invoice: &Invoice, standing: &Standing) -> Self {
        match standing.status {
            Status::Draft => Self::Created,
            Status::Pending => Self::Pending,
            Status::Confirming if covered(invoice, standing, Money::Seen) >= Fraction::from_integer(1_u8.into()) => {
                Self::Processing
            }
            Status::Confirming => Self::Pending,
            Status::Underpaid if !standing.is_final => Self::Pending,
            Status::Paid | Status::Overpaid => Self::Confirmed,
            Status::Underpaid | Status::Expired | Status::DraftExpired | Status::Cancelled | Status::Invalid => {
                Self::Failed
            }
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for InvoiceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an invoice failed (A.9.2; the last two are our own words, A.14): empty for one that did not.
#[must_use]
pub fn error(invoice: &Invoice) -> &'static str {
    match invoice.standing.status {
        Status::Expired | Status::Underpaid if !invoice.standing.is_final => "",
        Status::Expired | Status::Underpaid if took_too_long(invoice) => {
            "Timer expired. Transactions were in status processing too long."
        }
        Status::Expired | Status::DraftExpired => "Timer expired. User not paid.",
        Status::Underpaid => "Timer expired. User paid less than requested.",
        Status::Cancelled => "Invoice was cancelled by merchant.",
        Status::Invalid => "Transaction was reversed.",
        Status::Draft | Status::Pending | Status::Confirming | Status::Paid | Status::Overpaid => "",
    }
}

/// Whether money that was seen within the window was not final when patience ended.
fn took_too_long(invoice: &Invoice) -> bool {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    pairs.into_iter().any(|(payment, standing)| was_slow(invoice, payment, standing.timeliness))
}

/// Whether a payment was seen in time and is late only because it was not final when patience ended.
#[must_use]
pub(super) fn was_slow(invoice: &Invoice, payment: &Payment, timeliness: Timeliness) -> bool {
    timeliness == Timeliness::Late
        && payment.stands()
        && invoice.cancellation.is_none()
        && !is_after_window(invoice, payment.first_seen)
}
