//! Planted bugs, looked for: how many seeds the simulation needs for one. Without the feature `planted` there is none to find.

use crate::simulation::{Failure, Settings, run};
use farthing_domain::planted::Bug;

/// The first seed below `seeds` that fails with the bug planted and holds without it, and what it says; `None` when there is
/// none. A seed that fails anyway says nothing about the bug.
#[must_use]
pub fn first_to_find(bug: Bug, seeds: u64, steps: u32) -> Option<(u64, Box<Failure>)> {
    (0..seeds).find_map(|seed| {
        let failure = run(seed, Settings { steps, planted: Some(bug) }).err()?;
        run(seed, Settings { steps, planted: None }).is_ok().then_some((seed, failure))
    })
}
