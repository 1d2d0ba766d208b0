//! The project's own commands, as `cargo xtask <command>`: one file each.
//!
//! They check and prepare a checkout. They are no part of the program and never change what is checked in.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the commands speak to whoever runs them")]

mod bench;
mod chance;
mod chaos;
mod checkout;
mod client;
mod command;
mod cpu_time;
mod deny;
mod dribble;
mod faults;
mod fuzz;
mod malform;
mod peers;
mod program;
mod schemathesis;
mod sim;
mod test;
mod tidy;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Farthing's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must hold before a change is merged: format, tidy, clippy, tests, docs, dependencies
    Test,
    /// The project's own rules, which no compiler checks
    Tidy,
    /// Many seeds of the simulation, or one that failed again
    Sim(sim::Seeds),
    /// Kill the server at random moments of full load, again and again; use up its files, memory and threads
    Kill(faults::Kills),
    /// Fail each system call of three flows, of a start, an end and a restore, and kill the program at each
    Syscalls,
    /// Cut the power at random moments, and start on what the disk may hold then
    Powercut(faults::Cuts),
    /// Fill, slow and spoil the disk; copy and restore what is on it
    Disks(faults::Disks),
    /// Let the clock jump, and stop the server while it goes on
    Clock(faults::Clocks),
    /// Load with faults: kills, reorganisations, dead and slow receivers; at the end nothing is lost
    Chaos(chaos::Options),
    /// Good requests to every route, spoiled by a seed: no 5xx, no panic, nothing of another merchant's
    Malform(malform::Options),
    /// Connections that send a request byte by byte, beside a client that behaves
    Dribble(dribble::Options),
    /// Search for inputs that break a parser's promises, led by coverage
    Fuzz(fuzz::Options),
    /// Requests that schemathesis makes from the OpenAPI document, judged by it
    Schemathesis(schemathesis::Options),
    /// Install what the tests need beside Rust: a browser and its driver, nodes of the chains
    Peers,
    /// Measure what the README promises, on release builds: medians, ratios, CPU, memory. Never fails for being slow
    Bench {
        /// Print one JSON list instead of a table
        #[arg(long)]
        json: bool,
        /// Only what reading blocks and watching scripts costs
        #[arg(long)]
        blocks: bool,
        /// Only what an invoice costs through each API
        #[arg(long, conflicts_with = "blocks")]
        dialects: bool,
    },
}

fn main() -> ExitCode {
    let (name, outcome) = match Arguments::parse().command {
        Task::Test => ("test", test::run()),
        Task::Tidy => ("tidy", tidy::run()),
        Task::Sim(seeds) => ("sim", sim::run(&seeds)),
        Task::Kill(kills) => ("kill", faults::kill(&kills)),
        Task::Syscalls => ("syscalls", faults::syscalls()),
        Task::Powercut(cuts) => ("powercut", faults::power_cut(&cuts)),
        Task::Disks(disks) => ("disks", faults::disks(&disks)),
        Task::Clock(clocks) => ("clock", faults::clock(&clocks)),
        Task::Chaos(options) => ("chaos", chaos::run(&options)),
        Task::Malform(options) => ("malform", malform::run(&options)),
        Task::Dribble(options) => ("dribble", dribble::run(&options)),
        Task::Fuzz(options) => ("fuzz", fuzz::run(&options)),
        Task::Schemathesis(options) => ("schemathesis", schemathesis::run(&options)),
        Task::Peers => ("peers", peers::run()),
        Task::Bench { json, blocks, dialects } => ("bench", bench::run(json, bench::Part::of(blocks, dialects))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask {name}: FAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}
