//! TX.Cash's statuses: a table over the standing (A5). Final money decides; money that is not final shows in `payments` only.

use farthing_domain::{
    invoice::Invoice,
    settle::{Fraction, Money, covered},
    standing::{Standing, Status},
};

/// An invoice's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// No final money.
    Pending,
    /// The full amount.
    Paid,
    /// A part, and the window is open or more is waited for.
    UnderPaid,
    /// More than the amount.
    OverPaid,
    /// The window ended before the full amount came, or what paid it is gone.
    Expired,
    /// The payer cancelled.
    Cancelled,
}

impl InvoiceStatus {
    /// What `standing` comes to in this API.
    #[must_use]
    pub fn of(invoice: &Invoice, standing: &Standing) -> Self {
        match standing.status {
            Status::Draft | Status::Pending => Self::Pending,
            Status::Confirming if is_covered(invoice, standing) => Self::UnderPaid,
            Status::Confirming => Self::Pending,
            Status::Paid => Self::Paid,
            Status::Overpaid => Self::OverPaid,
            Status::Underpaid if !standing.is_final => Self::UnderPaid,
            Status::Underpaid | Status::Expired | Status::DraftExpired | Status::Invalid => Self::Expired,
            Status::Cancelled => Self::Cancelled,
        }
    }

    /// The number on the wire, which clients go by.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Paid => 1,
            Self::UnderPaid => 2,
            Self::OverPaid => 3,
            Self::Expired => 4,
            Self::Cancelled => 5,
        }
    }

    /// The words on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::UnderPaid => "under paid",
            Self::OverPaid => "over paid",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whether final money covers any of the amount.
fn is_covered(invoice: &Invoice, standing: &Standing) -> bool {
    covered(invoice, standing, Money::Final) > Fraction::from_integer(0_u8.into())
}
