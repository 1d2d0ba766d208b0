//! `cargo xtask kill`, `syscalls`, `powercut`, `disks`: the built program's tests under faults, for as long as somebody wants.
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
}

/// `kill -9` and SIGTERM at random moments of full load.
pub(crate) fn kill(kills: &Kills) -> Result<()> {
    test("faults::kill", &[("FARTHING_KILL_ROUNDS", kills.rounds)])?;
    test("faults::drain", &[("FARTHING_ENDS", kills.rounds)])
}

/// Every system call of the three flows, with every fault.
pub(crate) fn syscalls() -> Result<()> {
    test("faults::syscalls", &[("FARTHING_SYSCALLS", ALL), ("FARTHING_SYSCALLS_OF_OTHERS", ALL)])
}

/// Power cuts, and the controls that must fail.
pub(crate) fn power_cut(cuts: &Cuts) -> Result<()> {
    test("faults::powercut", &[("FARTHING_POWER_CUTS", cuts.cuts)])
}

/// Full, slow and rotten disks, copies and restores.
pub(crate) fn disks(disks: &Disks) -> Result<()> {
    test("faults::disks", &[("FARTHING_DISK_CYCLES", disks.cycles), ("FARTHING_ROTTEN_BITS", disks.bits)])?;
    test("faults::checkpoints", &[])?;
    test("faults::restored", &[])
}

fn test(name: &str, settings: &[(&str, u64)]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["test", "--package", "farthing", "--test", "it", name, "--", "--nocapture"]);
    cargo.envs(settings.iter().map(|(variable, value)| (*variable, value.to_string())));
    run(&mut cargo)
}
