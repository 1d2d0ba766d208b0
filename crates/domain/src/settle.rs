//! The status function: what an invoice's recorded facts come to at a moment.
//!
//! Pure and total. It is the only place that decides a status; reorganisations, late money and cancellations are no special
//! paths but other facts. Exact fractions throughout: no rounding decides whether somebody paid.

pub mod by_coin;

use crate::{
    asset::AssetId,
    decimal::Decimal,
    invoice::{Canceller, Invoice},
    money::Amount,
    payment::Payment,
    planted::{self, Bug},
    policy::{Grace, LateMoney, MerchantCancel, ShortMoney},
    quote::Quote,
    standing::{PaymentStanding, PaymentStatus, Standing, Status, Timeliness},
    time::Timestamp,
};
use alloc::vec::Vec;
use num_bigint::BigUint;
use num_rational::Ratio;
use num_traits::{CheckedDiv, One, ToPrimitive, Zero};

/// A part of the amount asked for: 1 is all of it.
pub type Fraction = Ratio<BigUint>;

/// Which money is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// All that counts: not rejected, not reversed, not late and uncounted.
    Seen,
    /// Of that, what is final.
    Final,
}

/// What the facts of `invoice` come to at `now`.
///
/// While `next_change` lies in the past, the answer waits for a scan: the window is over, but a network of the invoice was
/// not yet read to a tip of after the deadline, and our own lag never makes a payment late.
#[must_use]
pub fn settle(invoice: &Invoice, now: Timestamp) -> Standing {
    let clock = Clock::of(invoice, now);
    let mut payments: Vec<PaymentStanding> = invoice
        .payments
        .iter()
        .map(|payment| PaymentStanding {
            status: Invoice::status_of(payment),
            timeliness: timeliness(invoice, payment, &clock),
        })
        .collect();
    let ending = Ending::of(invoice, &mut payments);
    let sums = Sums::of(invoice, &payments);
    let status = status(invoice, &clock, &ending, &sums);
    Standing {
        status,
        is_final: is_final(invoice, status, &clock, &ending, &sums),
        is_late: payments.iter().any(|payment| payment.counts() && payment.timeliness == Timeliness::LateCounted),
        paid_at: ending.paid_at.filter(|at| became_paid(invoice, *at)),
        settled_at: now,
        next_change: next_change(invoice, status, &clock, &sums),
        payments,
    }
}

/// How much of the amount money covers, by the payments' standings in `standing`.
#[must_use]
pub fn covered(invoice: &Invoice, standing: &Standing, money: Money) -> Fraction {
    let sums = Sums::of(invoice, &standing.payments);
    match money {
        Money::Seen => sums.seen,
        Money::Final => sums.final_,
    }
}

/// What is still due in an asset that was quoted: the uncovered fraction of its latest quote, rounded up to the quote's step.
/// `None` when there is no such quote.
#[must_use]
pub fn still_due(invoice: &Invoice, asset: AssetId) -> Option<Amount> {
    still_due_by(invoice, &invoice.standing, asset)
}

/// The same, by the payments' standings in `standing`.
#[must_use]
pub fn still_due_by(invoice: &Invoice, standing: &Standing, asset: AssetId) -> Option<Amount> {
    let quote = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset)?;
    let seen = covered(invoice, standing, Money::Seen);
    if seen >= Fraction::one() {
        return Some(Amount { units: 0, ..quote.due });
    }
    Some(Amount { units: due_of(quote, Fraction::one() - seen)?, ..quote.due })
}

/// A part of what a quote makes due, in atomic units, rounded up to the quote's step. `None` when it does not fit.
fn due_of(quote: &Quote, part: Fraction) -> Option<u128> {
    if part.is_one() {
        return Some(quote.due.units);
    }
    let step = quote.step.max(1);
    let steps = part * Fraction::from(BigUint::from(quote.due.units)) / Fraction::from(BigUint::from(step));
    let units = steps.ceil().to_integer().to_u128()?.checked_mul(step)?;
    // The due itself need not be a multiple of the step when the asset was priced directly.
    Some(units.min(quote.due.units))
}

/// What was received, valued in an asset that was quoted: that asset's own money exactly, other assets by the quotes, rounded
/// down. `None` when there is no such quote.
#[must_use]
pub fn received_in(invoice: &Invoice, asset: AssetId, money: Money) -> Option<Amount> {
    let due = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset)?.due;
    let mut own: u128 = 0;
    let mut others = Fraction::zero();
    for (payment, standing) in counted(invoice, &invoice.standing.payments, money) {
        if payment.asset == asset {
            own = own.checked_add(payment.units)?;
        } else {
            others += value(invoice, payment, *standing);
        }
    }
    let others = (others * Fraction::from(BigUint::from(due.units))).floor().to_integer().to_u128()?;
    Some(Amount { units: own.checked_add(others)?, ..due })
}

