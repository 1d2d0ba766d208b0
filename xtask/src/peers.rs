//! What the tests need beside Rust: Chromium, `playwright-core` to drive it, the webhook libraries of others, schemathesis, nodes of
//! the chains, PHP, a C compiler and `strace`.
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
use std::{fs, process::Command};

/// Installs what is missing.
pub(crate) fn run() -> Result<()> {
    faults().context("the tests of faults need `cc` and `strace`")?;
    php().context("the tests of CoinsPaid's callbacks need `php`")?;
    chromium().context("the tests need Chromium, as `chromium` on the PATH")?;
    from_npm("browser", "playwright-core").context("the tests need npm's playwright-core")?;
    from_npm("webhooks", "standardwebhooks")
        .context("the tests need npm's standardwebhooks, svix and jsonapi-validator")?;
    from_npm("anvil", "@foundry-rs/anvil-linux-amd64").context("the tests need anvil, an EVM node")?;
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

/// What shops check callbacks with, byte for byte.
fn php() -> Result<()> {
    if exists("php") { Ok(()) } else { debian::install(&["php-cli"], "php") }
}

/// From the system's packages: Debian's is built for Debian's libraries, and updated with them. The fonts are only
/// recommended by the package, and a page without any cannot be judged.
fn chromium() -> Result<()> {
    if exists("chromium") {
        return Ok(());
    }
    debian::install(&["chromium", "fonts-liberation"], "chromium")
}

/// A package into `<cache>/FOLDER/node_modules`, exactly as `xtask/FOLDER/package-lock.json` has it. `browser.mjs` and the
/// crate `farthing-peers` look for theirs there.
fn from_npm(folder: &str, package: &str) -> Result<()> {
    let ours = checkout::root().join("xtask").join(folder);
    let theirs = tools::cache()?.join(folder);
    let lock = ours.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let installed = theirs.join("node_modules").join(package).join("package.json");
    // Written last, so that an installation that was cut short is done again.
    let done = theirs.join("installed-lock.json");
    if fs::read(&done).is_ok_and(|installed| installed == wanted) && installed.is_file() {
        return Ok(());
    }
    ensure!(exists("npm"), "there is no npm to install it with; install Node.js 20 or newer");
    println!("installing {package}, by npm");
    fs::create_dir_all(&theirs)?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(ours.join(name), theirs.join(name)).with_context(|| format!("cannot copy xtask/{folder}/{name}"))?;
    }
    run_command(Command::new("npm").current_dir(&theirs).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]))?;
    ensure!(installed.is_file(), "npm ended well, yet there is no {package} in {}", theirs.display());
    fs::write(&done, wanted).with_context(|| format!("cannot write {}", done.display()))
}
