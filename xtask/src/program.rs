//! The built program in a folder of its own: set up, started, killed, looked into as an operator would. It ends with its value.

use crate::{checkout, client::Client, command, cpu_time};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::{Seek, SeekFrom},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Looks whether a new process answers, and the pause between two.
const POLLS: usize = 3000;
const PAUSE: Duration = Duration::from_millis(20);
/// Lines of a log that are shown.
const LINES_SHOWN: usize = 10;

/// Builds the program and answers where it is.
pub(crate) fn build(released: bool) -> Result<PathBuf> {
    let profile: &[&str] = if released { &["--release"] } else { &[] };
    command::run(command::cargo().args(["build", "--quiet", "--package", "farthing"]).args(profile))?;
    let folder = if released { "target/release" } else { "target/debug" };
    Ok(checkout::root().join(folder).join("farthing"))
}

/// A data folder and its configuration, removed at the end unless something went wrong.
pub(crate) struct Installation {
    folder: PathBuf,
    program: PathBuf,
    keep: bool,
}

impl Installation {
    /// A new one for a copy of the program, so that a build meanwhile changes nothing. No limits, and webhooks to this machine.
    pub(crate) fn new(name: &str, program: &Path) -> Result<Self> {
        let folder = checkout::root().join("target").join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let copy = folder.join("farthing");
        fs::copy(program, &copy).with_context(|| format!("cannot copy {}", program.display()))?;
        let configuration = "data_dir = \"data\"\npublic_url = \"http://127.0.0.1:8080\"\n[webhooks]\nallow_private_addresses = true\n[limits]\nrequests_per_minute = 0\n";
        fs::write(folder.join("farthing.toml"), configuration)?;
        Ok(Self { folder, program: copy, keep: true })
    }

    /// Everything went well: the folder may go.
    pub(crate) fn done(mut self) {
        self.keep = false;
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--config", "farthing.toml"]).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, beside a server or without one; the JSON it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = command::output(self.command().args(arguments).arg("--json"))?;
        serde_json::from_str(said.trim()).with_context(|| format!("farthing {arguments:?} said {said}"))
    }

    /// A new merchant's test key.
    pub(crate) fn merchant(&self, name: &str) -> Result<String> {
        Ok(self.merchant_and_key(name)?.1)
    }

    /// A new merchant's id and its test key.
    pub(crate) fn merchant_and_key(&self, name: &str) -> Result<(String, String)> {
        let merchant = self.json(&["merchants", "create", name])?;
        let merchant = text(&merchant, "/id")?;
        let key = self.json(&["api-keys", "create", "--merchant", &merchant, "--environment", "test"])?;
        Ok((merchant, text(&key, "/api_key")?))
    }

    /// Starts the server and waits until it is ready to sell.
    pub(crate) async fn start(&self) -> Result<Server> {
        let mut log = File::options().create(true).append(true).open(self.log())?;
        let logged = log.seek(SeekFrom::End(0))?;
        let mut command = self.command();
        command.arg("serve").env("FARTHING__LISTEN", "127.0.0.1:0").stdout(Stdio::null()).stderr(log);
        let process = command.spawn().context("the program does not start")?;
        let mut server = Server { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        for _ in 0..POLLS {
            // Nobody answers at port 0.
            server.address.set_port(self.told_port(logged)?.unwrap_or_default());
            if server.is_ready().await {
                return Ok(server);
            }
            if !server.is_running()? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("the server does not start: see {}", self.log().display());
    }

    /// Where a server says that it listens, after so many bytes of the log. It is asked and not told: a port that is free now may
    /// be another server's a moment later, and that one would answer.
    fn told_port(&self, logged: u64) -> Result<Option<u16>> {
        let log = fs::read(self.log())?;
        let said = log.get(usize::try_from(logged)?..).unwrap_or_default();
        let said = String::from_utf8_lossy(said);
        // Until something follows it the number may be half written.
        let told = said.split_once("serving address=127.0.0.1:").and_then(|(_, told)| told.split_once(' '));
        Ok(told.and_then(|(port, _)| port.parse().ok()))
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Every line of the log that tells of a panic or an error, but for those with one of these words.
    pub(crate) fn complaints(&self, expected: &[&str]) -> Result<Vec<String>> {
        let log = fs::read_to_string(self.log())?;
        let is_bad = |line: &&str| line.contains("panicked") || line.contains(" ERROR ");
        let bad = log.lines().filter(is_bad).filter(|line| !expected.iter().any(|word| line.contains(word)));
        Ok(bad.take(LINES_SHOWN).map(str::to_owned).collect())
    }

    /// Recomputes everything from what is stored.
    pub(crate) fn audit(&self) -> Result<()> {
        let found = self.json(&["audit"])?;
        ensure!(found.pointer("/ok") == Some(&Value::Bool(true)), "`farthing audit` found {found}");
        Ok(())
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if self.keep {
            println!("what was left of it is in {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Whether it sells.
    async fn is_ready(&self) -> bool {
        let Ok(mut client) = Client::connect(self.address, "").await else { return false };
        client.ask("GET", "/readyz", "").await.is_ok_and(|(status, _)| status == 200)
    }

    /// Whether the process has not ended.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_none())
    }

    /// Ends it as a power cut ends a process: SIGKILL, at once.
    pub(crate) fn kill(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// CPU time of all its threads so far, user and system, in microseconds.
    pub(crate) fn cpu_microseconds(&self) -> Result<u64> {
        cpu_time::microseconds_of(self.process.id())
    }

    /// A connection with a key.
    pub(crate) async fn connect(&self, api_key: &str) -> Result<Client> {
        Client::connect(self.address, api_key).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A text in an answer.
pub(crate) fn text(answer: &Value, pointer: &str) -> Result<String> {
    Ok(answer.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {answer}"))?.to_owned())
}
