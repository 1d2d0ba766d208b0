//! Permanent addresses: one address in one asset, for ever, where each deposit makes an invoice of its own.
//!
//! The contract calls them static addresses. Nothing here decides what a deposit comes to: its invoice does.

use crate::{
    asset::AssetId,
    decimal::Decimal,
    id::{InvoiceId, Owner, StaticAddressId},
    invoice::{Choice, Invoice, NewInvoice, Source, Terms},
    money::Amount,
    payment::Sighting,
    planted::{self, Bug},
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    settle::{Money, received_in},
    time::Timestamp,
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, str::FromStr};
use num_bigint::BigUint;

/// A permanent address with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticAddress {
    /// Its id.
    pub id: StaticAddressId,
    /// Whose it is.
    pub owner: Owner,
    /// The API that took it: its deposits follow that API's rules.
    pub dialect: Dialect,
    /// The one asset that it accepts; money in another is recorded as rejected.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// The address, in the network's own form.
    pub address: String,
    /// The merchant's note on it.
    pub label: Option<String>,
    /// The merchant's own reference.
    pub external_id: Option<String>,
    /// The dialect's own fields, as JSON text; `{}` when there are none.
    pub extras: String,
    /// When it was handed out.
    pub created_at: Timestamp,
    /// How many deposits it had: the number of its invoices, whatever became of them.
    pub invoice_count: u64,
    /// The final money that it received in its asset.
    pub received: Total,
}

impl StaticAddress {
    /// The invoice of one deposit: priced at that deposit, without a window. Money in another asset than the address's own gets
    /// one too, so that it stays visible; the payment on it is then rejected.
    ///
    /// A transfer of nothing is no deposit and must not get here.
    #[must_use]
    pub fn deposit(&self, id: InvoiceId, token: String, seen: &Sighting, now: Timestamp) -> NewInvoice {
        let due = Amount { asset: seen.asset, decimals: seen.decimals, units: seen.units };
        NewInvoice {
            id,
            owner: self.owner,
            policy: Policy::permanent_address(self.dialect),
            source: Source::StaticAddress(self.id),
            token,
            terms: Terms {
                price: Price::Asset(due),
                choice: Choice::Fixed(self.asset),
                is_deferred: false,
                tolerance: Decimal::ZERO,
                window_seconds: None,
                description: None,
                external_id: None,
                idempotency_key: None,
                metadata: "{}".to_string(),
                redirect_url: None,
                customer_email: None,
                coins: Vec::new(),
                foreign: None,
            },
            quote: Some(Quote { due, step: 1, rate: None, address: self.address.clone(), made_at: now, ends_at: None }),
        }
    }
}

/// What a deposit's invoice adds to its permanent address, in units of the address's asset: its final money. `None` for an
/// invoice that is no such deposit.
#[must_use]
pub fn deposited(invoice: &Invoice) -> Option<(StaticAddressId, u128)> {
    let Source::StaticAddress(address) = invoice.source else { return None };
    let Choice::Fixed(asset) = invoice.terms.choice else { return Some((address, 0)) };
    let money = if planted::is(Bug::ReceivedBeforeFinal) { Money::Seen } else { Money::Final };
    Some((address, received_in(invoice, asset, money).map_or(0, |amount| amount.units)))
}

/// A sum of atomic units over any number of deposits: it has no largest value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Total(BigUint);

impl Total {
    /// The total with `before` of one deposit replaced by `after`; `None` when `before` is not in it.
    #[must_use]
    pub fn replaced(&self, before: u128, after: u128) -> Option<Self> {
        let (before, after) = (BigUint::from(before), BigUint::from(after));
        let without = (self.0 >= before).then(|| &self.0 - before)?;
        Some(Self(without + after))
    }

    /// In whole coins of so many decimals, without trailing zeros: `0.5`.
    #[must_use]
    pub fn to_decimal(&self, decimals: u8) -> String {
        let digits = self.0.to_string();
        let places = usize::from(decimals);
        let zeros = places.saturating_add(1).saturating_sub(digits.len());
        let padded: Vec<char> = core::iter::repeat_n('0', zeros).chain(digits.chars()).collect();
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(places));
        let mut text: String = whole.iter().collect();
        let fraction: String = fraction.iter().collect();
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }
}

impl fmt::Display for Total {
    /// Atomic units, as they are stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a whole number")]
pub struct NoTotal;

impl FromStr for Total {
    type Err = NoTotal;
    fn from_str(text: &str) -> Result<Self, NoTotal> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse().ok()).flatten().map(Self).ok_or(NoTotal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_total_is_printed_as_amounts_are() {
        let total = |text: &str| text.parse::<Total>().unwrap();
        assert_eq!(Total::default().to_decimal(8), "0");
        assert_eq!(total("50000000").to_decimal(8), "0.5");
        assert_eq!(total("5").to_decimal(8), "0.00000005");
        assert_eq!(total("1230").to_decimal(0), "1230");
        let beyond = Total::default().replaced(0, u128::MAX).unwrap().replaced(0, u128::MAX).unwrap();
        assert_eq!(beyond.to_string(), "680564733841876926926749214863536422910");
        assert_eq!(beyond.to_decimal(18), "680564733841876926926.74921486353642291");
        for text in ["", "-1", "+1", "1.5", "0x1", " 1"] {
            assert_eq!(text.parse::<Total>(), Err(NoTotal), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_in_a_total_cannot_leave_it() {
        assert_eq!(Total::default().replaced(1, 5), None);
    }

    proptest! {
        #[test]
        fn a_total_agrees_with_an_amount_of_the_same_units(units: u128, decimals in 0_u8..=18) {
            let total = Total::default().replaced(0, units).unwrap();
            prop_assert_eq!(total.to_decimal(decimals), Decimal::new(units, decimals).unwrap().to_string());
            prop_assert_eq!(total.to_string().parse::<Total>().unwrap(), total);
        }

        #[test]
        fn deposits_come_and_go_in_any_order(units in proptest::collection::vec(any::<u128>(), 1..6)) {
            let all = units.iter().fold(Total::default(), |total, units| total.replaced(0, *units).unwrap());
            let none = units.iter().rev().fold(all, |total, units| total.replaced(*units, 0).unwrap());
            prop_assert_eq!(none, Total::default());
        }
    }
}
