//! Debian packages that a peer needs: by `apt-get`, as root or by way of sudo.

use crate::command::{exists, output, run};
use anyhow::{Result, ensure};
use std::process::Command;

/// Installs packages unless `program` is there, which comes with them.
pub(super) fn install(packages: &[&str], program: &str) -> Result<()> {
    if exists(program) && packages.iter().all(|package| is_installed(package)) {
        return Ok(());
    }
    let list = packages.join(" ");
    ensure!(exists("apt-get"), "there is no apt-get to install {list} with; install it by hand");
    println!("installing {list}, by apt-get");
    if let Err(error) = run(&mut apt_get(&["update", "--quiet", "--quiet"])?) {
        // One repository out of reach need not be Debian's: the installation decides.
        println!("{error:#}; trying to install all the same");
    }
    let options = ["install", "--yes", "--quiet", "--quiet", "--no-install-recommends"];
    run(&mut apt_get(&[&options[..], packages].concat())?)?;
    ensure!(exists(program), "apt-get installed {list}, yet {program} is not on the PATH");
    Ok(())
}

/// Where there is no `dpkg` to ask, whoever set up the machine vouches for its libraries.
fn is_installed(package: &str) -> bool {
    if !exists("dpkg-query") {
        return true;
    }
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Status}", package]).stderr(std::process::Stdio::null());
    query.output().is_ok_and(|answer| answer.stdout.ends_with(b" installed"))
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
