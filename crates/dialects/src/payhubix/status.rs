//! Payhubix' statuses: a table over the standing (B6).

use farthing_domain::{
    invoice::Invoice,
    settle::by_coin::ByCoin,
    standing::{Standing, Status},
};
use std::{fmt, str::FromStr};

/// An invoice's or a payment's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Made; the payer chose no coin, and nothing was received.
    Created,
    /// A coin is chosen, or a transfer was seen that is not final.
    Pending,
    /// Final money is less than the amount, and the rest can be paid.
    Partially,
    /// Settled.
    Paid,
    /// The time ran out with a part received.
    PartiallyExpired,
    /// The time ran out with nothing received.
    Expired,
    /// Cancelled by the payer, or called invalid.
    Canceled,
}

impl InvoiceStatus {
    /// All, in the order of an invoice's life.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Pending,
        Self::Partially,
        Self::Paid,
        Self::PartiallyExpired,
        Self::Expired,
        Self::Canceled,
    ];

    /// What `standing` comes to in this API. A coin that the merchant set is no choice of the payer's.
    #[must_use]
    pub const fn of(invoice: &Invoice, standing: &Standing) -> Self {
        match standing.status {
            Status::Draft | Status::Pending if invoice.activation_count == 0 => Self::Created,
            Status::Draft | Status::Pending | Status::Confirming => Self::Pending,
            Status::Underpaid if standing.is_final => Self::PartiallyExpired,
            Status::Underpaid => Self::Partially,
            Status::Paid | Status::Overpaid => Self::Paid,
            Status::Expired | Status::DraftExpired => Self::Expired,
            Status::Cancelled | Status::Invalid => Self::Canceled,
        }
    }

    /// What becomes of the payment in one coin. One that nothing was paid with waits as long as the invoice is open, and is
    /// given up with it.
    #[must_use]
    pub const fn of_payment(invoice: Self, coin: &ByCoin<'_>) -> Self {
        let has_money = coin.received.units > 0;
        match invoice {
            Self::Created | Self::Pending | Self::Partially if coin.waits => Self::Pending,
            Self::Created | Self::Pending | Self::Partially if has_money => Self::Partially,
            Self::Created | Self::Pending | Self::Partially => Self::Created,
            Self::Paid if has_money => Self::Paid,
            Self::Paid | Self::Canceled => Self::Canceled,
            Self::PartiallyExpired if has_money => Self::PartiallyExpired,
            Self::PartiallyExpired | Self::Expired => Self::Expired,
        }
    }

    /// Whether the payer may be sent back to the shop, and the shop told.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Created | Self::Pending | Self::Partially => false,
            Self::Paid | Self::PartiallyExpired | Self::Expired | Self::Canceled => true,
        }
    }

    /// The statuses of the core that are shown so, and where those alone do not tell it, what else must hold.
    #[must_use]
    pub const fn standings(self) -> Standings {
        let (statuses, is_final, is_chosen): (&'static [Status], _, _) = match self {
            Self::Created => (&[Status::Draft, Status::Pending], None, Some(false)),
            // Money that waits makes it pending whatever was chosen.
            Self::Pending => (&[Status::Draft, Status::Pending], None, Some(true)),
            Self::Partially => (&[Status::Underpaid], Some(false), None),
            Self::PartiallyExpired => (&[Status::Underpaid], Some(true), None),
            Self::Paid => (&[Status::Paid, Status::Overpaid], None, None),
            Self::Expired => (&[Status::Expired, Status::DraftExpired], None, None),
            Self::Canceled => (&[Status::Cancelled, Status::Invalid], None, None),
        };
        let always: &'static [Status] = if matches!(self, Self::Pending) { &[Status::Confirming] } else { &[] };
        Standings { statuses, is_final, is_chosen, always }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Pending => "Pending",
            Self::Partially => "Partially",
            Self::Paid => "Paid",
            Self::PartiallyExpired => "PartiallyExpired",
            Self::Expired => "Expired",
            Self::Canceled => "Canceled",
        }
    }
}

/// Which standings are shown as one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standings {
    /// Any of these, where the rest holds too.
    pub statuses: &'static [Status],
    /// Final or not.
    pub is_final: Option<bool>,
    /// Whether the payer chose a coin.
    pub is_chosen: Option<bool>,
    /// Any of these, whatever the rest says.
    pub always: &'static [Status],
}

impl fmt::Display for InvoiceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of Created, Pending, Partially, Paid, PartiallyExpired, Expired, Canceled")]
pub struct UnknownStatus;

impl FromStr for InvoiceStatus {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_core_is_shown_and_listed_by_the_same_words() {
        for status in Status::ALL {
            let listed: Vec<_> = InvoiceStatus::ALL
                .into_iter()
                .filter(|shown| {
                    let standings = shown.standings();
                    standings.statuses.contains(&status) || standings.always.contains(&status)
                })
                .collect();
            let expected = match status {
                Status::Draft | Status::Pending => vec![InvoiceStatus::Created, InvoiceStatus::Pending],
                Status::Confirming => vec![InvoiceStatus::Pending],
                Status::Underpaid => vec![InvoiceStatus::Partially, InvoiceStatus::PartiallyExpired],
                Status::Paid | Status::Overpaid => vec![InvoiceStatus::Paid],
                Status::Expired | Status::DraftExpired => vec![InvoiceStatus::Expired],
                Status::Cancelled | Status::Invalid => vec![InvoiceStatus::Canceled],
            };
            assert_eq!(listed, expected, "{status}");
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for status in InvoiceStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("Cancelled".parse::<InvoiceStatus>(), Err(UnknownStatus));
    }
}
