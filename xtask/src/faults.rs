//! `cargo xtask kill`, `syscalls`, `powercut`, `disks`, `clock`: the built program's tests under faults, for as long as somebody wants.
//!
//! They are the tests of `crates/farthing/tests/it/faults`, told by their environment how far to go. What they measured last is
//! in `docs/reliability.md`.

use crate::command::{cargo, run};
use anyhow::Result;

/// More cases than any flow has.
const ALL: u64 = 1_000_000;

/// How many kills.
#[derive(clap::Args)]
pub(crate) struct Kills {
    /// Kills under load, and as many ends by SIGTERM
    #[arg(long, default_value_t = 100)]
    rounds: u64,
}

/// How many cuts.
#[derive(clap::Args)]
pub(crate) struct Cuts {
    /// Power cuts
    #[arg(long, default_value_t = 10_000)]
    cuts: u64,
}

/// How much of the disks.
#[derive(clap::Args)]
pub(crate) struct Disks {
    /// How often the disk is filled and emptied
    #[arg(long, default_value_t = 50)]
    cycles: u64,
    /// Bits that are turned over, one at a time
    #[arg(long, default_value_t = 1000)]
    bits: u64,
    /// Second servers, and copies without their log
    #[arg(long, default_value_t = 20)]
    copies: u64,
    /// Shops that are set back to an older state
    #[arg(long, default_value_t = 100)]
    restores: u64,
}

/// How much of the clock.
#[derive(clap::Args)]
pub(crate) struct Clocks {
    /// Jumps by an hour and by ten years, ahead and back
    #[arg(long, default_value_t = 200)]
    jumps: u64,
    /// Stops between a payment and the end of its window, on a node of a private chain
    #[arg(long, default_value_t = 20)]
    stops: u64,
}

/// One database set back on a private chain for so many in the test environment.
const RESTORES_FOR_ONE_LIVE: u64 = 10;

/// `kill -9` and SIGTERM at random moments of full load; files, memory and threads used up.
pub(crate) fn kill(kills: &Kills) -> Result<()> {
    test("faults::kill", &[("FARTHING_KILL_ROUNDS", kills.rounds)])?;
    test("faults::drain", &[("FARTHING_ENDS", kills.rounds)])?;
    test("faults::starved", &[("FARTHING_STARVED", kills.rounds)])
}

/// Every system call of the three flows, of a start, an end and a restore, with every fault.
pub(crate) fn syscalls() -> Result<()> {
    let all = ["FARTHING_SYSCALLS", "FARTHING_SYSCALLS_OF_OTHERS", "FARTHING_SYSCALLS_OF_STARTS"];
    test("faults::syscalls", &all.map(|variable| (variable, ALL)))
}

/// A clock that jumps, and a server that is stopped while its clock goes on.
pub(crate) fn clock(clocks: &Clocks) -> Result<()> {
    test("faults::clock", &[("FARTHING_CLOCK_JUMPS", clocks.jumps)])?;
    test("live::stopped", &[("FARTHING_STOPS", clocks.stops)])
}

/// Power cuts, and the controls that must fail.
pub(crate) fn power_cut(cuts: &Cuts) -> Result<()> {
    test("faults::powercut", &[("FARTHING_POWER_CUTS", cuts.cuts)])
}

/// Full, slow and rotten disks, copies and restores.
pub(crate) fn disks(disks: &Disks) -> Result<()> {
    test("faults::disks", &[("FARTHING_DISK_CYCLES", disks.cycles), ("FARTHING_ROTTEN_BITS", disks.bits)])?;
    test("faults::checkpoints", &[])?;
    test("faults::short", &[])?;
    test("faults::failed_starts", &[])?;
    test("faults::restored", &[("FARTHING_COPIES", disks.copies), ("FARTHING_RESTORES", disks.restores)])?;
    let live = disks.restores.div_ceil(RESTORES_FOR_ONE_LIVE);
    test("live::an_old_database", &[("FARTHING_RESTORES_LIVE", live)])
}

fn test(name: &str, settings: &[(&str, u64)]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["test", "--package", "farthing", "--test", "it", name, "--", "--nocapture"]);
    cargo.envs(settings.iter().map(|(variable, value)| (*variable, value.to_string())));
    run(&mut cargo)
}
