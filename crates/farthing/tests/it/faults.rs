//! The built program under faults: killed, cut off from power, on full and failing disks, beside a second server, restored,
//! short of memory, with a clock that jumps.
//!
//! What each proof has shown so far stands in `docs/reliability.md`. The test run takes a bounded part of each; `cargo xtask
//! kill`, `syscalls`, `powercut`, `disks` and `clock` run the same tests for longer.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test that it happens in")]

mod books;
mod chance;
mod checkpoints;
mod clock;
mod disks;
mod drain;
mod failed_starts;
mod http;
mod kill;
mod powercut;
mod receiver;
mod restored;
mod server;
pub(crate) mod shim;
mod short;
mod starved;
mod syscalls;
mod trace;

use std::future::Future;

/// A test's number of rounds, which a longer run sets from outside.
#[expect(clippy::disallowed_methods, reason = "the longer runs are the same tests, told by their environment")]
pub(crate) fn rounds(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// Runs a test's story to its end on two threads.
fn run<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(story)
}
