//! What a merchant asks for: a sum of an asset, or of a fiat currency to be paid in one.

use crate::{
    decimal::{Decimal, DecimalError},
    money::{Amount, FiatAmount},
};
use serde::{Deserialize, Serialize};

/// The price of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// In an asset: the due of its one quote.
    Asset(Amount),
    /// In a fiat currency: each quote makes a due of it by a rate.
    Fiat(FiatAmount),
}

impl Price {
    /// The price's number of smallest units.
    #[must_use]
    pub const fn units(&self) -> u128 {
        match self {
            Self::Asset(amount) => amount.units,
            Self::Fiat(amount) => amount.minor,
        }
    }

    /// Reads a decimal in the price's own currency as its smallest units.
    ///
    /// # Errors
    /// When it has more digits than the currency, or does not fit.
    pub fn units_of(&self, number: Decimal) -> Result<u128, DecimalError> {
        number.units(match self {
            Self::Asset(amount) => amount.decimals,
            Self::Fiat(amount) => amount.currency.minor_digits(),
        })
    }
}
