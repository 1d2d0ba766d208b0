//! The program: reads the command line and the configuration, starts what runs, and says how it ended.
//!
//! It holds no rule of business; those are in the crates below. Exit statuses: 0 done, 1 failed, 2 not understood.

mod audit;
mod backup;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod descriptors;
mod doctor;
mod entropy;
mod high_water;
mod installation;
mod keys;
mod live;
mod logging;
mod output;
mod run;
mod serve;
mod webhook_sink;

use clap::Parser;
use std::process::ExitCode;

/// Threads that run tasks: the store's writer and readers have threads of their own.
const WORKERS: usize = 2;
/// Threads for what blocks, as looking up names does; they end when idle.
const BLOCKING_MAX: usize = 16;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // What cannot be printed cannot be told either.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_MAX)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::execute(arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(commands::Outcome::Done) => ExitCode::SUCCESS,
        Ok(commands::Outcome::Failed) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
