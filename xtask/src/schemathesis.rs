//! `cargo xtask schemathesis`: an outside tool makes requests from `/openapi.json` and judges the answers by it.
//!
//! Its judgements that count: no 5xx, documented statuses, content types, headers and bodies, unknown methods, keys that are
//! required. It may not judge that every body of a schema is taken: rules across fields ("amount or a fiat amount, not both")
//! are no part of a schema. It is installed into a folder of the user's cache. Loopback only.

use crate::{
    command::{exists, run as run_command},
    program::{self, Installation},
    tools,
};
use anyhow::{Context, Result, ensure};
use std::{fs, path::PathBuf, process::Command};

/// The one version that is used.
const VERSION: &str = "4.32.5";
/// What is judged.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,allow_header_conformance,use_after_free,ignored_auth";

/// How many.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Examples of each operation at most, in each phase
    #[arg(long, default_value_t = 200)]
    examples: u32,
    /// What the examples come from
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

impl Options {
    /// What the test run takes.
    pub(crate) const fn in_the_test_run() -> Self {
        Self { examples: 15, seed: 1 }
    }
}

/// Installs it when it is missing: quick when it is there.
pub(crate) fn install() -> Result<PathBuf> {
    let folder = tools::cache()?.join("schemathesis");
    let program = folder.join("bin/schemathesis");
    // Written last, so that an installation that was cut short is done again.
    let done = folder.join("installed-version");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == VERSION) && program.is_file() {
        return Ok(program);
    }
    ensure!(exists("python3"), "there is no python3 to install it with; install Python 3.10 or newer with its venv");
    println!("installing schemathesis {VERSION}, by pip");
    run_command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run_command(Command::new(folder.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &format!("schemathesis=={VERSION}"),
    ]))?;
    fs::write(&done, VERSION).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(program)
}

/// Runs it against a server of its own.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (tool, program) = (install()?, program::build(false)?);
    let installation = Installation::new("schemathesis", &program)?;
    let api_key = installation.merchant("Tea shop")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut server = runtime.block_on(installation.start())?;
    let address = server.address;
    run_command(
        Command::new(tool)
            .current_dir(installation.folder())
            .args(["run", &format!("http://{address}/openapi.json"), "--header", &format!("X-API-Key: {api_key}")])
            .args(["--checks", CHECKS, "--max-examples", &options.examples.to_string(), "--seed"])
            .args([&options.seed.to_string(), "--no-color", "--warnings", "off", "--generation-database", "none"])
            // How long its examples take to make says nothing about the server, and everything about the machine.
            .args(["--suppress-health-check", "too_slow"]),
    )?;
    ensure!(server.is_running()?, "the server ended");
    let complaints = installation.complaints(&[])?;
    ensure!(complaints.is_empty(), "the log has: {complaints:#?}");
    installation.audit()?;
    drop(server);
    installation.done();
    Ok(())
}
