//! Exact decimals: how amounts, prices and rates are read and printed. No rounding ever happens here unless its direction is named.

use alloc::string::{String, ToString};
use core::{cmp::Ordering, fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most digits that a number may have after the point.
pub const SCALE_MAX: u8 = 36;

/// Why a text is not a decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Signs, exponents, spaces, separators, leading zeros, other digits than 0 to 9.
    #[error("must be a plain decimal such as \"10.50\"")]
    Form,
    /// More digits after the point than there may be.
    #[error("has more than {0} decimal places")]
    Places(u8),
    /// Does not fit 128 bits.
    #[error("is too large")]
    Range,
}

/// A number `mantissa / 10^scale`, never negative. Equal numbers are equal whatever their scale.
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: u128,
    scale: u8,
}

/// `10^exponent`, or `None` when that does not fit 128 bits.
#[must_use]
pub const fn power_of_ten(exponent: u8) -> Option<u128> {
    // A cast that widens; `u32::from` is not const.
    #[expect(clippy::as_conversions, reason = "u8 to u32 loses nothing")]
    10_u128.checked_pow(exponent as u32)
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// `mantissa / 10^scale`.
    ///
    /// # Errors
    /// When `scale` is over [`SCALE_MAX`].
    pub const fn new(mantissa: u128, scale: u8) -> Result<Self, DecimalError> {
        if scale > SCALE_MAX {
            return Err(DecimalError::Places(SCALE_MAX));
        }
        Ok(Self { mantissa, scale })
    }

    /// The digits without the point.
    #[must_use]
    pub const fn mantissa(self) -> u128 {
        self.mantissa
    }

    /// How many digits stand after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The same number counted in units of `10^-places`: `1.5` at 3 places is 1500.
    ///
    /// # Errors
    /// When it has non-zero digits beyond `places`, or the result does not fit.
    pub fn units(self, places: u8) -> Result<u128, DecimalError> {
        if self.mantissa == 0 {
            return Ok(0);
        }
        let normal = self.normalised();
        let zeros = places.checked_sub(normal.scale).ok_or(DecimalError::Places(places))?;
        power_of_ten(zeros).and_then(|factor| normal.mantissa.checked_mul(factor)).ok_or(DecimalError::Range)
    }

    /// The same number without trailing zeros after the point.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        while self.scale > 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa = self.mantissa.checked_div(10).unwrap_or_default();
            self.scale = self.scale.saturating_sub(1);
        }
        self
    }

    /// Printed with at least `places` digits after the point: `5` at 2 is `5.00`.
    #[must_use]
    pub fn to_fixed(self, places: u8) -> String {
        let normal = self.normalised();
        let places = places.max(normal.scale);
        let mut text = normal.to_string();
        if normal.scale == 0 && places > 0 {
            text.push('.');
        }
        for _ in normal.scale..places {
            text.push('0');
        }
        text
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Digits, and optionally a point and more digits. `-1`, `+1`, `1e3`, `01`, `.5`, `5.`, `1,5` and spaces are refused.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || fraction.is_some_and(|f| !digits(f)) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(DecimalError::Form);
        }
        let fraction = fraction.unwrap_or_default();
        let scale = u8::try_from(fraction.len()).map_err(|_| DecimalError::Places(SCALE_MAX))?;
        let mut mantissa: u128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|m| m.checked_add(u128::from(byte.saturating_sub(b'0'))))
                .ok_or(DecimalError::Range)?;
        }
        Self::new(mantissa, scale)
    }
}

impl fmt::Display for Decimal {
    /// The shortest exact form: `0.5`, `10`, `0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let normal = self.normalised();
        let Some(divisor) = power_of_ten(normal.scale) else {
            return Err(fmt::Error);
        };
        let whole = normal.mantissa.checked_div(divisor).unwrap_or_default();
        if normal.scale == 0 {
            return write!(f, "{whole}");
        }
        let rest = normal.mantissa.checked_rem(divisor).unwrap_or_default();
        write!(f, "{whole}.{rest:0width$}", width = usize::from(normal.scale))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Decimal {}
impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.normalised(), other.normalised());
        let split = |d: Self| {
            let divisor = power_of_ten(d.scale).unwrap_or(u128::MAX);
            let whole = d.mantissa.checked_div(divisor).unwrap_or_default();
            (whole, d.mantissa.checked_rem(divisor).unwrap_or_default())
        };
        let ((whole_a, rest_a), (whole_b, rest_b)) = (split(a), split(b));
        // Fractions are below 1, so widening one to the other's scale fits 36 digits, which fit 128 bits.
        let widen =
            |rest: u128, from: u8, to: u8| rest.saturating_mul(power_of_ten(to.saturating_sub(from)).unwrap_or(1));
        let scale = a.scale.max(b.scale);
        (whole_a, widen(rest_a, a.scale, scale)).cmp(&(whole_b, widen(rest_b, b.scale, scale)))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <alloc::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// For serde: 128-bit units as decimal text, since JSON readers lose digits beyond 2^53.
pub mod units_text {
    use alloc::borrow::Cow;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the units as text.
    ///
    /// # Errors
    /// What the serializer answers.
    pub fn serialize<S: Serializer>(units: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(units)
    }

    /// Reads units from text.
    ///
    /// # Errors
    /// When the text is not a whole number of 128 bits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn only_plain_decimals_are_read() {
        for text in [
            "", "-1", "+1", "1e400", "1E-9", "NaN", "inf", "01", "00", ".5", "5.", "1,5", "1_0", " 1", "1 ", "٣",
            "0x1", "1.2.3", "-0", "\u{0}1",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::Form), "{text:?}");
        }
        for text in ["0", "1", "0.5", "10.50", "340282366920938463463374607431768211455"] {
            assert!(text.parse::<Decimal>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_never_a_wrap() {
        assert_eq!("340282366920938463463374607431768211456".parse::<Decimal>(), Err(DecimalError::Range));
        assert_eq!("9".repeat(10_000).parse::<Decimal>(), Err(DecimalError::Range));
        assert_eq!(format!("0.{}", "0".repeat(37)).parse::<Decimal>(), Err(DecimalError::Places(36)));
    }

    #[test]
    fn zeros_beyond_the_places_are_no_digits() {
        let amount: Decimal = "1.500000000".parse().unwrap();
        assert_eq!(amount.units(1), Ok(15));
        assert_eq!(amount.units(0), Err(DecimalError::Places(0)));
        assert_eq!(amount.to_fixed(2), "1.50");
        assert_eq!("7".parse::<Decimal>().unwrap().to_fixed(0), "7");
    }

    proptest! {
        #[test]
        fn printing_and_reading_gives_the_same_number(mantissa: u128, scale in 0_u8..=SCALE_MAX) {
            let number = Decimal::new(mantissa, scale).unwrap();
            prop_assert_eq!(number.to_string().parse::<Decimal>().unwrap(), number);
        }

        #[test]
        fn order_agrees_with_units(a in 0_u128..10_u128.pow(20), b in 0_u128..10_u128.pow(20), sa in 0_u8..=18, sb in 0_u8..=18) {
            let (x, y) = (Decimal::new(a, sa).unwrap(), Decimal::new(b, sb).unwrap());
            prop_assert_eq!(x.cmp(&y), x.units(18).unwrap().cmp(&y.units(18).unwrap()));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Decimal>();
        }
    }
}
