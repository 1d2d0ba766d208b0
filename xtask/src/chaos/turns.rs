//! When a server has bad receivers beside the healthy ones, and what each of those times cost.
//!
//! Two servers run side by side and take turns: one has the bad receivers in the first and the last quarter of the time, the other
//! one in the two between. So each server is compared with itself, and whatever else the machine does, or a longer life of the
//! server brings, weighs on both sides alike.

use crate::{
    bench::numbers::{decimal, hundredths, median, microseconds},
    program::Server,
};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::time::Instant;

const QUARTERS: u32 = 4;
/// What is asked for so soon after a turn has begun counts for neither side: the receivers come and go then.
const SETTLES: Duration = Duration::from_secs(2);

/// The turns of one server.
#[derive(Clone, Copy)]
pub(super) struct Turns {
    begin: Instant,
    quarter: Duration,
    /// Whether it begins with the bad receivers.
    begins_bad: bool,
}

impl Turns {
    pub(super) fn new(begin: Instant, length: Duration, begins_bad: bool) -> Self {
        Self { begin, quarter: length.checked_div(QUARTERS).unwrap_or_default(), begins_bad }
    }

    /// Whether the bad receivers are there at a moment.
    pub(super) fn is_bad_at(&self, at: Instant) -> bool {
        matches!(self.quarter_at(at), 0 | 3) == self.begins_bad
    }

    /// The next moment after this one at which they come or go.
    pub(super) fn next_change(&self, after: Instant) -> Option<Instant> {
        let begins = [1, 3].map(|quarter| self.begin.checked_add(self.quarter.saturating_mul(quarter)));
        begins.into_iter().flatten().find(|begin| *begin > after)
    }

    /// Whether a turn has lasted long enough for what is asked for now to count.
    fn is_settled(&self, at: Instant) -> bool {
        at.checked_sub(SETTLES)
            .is_some_and(|before| before >= self.begin && self.is_bad_at(before) == self.is_bad_at(at))
    }

    fn quarter_at(&self, at: Instant) -> u128 {
        let since = at.saturating_duration_since(self.begin).as_micros();
        since.checked_div(self.quarter.as_micros()).unwrap_or_default().min(u128::from(QUARTERS - 1))
    }
}

/// What a server has spent since its start.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    commits: u64,
    cpu_microseconds: u64,
}

impl Spent {
    pub(super) async fn by(server: &Server) -> Result<Self> {
        let mut client = server.connect("").await?;
        let told = String::from_utf8_lossy(client.exchange("GET", "/metrics", "", 200).await?).into_owned();
        let commits = told.lines().find_map(|line| line.strip_prefix("farthing_store_commits_total "));
        let commits =
            commits.context("the metrics do not tell of commits")?.parse().context("commits are no number")?;
        Ok(Self { commits, cpu_microseconds: server.cpu_microseconds()? })
    }

    /// What was spent since an earlier moment of the same life.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            commits: self.commits.saturating_sub(before.commits),
            cpu_microseconds: self.cpu_microseconds.saturating_sub(before.cpu_microseconds),
        }
    }

    /// Both together.
    pub(super) fn with(self, more: Self) -> Self {
        Self {
            commits: self.commits.saturating_add(more.commits),
            cpu_microseconds: self.cpu_microseconds.saturating_add(more.cpu_microseconds),
        }
    }
}

/// All turns of one kind, of both servers.
#[derive(Default)]
pub(super) struct Side {
    pub(super) spent: Spent,
    invoices: u64,
    /// From asking for an invoice to the arrival of its webhook at a healthy receiver, in microseconds.
    lags: Vec<u64>,
}

/// The turns without bad receivers, and those with them.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) well: Side,
    pub(super) bad: Side,
}

impl Sides {
    pub(super) fn at(&mut self, turns: &Turns, at: Instant) -> &mut Side {
        if turns.is_bad_at(at) { &mut self.bad } else { &mut self.well }
    }

    /// Counts the invoices that were asked for, and the webhooks by the moment at which their invoice was.
    pub(super) fn count(&mut self, turns: &Turns, asked: &[Instant], lags: &[(Instant, u64)]) {
        for at in asked {
            let side = self.at(turns, *at);
            side.invoices = side.invoices.saturating_add(1);
        }
        for (at, lag) in lags.iter().filter(|(at, _)| turns.is_settled(*at)) {
            self.at(turns, *at).lags.push(*lag);
        }
    }

    /// Both servers' turns together.
    pub(super) fn with(mut self, other: Self) -> Self {
        for (side, more) in [(&mut self.well, other.well), (&mut self.bad, other.bad)] {
            side.spent = side.spent.with(more.spent);
            side.invoices = side.invoices.saturating_add(more.invoices);
            side.lags.extend(more.lags);
        }
        self
    }
}

/// What the bad receivers cost the healthy ones.
pub(super) fn say(sides: &Sides) {
    let Sides { well, bad } = sides;
    println!(
        "chaos: request to webhook at the healthy receivers, with bad ones beside them and without: median {} and {}, {} of it; 99 of 100 within {} and {}",
        microseconds(median(&bad.lags)),
        microseconds(median(&well.lags)),
        decimal(hundredths(median(&bad.lags), median(&well.lags))),
        microseconds(late(&bad.lags)),
        microseconds(late(&well.lags)),
    );
    let commits = |side: &Side| decimal(hundredths(side.spent.commits, side.invoices));
    let cpu = |side: &Side| microseconds(side.spent.cpu_microseconds.checked_div(side.invoices).unwrap_or_default());
    println!(
        "chaos: an invoice with all that follows takes {} and {} commits, {} and {} of processor time",
        commits(bad),
        commits(well),
        cpu(bad),
        cpu(well),
    );
}

fn late(lags: &[u64]) -> u64 {
    let mut sorted = lags.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_mul(99) / 100).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_have_the_bad_receivers_in_turn_and_for_the_same_time() {
        let begin = Instant::now();
        let seconds = |number| begin + Duration::from_secs(number);
        let [one, two] = [true, false].map(|begins_bad| Turns::new(begin, Duration::from_secs(40), begins_bad));
        let bad = |turns: Turns| [5, 15, 25, 35, 45].map(|at| turns.is_bad_at(seconds(at)));
        assert_eq!(bad(one), [true, false, false, true, true]);
        assert_eq!(bad(two), [false, true, true, false, false]);
        assert_eq!(one.next_change(begin), Some(seconds(10)));
        assert_eq!(one.next_change(seconds(10)), Some(seconds(30)));
        assert_eq!(one.next_change(seconds(30)), None);
    }

    #[test]
    fn what_is_asked_for_while_receivers_come_or_go_counts_for_neither_side() {
        let begin = Instant::now();
        let milliseconds = |number| begin + Duration::from_millis(number);
        let turns = Turns::new(begin, Duration::from_secs(40), true);
        let lags = [(1_000, 1), (5_000, 2), (11_900, 3), (12_100, 4), (21_000, 5), (31_000, 6)];
        let mut sides = Sides::default();
        sides.count(
            &turns,
            &[milliseconds(1_000), milliseconds(11_900)],
            &lags.map(|(at, lag)| (milliseconds(at), lag)),
        );
        assert_eq!((sides.bad.lags, sides.well.lags), (vec![2], vec![4, 5]));
        assert_eq!((sides.bad.invoices, sides.well.invoices), (1, 1));
    }
}
