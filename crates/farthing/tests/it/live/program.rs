//! The program on a data folder of its own with a configuration of a rehearsal; its server ends with its value.

use crate::{
    contract::http::Ask,
    faults::shim::{self, Moved},
    program::told_address,
};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Looks before a test gives up, and the pause between two.
const LOOKS: usize = 1200;
const PAUSE: Duration = Duration::from_millis(100);

/// A folder with a configuration, and what its processes find in their environment.
pub(super) struct Rehearsal(TempDir, Vec<(String, OsString)>);

impl Rehearsal {
    pub(super) fn new(networks: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let toml = format!(
            "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n{networks}\n[limits]\nrequests_per_minute = 0\n[log]\nformat = \"json\"\n"
        );
        fs::write(folder.path().join("farthing.toml"), toml).unwrap();
        Self(folder, Vec::new())
    }

    /// One with a clock that can be moved under it.
    pub(super) fn with_clock(networks: &str) -> (Self, Moved) {
        let Self(folder, _) = Self::new(networks);
        let path = folder.path().join("moved");
        let clock = Moved::at(&path);
        (Self(folder, vec![shim::library(), (shim::CLOCK.to_owned(), path.into_os_string())]), clock)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
        command.args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.envs(self.1.iter().cloned());
        command
    }

    /// What a command prints, and what it complains of.
    pub(super) fn run(&self, arguments: &[&str]) -> (String, String) {
        let output = self.program(arguments).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let (out, complaint) = self.run(arguments);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out} {complaint}"))
    }

    pub(super) fn doctor(&self) -> Value {
        self.json(&["doctor", "--json"])
    }

    /// A new merchant's live key.
    pub(super) fn live_key(&self) -> String {
        let merchant = self.json(&["merchants", "create", "Tea shop", "--json"])["id"].as_str().unwrap().to_owned();
        let made = self.json(&["api-keys", "create", "--merchant", &merchant, "--environment", "live", "--json"]);
        made["api_key"].as_str().unwrap().to_owned()
    }

    /// How many addresses the marks beside the database know of.
    pub(super) fn marked(&self) -> u64 {
        let text = fs::read_to_string(self.0.path().join("data").join("high-water.json")).unwrap_or_default();
        let marks: Value = serde_json::from_str(&text).unwrap_or_default();
        let of_live = marks.as_object().into_iter().flatten().find(|(key, _)| key.starts_with("live:"));
        of_live.and_then(|(_, mark)| mark["seen"].as_u64()).unwrap_or_default()
    }

    /// Waits until the marks beside the database know of so many addresses.
    pub(super) async fn until_marked(&self, next: u64) {
        for _ in 0..LOOKS {
            if self.marked() >= next {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the marks do not come to {next}");
    }

    /// The database's files, while no server runs.
    pub(super) fn copy_of_database(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = fs::read_dir(self.0.path().join("data")).unwrap();
        let files = folder.map(|entry| entry.unwrap().path());
        let of_database = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("farthing.db"));
        of_database.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    /// Puts an old copy in the place of the database.
    pub(super) fn put_back(&self, old: &[(PathBuf, Vec<u8>)]) {
        for (path, _) in self.copy_of_database() {
            fs::remove_file(path).unwrap();
        }
        for (path, bytes) in old {
            fs::write(path, bytes).unwrap();
        }
    }

    /// Everything that was logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.0.path().join("log")).unwrap()
    }

    /// Starts the server and waits until it listens.
    pub(super) async fn serve(&self) -> Running<'_> {
        let log = File::create(self.0.path().join("log")).unwrap();
        let mut child = self.program(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        for _ in 0..LOOKS {
            if let Some(host) = told_address(&self.log()) {
                return Running { folder: self, child, host };
            }
            assert!(child.try_wait().unwrap().is_none(), "the server ended: {}", self.log());
            tokio::time::sleep(PAUSE).await;
        }
        drop(child.kill());
        panic!("the server does not listen: {}", self.log());
    }
}

/// A running server.
pub(super) struct Running<'a> {
    folder: &'a Rehearsal,
    child: Child,
    host: String,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running<'_> {
    /// Sends it a signal by its name.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success(), "{name}");
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Creates an invoice, once its network sells: it must be contacted first, and its account's history known.
    pub(super) async fn create_when_sold(&self, key: &str, body: &Value) -> Value {
        let mut last = String::new();
        for _ in 0..LOOKS {
            let answer = Ask::post("/api/v1/invoices", body).key(key).send(&self.host);
            if answer.status == 201 {
                return answer.json()["data"].clone();
            }
            last = answer.text();
            assert_eq!(answer.status, 503, "{last}");
            tokio::time::sleep(PAUSE).await;
        }
        panic!("nothing is sold: {last}; {}", self.folder.log());
    }

    /// Waits for an invoice's status; with the invoice as it is then.
    pub(super) async fn until(&self, key: &str, invoice: &Value, status: &str) -> Value {
        let path = format!("/api/v1/invoices/{}", invoice["id"].as_str().unwrap());
        let mut last = Value::Null;
        for _ in 0..LOOKS {
            last = Ask::get(&path).key(key).send(&self.host).json();
            if last["data"]["status"] == status {
                return last["data"].clone();
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("it does not become {status}: {last}; {}", self.folder.log());
    }

    /// A metric of the live network or of its provider, where there is one of each.
    pub(super) fn metric(&self, name: &str) -> Option<u64> {
        let all = Ask::get("/metrics").send(&self.host).text();
        let is_live = |line: &&str| line.contains("environment=\"live\"") || line.contains("provider=");
        let line = all.lines().filter(|line| line.starts_with(&format!("{name}{{"))).find(is_live)?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Questions that a provider failed in this way, 0 when none was told of.
    pub(super) fn failures(&self, class: &str) -> u64 {
        let all = Ask::get("/metrics").send(&self.host).text();
        let of_class = format!("class=\"{class}\"");
        let mut lines = all.lines().filter(|line| line.starts_with("farthing_provider_failures_total{"));
        let line = lines.find(|line| line.contains(&of_class));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
    }

    /// Waits until a provider failed more than so many questions in this way: that the network is in trouble may be told of what
    /// was before.
    pub(super) async fn until_failures(&self, class: &str, more_than: u64) {
        for _ in 0..LOOKS {
            if self.failures(class) > more_than {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("no provider fails as {class}; {}", self.folder.log());
    }

    /// Waits until a metric is as wanted.
    pub(super) async fn until_metric(&self, name: &str, wanted: impl Fn(u64) -> bool) {
        let mut last = None;
        for _ in 0..LOOKS {
            last = self.metric(name);
            if last.is_some_and(&wanted) {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("{name} stays {last:?}; {}", self.folder.log());
    }

    /// The first network's status, by a command beside the server, once it is as wanted.
    pub(super) async fn networks_status_when(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..LOOKS {
            last = self.folder.json(&["networks", "status", "--json"])["networks"][0].clone();
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the networks do not become so: {last}; {}", self.folder.log());
    }
}
