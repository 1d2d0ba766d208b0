//! `cargo xtask sim --planted`: each known bug planted into the real code, and after how many seeds the simulation finds it.
//!
//! A bug that is not found is a failure: of the simulation, not of the product.

use crate::command;
use anyhow::{Result, ensure};
use farthing_domain::planted::Bug;
use farthing_sim::planting::first_to_find;
use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Seeds after which a bug counts as not found.
const SEEDS_MAX: u64 = 200;

/// What came of looking for a bug.
struct Found {
    bug: Bug,
    invariant: u8,
    /// Seeds run, and what the last of them said; `None`: all of them held.
    seeds: u64,
    how: Option<String>,
    took: Duration,
}

/// Looks for every bug; without them compiled in, asks cargo for a build that has them.
pub(super) fn run(steps: u32) -> Result<()> {
    if !cfg!(feature = "planted") {
        let mut cargo = command::cargo();
        cargo.args(["run", "--quiet", "--package", "xtask", "--features", "planted", "--", "sim", "--planted"]);
        return command::run(cargo.args(["--steps", &steps.to_string()]));
    }
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| look_for_all(&next, &found, steps));
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|looked| (looked.invariant, looked.bug));
    println!("\n{:<9} {:<26} {:>5} {:>9}  found as", "invariant", "bug", "seeds", "time");
    found.iter().for_each(Found::tell);
    let missed = found.iter().filter(|looked| looked.how.is_none()).count();
    println!("{} of {} planted bugs found", found.len().saturating_sub(missed), Bug::ALL.len());
    ensure!(missed == 0 && found.len() == Bug::ALL.len(), "{missed} planted bugs were not found");
    Ok(())
}

fn look_for_all(next: &AtomicUsize, found: &Mutex<Vec<Found>>, steps: u32) {
    while let Some((bug, invariant)) = Bug::ALL.get(next.fetch_add(1, Ordering::SeqCst)) {
        let looked = look_for(*bug, *invariant, steps);
        looked.tell();
        found.lock().unwrap_or_else(PoisonError::into_inner).push(looked);
    }
}

impl Found {
    fn tell(&self) {
        let how = self.how.as_deref().unwrap_or("NOT FOUND");
        let (bug, took) = (format!("{:?}", self.bug), self.took.as_millis());
        println!("{:<9} {bug:<26} {:>5} {took:>6} ms  {how}", self.invariant, self.seeds);
    }
}

#[expect(clippy::disallowed_methods, reason = "the command measures real time")]
fn look_for(bug: Bug, invariant: u8, steps: u32) -> Found {
    let began = std::time::Instant::now();
    let failure = first_to_find(bug, SEEDS_MAX, steps);
    let took = began.elapsed();
    let Some((seed, failure)) = failure else {
        return Found { bug, invariant, seeds: SEEDS_MAX, how: None, took };
    };
    let how = failure.problems.first().map(|problem| problem.chars().take(HOW_SHOWN).collect());
    Found { bug, invariant, seeds: seed.saturating_add(1), how, took }
}

/// Characters shown of what a bug was found by.
const HOW_SHOWN: usize = 90;
