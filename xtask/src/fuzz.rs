//! `cargo xtask fuzz`: searches for inputs that break a parser's promises, led by coverage (libFuzzer).
//!
//! It needs no nightly toolchain: the coverage counters come from LLVM by flags that a stable compiler takes. What it found
//! interesting is kept in the user's cache and is where the next search begins. An input that breaks a target is printed with
//! its place; it belongs among that target's seeds, with the fix.

use crate::{
    command::{cargo, output, run as run_command, step},
    tools,
};
use anyhow::{Context, Result, ensure};
use farthing_fuzz::{Target, targets};
use std::{fs, path::Path, path::PathBuf, process::Command};

/// What makes the compiler count which edges an input takes.
const COUNTERS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks";
/// The longest input.
const BYTES_MAX: u32 = 4096;
/// An input that takes longer breaks the search, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;
const MEMORY_MIB_MAX: u32 = 2048;

/// How long, which.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One target; without it, each in turn
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Builds the driver and searches.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen: Vec<&Target> =
        targets::ALL.iter().filter(|target| options.target.as_deref().is_none_or(|name| name == target.name)).collect();
    let names: Vec<&str> = targets::ALL.iter().map(|target| target.name).collect();
    ensure!(!chosen.is_empty(), "there is no such target; there are {}", names.join(", "));
    let driver = build()?;
    for target in chosen {
        step(&format!("fuzz {}", target.name), || search(&driver, target, options.seconds))?;
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    let told = output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not tell its host")?;
    let folder = crate::checkout::root().join("target/fuzz");
    // With a target named, build scripts and macros are built without the counters, which they could not be linked with.
    run_command(
        cargo()
            .env("RUSTFLAGS", COUNTERS)
            .env_remove("CARGO_BUILD_BUILD_DIR")
            .args(["build", "--quiet", "--package", "farthing-fuzz", "--features", "libfuzzer", "--bin", "coverage"])
            .args(["--config", "profile.dev.opt-level=2", "--target", host, "--target-dir"])
            .arg(&folder),
    )?;
    Ok(folder.join(host).join("debug/coverage"))
}

fn search(driver: &Path, target: &Target, seconds: u64) -> Result<()> {
    let folder = tools::cache()?.join("fuzz").join(target.name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (number, seed) in target.seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    let broken = folder.with_extension("broken-");
    run_command(
        Command::new(driver)
            .env("FARTHING_FUZZ_TARGET", target.name)
            .arg(&folder)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={BYTES_MAX}"))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
            .arg(format!("-artifact_prefix={}", broken.display()))
            .args(["-verbosity=0", "-print_final_stats=1"]),
    )
}
