//! Decimals, amounts, and what a price comes to in a coin.

use super::text;
use crate::Target;
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    decimal::{Decimal, DecimalError, SCALE_MAX},
    fiat::Fiat,
    money::{Amount, FiatAmount},
    rate::Rate,
    time::Timestamp,
};

const SEEDS: &[&[u8]] = &[
    b"0",
    b"10",
    b"0.5",
    b"25.50",
    b"0.00000001",
    b"1.000000000000000000",
    b"340282366920938463463374607431768211455",
    b"340282366920938463463374607431768211456",
    b"9007199254740993",
    b"01",
    b"-0",
    b"+1",
    b"1e9",
    b"1E-9",
    b"1_0",
    b"1,5",
    b".5",
    b"5.",
    b"NaN",
    b"\xd9\xa3",
    b" 1",
    b"0.000000000000000000000000000000000001",
    b"0.0000000000000000000000000000000000001",
    b"99999999999999999999.99 49.90",
];

/// Texts as decimals, held against the grammar written down again here.
pub(super) const DECIMAL: Target = Target { name: "decimal", feed: decimal, seeds: SEEDS };
/// Texts as amounts of every coin and currency.
pub(super) const AMOUNT: Target = Target { name: "amount", feed: amount, seeds: SEEDS };
/// A price and a rate.
pub(super) const DUE: Target =
    Target { name: "due", feed: due, seeds: &[b"49.90 65000", b"0.01 99999999.99", b"1 0.00000001", b"1000000 3"] };

fn decimal(bytes: &[u8]) {
    let text = text(bytes);
    match text.parse::<Decimal>() {
        Ok(number) => {
            assert!(is_plain(text), "{text:?} is no plain decimal");
            let written = number.to_string();
            assert_eq!(written.parse::<Decimal>(), Ok(number), "{text:?} is written as {written:?}");
            assert_eq!(canonical(text), written, "{text:?}");
            let fixed = number.to_fixed(8);
            let again = fixed.parse::<Decimal>();
            // Zeros at the end may be one too many for 128 bits.
            assert!(again == Ok(number) || fixed.len() >= 39, "{text:?} is written as {fixed:?}");
        }
        Err(DecimalError::Form) => assert!(!is_plain(text), "{text:?} is a plain decimal"),
        Err(DecimalError::Places(_)) => assert!(fraction(text).len() > usize::from(SCALE_MAX), "{text:?}"),
        Err(DecimalError::Range) => assert!(text.len() >= 39, "{text:?} fits"),
    }
}

/// Digits, and optionally a point and digits; no zero before another digit.
fn is_plain(text: &str) -> bool {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    is_number(whole) && is_number(rest) && (whole == "0" || !whole.starts_with('0'))
}

fn fraction(text: &str) -> &str {
    text.split_once('.').map_or("", |(_, fraction)| fraction)
}

/// The shortest text of the same number, made by cutting text only.
fn canonical(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn amount(bytes: &[u8]) {
    let text = text(bytes);
    for asset in Catalog::shipped().assets() {
        if let Ok(amount) = Amount::parse(asset, text) {
            assert!(is_plain(text), "{text:?}");
            let written = amount.decimal().to_string();
            assert_eq!(Amount::parse(asset, &written), Ok(amount), "{text:?} of {asset:?} is written as {written:?}");
            assert_eq!(canonical(text), written);
        }
    }
    for currency in ["USD", "JPY", "KWD"].map(str::parse::<Fiat>).into_iter().flatten() {
        if let Ok(amount) = FiatAmount::parse(currency, text) {
            assert_eq!(FiatAmount::parse(currency, &amount.decimal().to_string()), Ok(amount), "{text:?}");
        }
    }
}

fn due(bytes: &[u8]) {
    let Some((price, rate)) = text(bytes).split_once(' ') else { return };
    let (Ok(currency), Ok(rate)) = ("USD".parse::<Fiat>(), rate.parse::<Decimal>()) else { return };
    let Ok(price) = FiatAmount::parse(currency, price) else { return };
    let Ok(rate) = Rate::fixed(rate, currency, Timestamp::from_seconds(0), Vec::new()) else { return };
    for asset in Catalog::shipped().assets() {
        if let Ok(due) = rate.due(price, asset) {
            pays_for(&rate, price, asset, due);
        }
    }
}

/// What is due is worth the price or more: rounding never costs the merchant.
fn pays_for(rate: &Rate, price: FiatAmount, asset: &Asset, due: Amount) {
    assert_eq!(due.asset, asset.id);
    assert_eq!(due.units == 0, price.decimal().is_zero(), "{price:?} is {due:?}");
    if let Some(worth) = rate.worth(due) {
        assert!(worth.decimal() >= price.decimal(), "{due:?} is worth {worth:?}, less than {price:?}");
    }
}
