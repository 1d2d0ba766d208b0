//! `valid_for`: one or more of a number and its unit, `300s`, `2h45m`, `1.5h` (A3).

/// The longest text that is looked at, in bytes.
const BYTES_MAX: usize = 64;
/// The shortest and longest validity, in seconds: 1m and 720h (A10).
const SECONDS: core::ops::RangeInclusive<u128> = 60..=2_592_000;
/// Fractions are read to so many digits, nanoseconds of a second; the rest changes nothing.
const PLACES: usize = 9;
/// What a second has of them.
const NANOS: u128 = 1_000_000_000;

/// Why a text is no validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoDuration {
    /// It is no duration.
    Form,
    /// It is too short or too long.
    Range,
}

/// A duration in whole seconds, rounded down.
pub(super) fn seconds(text: &str) -> Result<i64, NoDuration> {
    if text.is_empty() || text.len() > BYTES_MAX {
        return Err(NoDuration::Form);
    }
    let mut rest = text;
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let at = rest.find(['h', 'm', 's']).ok_or(NoDuration::Form)?;
        let (number, unit) = rest.split_at_checked(at).ok_or(NoDuration::Form)?;
        let mut characters = unit.chars();
        let seconds = match characters.next() {
            Some('h') => 3600,
            Some('m') => 60,
            _ => 1,
        };
        nanos = number_of(number)?
            .checked_mul(seconds)
            .and_then(|part| nanos.checked_add(part))
            .ok_or(NoDuration::Range)?;
        rest = characters.as_str();
    }
    let whole = nanos.checked_div(NANOS).unwrap_or_default();
    let is_within = SECONDS.contains(&whole) && nanos <= SECONDS.end().saturating_mul(NANOS);
    i64::try_from(whole).ok().filter(|_| is_within).ok_or(NoDuration::Range)
}

/// A number without sign, times 10^9; `2.`, `.5` are numbers too.
fn number_of(text: &str) -> Result<u128, NoDuration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return Err(NoDuration::Form);
    }
    let fraction: String = fraction.chars().chain(core::iter::repeat('0')).take(PLACES).collect();
    format!("{whole}{fraction}").parse().map_err(|_| NoDuration::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_examples_and_what_go_reads_too() {
        for (text, expected) in [
            ("300s", 300),
            ("2h45m", 9900),
            ("1m", 60),
            ("60s", 60),
            ("720h", 2_592_000),
            ("1.5h", 5400),
            (".5h", 1800),
            ("2.h", 7200),
            ("30s1m30s", 120),
            ("90.999s", 90),
            ("0h5m", 300),
            ("1.0000000000001m", 60),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_units_bare_numbers_signs_and_spaces_are_no_durations() {
        for text in
            ["", "300", "300ms", "5d", "s", "h1", ".s", "1..5h", "-5m", "+5m", "5 m", "5M", "1h ", "1e3s", "٣m", "5m3"]
        {
            assert_eq!(seconds(text), Err(NoDuration::Form), "{text:?}");
        }
        assert_eq!(seconds(&"1s".repeat(40)), Err(NoDuration::Form));
    }

    #[test]
    fn zero_too_short_and_too_long_are_out_of_range() {
        for text in ["0s", "59s", "59.999s", "720h1s", "720h0.5s", "99999999999h", &format!("{}h", "9".repeat(40))] {
            assert_eq!(seconds(text), Err(NoDuration::Range), "{text}");
        }
    }
}
