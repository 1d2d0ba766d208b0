//! Exchange rates: exact once they are quoted.

use crate::{
    asset::Asset,
    decimal::{Decimal, power_of_ten},
    fiat::Fiat,
    money::{Amount, FiatAmount},
    planted::{self, Bug},
    time::Timestamp,
};
use alloc::{string::String, vec::Vec};
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

/// Significant digits that a quoted rate has.
const SIGNIFICANT_DIGITS: u32 = 18;

/// Why no due can be made of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// A rate of nothing, or one that is no number of 128 bits.
    #[error("the rate is not a positive number")]
    NotPositive,
    /// The price is in another currency than the rate.
    #[error("the rate is for another currency")]
    OtherCurrency,
    /// The due does not fit 128 bits of atomic units.
    #[error("the amount due is too large")]
    Range,
}

/// What one whole coin costs in a fiat currency, when, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Fiat per whole coin: 18 significant digits, exact from then on.
    pub value: Decimal,
    /// The fiat currency.
    pub currency: Fiat,
    /// The moment the rate is of.
    pub at: Timestamp,
    /// The sources it was made from.
    pub sources: Vec<String>,
}

impl Rate {
    /// Fixes a rate to 18 significant digits (the rest is cut off, which never lowers a due).
    ///
    /// # Errors
    /// When the value is zero.
    pub fn fixed(value: Decimal, currency: Fiat, at: Timestamp, sources: Vec<String>) -> Result<Self, RateError> {
        let normal = value.normalised();
        let (mut mantissa, mut scale) = (normal.mantissa(), normal.scale());
        while scale > 0 && mantissa.checked_ilog10().is_some_and(|log| log >= SIGNIFICANT_DIGITS) {
            mantissa = mantissa.checked_div(10).unwrap_or_default();
            scale = scale.saturating_sub(1);
        }
        if mantissa == 0 {
            return Err(RateError::NotPositive);
        }
        let value = Decimal::new(mantissa, scale).map_err(|_| RateError::NotPositive)?;
        Ok(Self { value, currency, at, sources })
    }

    /// What `price` comes to in `asset`, rounded **up** to the places that people can type ([`Asset::due_places`]).
    ///
    /// # Errors
    /// When the price is in another currency, the rate is zero, or the due does not fit.
    pub fn due(&self, price: FiatAmount, asset: &Asset) -> Result<Amount, RateError> {
        if price.currency != self.currency {
            return Err(RateError::OtherCurrency);
        }
        if self.value.is_zero() {
            return Err(RateError::NotPositive);
        }
        let places = asset.due_places();
        let ten = |exponent: u8| BigUint::from(10_u8).pow(u32::from(exponent));
        // steps = ceil(minor / 10^digits / (mantissa / 10^scale) * 10^places)
        let above = BigUint::from(price.minor) * ten(self.value.scale()) * ten(places);
        let below = BigUint::from(self.value.mantissa()) * ten(price.currency.minor_digits());
        let steps = quotient_rounded_up(&above, &below).to_u128().ok_or(RateError::Range)?;
        let step = unit_of_due(asset).ok_or(RateError::Range)?;
        let units = steps.checked_mul(step).ok_or(RateError::Range)?;
        Ok(Amount::of(asset, units))
    }

    /// What `amount` is worth by this rate, rounded down to the currency's smallest unit; `None` when it does not fit.
    #[must_use]
    pub fn worth(&self, amount: Amount) -> Option<FiatAmount> {
        let ten = |exponent: u8| BigUint::from(10_u8).pow(u32::from(exponent));
        let above =
            BigUint::from(amount.units) * BigUint::from(self.value.mantissa()) * ten(self.currency.minor_digits());
        let below = ten(amount.decimals) * ten(self.value.scale());
        let minor = (above / below).to_u128()?;
        Some(FiatAmount { currency: self.currency, minor })
    }
}

/// The step in which a due made by a rate counts, in atomic units: 1 for USDT on tron, `10^12` for USDT on bsc.
#[must_use]
pub fn unit_of_due(asset: &Asset) -> Option<u128> {
    asset.decimals.checked_sub(asset.due_places()).and_then(power_of_ten)
}

fn quotient_rounded_up(above: &BigUint, below: &BigUint) -> BigUint {
    let quotient = above / below;
    if &quotient * below == *above || planted::is(Bug::RoundsDueDown) { quotient } else { quotient + 1_u8 }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of these tests are small")]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use proptest::prelude::*;
    use std::string::ToString;

    fn asset(code: &str, network: &str) -> Asset {
        Catalog::shipped().resolve(code, Some(network)).unwrap().clone()
    }

    fn usd(rate: &str) -> Rate {
        Rate::fixed(rate.parse().unwrap(), Fiat::USD, Timestamp::from_seconds(0), Vec::new()).unwrap()
    }

    fn due(rate: &str, price: &str, asset: &Asset) -> String {
        usd(rate).due(FiatAmount::parse(Fiat::USD, price).unwrap(), asset).unwrap().to_string()
    }

    #[test]
    fn dues_are_rounded_up_to_places_that_people_can_type() {
        assert_eq!(due("60000", "50", &asset("BTC", "bitcoin")), "0.00083334");
        assert_eq!(due("3000", "50", &asset("ETH", "ethereum")), "0.01666667");
        assert_eq!(due("1", "50", &asset("USDT", "bsc")), "50");
        assert_eq!(due("0.9997", "50", &asset("USDT", "bsc")), "50.015005");
        assert_eq!(due("250000", "0.01", &asset("BTC", "bitcoin")), "0.00000004");
    }

    #[test]
    fn a_rate_keeps_eighteen_significant_digits() {
        assert_eq!(usd("1.23456789012345678901").value.to_string(), "1.23456789012345678");
        assert_eq!(usd("0.000000000000123456789012345678901").value.mantissa().to_string().len(), 18);
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        let zero = Rate::fixed(Decimal::ZERO, Fiat::USD, Timestamp::from_seconds(0), Vec::new());
        assert_eq!(zero, Err(RateError::NotPositive));
    }

    proptest! {
        #[test]
        fn a_due_is_worth_at_least_the_price_and_less_than_one_step_more(
            minor in 1_u128..10_u128.pow(12), mantissa in 1_u128..10_u128.pow(18), scale in 0_u8..=18, index in 0_usize..24,
        ) {
            let asset = Catalog::shipped().assets()[index].clone();
            let rate = Rate::fixed(Decimal::new(mantissa, scale).unwrap(), Fiat::USD, Timestamp::from_seconds(0), Vec::new()).unwrap();
            let price = FiatAmount { currency: Fiat::USD, minor };
            if let Ok(due) = rate.due(price, &asset) {
                let step = unit_of_due(&asset).unwrap();
                let worth = |units: u128| BigUint::from(units) * BigUint::from(mantissa) * BigUint::from(100_u8);
                let asked = BigUint::from(minor) * BigUint::from(10_u8).pow(u32::from(asset.decimals) + u32::from(scale));
                prop_assert!(worth(due.units) >= asked);
                prop_assert!(worth(due.units - step) < asked);
            }
        }
    }
}
