//! A second opinion on native invoices with one quote, from the chains alone: no function of the domain decides here.
//!
//! Money mined before the deadline is surely in time; money sent after it is surely late. In between only the node's mempool
//! knows, and nothing is claimed.

use super::{Evidence, Violation};
use crate::oracle::OnChain;
use farthing_domain::{
    invoice::Invoice, policy::Dialect, price::Price, quote::Quote, standing::Status, time::Timestamp,
};
use num_bigint::BigUint;

/// Native's patience with money that is not final yet, in seconds after the deadline (contract, section 11).
const GRACE_SECONDS: i64 = 86_400;

pub(super) fn check(evidence: &Evidence) -> Vec<Violation> {
    let Some(quiet_at) = evidence.quiet_at else { return Vec::new() };
    let problems = evidence.invoices.iter().filter_map(|invoice| {
        let what = disagreement(evidence, invoice, quiet_at)?;
        let seen: Vec<_> = invoice.payments.iter().map(|payment| (payment.units, payment.first_seen)).collect();
        let (status, deadline) = (invoice.standing.status, invoice.deadline);
        let what = format!("{} is {status}: {what}; until {deadline:?} seen {seen:?}", invoice.id);
        Some(Violation::new("model", what))
    });
    problems.collect()
}

/// What the model has against an invoice's status.
fn disagreement(evidence: &Evidence, invoice: &Invoice, quiet_at: Timestamp) -> Option<String> {
    let known = evidence.memory.invoices.get(&invoice.id);
    let status = invoice.standing.status;
    let may_be = known.is_none_or(|known| known.may_be_cancelled) && status == Status::Cancelled;
    let is_cancelled = known.is_some_and(|known| known.is_cancelled) || may_be;
    if is_cancelled != (status == Status::Cancelled) {
        return Some(format!("a cancellation was acknowledged: {is_cancelled}"));
    }
    let ([quote], Dialect::Native) = (invoice.quotes.as_slice(), invoice.policy.dialect) else { return None };
    let deadline = invoice.deadline?;
    if is_cancelled {
        return None;
    }
    let sums = Sums::of(evidence, invoice, quote, deadline);
    let needed = Needed::of(invoice, quote)?;
    let final_in_time = quiet_at <= deadline.plus_seconds(GRACE_SECONDS);
    let is_paid = matches!(status, Status::Paid | Status::Overpaid);
    if is_paid && !needed.is_reached(sums.possibly) {
        return Some(format!("at most {} units came in time of {}", sums.possibly, quote.due.units));
    }
    if status == Status::Overpaid && sums.possibly <= quote.due.units {
        return Some(format!("{} units are not more than {}", sums.possibly, quote.due.units));
    }
    if !final_in_time {
        return None;
    }
    if !is_paid && needed.is_reached(sums.surely) {
        return Some(format!("{} units of {} were mined in time", sums.surely, quote.due.units));
    }
    let says_nothing_came = matches!(status, Status::Expired | Status::Invalid | Status::Pending);
    if says_nothing_came && sums.surely > 0 {
        return Some(format!("{} units were mined before the deadline", sums.surely));
    }
    if status == Status::Underpaid && sums.possibly == 0 {
        return Some("no money came in time".to_owned());
    }
    None
}

/// Money of the quote's asset that the chain has now.
struct Sums {
    /// Mined by the deadline.
    surely: u128,
    /// Sent by the deadline.
    possibly: u128,
}

impl Sums {
    fn of(evidence: &Evidence, invoice: &Invoice, quote: &Quote, deadline: Timestamp) -> Self {
        let is_its_own = |transfer: &&OnChain| {
            let place = (transfer.family, transfer.address.clone());
            transfer.asset == quote.due.asset && evidence.memory.addresses.get(&place) == Some(&invoice.id)
        };
        let mut sums = Self { surely: 0, possibly: 0 };
        for transfer in evidence.oracle.transfers.values().filter(is_its_own) {
            if transfer.mined.as_ref().is_some_and(|(_, time)| *time <= deadline) {
                sums.surely = sums.surely.saturating_add(transfer.units);
            }
            if transfer.mined.is_some() && transfer.sent_at <= deadline.plus_seconds(evidence.set_back_seconds) {
                sums.possibly = sums.possibly.saturating_add(transfer.units);
            }
        }
        sums
    }
}

/// From how much an invoice is paid: the due less the tolerance's part of it, by cross multiplication.
struct Needed {
    due: u128,
    price: u128,
    price_less_tolerance: u128,
}

impl Needed {
    fn of(invoice: &Invoice, quote: &Quote) -> Option<Self> {
        let price = match invoice.terms.price {
            Price::Asset(amount) => amount.units,
            Price::Fiat(amount) => amount.minor,
        };
        let tolerance = invoice.terms.price.units_of(invoice.terms.tolerance).ok()?;
        Some(Self { due: quote.due.units, price, price_less_tolerance: price.checked_sub(tolerance)? })
    }

    fn is_reached(&self, units: u128) -> bool {
        let product = |one: u128, other: u128| BigUint::from(one) * BigUint::from(other);
        product(units, self.price) >= product(self.due, self.price_less_tolerance)
    }
}
