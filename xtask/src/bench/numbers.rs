//! Medians, ratios and the table: integers only, so that nothing is rounded twice.

use serde_json::{Value, json};

/// One thing that was measured.
pub(super) struct Line {
    name: String,
    measured: String,
    /// The goal in words, and whether it was met.
    goal: Option<(String, bool)>,
}

impl Line {
    /// Something to know, without a goal.
    pub(super) fn plain(name: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { name: name.into(), measured: measured.into(), goal: None }
    }

    /// Something that was promised.
    pub(super) fn with_goal(name: impl Into<String>, measured: impl Into<String>, goal: &str, is_met: bool) -> Self {
        Self { name: name.into(), measured: measured.into(), goal: Some((goal.to_owned(), is_met)) }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "measured": self.measured,
            "goal": self.goal.as_ref().map(|(goal, _)| goal),
            "met": self.goal.as_ref().map(|(_, is_met)| is_met),
        })
    }
}

/// The lines as people read them.
pub(super) fn table(lines: &[Line]) -> String {
    let width = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).chars().count()).max().unwrap_or_default();
    let (name, measured) = (width(|line| &line.name), width(|line| &line.measured));
    let rows = lines.iter().map(|line| {
        let goal = match &line.goal {
            None => String::new(),
            Some((goal, true)) => format!("goal {goal}: met"),
            Some((goal, false)) => format!("goal {goal}: NOT met"),
        };
        format!("{:name$}  {:measured$}  {goal}", line.name, line.measured).trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The middle one; the lower of two. 0 of nothing.
pub(crate) fn median(numbers: &[u64]) -> u64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or_default()
}

/// `part` of `whole` in hundredths.
pub(crate) fn hundredths(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or_default()
}

/// `1.23` of 123.
pub(crate) fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Microseconds as milliseconds with two digits.
pub(crate) fn microseconds(microseconds: u64) -> String {
    format!("{} ms", decimal(microseconds / 10))
}

/// How many a second.
pub(super) fn per_second(count: usize, microseconds: u64) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    count.saturating_mul(1_000_000).checked_div(microseconds).unwrap_or_default()
}

/// Numbers with spaces between.
pub(super) fn list(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[9, 1, 5]), 5);
        assert_eq!(median(&[4, 1, 2, 3]), 2);
        assert_eq!(median(&[]), 0);
    }

    #[test]
    fn ratios_are_cut_to_two_digits() {
        assert_eq!(decimal(hundredths(2, 3)), "0.66");
        assert_eq!(decimal(hundredths(310, 100)), "3.10");
        assert_eq!(microseconds(12_349), "12.34 ms");
        assert_eq!(per_second(6400, 3_200_000), 2000);
    }
}
