//! What came of an invoice in each coin that was chosen, for APIs that show a payment a coin.
//!
//! It adds up what the standing says of each payment and decides nothing. Only final money is money here: what waits for
//! confirmations is told by [`ByCoin::waits`].

use super::{Fraction, Money, counted, due_of, value};
use crate::{
    asset::AssetId,
    invoice::Invoice,
    money::Amount,
    quote::Quote,
    standing::{PaymentStanding, Status},
    time::Timestamp,
};
use alloc::vec::Vec;
use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

/// What one coin is asked for, and what of it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByCoin<'a> {
    /// When the coin was chosen first.
    pub chosen_at: Timestamp,
    /// Its latest quote.
    pub quote: &'a Quote,
    /// What of the price other coins had not paid when it was chosen, in the price's smallest units.
    pub price: u128,
    /// What of the price nothing has paid yet, in the same units.
    pub price_left: u128,
    /// What `price` comes to by the latest quote.
    pub due: Amount,
    /// What came in this coin.
    pub received: Amount,
    /// What is left to pay by the latest quote.
    pub left: Amount,
    /// Whether money in this coin was seen that counts and is not final.
    pub waits: bool,
}

impl ByCoin<'_> {
    /// What the coin has to bring in all: what it brought, and what is left.
    #[must_use]
    pub fn needed(&self) -> Amount {
        let units = if self.left.units == 0 {
            self.due.units.min(self.received.units)
        } else {
            self.received.units.saturating_add(self.left.units)
        };
        Amount { units, ..self.due }
    }
}

/// What of the price no final money has paid, in the price's smallest units, rounded up: nothing once it counts as paid.
#[must_use]
pub fn price_left(invoice: &Invoice) -> u128 {
    price_of(invoice, left(invoice))
}

/// Each coin that was chosen, in the order of the first choices.
#[must_use]
pub fn by_coin(invoice: &Invoice) -> Vec<ByCoin<'_>> {
    let mut assets: Vec<AssetId> = Vec::new();
    for quote in &invoice.quotes {
        if !assets.contains(&quote.due.asset) {
            assets.push(quote.due.asset);
        }
    }
    assets.into_iter().filter_map(|asset| of_coin(invoice, asset)).collect()
}

fn of_coin(invoice: &Invoice, asset: AssetId) -> Option<ByCoin<'_>> {
    let first = invoice.quotes.iter().find(|quote| quote.due.asset == asset)?;
    let quote = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset)?;
    let standings = &invoice.standing.payments;
    let (mut paid_before, mut received) = (Fraction::zero(), 0_u128);
    for (payment, standing) in counted(invoice, standings, Money::Final) {
        if payment.asset == asset {
            received = received.saturating_add(payment.units);
        } else if payment.first_seen < first.made_at {
            paid_before += value(invoice, payment, *standing);
        }
    }
    let part = rest(paid_before);
    let left = left(invoice);
    let amount = |units| Amount { units, ..quote.due };
    let due_of = |part| due_of(quote, part).unwrap_or(quote.due.units);
    let waits = |(payment, standing): (&crate::payment::Payment, &PaymentStanding)| {
        payment.asset == asset && standing.counts() && payment.final_since.is_none()
    };
    Some(ByCoin {
        chosen_at: first.made_at,
        quote,
        price: price_of(invoice, part.clone()),
        price_left: price_of(invoice, left.clone()),
        due: amount(due_of(part)),
        received: amount(received),
        left: amount(due_of(left)),
        waits: invoice.payments.iter().zip(standings).any(waits),
    })
}

/// The part that is not paid.
fn left(invoice: &Invoice) -> Fraction {
    match invoice.standing.status {
        Status::Paid | Status::Overpaid => Fraction::zero(),
        Status::Draft
        | Status::Pending
        | Status::Confirming
        | Status::Underpaid
        | Status::Expired
        | Status::DraftExpired
        | Status::Cancelled
        | Status::Invalid => rest(super::covered(invoice, &invoice.standing, Money::Final)),
    }
}

/// What is missing to the whole.
fn rest(part: Fraction) -> Fraction {
    if part.is_zero() {
        return Fraction::one();
    }
    if part >= Fraction::one() { Fraction::zero() } else { Fraction::one() - part }
}

fn price_of(invoice: &Invoice, part: Fraction) -> u128 {
    let units = invoice.terms.price.units();
    if part.is_one() {
        return units;
    }
    (part * Fraction::from(BigUint::from(units))).ceil().to_integer().to_u128().unwrap_or(units)
}
