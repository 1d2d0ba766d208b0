//! Measures what the README promises, as ratios to what the same disk does in the same run. It judges nothing: a bench is no test.
//!
//! Everything is measured on release builds, which the command makes first. Medians of several runs; the server's CPU time is
//! what the kernel counted for its process.

mod blocks;
mod dialects;
mod load;
pub(crate) mod numbers;
mod raw;
mod server;
mod start;
mod watch;
mod webhook;

use crate::{checkout, command};
use anyhow::{Context, Result};
use numbers::{Line, median};
use server::Server;
use std::{fs, path::PathBuf, process::Command};

/// Runs of each load; their median counts.
const RUNS: usize = 3;
/// Invoices of a run, by the number of clients that create them at the same time.
const LOADS: [(usize, usize); 3] = [(1, 600), (16, 4800), (64, 6400)];
/// Decisions at the same time in the raw baseline: as many as the largest load has clients.
const RAW_TASKS: usize = 64;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything.
    Whole,
    /// What reading blocks and watching scripts costs.
    Blocks,
    /// What an invoice costs through each API.
    Dialects,
}

impl Part {
    /// What was asked for.
    pub(crate) const fn of(blocks: bool, dialects: bool) -> Self {
        match (blocks, dialects) {
            (true, _) => Self::Blocks,
            (false, true) => Self::Dialects,
            (false, false) => Self::Whole,
        }
    }

    /// As the command line has it.
    const fn argument(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Blocks => Some("--blocks"),
            Self::Dialects => Some("--dialects"),
        }
    }
}

/// Builds what is measured and measures it.
pub(crate) fn run(as_json: bool, part: Part) -> Result<()> {
    if cfg!(debug_assertions) {
        return run_released(as_json, part);
    }
    let lines = match part {
        Part::Whole => {
            let mut lines = runtime()?.block_on(measure())?;
            lines.extend(chains()?);
            lines
        }
        Part::Blocks => chains()?,
        Part::Dialects => runtime()?.block_on(measure_dialects())?,
    };
    if as_json {
        println!("{}", serde_json::Value::Array(lines.iter().map(Line::json).collect()));
    } else {
        println!("{}", numbers::table(&lines));
    }
    Ok(())
}

/// What following a chain costs.
fn chains() -> Result<Vec<Line>> {
    progress("blocks");
    let mut lines = blocks::lines()?;
    progress("watch set of ten million");
    lines.extend(watch::of_ten_million()?);
    Ok(lines)
}

/// The same command, built as what it measures is built.
fn run_released(as_json: bool, part: Part) -> Result<()> {
    let program: &[&str] = if part == Part::Blocks { &[] } else { &["--package", "farthing"] };
    command::run(command::cargo().args(["build", "--release", "--package", "xtask"]).args(program))?;
    let mut released = Command::new(released("xtask"));
    released.arg("bench").args(as_json.then_some("--json")).args(part.argument());
    command::run(&mut released)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn released(program: &str) -> PathBuf {
    checkout::root().join("target/release").join(program)
}

/// A folder of this run on the checkout's own disk, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = checkout::root().join("target").join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

async fn measure() -> Result<Vec<Line>> {
    let folder = Folder::new()?;
    let mut lines = Vec::new();
    progress("start, memory");
    lines.push(start::to_first_answer(&folder.join("start")).await?);
    let server = Server::start(&folder.join("server")).await?;
    lines.push(server.memory("idle memory (PSS) after the start").await?);
    progress("payment to webhook");
    lines.extend(webhook::lines(&server, &folder.join("commit")).await?);
    progress("raw group commit");
    let event_bytes = load::event_bytes(&server).await?;
    let mut rates = Vec::new();
    for run in 0..RUNS {
        rates.push(raw::group_commit(&folder.join(&format!("raw-{run}")), RAW_TASKS, event_bytes).await?);
    }
    let raw = median(&rates);
    lines.push(Line::plain(
        "raw group commit of the same rows, 64 at a time",
        format!("{raw}/s (runs: {})", numbers::list(&rates)),
    ));
    for (clients, invoices) in LOADS {
        progress(&format!("{clients} clients"));
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(load::run(&server, clients, invoices).await?);
        }
        lines.extend(load::lines(clients, &runs, raw));
    }
    progress("dialects");
    lines.extend(dialects::lines(&server).await?);
    progress("memory, watch set");
    lines.push(server.memory("idle memory (PSS) after more than 100,000 invoices").await?);
    drop(server);
    lines.push(watch::bytes_per_address());
    Ok(lines)
}

async fn measure_dialects() -> Result<Vec<Line>> {
    let folder = Folder::new()?;
    dialects::lines(&Server::start(&folder.join("server")).await?).await
}

fn progress(what: &str) {
    eprintln!("bench: {what}");
}
