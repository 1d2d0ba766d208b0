//! The built program as a process on one data folder: started, killed, started again, in whatever surroundings a fault needs.

use super::http::Connection;
use crate::program::told_address;
use serde_json::Value;
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::sleep;

/// Looks whether a new process answers, or an old one has ended, and the pause between two.
const POLLS: usize = 12_000;
const PAUSE: Duration = Duration::from_millis(10);

/// The last lines of the log that a failed test shows.
const LOG_LINES: usize = 15;

/// What a process is started with, besides its own arguments.
#[derive(Default, Clone)]
pub(super) struct Surroundings {
    /// A program, with its arguments, that becomes the program given to it.
    pub(super) starter: Vec<OsString>,
    pub(super) variables: Vec<(String, OsString)>,
}

impl Surroundings {
    /// In a shell that does something first.
    pub(super) fn shell(first: &str) -> Self {
        let words = ["sh", "-c", &format!("{first}; exec \"$@\""), "sh"];
        Self { starter: words.iter().map(OsString::from).collect(), variables: Vec::new() }
    }
}

/// A data folder with a merchant that has a test key.
pub(super) struct Installation {
    folder: TempDir,
    api_key: String,
    pub(super) surroundings: Surroundings,
}

impl Installation {
    pub(super) fn new() -> Self {
        Self::within(Surroundings::default())
    }

    /// One whose every process is started in these surroundings.
    pub(super) fn within(surroundings: Surroundings) -> Self {
        Self::made_in(tempfile::tempdir().unwrap(), surroundings)
    }

    pub(super) fn made_in(folder: TempDir, surroundings: Surroundings) -> Self {
        let mut installation = Self::on(folder, String::new());
        installation.surroundings = surroundings;
        let merchant = installation.command(&["merchants", "create", "Tea shop", "--json"]);
        let merchant = merchant["id"].as_str().unwrap();
        let made =
            installation.command(&["api-keys", "create", "--merchant", merchant, "--environment", "test", "--json"]);
        made["api_key"].as_str().unwrap().clone_into(&mut installation.api_key);
        installation
    }

    /// One on which no command was run yet.
    pub(super) fn bare() -> Self {
        Self::on(tempfile::tempdir().unwrap(), String::new())
    }

    /// One over the data folder `data` inside of `folder`, as it is.
    fn on(folder: TempDir, api_key: String) -> Self {
        let configuration = format!(
            "data_dir = {:?}\npublic_url = \"http://127.0.0.1:8080\"\n[webhooks]\nallow_private_addresses = true\n[limits]\nrequests_per_minute = 0\n",
            folder.path().join("data")
        );
        fs::write(folder.path().join("farthing.toml"), configuration).unwrap();
        Self { folder, api_key, surroundings: Surroundings::default() }
    }

    /// The same shop on another data folder, which `fill` makes of this one's.
    pub(super) fn copied(&self, fill: impl FnOnce(&Path, &Path)) -> Self {
        let copy = Self::on(tempfile::tempdir().unwrap(), self.api_key.clone());
        fill(&self.data(), &copy.data());
        copy
    }

