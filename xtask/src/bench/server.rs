//! The released program under measurement: a demo in a process of its own, ended with this value.

use super::{numbers::Line, released};
use crate::{client::Client, cpu_time};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// What idle memory may be, in KiB.
const MEMORY_MAX_KIB: u64 = 30 * 1024;
/// How long a server is left alone before it counts as idle.
const REST: Duration = Duration::from_secs(3);

/// A running demo.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
    pub(super) api_key: String,
    /// The credentials of the dialects, as the demo shows them.
    pub(super) dialects: Value,
}

impl Server {
    /// Starts a demo on a folder and waits for the line that says that it answers.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let mut process = Command::new(released("farthing"))
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the released program does not start")?;
        let out = process.stdout.take();
        let mut server = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: String::new(),
            dialects: Value::Null,
        };
        let said = tokio::task::spawn_blocking(move || first_line(out)).await??;
        let said: Value = serde_json::from_str(&said).context("the demo's line is no JSON")?;
        let text = |name: &str| said.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {said}"));
        let host = text("base_url")?.trim_start_matches("http://");
        server.address = host.parse().with_context(|| format!("base_url is {host}"))?;
        text("api_key")?.clone_into(&mut server.api_key);
        server.dialects = said.get("dialects").cloned().unwrap_or_default();
        Ok(server)
    }

    pub(super) async fn connect(&self) -> Result<Client> {
        Client::connect(self.address, &self.api_key).await
    }

    /// CPU time of all its threads so far, user and system, in microseconds.
    pub(super) fn cpu_microseconds(&self) -> Result<u64> {
        cpu_time::microseconds_of(self.process.id())
    }

    /// Its proportional share of memory after a rest.
    pub(super) async fn memory(&self, name: &str) -> Result<Line> {
        tokio::time::sleep(REST).await;
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.id()))?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let pss = pss.and_then(|pss| pss.trim().strip_suffix("kB")).context("no Pss in smaps_rollup")?;
        let kib: u64 = pss.trim().parse()?;
        let mib = super::numbers::decimal(super::numbers::hundredths(kib, 1024));
        Ok(Line::with_goal(name, format!("{mib} MiB"), "30 MiB or less", kib <= MEMORY_MAX_KIB))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn first_line(out: Option<impl std::io::Read>) -> Result<String> {
    let mut line = String::new();
    BufReader::new(out.context("no standard output")?).read_line(&mut line)?;
    Ok(line)
}