/// Whether money first seen at `seen` came after the payer's window.
#[must_use]
pub fn is_after_window(invoice: &Invoice, seen: Timestamp) -> bool {
    invoice.deadline.is_some_and(|deadline| seen > deadline)
}

/// The moments that matter.
struct Clock {
    now: Timestamp,
    /// The window has passed, and every network was scanned beyond it or grace ran out.
    window_is_over: bool,
    /// Until when money seen in time may become final; `None` without a window.
    grace_end: Option<Timestamp>,
}

impl Clock {
    fn of(invoice: &Invoice, now: Timestamp) -> Self {
        let grace_end = grace_end(invoice);
        let window_is_over = match (invoice.policy.window, invoice.deadline) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(deadline)) => {
                let was_scanned = invoice.scanned_through.is_some_and(|through| through >= deadline);
                now >= deadline
                    && (was_scanned
                        || planted::is(Bug::ExpiryIgnoresScan)
                        || invoice.quotes.is_empty()
                        || grace_end.is_some_and(|end| now >= end))
            }
        };
        Self { now, window_is_over, grace_end }
    }
}

/// When patience ends with money that was seen in time and is not final.
fn grace_end(invoice: &Invoice) -> Option<Timestamp> {
    let deadline = invoice.deadline?;
    let end = match invoice.policy.grace {
        Grace::AfterWindow(seconds) => deadline.plus_seconds(seconds),
        Grace::AfterCreation(seconds) => invoice.created_at.plus_seconds(seconds),
        Grace::AfterLatestSighting(seconds) => invoice
            .payments
            .iter()
            .filter(|payment| payment.rejection.is_none() && payment.first_seen <= deadline)
            .map(|payment| payment.first_seen)
            .max()
            .unwrap_or(deadline)
            .plus_seconds(seconds),
    };
    Some(end.max(deadline))
}

/// Late is what was first seen after the window, what grace ran out for, and what was recorded after somebody's decision.
fn timeliness(invoice: &Invoice, payment: &Payment, clock: &Clock) -> Timeliness {
    if is_after_decision(invoice, payment) {
        return Timeliness::Late;
    }
    // What was final in time stays in time, also when a reorganisation makes it wait once more; what is gone waits for nothing.
    let final_at = payment.was_final_at.into_iter().chain(payment.final_since).min().unwrap_or(clock.now);
    let ran_out = |end: Option<Timestamp>| payment.stands() && end.is_some_and(|end| final_at > end);
    if !is_after_window(invoice, payment.first_seen) && !ran_out(clock.grace_end) {
        return Timeliness::InTime;
    }
    let counts = is_accepted(invoice, payment)
        || match invoice.policy.late {
            LateMoney::Ask | LateMoney::Never => false,
            LateMoney::CreditLockedRate => true,
            LateMoney::CreditCurrentRate { .. } => payment.current_quote.is_some() && !ran_out(late_end(invoice)),
        };
    if counts { Timeliness::LateCounted } else { Timeliness::Late }
}

/// Whether a payment came after the invoice was cancelled or marked invalid. Where only an invoice without money can be
/// cancelled, whatever stands now came after: also money that was gone at that moment and is back.
fn is_after_decision(invoice: &Invoice, payment: &Payment) -> bool {
    let after_cancellation = invoice.cancellation.is_some_and(|cancellation| {
        let had_nothing =
            cancellation.by == Canceller::Payer || invoice.policy.merchant_cancel == MerchantCancel::WhileNothingSeen;
        had_nothing || payment.recorded_at >= cancellation.at
    });
    after_cancellation || invoice.marked_invalid_at.is_some_and(|at| payment.recorded_at >= at)
}

/// Whether the merchant lets this money count though it is late.
fn is_accepted(invoice: &Invoice, payment: &Payment) -> bool {
    payment.acceptance.is_some() && invoice.policy.late != LateMoney::Never
}

/// Until when late money that counts at the rate of the day may become final; `None`: for ever.
fn late_end(invoice: &Invoice) -> Option<Timestamp> {
    match invoice.policy.late {
        LateMoney::CreditCurrentRate { until } => until.map(|seconds| invoice.created_at.plus_seconds(seconds)),
        LateMoney::Ask | LateMoney::Never | LateMoney::CreditLockedRate => None,
    }
}

/// Whether it was paid at that moment: not when it had been cancelled or marked invalid before.
fn became_paid(invoice: &Invoice, at: Timestamp) -> bool {
    invoice.cancellation.is_none() && invoice.marked_invalid_at.is_none_or(|marked| at <= marked)
}

/// How the invoice ended, if it did.
struct Ending {
    /// It reached the amount.
    paid_at: Option<Timestamp>,
    /// It ended short, where short money ends an invoice.
    ended_short: bool,
}

