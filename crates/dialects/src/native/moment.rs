//! Moments as the native API writes them: RFC 3339 in UTC, `2026-03-01T12:00:00Z`, with milliseconds only where there are any.

use farthing_domain::time::Timestamp;

/// The text of a moment; one beyond the calendar is shown as its end.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.milliseconds()).unwrap_or(jiff::Timestamp::MAX);
    if at.milliseconds().rem_euclid(1000) == 0 { format!("{moment:.0}") } else { format!("{moment:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc_with_z_and_milliseconds_only_where_there_are_any() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_772_366_400_000, "2026-03-01T12:00:00Z"),
            (1_772_366_400_120, "2026-03-01T12:00:00.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_milliseconds(milliseconds)), text);
        }
        assert!(rfc3339(Timestamp::from_milliseconds(i64::MAX)).starts_with("9999-"));
    }
}
