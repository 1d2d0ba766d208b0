//! `cargo xtask test`: all that must hold, the fast checks first. Ends at the first step that fails.

use crate::{
    command::{cargo, run as run_command, step},
    deny, peers, tidy,
};
use anyhow::Result;

/// Takes every step in order.
pub(crate) fn run() -> Result<()> {
    step("format", || run_command(cargo().args(["fmt", "--all", "--", "--check"])))?;
    step("tidy", tidy::run)?;
    step("clippy", || run_command(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))?;
    step("peers", peers::run)?;
    step("tests", || run_command(cargo().args(["test", "--workspace", "--no-fail-fast"])))?;
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
