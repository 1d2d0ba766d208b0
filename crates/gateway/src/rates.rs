//! Exchange rates: one interface, whatever they come from.

pub mod book;
mod consensus;
pub mod price;
pub mod tickers;

use book::RateBook;
use farthing_domain::{
    decimal::Decimal,
    fiat::Fiat,
    name::AssetCode,
    rate::{Rate, RateError},
    time::Timestamp,
};
use num_bigint::BigUint;
use std::sync::Arc;

/// Why there is no rate. A sale is refused rather than priced by a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRate {
    /// Nothing is known of this pair.
    #[error("there is no rate for {0} in {1}")]
    UnknownPair(AssetCode, Fiat),
    /// No source is configured.
    #[error("no source of rates is configured")]
    NoSource,
    /// No source's number is young and plausible enough.
    #[error("there is no current rate for {0} in {1}: {2}")]
    NotCurrent(AssetCode, Fiat, String),
    /// The source's number cannot be used.
    #[error(transparent)]
    Unusable(#[from] RateError),
}

/// Where rates come from.
#[derive(Debug, Clone)]
pub enum RateSource {
    /// The documented table of the test environment and the demo: always the same.
    OfflineTable,
    /// What the configured sources agree on ([`book::RateBook::step`]).
    Live(Arc<RateBook>),
    /// Nothing: prices must be in the asset itself.
    None,
}

/// US dollars for one coin, in the offline table (docs/test-mode.md).
const COINS: [(&str, &str); 10] = [
    ("BTC", "60000"),
    ("LTC", "80"),
    ("DOGE", "0.125"),
    ("ETH", "2500"),
    ("POL", "0.5"),
    ("BNB", "500"),
    ("TRX", "0.125"),
    ("SOL", "150"),
    ("USDT", "1"),
    ("USDC", "1"),
];

/// US dollars for one unit of a fiat currency, in the offline table (docs/test-mode.md): round numbers, so that tests have round dues.
const FIATS: [(&str, &str); 15] = [
    ("USD", "1"),
    ("EUR", "1.25"),
    ("GBP", "1.6"),
    ("JPY", "0.0064"),
    ("AUD", "0.64"),
    ("CAD", "0.8"),
    ("CHF", "1.25"),
    ("NZD", "0.625"),
    ("SEK", "0.1"),
    ("NOK", "0.1"),
    ("DKK", "0.16"),
    ("SGD", "0.8"),
    ("HKD", "0.128"),
    ("INR", "0.0125"),
    ("BRL", "0.2"),
];

impl RateSource {
    /// What one coin costs in a fiat currency.
    ///
    /// # Errors
    /// When nothing is known of the pair.
    pub fn rate(&self, code: AssetCode, currency: Fiat, now: Timestamp) -> Result<Rate, NoRate> {
        match self {
            Self::None => Err(NoRate::NoSource),
            Self::Live(book) => book.rate(code, currency, now),
            Self::OfflineTable => {
                let unknown = || NoRate::UnknownPair(code, currency);
                let coin = look_up(&COINS, code.as_str()).ok_or_else(unknown)?;
                let fiat = look_up(&FIATS, currency.code()).ok_or_else(unknown)?;
                let value = quotient(coin, fiat).ok_or_else(unknown)?;
                Ok(Rate::fixed(value, currency, now, vec!["offline".to_owned()])?)
            }
        }
    }

    /// Whether there is a rate: [`Self::rate`] without the rate itself, for who looks at many pairs.
    #[must_use]
    pub fn has_rate(&self, code: AssetCode, currency: Fiat, now: Timestamp) -> bool {
        match self {
            Self::None => false,
            Self::Live(book) => book.rate(code, currency, now).is_ok(),
            Self::OfflineTable => is_listed(&COINS, code.as_str()) && is_listed(&FIATS, currency.code()),
        }
    }
}

/// Every symbol that has a place in prices: coins and currencies.
fn known_symbols() -> impl Iterator<Item = &'static str> {
    COINS.iter().chain(&FIATS).map(|(symbol, _)| *symbol)
}

/// What a symbol is roughly worth: the offline table, for telling nonsense from a price.
fn roughly(symbol: &str) -> Option<Decimal> {
    look_up(&COINS, symbol).or_else(|| look_up(&FIATS, symbol))
}

fn is_listed(table: &[(&str, &str)], key: &str) -> bool {
    table.iter().any(|(name, _)| *name == key)
}

fn look_up(table: &[(&str, &str)], key: &str) -> Option<Decimal> {
    table.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.parse().ok())
}

/// Digits after the point that a crossed rate is computed to before it is fixed to its significant digits.
const CROSS_PLACES: u8 = 24;

/// `a / b`, cut off after [`CROSS_PLACES`] digits.
fn quotient(a: Decimal, b: Decimal) -> Option<Decimal> {
    let ten = |exponent: u8| BigUint::from(10_u8).pow(u32::from(exponent));
    let above = BigUint::from(a.mantissa()) * ten(b.scale()) * ten(CROSS_PLACES);
    let below = BigUint::from(b.mantissa()) * ten(a.scale());
    if b.is_zero() {
        return None;
    }
    let mantissa = u128::try_from(above / below).ok()?;
    Decimal::new(mantissa, CROSS_PLACES).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_coin_has_a_rate_in_every_native_currency() {
        for (coin, _) in COINS {
            for currency in farthing_domain::fiat::NATIVE {
                let rate = RateSource::OfflineTable.rate(
                    coin.parse().unwrap(),
                    currency.parse().unwrap(),
                    Timestamp::from_seconds(1),
                );
                assert!(rate.is_ok(), "{coin} {currency}");
            }
        }
    }

    #[test]
    fn there_is_a_rate_where_one_can_be_had() {
        let (table, now) = (RateSource::OfflineTable, Timestamp::from_seconds(1));
        for coin in COINS.map(|(coin, _)| coin).into_iter().chain(["XMR", "EUR"]) {
            for fiat in FIATS.map(|(fiat, _)| fiat).into_iter().chain(["PLN", "CNY"]) {
                let (coin, fiat) = (coin.parse().unwrap(), fiat.parse().unwrap());
                assert_eq!(table.has_rate(coin, fiat, now), table.rate(coin, fiat, now).is_ok(), "{coin} {fiat}");
            }
        }
        assert!(!RateSource::None.has_rate("BTC".parse().unwrap(), Fiat::USD, now));
    }

    #[test]
    fn rates_cross_through_the_dollar() {
        let rate = |coin: &str, fiat: &str| {
            let table = RateSource::OfflineTable;
            table
                .rate(coin.parse().unwrap(), fiat.parse().unwrap(), Timestamp::from_seconds(1))
                .unwrap()
                .value
                .to_string()
        };
        assert_eq!(rate("BTC", "USD"), "60000");
        assert_eq!(rate("ETH", "GBP"), "1562.5");
        assert_eq!(rate("BTC", "EUR"), "48000");
    }

    #[test]
    fn an_unknown_pair_is_refused() {
        let rate = RateSource::OfflineTable.rate("XMR".parse().unwrap(), Fiat::USD, Timestamp::from_seconds(1));
        assert!(matches!(rate, Err(NoRate::UnknownPair(..))));
    }
}