impl Ending {
    /// Finds the end, and makes late what was first seen after it.
    fn of(invoice: &Invoice, payments: &mut [PaymentStanding]) -> Self {
        let ended_short =
            invoice.policy.short == ShortMoney::EndsWithFirstFinal && end_with_first_final(invoice, payments);
        let paid_at = paid_at(invoice, payments);
        if let Some(paid_at) = paid_at {
            make_late_after(paid_at, invoice, payments);
        }
        Self { paid_at, ended_short: ended_short && paid_at.is_none() }
    }
}

/// Counts only what was seen by the first final payment; answers whether all of that is final or gone.
fn end_with_first_final(invoice: &Invoice, payments: &mut [PaymentStanding]) -> bool {
    let first_final = counted(invoice, payments, Money::Final)
        .filter_map(|(payment, standing)| counts_since(payment, *standing))
        .min();
    let Some(first_final) = first_final else { return false };
    make_late_after(first_final, invoice, payments);
    counted(invoice, payments, Money::Seen).all(|(payment, _)| payment.final_since.is_some())
}

/// When final money last reached what is needed: the moment of the payment that completed it.
fn paid_at(invoice: &Invoice, payments: &[PaymentStanding]) -> Option<Timestamp> {
    let mut finals: Vec<_> = counted(invoice, payments, Money::Final)
        .filter_map(|(payment, standing)| {
            Some((counts_since(payment, *standing)?, &payment.key, value(invoice, payment, *standing)))
        })
        .collect();
    finals.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let needed = needed(invoice);
    let mut sum = Fraction::zero();
    for (at, _, value) in finals {
        sum += value;
        if sum >= needed {
            return Some(at);
        }
    }
    None
}

/// Since when a final payment counts: since it is final or, late, since the merchant accepted it. Never before it was seen,
/// whatever a clock that was set back says: otherwise money could be late after the end that it made itself.
fn counts_since(payment: &Payment, standing: PaymentStanding) -> Option<Timestamp> {
    let accepted = payment.acceptance.as_ref().filter(|_| standing.timeliness == Timeliness::LateCounted);
    let since = payment.final_since?.max(payment.first_seen);
    Some(accepted.map_or(since, |acceptance| since.max(acceptance.at)))
}

fn make_late_after(end: Timestamp, invoice: &Invoice, payments: &mut [PaymentStanding]) {
    for (payment, standing) in invoice.payments.iter().zip(payments) {
        if payment.first_seen > end && standing.timeliness != Timeliness::Late {
            standing.timeliness =
                if is_accepted(invoice, payment) { Timeliness::LateCounted } else { Timeliness::Late };
        }
    }
}

/// The money that counts.
fn counted<'a>(
    invoice: &'a Invoice,
    payments: &'a [PaymentStanding],
    money: Money,
) -> impl Iterator<Item = (&'a Payment, &'a PaymentStanding)> {
    invoice.payments.iter().zip(payments).filter(move |(_, standing)| {
        standing.counts() && (money == Money::Seen || standing.status == PaymentStatus::Confirmed)
    })
}

/// The quote by which a payment counts.
fn quote_of<'a>(invoice: &'a Invoice, payment: &'a Payment, standing: PaymentStanding) -> Option<&'a Quote> {
    match standing.timeliness {
        Timeliness::LateCounted => payment.current_quote.as_ref(),
        Timeliness::InTime | Timeliness::Late => None,
    }
    .or_else(|| invoice.quote_for(payment.asset, payment.first_seen))
}

/// The fraction of the amount that a payment covers.
fn value(invoice: &Invoice, payment: &Payment, standing: PaymentStanding) -> Fraction {
    quote_of(invoice, payment, standing).map_or_else(Fraction::zero, |quote| ratio(payment.units, quote.due.units))
}

/// `part / whole`; all of it when the whole is nothing.
fn ratio(part: u128, whole: u128) -> Fraction {
    let (part, whole) = (Fraction::from(BigUint::from(part)), Fraction::from(BigUint::from(whole)));
    part.checked_div(&whole).unwrap_or_else(Fraction::one)
}

/// The tolerance as a fraction of the amount.
fn tolerance(invoice: &Invoice) -> Fraction {
    let price = &invoice.terms.price;
    if invoice.terms.tolerance == Decimal::ZERO {
        return Fraction::zero();
    }
    let counted = if planted::is(Bug::TwiceTheTolerance) { 2_u128 } else { 1 };
    price
        .units_of(invoice.terms.tolerance)
        .map_or_else(|_| Fraction::zero(), |units| ratio(units.saturating_mul(counted), price.units()))
}

/// The fraction from which the invoice counts as paid.
fn needed(invoice: &Invoice) -> Fraction {
    let tolerance = tolerance(invoice);
    if tolerance >= Fraction::one() { Fraction::one() } else { Fraction::one() - tolerance }
}

