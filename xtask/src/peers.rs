//! What the tests need beside Rust: Chromium, `playwright-core` to drive it, schemathesis, nodes of the chains, a C compiler and
//! `strace`.
//!
//! Quick when all are there. One that is missing and cannot be installed is an error: a test is never skipped for it.

mod bitcoin_core;
mod debian;

use crate::{
    checkout,
    command::{exists, run as run_command},
    schemathesis, tools,
};
use anyhow::{Context, Result, ensure};
use std::{fs, path::Path, process::Command};

/// Installs what is missing.
pub(crate) fn run() -> Result<()> {
    faults().context("the tests of faults need `cc` and `strace`")?;
    chromium().context("the tests need Chromium, as `chromium` on the PATH")?;
    playwright().context("the tests need npm's playwright-core")?;
    schemathesis::install().context("the tests need PyPI's schemathesis")?;
    bitcoin_core::install().context("the tests need Bitcoin Core")
}

/// What makes system calls fail, and what builds the library that records them.
fn faults() -> Result<()> {
    if !exists("cc") {
        debian::install(&["gcc", "libc6-dev"], "cc")?;
    }
    if exists("strace") { Ok(()) } else { debian::install(&["strace"], "strace") }
}

/// From the system's packages: Debian's is built for Debian's libraries, and updated with them. The fonts are only
/// recommended by the package, and a page without any cannot be judged.
fn chromium() -> Result<()> {
    if exists("chromium") {
        return Ok(());
    }
    debian::install(&["chromium", "fonts-liberation"], "chromium")
}

/// Into `<cache>/browser/node_modules`, exactly as `xtask/browser/package-lock.json` has it. `xtask/browser/browser.mjs`
/// looks for it there.
fn playwright() -> Result<()> {
    let ours = checkout::root().join("xtask").join("browser");
    let folder = tools::cache()?.join("browser");
    let wanted = fs::read(ours.join("package-lock.json")).context("cannot read xtask/browser/package-lock.json")?;
    // Written last, so that an installation that was cut short is done again.
    let done = folder.join("installed-lock.json");
    if fs::read(&done).is_ok_and(|installed| installed == wanted) && is_installed(&folder) {
        return Ok(());
    }
    ensure!(exists("npm"), "there is no npm to install it with; install Node.js 20 or newer");
    println!("installing playwright-core, by npm");
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(ours.join(name), folder.join(name)).with_context(|| format!("cannot copy xtask/browser/{name}"))?;
    }
    run_command(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]))?;
    ensure!(is_installed(&folder), "npm ended well, yet there is no playwright-core in {}", folder.display());
    fs::write(&done, wanted).with_context(|| format!("cannot write {}", done.display()))
}

fn is_installed(folder: &Path) -> bool {
    folder.join("node_modules").join("playwright-core").join("package.json").is_file()
}
