//! txn.pro's statuses: tables over the standing (B.4.4, B.10).

use farthing_domain::{
    invoice::Invoice,
    settle::is_after_window,
    standing::{PaymentStanding, PaymentStatus, Standing, Status, Timeliness},
};

/// An invoice's status. `on_hold` is for a compliance check, which nobody makes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Waiting at a rate that is held.
    Pending,
    /// The window is over; money may still come.
    Expired,
    /// Money was seen and waits for confirmations.
    Processing,
    /// Credited.
    Completed,
    /// Nothing, or nothing confirmed, in 168 hours.
    Cancelled,
    /// The merchant rejected it, or its money is gone.
    Rejected,
}

/// What an invoice comes to in this API: always three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triple {
    /// `status`.
    pub status: InvoiceStatus,
    /// `statusContext`: `unpaid`, `full`, `underpaid`, `overpaid`.
    pub context: &'static str,
    /// `paymentStatus`: `expecting`, `onTime`, `late`.
    pub payment: &'static str,
}

impl Triple {
    /// What `standing` comes to.
    #[must_use]
    pub fn of(invoice: &Invoice, standing: &Standing) -> Self {
        let status = InvoiceStatus::of(standing);
        let context = match standing.status {
            Status::Paid => "full",
            Status::Overpaid => "overpaid",
            Status::Underpaid if standing.is_final => "underpaid",
            Status::Underpaid
            | Status::Draft
            | Status::Pending
            | Status::Confirming
            | Status::Expired
            | Status::DraftExpired
            | Status::Cancelled
            | Status::Invalid => "unpaid",
        };
        Self { status, context, payment: payment_status(invoice, standing, status) }
    }
}

impl InvoiceStatus {
    fn of(standing: &Standing) -> Self {
        match standing.status {
            Status::Draft | Status::Pending => Self::Pending,
            Status::Confirming => Self::Processing,
            Status::Underpaid if !standing.is_final => Self::Processing,
            Status::Paid | Status::Overpaid | Status::Underpaid => Self::Completed,
            Status::Expired if !standing.is_final => Self::Expired,
            Status::Expired | Status::DraftExpired | Status::Cancelled => Self::Cancelled,
            Status::Invalid => Self::Rejected,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

fn payment_status(invoice: &Invoice, standing: &Standing, status: InvoiceStatus) -> &'static str {
    let timed = |is_late: bool| if is_late { "late" } else { "onTime" };
    match status {
        InvoiceStatus::Pending | InvoiceStatus::Expired | InvoiceStatus::Rejected => "expecting",
        InvoiceStatus::Processing => timed(standing.is_late),
        // What is credited; more that still waits may never be.
        InvoiceStatus::Completed => {
            let credited = |of: &&PaymentStanding| of.status == PaymentStatus::Confirmed;
            timed(standing.payments.iter().filter(credited).any(|of| of.timeliness == Timeliness::LateCounted))
        }
        // Nothing of it counts any more: what was seen before the end says when the payer came, and what comes after it is only
        // recorded.
        InvoiceStatus::Cancelled => {
            let end = invoice.policy.expired_open_seconds.map(|seconds| invoice.created_at.plus_seconds(seconds));
            let pairs = invoice.payments.iter().zip(&standing.payments);
            let seen = pairs.filter(|(_, of)| of.status.stands()).map(|(payment, _)| payment.first_seen);
            let first = seen.filter(|seen| end.is_none_or(|end| *seen <= end)).min();
            first.map_or("expecting", |first| timed(is_after_window(invoice, first)))
        }
    }
}

/// A deposit's status. `on_hold` is for a compliance check, which nobody makes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepositStatus {
    /// It waits for confirmations.
    Pending,
    /// Credited.
    Completed,
    /// Of another coin than the channel's, or gone for good.
    Rejected,
}

impl DepositStatus {
    /// What a deposit's invoice comes to.
    #[must_use]
    pub fn of(standing: &Standing) -> Self {
        let is_refused = standing.payments.iter().any(|payment| payment.status == PaymentStatus::Rejected);
        match standing.status {
            Status::Paid | Status::Overpaid | Status::Underpaid => Self::Completed,
            Status::Draft | Status::Pending | Status::Confirming => Self::Pending,
            // What is gone may come back.
            Status::Expired if !standing.is_final && !is_refused => Self::Pending,
            Status::Expired | Status::DraftExpired | Status::Cancelled | Status::Invalid => Self::Rejected,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
        }
    }
}

/// How far a transfer on the chain is, as `coinTransactions` have it: what is confirmed and does not count is held.
#[must_use]
pub(super) const fn coin_state(status: PaymentStatus, counts: bool) -> &'static str {
    match (status, counts) {
        (PaymentStatus::Confirmed, true) => "processed",
        (PaymentStatus::Confirmed, false) => "on_hold_confirmed",
        (PaymentStatus::Detected | PaymentStatus::Confirming, _) => "pending",
        (PaymentStatus::Reversed | PaymentStatus::Rejected, _) => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::time::Timestamp;

    fn standing(status: Status, is_final: bool) -> Standing {
        Standing { status, is_final, ..Standing::unsettled(Timestamp::from_seconds(1)) }
    }

    #[test]
    fn b_4_4_every_standing_has_a_status() {
        let told = |status, is_final| InvoiceStatus::of(&standing(status, is_final)).as_str();
        let rows = [
            (Status::Draft, "pending", "pending"),
            (Status::Pending, "pending", "pending"),
            (Status::Confirming, "processing", "processing"),
            (Status::Paid, "completed", "completed"),
            (Status::Overpaid, "completed", "completed"),
            (Status::Underpaid, "processing", "completed"),
            (Status::Expired, "expired", "cancelled"),
            (Status::DraftExpired, "cancelled", "cancelled"),
            (Status::Cancelled, "cancelled", "cancelled"),
            (Status::Invalid, "rejected", "rejected"),
        ];
        assert_eq!(rows.map(|row| row.0), Status::ALL);
        for (status, while_open, when_final) in rows {
            assert_eq!((told(status, false), told(status, true)), (while_open, when_final), "{status}");
        }
    }

    #[test]
    fn b_10_every_standing_of_a_deposit_has_a_status() {
        let told = |status, is_final| DepositStatus::of(&standing(status, is_final)).as_str();
        assert_eq!(told(Status::Confirming, false), "pending");
        assert_eq!((told(Status::Expired, false), told(Status::Expired, true)), ("pending", "rejected"));
        assert_eq!((told(Status::Paid, true), told(Status::Invalid, true)), ("completed", "rejected"));
    }
}