/// The sums that decide.
struct Sums {
    final_: Fraction,
    seen: Fraction,
    /// Some money that counts is not final.
    waits: bool,
    /// Some money counts.
    any_seen: bool,
    /// The final money without one step of each quote by which it counts.
    final_less_steps: Fraction,
}

impl Sums {
    fn of(invoice: &Invoice, payments: &[PaymentStanding]) -> Self {
        let mut sums = Self {
            final_: Fraction::zero(),
            seen: Fraction::zero(),
            waits: false,
            any_seen: false,
            final_less_steps: Fraction::zero(),
        };
        let mut by_quote: Vec<(&Quote, Fraction)> = Vec::new();
        for (payment, standing) in counted(invoice, payments, Money::Seen) {
            let value = value(invoice, payment, *standing);
            sums.any_seen = true;
            sums.seen += &value;
            if standing.status != PaymentStatus::Confirmed {
                sums.waits = true;
                continue;
            }
            sums.final_ += &value;
            let Some(quote) = quote_of(invoice, payment, *standing) else { continue };
            match by_quote.iter_mut().find(|(known, _)| *known == quote) {
                Some((_, sum)) => *sum += value,
                None => by_quote.push((quote, value)),
            }
        }
        sums.final_less_steps = by_quote.into_iter().map(|(quote, sum)| less_one_step(quote, sum)).sum();
        sums
    }
}

/// What money is beyond one step of its quote. Never below nothing: a dust payment by another quote must not turn what is
/// overpaid back into paid.
fn less_one_step(quote: &Quote, sum: Fraction) -> Fraction {
    let step = ratio(quote.step, quote.due.units);
    if sum > step { sum - step } else { Fraction::zero() }
}

/// The table of DESIGN, section 2: the first row that holds.
fn status(invoice: &Invoice, clock: &Clock, ending: &Ending, sums: &Sums) -> Status {
    if invoice.marked_invalid_at.is_some() {
        return Status::Invalid;
    }
    if invoice.cancellation.is_some() {
        return Status::Cancelled;
    }
    if ending.paid_at.is_some() {
        let exceeds = sums.final_ > Fraction::one() + tolerance(invoice) && sums.final_less_steps > Fraction::one();
        return if exceeds { Status::Overpaid } else { Status::Paid };
    }
    if invoice.terms.is_deferred && invoice.draft_deadline.is_some() && invoice.activated_at.is_none() {
        let has_lapsed = invoice.draft_deadline.is_some_and(|deadline| clock.now >= deadline);
        return if has_lapsed { Status::DraftExpired } else { Status::Draft };
    }
    if sums.waits {
        return Status::Confirming;
    }
    if clock.window_is_over && invoice.paid_once_at.is_some() && !sums.any_seen {
        return Status::Invalid;
    }
    if sums.any_seen {
        return Status::Underpaid;
    }
    if clock.window_is_over { Status::Expired } else { Status::Pending }
}

/// Whether only a reorganisation or a decision of the merchant's can change the status.
fn is_final(invoice: &Invoice, status: Status, clock: &Clock, ending: &Ending, sums: &Sums) -> bool {
    match status {
        Status::Paid | Status::Overpaid | Status::Cancelled | Status::Invalid | Status::DraftExpired => true,
        Status::Draft | Status::Pending | Status::Confirming => false,
        Status::Underpaid => ending.ended_short || clock.window_is_over,
        Status::Expired => !sums.waits && expired_end(invoice).is_none_or(|end| clock.now >= end),
    }
}

/// Until when an expired invoice stays open to late money.
fn expired_end(invoice: &Invoice) -> Option<Timestamp> {
    invoice.policy.expired_open_seconds.map(|seconds| invoice.created_at.plus_seconds(seconds))
}

/// The next moment at which the standing changes without a new fact.
fn next_change(invoice: &Invoice, status: Status, clock: &Clock, sums: &Sums) -> Option<Timestamp> {
    let later = |at: &Timestamp| *at > clock.now;
    let ends_of_patience = clock.grace_end.into_iter().chain(late_end(invoice)).filter(|_| sums.waits);
    let patience_end = ends_of_patience
        .map(|end| Timestamp::from_milliseconds(end.milliseconds().saturating_add(1)))
        .filter(later)
        .min();
    match status {
        Status::Draft => invoice.draft_deadline.filter(later),
        Status::Pending | Status::Confirming | Status::Underpaid if !clock.window_is_over => invoice.deadline,
        Status::Expired => expired_end(invoice).filter(later),
        Status::Pending
        | Status::Confirming
        | Status::Underpaid
        | Status::Paid
        | Status::Overpaid
        | Status::DraftExpired
        | Status::Cancelled
        | Status::Invalid => patience_end,
    }
}
