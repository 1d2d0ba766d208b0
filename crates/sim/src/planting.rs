//! Planted bugs, looked for: how many seeds the simulation needs for one. Without the feature `planted` there is none to find.

use crate::{
    isolation,
    simulation::{Failure, Settings, run},
};
use farthing_domain::planted::Bug;

/// The number of the invariant.
const ISOLATION: u8 = 11;

/// The first seed below `seeds` that fails with the bug planted and holds without it, and what it says; `None` when there is
/// none. A seed that fails anyway says nothing about the bug.
#[must_use]
pub fn first_to_find(bug: Bug, seeds: u64, steps: u32) -> Option<(u64, Box<Failure>)> {
    (0..seeds).find_map(|seed| {
        let failure = fails(seed, Settings { steps, planted: Some(bug) }, bug)?;
        fails(seed, Settings { steps, planted: None }, bug).is_none().then_some((seed, failure))
    })
}

/// What a seed's run says, or for a bug of isolation its replay without the neighbour.
fn fails(seed: u64, settings: Settings, bug: Bug) -> Option<Box<Failure>> {
    let is_of_isolation = Bug::ALL.iter().any(|(known, invariant)| *known == bug && *invariant == ISOLATION);
    let by_replay = is_of_isolation.then(|| isolation::run(seed, settings.planted).err()).flatten();
    by_replay.or_else(|| run(seed, settings).err())
}
