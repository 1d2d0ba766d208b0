//! What an invoice comes to: the answer of [`crate::settle`], kept beside the facts as a cache for queries.

use crate::time::Timestamp;
use alloc::vec::Vec;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// An invoice's status, as the native API names it (contract, section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the payer's choice; no window runs.
    Draft,
    /// The window is open and nothing was seen.
    Pending,
    /// Money was seen that is not final.
    Confirming,
    /// Final money reaches the amount, less the tolerance.
    Paid,
    /// Final money exceeds the amount.
    Overpaid,
    /// All money seen is final, and short.
    Underpaid,
    /// The window passed and nothing was seen.
    Expired,
    /// The draft was never activated.
    DraftExpired,
    /// Cancelled by the merchant or the payer.
    Cancelled,
    /// Marked so by the merchant, or paid once by money that no longer stands.
    Invalid,
}

impl Status {
    /// All, in the contract's order.
    pub const ALL: [Self; 10] = [
        Self::Draft,
        Self::Pending,
        Self::Confirming,
        Self::Paid,
        Self::Overpaid,
        Self::Underpaid,
        Self::Expired,
        Self::DraftExpired,
        Self::Cancelled,
        Self::Invalid,
    ];

    /// The native API's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Pending => "pending",
            Self::Confirming => "confirming",
            Self::Paid => "paid",
            Self::Overpaid => "overpaid",
            Self::Underpaid => "underpaid",
            Self::Expired => "expired",
            Self::DraftExpired => "draft_expired",
            Self::Cancelled => "cancelled",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of draft, pending, confirming, paid, overpaid, underpaid, expired, draft_expired, cancelled, invalid"
)]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// A payment's status (contract, section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// In the mempool.
    Detected,
    /// In a block, not final.
    Confirming,
    /// Final.
    Confirmed,
    /// Gone from the chain.
    Reversed,
    /// In an asset that the invoice never quoted.
    Rejected,
}

impl PaymentStatus {
    /// The native API's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Confirming => "confirming",
            Self::Confirmed => "confirmed",
            Self::Reversed => "reversed",
            Self::Rejected => "rejected",
        }
    }

    /// Whether there is money: on the chain or in its mempool, in an asset that was quoted.
    #[must_use]
    pub const fn stands(self) -> bool {
        match self {
            Self::Detected | Self::Confirming | Self::Confirmed => true,
            Self::Reversed | Self::Rejected => false,
        }
    }
}

/// Whether money came in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    /// Within the window, before any final state.
    InTime,
    /// Late, and by policy or the merchant's decision it counts.
    LateCounted,
    /// Late and recorded only.
    Late,
}

/// What one payment comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaymentStanding {
    /// Its status.
    pub status: PaymentStatus,
    /// In time or late; of no meaning when it is rejected.
    pub timeliness: Timeliness,
}

impl PaymentStanding {
    /// Whether it is part of the money seen: not rejected, not reversed, not late and uncounted.
    #[must_use]
    pub fn counts(self) -> bool {
        self.status.stands() && self.timeliness != Timeliness::Late
    }
}

/// What an invoice comes to at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// Whether nothing but a reorganisation can change it any more.
    pub is_final: bool,
    /// Whether any money that counts came late.
    pub is_late: bool,
    /// When it last became paid.
    pub paid_at: Option<Timestamp>,
    /// The moment at which this was computed; the same facts and moment give the same standing.
    pub settled_at: Timestamp,
    /// The next moment at which it changes by itself; in the past while the answer waits for a scan ([`crate::settle`]).
    pub next_change: Option<Timestamp>,
    /// Each payment's standing, in the order of the invoice's payments.
    pub payments: Vec<PaymentStanding>,
}

impl Standing {
    /// The standing before anything was settled: what events of the first settling are compared with.
    #[must_use]
    pub const fn unsettled(now: Timestamp) -> Self {
        Self {
            status: Status::Draft,
            is_final: false,
            is_late: false,
            paid_at: None,
            settled_at: now,
            next_change: None,
            payments: Vec::new(),
        }
    }
}
