//! US dollars for one of something, exactly: an integer of 10^-36 dollars.
//!
//! Numbers are read from the text that a source wrote; none ever passes through a float.

use farthing_domain::decimal::Decimal;
use num_bigint::BigUint;

/// Digits after the point.
const PLACES: u32 = 36;
/// Characters of a number that are read.
const CHARACTERS_MAX: usize = 64;
/// The largest exponent, either way, that a number may be written with.
const EXPONENT_MAX: u32 = 40;
/// Digits after the point that a rate is handed on with, before it is fixed to its significant ones.
const HANDED_ON: u32 = 24;
/// Basis points in a whole.
const WHOLE: u32 = 10_000;

/// A positive price.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(BigUint);

fn ten(exponent: u32) -> BigUint {
    BigUint::from(10_u8).pow(exponent)
}

impl Price {
    /// One dollar.
    #[must_use]
    pub fn one() -> Self {
        Self(ten(PLACES))
    }

    /// Reads a number as APIs write it: digits, a point, perhaps an exponent. `None` for zero, signs, `NaN` and anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > CHARACTERS_MAX {
            return None;
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_number || exponent.unsigned_abs() > EXPONENT_MAX {
            return None;
        }
        let digits: BigUint = format!("{whole}{fraction}").parse().ok()?;
        let shift =
            i64::from(PLACES).checked_add(i64::from(exponent))?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let factor = ten(u32::try_from(shift.unsigned_abs()).ok()?);
        Self::positive(if shift >= 0 { digits * factor } else { digits / factor })
    }

    /// The same as a decimal.
    #[must_use]
    pub fn of(decimal: Decimal) -> Option<Self> {
        let zeros = PLACES.checked_sub(u32::from(decimal.scale()))?;
        Self::positive(BigUint::from(decimal.mantissa()) * ten(zeros))
    }

    fn positive(units: BigUint) -> Option<Self> {
        (units != BigUint::ZERO).then_some(Self(units))
    }

    /// What one costs where this many of it cost one.
    #[must_use]
    pub fn inverted(&self) -> Option<Self> {
        Self::one().over(self)
    }

    /// This over another.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        Self::positive(&self.0 * ten(PLACES) / &other.0)
    }

    /// This many of what costs `other`.
    #[must_use]
    pub fn times(&self, other: &Self) -> Option<Self> {
        Self::positive(&self.0 * &other.0 / ten(PLACES))
    }

    /// Half-way between two.
    #[must_use]
    pub fn midpoint(&self, other: &Self) -> Self {
        Self((&self.0 + &other.0) / 2_u8)
    }

    /// Less so many basis points.
    #[must_use]
    pub fn less(&self, basis_points: u32) -> Option<Self> {
        Self::positive(&self.0 * WHOLE.saturating_sub(basis_points) / WHOLE)
    }

    /// Whether two differ by at most so many basis points of the smaller one.
    #[must_use]
    pub fn is_near(&self, other: &Self, basis_points: u32) -> bool {
        let (low, high) = if self <= other { (self, other) } else { (other, self) };
        (&high.0 - &low.0) * WHOLE <= &low.0 * basis_points
    }

    /// Whether neither is more than `factor` times the other.
    #[must_use]
    pub fn is_within_factor(&self, other: &Self, factor: u32) -> bool {
        let (low, high) = if self <= other { (self, other) } else { (other, self) };
        high.0 <= &low.0 * factor
    }

    /// As a decimal, the rest being cut off; `None` when it does not fit one.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        let kept = &self.0 / ten(PLACES.saturating_sub(HANDED_ON));
        Decimal::new(u128::try_from(kept).ok()?, u8::try_from(HANDED_ON).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Some(Price::read(text)?.decimal()?.to_string())
    }

    #[test]
    fn numbers_are_read_exactly_as_sources_write_them() {
        for (text, wanted) in [
            ("30300.10000", "30300.1"),
            ("67187.3358936566", "67187.3358936566"),
            ("1.2e-05", "0.000012"),
            ("9.1E+4", "91000"),
            ("0.0000148664228312", "0.0000148664228312"),
            ("7", "7"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_positive_number_is_no_price() {
        for text in ["0", "0.000", "-1", "+1", "NaN", "Infinity", "", ".5", "1,5", "1e99", "0x10", "٣", "1e", " 1"] {
            assert_eq!(Price::read(text), None, "{text}");
        }
        assert_eq!(Price::read(&"9".repeat(65)), None);
    }

    #[test]
    fn nearness_is_of_the_smaller_one_and_in_both_directions() {
        let price = |text: &str| Price::read(text).unwrap();
        assert!(price("100").is_near(&price("102"), 200) && price("102").is_near(&price("100"), 200));
        assert!(!price("100").is_near(&price("102.01"), 200));
        assert!(!price("100").is_within_factor(&price("3001"), 30));
    }
}