    /// The data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Another place of this installation's folder.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self) -> Command {
        let words = &self.surroundings.starter;
        let own = env!("CARGO_BIN_EXE_farthing");
        let mut program = Command::new(words.first().map_or(own.as_ref(), OsString::as_os_str));
        program.args(words.iter().skip(1)).args((!words.is_empty()).then_some(own));
        program.arg("--config").arg(self.folder.path().join("farthing.toml")).stdin(Stdio::null());
        program.envs(self.surroundings.variables.iter().cloned());
        program
    }

    /// Runs a command to its end, whatever that is.
    pub(super) fn output(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().unwrap()
    }

    /// Runs a command that must fail; answers what it says.
    pub(super) fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.program().env("FARTHING__LISTEN", "127.0.0.1:0").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "farthing {arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Runs a command that must succeed; answers the JSON that it prints.
    pub(super) fn command(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "farthing {arguments:?} ended with {}: {out} {err}", output.status);
        serde_json::from_str(out.trim()).unwrap_or_default()
    }

    /// Starts the server and waits until it is ready to sell.
    pub(super) async fn start(&self) -> Server {
        let started = self.try_start().await;
        started.unwrap_or_else(|status| panic!("the server does not start, {status}: {}", self.log()))
    }

    /// Starts the server; how it ended when it did so by itself, or was killed.
    pub(super) async fn try_start(&self) -> Result<Server, ExitStatus> {
        let mut log = File::options().create(true).append(true).open(self.beside("log")).unwrap();
        let logged = log.seek(SeekFrom::End(0)).unwrap();
        let mut program = self.program();
        program.arg("serve").env("FARTHING__LISTEN", "127.0.0.1:0");
        let mut process = Process(program.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let port = self.listens_at(&mut process, logged).await?;
        let mut server = Server { process, port, api_key: self.api_key.clone() };
        if server.is_ready().await {
            return Ok(server);
        }
        Err(server.ended().await.unwrap())
    }

    /// Waits until a server says where it listens; how it ended when it did first.
    async fn listens_at(&self, process: &mut Process, logged: u64) -> Result<u16, ExitStatus> {
        for _ in 0..POLLS {
            if let Some(port) = self.told_port(logged) {
                return Ok(port);
            }
            if let Some(status) = process.0.try_wait().unwrap() {
                return Err(status);
            }
            sleep(PAUSE).await;
        }
        panic!("it neither listens nor ends: {}", self.log());
    }

    /// The port that a server tells after so many bytes of the log.
    fn told_port(&self, logged: u64) -> Option<u16> {
        let log = fs::read(self.beside("log")).unwrap();
        let said = String::from_utf8_lossy(&log[usize::try_from(logged).unwrap()..]).into_owned();
        told_address(&said)?.rsplit_once(':')?.1.parse().ok()
    }

    /// What its servers have logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.beside("log")).unwrap_or_default()
    }

    /// Recomputes everything from what is stored.
    pub(super) fn audit_finds_nothing(&self) {
        let found = self.command(&["audit", "--json"]);
        assert_eq!(found["ok"], true, "{found}");
    }
}

/// A test that fails shows what the servers said last.
impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().rev().take(LOG_LINES).collect();
            lines.iter().rev().for_each(|line| println!("log: {line}"));
        }
    }
}

/// Sends a signal by its name.
pub(super) fn signal(process: u32, name: &str) {
    // The shell's own `kill`: this crate has no unsafe code, and the system may have no other program for it.
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(sent.success(), "{name} to {process}");
}

/// A process that ends with this value, whatever happens.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A running server.
pub(super) struct Server {
    process: Process,
    port: u16,
    api_key: String,
}

impl Server {
    /// Polls until the server is ready to sell; false when its process ended.
    async fn is_ready(&mut self) -> bool {
        for _ in 0..POLLS {
            if let Ok(mut connection) = self.try_connect().await
                && connection.get("/readyz").await.is_ok_and(|answer| answer.status == 200)
            {
                return true;
            }
            if self.has_ended().is_some() {
                return false;
            }
            sleep(PAUSE).await;
        }
        panic!("it is neither ready nor ends");
    }

    pub(super) async fn connect(&self) -> Connection {
        self.try_connect().await.unwrap()
    }

    pub(super) async fn try_connect(&self) -> std::io::Result<Connection> {
        Connection::open(self.port, &self.api_key).await
    }

    pub(super) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Its address and port.
    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The id of its thread of this name.
    pub(super) fn thread(&self, name: &str) -> u32 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).unwrap().map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name);
        let found = threads.into_iter().find(is_it).unwrap_or_else(|| panic!("no thread is called {name}"));
        found.file_name().unwrap().to_str().unwrap().parse().unwrap()
    }

    /// SIGKILL, at once.
    pub(super) fn kill(self) {
        drop(self.process);
    }

    /// SIGTERM, and waits for its end, which must be a good one.
    pub(super) async fn terminate(mut self) {
        signal(self.id(), "TERM");
        let status = self.ended().await.expect("it did not end");
        assert!(status.success(), "it ended with {status}");
    }

    /// How it ended, once it has.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        for _ in 0..POLLS {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                return Some(status);
            }
            sleep(PAUSE).await;
        }
        None
    }

    /// How it has ended, if it has.
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.0.try_wait().unwrap()
    }
}
