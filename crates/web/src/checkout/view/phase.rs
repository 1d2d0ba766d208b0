//! Where an invoice is, as its payer understands it. Facts only: no wording, no clock of its own.

use farthing_domain::{
    invoice::Invoice,
    money::Amount,
    name::NetworkId,
    price::Price,
    settle::still_due,
    standing::{PaymentStatus, Status},
    time::Timestamp,
};

/// Confirmations of the money that is waited for: the least of its payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confirmations {
    /// How many it has; never more than needed.
    pub(crate) have: u64,
    /// How many make it final.
    pub(crate) need: u64,
    /// The network that is waited for.
    pub(crate) network: NetworkId,
}

/// What the page is about at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No coin is chosen yet.
    Choosing,
    /// An address is shown, nothing was seen.
    Waiting,
    /// The window is open and the amount's rate has lapsed, nothing was seen.
    RateLapsed,
    /// The window is over, and what was sent before is still looked for.
    Checking,
    /// Money is in the mempool.
    Seen,
    /// Money is in a block and not final.
    Confirming(Confirmations),
    /// Paid.
    Paid,
    /// Paid, and more than asked for.
    Overpaid,
    /// Short, and the rest can still be paid.
    ShortOpen,
    /// Short, and over.
    ShortEnded,
    /// Over with nothing in time.
    Expired {
        /// Money came afterwards.
        with_late_money: bool,
    },
    /// Never activated.
    DraftExpired,
    /// Cancelled.
    Cancelled,
    /// Marked invalid, or its money is gone.
    Invalid,
}

/// Heads and needed confirmations of networks, as they are known now.
pub(crate) struct Chains<'a> {
    /// The head's height.
    pub(crate) head: &'a dyn Fn(NetworkId) -> Option<u64>,
    /// Confirmations that make money final.
    pub(crate) required: &'a dyn Fn(NetworkId) -> Option<u32>,
}

impl Phase {
    /// The phase of an invoice at `now`.
    pub(crate) fn of(invoice: &Invoice, chains: &Chains<'_>, now: Timestamp) -> Self {
        let standing = &invoice.standing;
        match standing.status {
            Status::Draft if has_passed(invoice.draft_deadline, now) => Self::DraftExpired,
            Status::Draft => Self::Choosing,
            Status::Pending => Self::of_pending(invoice, now),
            Status::Confirming => confirmations(invoice, chains).map_or(Self::Seen, Self::Confirming),
            Status::Paid => Self::Paid,
            Status::Overpaid => Self::Overpaid,
            Status::Underpaid if standing.is_final || has_passed(invoice.deadline, now) => Self::ShortEnded,
            Status::Underpaid => Self::ShortOpen,
            Status::Expired => {
                Self::Expired { with_late_money: standing.payments.iter().any(|payment| payment.status.stands()) }
            }
            Status::DraftExpired => Self::DraftExpired,
            Status::Cancelled => Self::Cancelled,
            Status::Invalid => Self::Invalid,
        }
    }

    fn of_pending(invoice: &Invoice, now: Timestamp) -> Self {
        let over = has_passed(invoice.deadline, now);
        match invoice.latest_quote() {
            Some(_) if over => Self::Checking,
            // Nothing can have been sent to an address that was never shown.
            None if over => Self::Expired { with_late_money: false },
            None => Self::Choosing,
            Some(quote) if has_passed(quote.ends_at, now) => Self::RateLapsed,
            Some(_) => Self::Waiting,
        }
    }

    /// Whether the payer should still send something, so that address and amount are shown.
    pub(crate) fn asks_for_money(self, invoice: &Invoice, now: Timestamp) -> bool {
        match self {
            Self::Waiting | Self::ShortOpen => true,
            Self::Seen | Self::Confirming(_) => rest(invoice).is_some() && !has_passed(invoice.deadline, now),
            Self::Choosing
            | Self::RateLapsed
            | Self::Checking
            | Self::Paid
            | Self::Overpaid
            | Self::ShortEnded
            | Self::Expired { .. }
            | Self::DraftExpired
            | Self::Cancelled
            | Self::Invalid => false,
        }
    }
}

/// What is still due by the latest quote when money was seen that does not suffice; `None` when nothing is missing or only as
/// much as the invoice tolerates.
pub(crate) fn rest(invoice: &Invoice) -> Option<Amount> {
    let quote = invoice.latest_quote()?;
    let rest = still_due(invoice, quote.due.asset)?;
    let tolerated = invoice.terms.price.units_of(invoice.terms.tolerance).unwrap_or_default();
    let is_tolerated = match invoice.terms.price {
        Price::Asset(_) => rest.units <= tolerated,
        // rest / due <= tolerance / price
        Price::Fiat(price) => {
            let missing = rest.units.checked_mul(price.minor);
            let allowed = quote.due.units.checked_mul(tolerated);
            missing.zip(allowed).is_some_and(|(missing, allowed)| missing <= allowed)
        }
    };
    (rest.units > 0 && !is_tolerated).then_some(rest)
}

fn has_passed(moment: Option<Timestamp>, now: Timestamp) -> bool {
    moment.is_some_and(|moment| moment <= now)
}

/// The least confirmations among money that counts, is not final and is in a block; `None` when some of it is in no block.
fn confirmations(invoice: &Invoice, chains: &Chains<'_>) -> Option<Confirmations> {
    let waiting = invoice
        .payments
        .iter()
        .zip(&invoice.standing.payments)
        .filter(|(_, standing)| standing.counts() && standing.status != PaymentStatus::Confirmed);
    let counts = waiting.map(|(payment, _)| {
        let network = payment.key.network;
        let need = u64::from((chains.required)(network).unwrap_or(1)).max(1);
        let in_block =
            payment.block.as_ref().map(|block| payment.confirmations((chains.head)(network).unwrap_or(block.height)));
        Confirmations { have: in_block.unwrap_or(0).min(need), need, network }
    });
    // Compared by what is missing: one of two confirmations is nearer than ten of twelve.
    counts.max_by_key(|count| count.need.saturating_sub(count.have)).filter(|count| count.have > 0)
}
