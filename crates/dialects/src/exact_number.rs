//! JSON numbers as exact decimals, from their own text.
//!
//! Clients send amounts as numbers or as texts, and PHP writes small floats with an exponent. No float is ever made of them.

use farthing_domain::decimal::{Decimal, DecimalError, SCALE_MAX, power_of_ten};

/// The longest number that is looked at, in characters.
const CHARS_MAX: usize = 64;
/// A number that is this small a part of the smallest unit away from one is the noise of a float that was printed.
const NOISE_PART: u128 = 1_000_000;

/// Reads a JSON number as it was written: `35`, `0.1`, `1.0e-5`, `1E+2`. Never a rounding.
///
/// # Errors
/// When it is negative or no number, has more than 36 digits after the point, or does not fit.
pub fn read(raw: &str) -> Result<Decimal, DecimalError> {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    if raw.len() > CHARS_MAX {
        return Err(DecimalError::Range);
    }
    let number: Decimal = mantissa.parse()?;
    let exponent: i16 = exponent.parse().map_err(|_| DecimalError::Form)?;
    shifted(number.normalised(), exponent)
}

/// `number * 10^exponent`.
fn shifted(number: Decimal, exponent: i16) -> Result<Decimal, DecimalError> {
    if number.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let scale = i16::from(number.scale()).checked_sub(exponent).ok_or(DecimalError::Range)?;
    match u8::try_from(scale) {
        Ok(scale) => Decimal::new(number.mantissa(), scale),
        Err(_) if scale > 0 => Err(DecimalError::Places(SCALE_MAX)),
        Err(_) => {
            let factor = 10_u128.checked_pow(u32::from(scale.unsigned_abs())).ok_or(DecimalError::Range)?;
            Decimal::new(number.mantissa().checked_mul(factor).ok_or(DecimalError::Range)?, 0)
        }
    }
}

/// Reads a number, or a text that holds one: `35`, `"35.00"`, `"1.0e-5"`.
///
/// # Errors
/// As [`read`]; also for other JSON values.
pub fn read_number_or_text(raw: &str) -> Result<Decimal, DecimalError> {
    match raw.strip_prefix('"') {
        Some(rest) => read(rest.strip_suffix('"').ok_or(DecimalError::Form)?.trim()),
        None => read(raw),
    }
}

/// An amount counted in units of `10^-digits`.
///
/// Clients print floats, some with all 17 digits, so that `12.34` arrives as `12.339999999999999`; a number that is an amount
/// but for such noise is that amount, and no other is rounded.
///
/// # Errors
/// When it has more digits after the point, or does not fit.
pub fn units(number: Decimal, digits: u8) -> Result<u128, DecimalError> {
    let exact = number.units(digits);
    if exact != Err(DecimalError::Places(digits)) {
        return exact;
    }
    let number = number.normalised();
    let factor = number.scale().checked_sub(digits).and_then(power_of_ten).ok_or(DecimalError::Places(digits))?;
    let (whole, rest) = (number.mantissa().checked_div(factor), number.mantissa().checked_rem(factor));
    let (whole, rest) = whole.zip(rest).ok_or(DecimalError::Range)?;
    let is_noise = |distance: u128| distance.checked_mul(NOISE_PART).is_some_and(|distance| distance <= factor);
    if whole > 0 && is_noise(rest) {
        return Ok(whole);
    }
    if is_noise(factor.saturating_sub(rest)) {
        return whole.checked_add(1).ok_or(DecimalError::Range);
    }
    exact
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Result<String, DecimalError> {
        read_number_or_text(raw).map(|number| number.to_string())
    }

    #[test]
    fn numbers_keep_every_digit_that_was_written() {
        for (raw, shown) in [
            ("35", "35"),
            ("0.1", "0.1"),
            ("1.0e-5", "0.00001"),
            ("1.0E+25", "10000000000000000000000000"),
            ("\"12.340\"", "12.34"),
            ("12e0", "12"),
            ("0e9", "0"),
            ("123456789.123456789123456789", "123456789.123456789123456789"),
        ] {
            assert_eq!(text(raw).unwrap(), shown, "{raw}");
        }
    }

    #[test]
    fn the_noise_of_a_printed_float_is_no_part_of_an_amount_and_nothing_else_is_rounded() {
        let counted = |raw: &str, digits| units(read(raw).unwrap(), digits);
        for (raw, digits, expected) in [
            ("12.34", 2, 1234),
            ("12.339999999999999", 2, 1234),
            ("12.340000000000002", 2, 1234),
            ("59.970000000000006", 2, 5997),
            ("0.99999999999999989", 0, 1),
            ("0.30000000000000004", 8, 30_000_000),
            ("1e2", 0, 100),
        ] {
            assert_eq!(counted(raw, digits), Ok(expected), "{raw}");
        }
        for (raw, digits) in [("12.345", 2), ("12.3400001", 2), ("0.005", 2), ("0.00000000000000001", 2), ("1.5", 0)] {
            assert_eq!(counted(raw, digits), Err(DecimalError::Places(digits)), "{raw}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for raw in
            ["-1", "+1", "\"\"", "\"abc\"", "true", "1e", "1e-99", "1e99", "\"1,5\"", "{}", "[1]", "0x10", "1e99999"]
        {
            assert!(text(raw).is_err(), "{raw}");
        }
    }
}
