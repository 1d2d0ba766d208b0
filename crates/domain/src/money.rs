//! Exact amounts of an asset or of a fiat currency.

use crate::{
    asset::{Asset, AssetId},
    decimal::{Decimal, DecimalError, units_text},
    fiat::Fiat,
    planted::{self, Bug},
};
use core::fmt;
use serde::{Deserialize, Serialize};

/// Why amounts do not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two assets are never one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(AssetId, AssetId),
    /// Does not fit 128 bits of atomic units.
    #[error("is too large")]
    Range,
}

/// So many atomic units of an asset (satoshi, wei, millionths of a USDT).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Of what.
    pub asset: AssetId,
    /// Digits after the point of one whole coin.
    pub decimals: u8,
    /// How many atomic units.
    #[serde(with = "units_text")]
    pub units: u128,
}

impl Amount {
    /// So many atomic units.
    #[must_use]
    pub const fn of(asset: &Asset, units: u128) -> Self {
        Self { asset: asset.id, decimals: asset.decimals, units }
    }

    /// Reads a decimal of whole coins, exactly.
    ///
    /// # Errors
    /// When it is no plain decimal, has more digits than the asset (never a rounding), or does not fit.
    pub fn parse(asset: &Asset, text: &str) -> Result<Self, DecimalError> {
        let units = text.parse::<Decimal>()?.units(asset.decimals)?;
        let mask = if planted::is(Bug::CutsTo64Bits) { u128::from(u64::MAX) } else { u128::MAX };
        Ok(Self::of(asset, units & mask))
    }

    /// The sum.
    ///
    /// # Errors
    /// When the assets differ or the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.asset != other.asset {
            return Err(MoneyError::Mixed(self.asset, other.asset));
        }
        let units = self.units.checked_add(other.units).ok_or(MoneyError::Range)?;
        Ok(Self { units, ..self })
    }

    /// The amount in whole coins.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.units, self.decimals).unwrap_or(Decimal::ZERO)
    }
}

impl fmt::Display for Amount {
    /// Whole coins without trailing zeros and without the code: `0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.asset)
    }
}

/// So many of a fiat currency's smallest units (cents).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FiatAmount {
    /// Of what.
    pub currency: Fiat,
    /// How many of the currency's smallest units.
    #[serde(with = "units_text")]
    pub minor: u128,
}

impl FiatAmount {
    /// Reads a decimal, exactly.
    ///
    /// # Errors
    /// When it is no plain decimal, has more digits than the currency, or does not fit.
    pub fn parse(currency: Fiat, text: &str) -> Result<Self, DecimalError> {
        let minor = text.parse::<Decimal>()?.units(currency.minor_digits())?;
        Ok(Self { currency, minor })
    }

    /// The amount in whole units of the currency.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.minor_digits()).unwrap_or(Decimal::ZERO)
    }
}

impl fmt::Display for FiatAmount {
    /// All of the currency's digits and no code: `5.00`, in yen `5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decimal().to_fixed(self.currency.minor_digits()))
    }
}

impl fmt::Debug for FiatAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency)
    }
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

    #[test]
    fn more_digits_than_the_asset_has_are_an_error_never_a_rounding() {
        assert_eq!(Amount::parse(&asset("BTC", "bitcoin"), "0.000000001"), Err(DecimalError::Places(8)));
        assert_eq!(FiatAmount::parse("JPY".parse().unwrap(), "1.5"), Err(DecimalError::Places(0)));
        assert_eq!(Amount::parse(&asset("BTC", "bitcoin"), "1.500000000").unwrap().units, 150_000_000);
    }

    #[test]
    fn amounts_of_two_assets_are_never_added() {
        let tron = Amount::of(&asset("USDT", "tron"), 1);
        let bsc = Amount::of(&asset("USDT", "bsc"), 1);
        assert!(matches!(tron.plus(bsc), Err(MoneyError::Mixed(..))));
        assert_eq!(Amount { units: u128::MAX, ..tron }.plus(tron), Err(MoneyError::Range));
    }

    #[test]
    fn fiat_shows_all_of_its_digits() {
        assert_eq!(FiatAmount::parse(Fiat::USD, "5").unwrap().to_string(), "5.00");
        assert_eq!(FiatAmount::parse("JPY".parse().unwrap(), "5").unwrap().to_string(), "5");
    }

    proptest! {
        #[test]
        fn every_amount_is_read_back_as_it_was_printed(units: u128, index in 0_usize..24) {
            let asset = Catalog::shipped().assets()[index].clone();
            let amount = Amount::of(&asset, units);
            prop_assert_eq!(Amount::parse(&asset, &amount.to_string()).unwrap(), amount);
        }

        #[test]
        fn a_sum_has_the_units_of_its_parts(a in 0..u128::MAX / 2, b in 0..u128::MAX / 2) {
            let usdt = asset("USDT", "bsc");
            prop_assert_eq!(Amount::of(&usdt, a).plus(Amount::of(&usdt, b)).unwrap().units, a + b);
        }
    }
}
