//! Recording what chains say about an invoice's addresses. Facts only: what they come to is settled afterwards.

use super::{Choice, Invoice};
use crate::{
    asset::AssetId,
    event::Event,
    payment::{Observation, Payment, PaymentKey, Place, Rejection, Sighting},
    planted::{self, Bug},
    quote::Quote,
    settle,
    time::Timestamp,
};
use alloc::vec::Vec;

impl Invoice {
    /// Records what a chain said about the invoice's addresses, all of it before anything is settled: a payment that a
    /// reorganisation moved to another block is told as nothing lost. `current_quote` values money that turns out to be late where the
    /// policy takes the rate of the day. Recording the same thing twice changes nothing.
    pub fn observe(&mut self, seen: Vec<Observation>, current_quote: Option<&Quote>, now: Timestamp) -> Vec<Event> {
        for observation in seen {
            self.record(observation, current_quote, now);
        }
        self.resettle(now)
    }

    /// The same of what could not be recorded when it was seen: each as of that moment, so that nobody is late for it. What they
    /// come to together is settled once, `now`.
    pub fn observe_late(
        &mut self,
        seen: Vec<(Observation, Timestamp)>,
        current_quote: Option<&Quote>,
        now: Timestamp,
    ) -> Vec<Event> {
        for (observation, at) in seen {
            self.record(observation, current_quote, at.min(now));
        }
        self.resettle(now)
    }

    fn with_payment(&mut self, key: &PaymentKey, change: impl FnOnce(&mut Payment)) {
        if let Some(payment) = self.payments.iter_mut().find(|payment| payment.key == *key) {
            change(payment);
        }
    }

    fn record(&mut self, seen: Observation, current_quote: Option<&Quote>, now: Timestamp) {
        match seen {
            Observation::Seen(sighting) => self.record_sighting(sighting, current_quote, now),
            Observation::Final(key) => self.with_payment(&key, |payment| {
                if payment.block.is_some() && payment.reversed_at.is_none() {
                    payment.final_since.get_or_insert(now);
                    payment.was_final_at.get_or_insert(now);
                }
            }),
            Observation::Gone(_) if planted::is(Bug::ReorgWithoutReversal) => {}
            Observation::Gone(key) => self.with_payment(&key, |payment| {
                payment.reversed_at.get_or_insert(now);
                payment.block = None;
                payment.final_since = None;
            }),
        }
    }

    fn record_sighting(&mut self, sighting: Sighting, current_quote: Option<&Quote>, now: Timestamp) {
        let (block, told) = match sighting.place {
            Place::Mempool { since } => (None, since),
            Place::Block { block, time } => (Some(block), Some(time)),
        };
        let first_seen = told.map_or(now, |told| told.min(now));
        let is_known = |payment: &&mut Payment| is_same(&payment.key, &sighting.key);
        if let Some(known) = self.payments.iter_mut().find(is_known) {
            known.first_seen = known.first_seen.min(first_seen);
            if known.reversed_at.take().is_some() && planted::is(Bug::ReincludedCountsAgain) {
                known.units = known.units.saturating_mul(2);
            }
            // A mempool that was read before the block was applied must not take the block away again; only `Gone` does.
            if block.is_some() && block != known.block {
                known.final_since = None;
                known.block = block;
                known.matures_at = sighting.matures_at;
            }
            return;
        }
        let rejection = if sighting.units == 0 {
            Some(Rejection::Nothing)
        } else if self.accepts(sighting.asset) {
            None
        } else {
            Some(Rejection::WrongAsset)
        };
        self.payments.push(Payment {
            key: sighting.key,
            asset: sighting.asset,
            decimals: sighting.decimals,
            units: sighting.units,
            first_seen,
            recorded_at: now,
            block,
            matures_at: sighting.matures_at,
            final_since: None,
            was_final_at: None,
            reversed_at: None,
            rejection,
            acceptance: None,
            current_quote: None,
        });
        if let Some(quote) = current_quote.filter(|quote| quote.due.asset == sighting.asset) {
            self.value_at_current_rate(quote.clone(), now);
        }
    }

    /// Whether money in an asset counts: it was quoted, and the terms leave it to the payer. A deposit to a permanent address in
    /// another asset than the address's own is priced at that deposit and yet not accepted.
    fn accepts(&self, asset: AssetId) -> bool {
        let is_open = match self.terms.choice {
            Choice::Fixed(locked) => locked == asset,
            Choice::Any => true,
        };
        is_open && self.quotes.iter().any(|quote| quote.due.asset == asset)
    }

    /// Keeps the quote of the day with the payment just recorded, if that is late and the policy lets it count so.
    fn value_at_current_rate(&mut self, quote: Quote, now: Timestamp) {
        let is_open = !self.standing.is_final && self.policy.late_counts_at(self.created_at, now);
        let is_late = settle::is_after_window(self, self.payments.last().map_or(now, |payment| payment.first_seen));
        if let Some(payment) = self.payments.last_mut().filter(|_| is_open && is_late) {
            payment.current_quote = Some(quote);
        }
    }
}

/// Whether two transfers are one: by all of their identity, wherever they are mined.
fn is_same(known: &PaymentKey, seen: &PaymentKey) -> bool {
    known == seen || (planted::is(Bug::KeyOnTransactionOnly) && known.transaction == seen.transaction)
}
