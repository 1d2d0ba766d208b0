//! `cargo xtask test`: all that must hold, the fast checks first. Ends at the first step that fails.

use crate::{
    chaos,
    command::{cargo, run as run_command, step},
    deny, dribble, malform, peers, program, schemathesis, tidy,
};
use anyhow::{Result, anyhow};
use std::thread;

/// Takes every step in order.
pub(crate) fn run() -> Result<()> {
    step("format", || run_command(cargo().args(["fmt", "--all", "--", "--check"])))?;
    step("tidy", tidy::run)?;
    step("clippy", || run_command(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))?;
    step("peers", peers::run)?;
    let mut built = None;
    step("program", || program::build(false).map(|path| built = Some(path)))?;
    let program = built.ok_or_else(|| anyhow!("no program"))?;
    // It mostly waits, for minutes: beside the tests it costs no time.
    thread::scope(|scope| {
        let chaos = scope.spawn(|| chaos::run_on(&program, &chaos::Options::in_the_test_run()));
        step("tests", || run_command(cargo().args(["test", "--workspace", "--no-fail-fast"])))?;
        // In a build of its own: the program that the other tests run never has a bug planted.
        step("planted bugs", || {
            let planted = ["test", "--package", "farthing-sim", "--features", "planted", "--test", "it", "planted::"];
            run_command(cargo().args(planted))
        })?;
        step("dribblers", || dribble::run(&dribble::Options::in_the_test_run()))?;
        step("schemathesis", || schemathesis::run(&schemathesis::Options::in_the_test_run()))?;
        step("malformed requests", || malform::run(&malform::Options::in_the_test_run()))?;
        step("chaos", || chaos.join().unwrap_or_else(|_| Err(anyhow!("it panicked"))))
    })?;
    // With private items: the modules of the binary and of `pub(crate)` code are read by whoever works on them.
    step("docs", || {
        run_command(cargo().env("RUSTDOCFLAGS", "-D warnings").args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]))
    })?;
    step("dependencies", deny::run)?;
    println!("\nxtask test: everything passed");
    Ok(())
}
