//! `cargo xtask sim`: many seeds of the simulation, for nights and for replaying a seed that failed.

mod planted;

use anyhow::{Result, bail};
use farthing_sim::{
    isolation,
    simulation::{Report, Settings, run as run_seed},
};
use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Of so many seeds one is run twice, to see that it gives the same trace.
const TWICE_EVERY: u64 = 100;
/// Failures that are shown in full.
const FAILURES_SHOWN: usize = 3;

/// Which seeds.
#[derive(clap::Args)]
pub(crate) struct Seeds {
    /// How many seeds
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Plant each known bug in turn, and show after how many seeds it is found
    #[arg(long)]
    planted: bool,
    /// Actions a run
    #[arg(long, default_value_t = Settings::default().steps)]
    steps: u32,
}

/// Runs the seeds on all cores, or looks for planted bugs.
pub(crate) fn run(which: &Seeds) -> Result<()> {
    if which.planted { planted::run(which.steps) } else { run_seeds(which) }
}

fn run_seeds(which: &Seeds) -> Result<()> {
    let next = AtomicU64::new(which.from);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&next, which))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Outcome::of_a_panic())).collect()
    });
    let failures: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.failures).collect();
    for failure in failures.iter().take(FAILURES_SHOWN) {
        println!("{failure}\n");
    }
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).fold(0, u64::saturating_add);
    println!(
        "{} seeds from {}, {} actions each: {} invoices, {} transfers, {} events, {} requests; {} failed",
        which.seeds,
        which.from,
        which.steps,
        sum(|outcome| outcome.invoices),
        sum(|outcome| outcome.transfers),
        sum(|outcome| outcome.events),
        sum(|outcome| outcome.requests),
        failures.len()
    );
    println!(
        "{} starts, {} faults of the disk, {} simulated days, {} of them after faults stopped at the most",
        sum(|outcome| outcome.starts),
        sum(|outcome| outcome.disk_faults),
        sum(|outcome| outcome.seconds).checked_div(86_400).unwrap_or_default(),
        outcomes
            .iter()
            .map(|outcome| outcome.quiet_seconds_max)
            .max()
            .unwrap_or_default()
            .checked_div(86_400)
            .unwrap_or_default(),
    );
    if failures.is_empty() { Ok(()) } else { bail!("{} seeds failed", failures.len()) }
}

/// What one thread's seeds came to.
#[derive(Default)]
struct Outcome {
    failures: Vec<String>,
    invoices: u64,
    transfers: u64,
    events: u64,
    requests: u64,
    starts: u64,
    disk_faults: u64,
    seconds: u64,
    quiet_seconds_max: u64,
}

impl Outcome {
    fn of_a_panic() -> Self {
        Self { failures: vec!["a seed panicked; its message stands above".to_owned()], ..Self::default() }
    }

    fn add(&mut self, report: &Report) {
        let add = |sum: &mut u64, count: usize| *sum = sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        add(&mut self.invoices, report.invoices);
        add(&mut self.transfers, report.transfers);
        add(&mut self.events, report.events);
        add(&mut self.requests, report.requests);
        self.starts = self.starts.saturating_add(u64::from(report.starts));
        self.disk_faults = self.disk_faults.saturating_add(u64::from(report.disk_faults));
        let [all, quiet] = report.seconds.map(|seconds| u64::try_from(seconds).unwrap_or_default());
        self.seconds = self.seconds.saturating_add(all);
        self.quiet_seconds_max = self.quiet_seconds_max.max(quiet);
    }
}

fn work(next: &AtomicU64, which: &Seeds) -> Outcome {
    let (end, steps, is_replay) = (which.from.saturating_add(which.seeds), which.steps, which.seeds == 1);
    let mut outcome = Outcome::default();
    loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= end {
            return outcome;
        }
        match run_seed(seed, Settings { steps, planted: None }) {
            Err(failure) if is_replay => outcome.failures.push(format!("{failure:#}")),
            Err(failure) => outcome.failures.push(failure.to_string()),
            Ok(report) => {
                outcome.add(&report);
                let is_checked = seed.checked_rem(TWICE_EVERY) == Some(0);
                if is_checked && run_seed(seed, Settings { steps, planted: None }).ok().as_ref() != Some(&report) {
                    outcome.failures.push(format!("seed {seed} gives another trace the second time"));
                }
                outcome.failures.extend(isolation::run(seed, None).err().map(|failure| failure.to_string()));
            }
        }
    }
}
