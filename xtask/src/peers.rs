//! What the tests need beside Rust: Chromium, and `playwright-core` to drive it.
//!
//! Quick when both are there. One that is missing and cannot be installed is an error: a test is never skipped for it.

use crate::{
    checkout,
    command::{exists, output, run as run_command},
    tools,
};
use anyhow::{Context, Result, ensure};
use std::{fs, path::Path, process::Command};

/// Installs what is missing.
pub(crate) fn run() -> Result<()> {
    chromium().context("the tests need Chromium, as `chromium` on the PATH")?;
    playwright().context("the tests need npm's playwright-core")
}

/// From the system's packages: Debian's is built for Debian's libraries, and updated with them.
fn chromium() -> Result<()> {
    if exists("chromium") {
        return Ok(());
    }
    ensure!(exists("apt-get"), "there is no apt-get to install it with; install it by hand");
    println!("installing chromium, by apt-get");
    if let Err(error) = run_command(&mut apt_get(&["update", "--quiet", "--quiet"])?) {
        // One repository out of reach need not be Debian's: the installation decides.
        println!("{error:#}; trying to install all the same");
    }
    // The fonts are only recommended by the package, and a page without any cannot be judged.
    let packages = ["chromium", "fonts-liberation"];
    let options = ["install", "--yes", "--quiet", "--quiet", "--no-install-recommends"];
    run_command(&mut apt_get(&[&options[..], &packages[..]].concat())?)?;
    ensure!(exists("chromium"), "apt-get installed it, yet it is not on the PATH");
    Ok(())
}

/// As root, or by way of sudo.
fn apt_get(arguments: &[&str]) -> Result<Command> {
    let root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if root {
        Command::new("env")
    } else {
        ensure!(exists("sudo"), "apt-get needs root, and there is no sudo; install it as root");
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
    Ok(command)
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
