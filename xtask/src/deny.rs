//! The judgement of dependencies by `cargo-deny`, with the rules of `deny.toml`. Installs the tool, in one fixed version.

use crate::{
    checkout,
    command::{cargo, run as run_command},
    tools,
};
use anyhow::{Result, ensure};
use std::{path::PathBuf, process::Command};

const VERSION: &str = "0.20.2";

/// Checks bans, licences and sources; advisories need a database from the network and are not part of it.
pub(crate) fn run() -> Result<()> {
    let tool = tool()?;
    run_command(Command::new(tool).current_dir(checkout::root()).args(["check", "bans", "licenses", "sources"]))
}

/// The tool's path; built from source the first time, which takes minutes.
fn tool() -> Result<PathBuf> {
    let folder = tools::cache()?.join("tools").join(format!("cargo-deny-{VERSION}"));
    let tool = folder.join("bin").join("cargo-deny");
    if tool.is_file() {
        return Ok(tool);
    }
    println!("installing cargo-deny {VERSION}, once; this takes minutes");
    run_command(
        cargo().args(["install", "--quiet", "--locked", "--version", VERSION, "--root"]).arg(&folder).arg("cargo-deny"),
    )?;
    ensure!(tool.is_file(), "cargo-deny was installed but is not at {}", tool.display());
    Ok(tool)
}
