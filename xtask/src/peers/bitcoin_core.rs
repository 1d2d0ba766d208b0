//! Bitcoin Core as a peer for tests: built once from the source that a crate carries, kept in the user's cache.
//!
//! Without wallet, graphical interface and tests of its own. Where there is a build of the wanted version it does nothing.

use super::debian;
use crate::{
    command::{self, cargo, run as run_command},
    tools,
};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The crate whose package holds Bitcoin Core's source, in its folder `bitcoin`.
const CRATE: &str = "libbitcoinkernel-sys";
/// Its version; with the options below it decides whether a build is still the wanted one.
const VERSION: &str = "0.4.1";
const PACKAGES: [&str; 4] = ["cmake", "libboost-dev", "libevent-dev", "pkg-config"];
const OPTIONS: [&str; 15] = [
    "-DBUILD_DAEMON=ON",
    "-DBUILD_CLI=OFF",
    "-DBUILD_GUI=OFF",
    "-DWITH_EMBEDDED_ASMAP=OFF",
    "-DENABLE_WALLET=OFF",
    "-DENABLE_IPC=OFF",
    "-DENABLE_EXTERNAL_SIGNER=OFF",
    "-DBUILD_TESTS=OFF",
    "-DBUILD_BENCH=OFF",
    "-DBUILD_TX=OFF",
    "-DBUILD_UTIL=OFF",
    "-DBUILD_WALLET_TOOL=OFF",
    "-DBUILD_BITCOIN_BIN=OFF",
    "-DCMAKE_BUILD_TYPE=Release",
    "-DAPPEND_CXXFLAGS=-O1",
];

/// Builds `<cache>/bitcoin-core/bin/bitcoind`, about ten minutes of processor time, unless it is there. Tests look for
/// it there.
pub(super) fn install() -> Result<()> {
    let folder = tools::cache()?.join("bitcoin-core");
    let program = folder.join("bin").join("bitcoind");
    let wanted = format!("{CRATE} {VERSION}\n{}\n", OPTIONS.join("\n"));
    // Written last, so that a build that was cut short is taken up again.
    let done = folder.join("installed.txt");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) && program.is_file() {
        return Ok(());
    }
    debian::install(&PACKAGES, "cmake")?;
    ensure!(command::exists("c++"), "there is no C++ compiler; install g++ or clang");
    println!("building Bitcoin Core for the tests, once; this takes some minutes");
    let source = source(&folder.join("source"))?;
    let build = folder.join("build");
    run_command(Command::new("nice").arg("cmake").arg("-S").arg(&source).arg("-B").arg(&build).args(OPTIONS))?;
    run_command(Command::new("nice").arg("cmake").arg("--build").arg(&build).args([
        "--target",
        "bitcoind",
        "--parallel",
        "2",
    ]))?;
    fs::create_dir_all(folder.join("bin"))?;
    fs::copy(build.join("bin").join("bitcoind"), &program).context("the build left no bin/bitcoind")?;
    fs::write(&done, wanted).with_context(|| format!("cannot write {}", done.display()))?;
    fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
}

/// Has Cargo fetch the crate, as a dependency of a package that exists for this only, and says where its source is.
fn source(package: &Path) -> Result<PathBuf> {
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("src").join("lib.rs"), "")?;
    let manifest = package.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"bitcoin-core-source\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{CRATE} = \"={VERSION}\"\n\n[workspace]\n"
        ),
    )?;
    let metadata = command::output(
        cargo().current_dir(package).args(["metadata", "--format-version", "1", "--manifest-path"]).arg(&manifest),
    )?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata is no JSON")?;
    let packages = metadata.get("packages").and_then(serde_json::Value::as_array);
    let manifest = packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(serde_json::Value::as_str) == Some(CRATE))
        .and_then(|package| package.get("manifest_path")?.as_str())
        .with_context(|| format!("cargo did not fetch {CRATE}"))?;
    let source = Path::new(manifest).with_file_name("bitcoin");
    ensure!(source.join("CMakeLists.txt").is_file(), "{CRATE} {VERSION} holds no source of Bitcoin Core");
    Ok(source)
}
