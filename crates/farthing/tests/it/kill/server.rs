//! The built program as a process on one data folder: started, killed, started again.

use super::http::Connection;
use serde_json::Value;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Looks whether a new process answers, and the pause between two.
const POLLS: usize = 1500;
const PAUSE: Duration = Duration::from_millis(20);
/// Starts before giving up: a port that was free a moment ago may be taken.
const STARTS: usize = 5;

/// A data folder with a merchant that has a test key.
pub(super) struct Installation {
    folder: TempDir,
    api_key: String,
}

impl Installation {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "data_dir = {:?}\npublic_url = \"http://127.0.0.1:8080\"\n[webhooks]\nallow_private_addresses = true\n[limits]\nrequests_per_minute = 0\n",
            folder.path().join("data")
        );
        fs::write(folder.path().join("farthing.toml"), configuration).unwrap();
        let mut installation = Self { folder, api_key: String::new() };
        let merchant = installation.command(&["merchants", "create", "Tea shop", "--json"]);
        let merchant = merchant["id"].as_str().unwrap();
        let made =
            installation.command(&["api-keys", "create", "--merchant", merchant, "--environment", "test", "--json"]);
        made["api_key"].as_str().unwrap().clone_into(&mut installation.api_key);
        installation
    }

    fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_farthing"));
        program.arg("--config").arg(self.folder.path().join("farthing.toml")).stdin(Stdio::null());
        program
    }

    /// Runs a command to its end; answers the JSON that it prints.
    fn command(&self, arguments: &[&str]) -> Value {
        let output = self.program().args(arguments).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "farthing {arguments:?} ended with {}: {out} {err}", output.status);
        serde_json::from_str(out.trim()).unwrap()
    }

    /// Starts the server and waits until it is ready to sell.
    pub(super) async fn start(&self) -> Server {
        for _ in 0..STARTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let log = File::options().create(true).append(true).open(self.log()).unwrap();
            let process = self
                .program()
                .arg("serve")
                .env("FARTHING__LISTEN", format!("127.0.0.1:{port}"))
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap();
            let mut server = Server { process: Process(process), port, api_key: self.api_key.clone() };
            if server.answers().await {
                return server;
            }
        }
        panic!("the server does not start: {}", fs::read_to_string(self.log()).unwrap_or_default());
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Recomputes everything from what is stored.
    pub(super) fn audit_finds_nothing(&self) {
        let found = self.command(&["audit", "--json"]);
        assert_eq!(found["ok"], true, "{found}");
    }
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
    async fn answers(&mut self) -> bool {
        for _ in 0..POLLS {
            if let Ok(mut connection) = Connection::open(self.port, &self.api_key).await
                && connection.get("/readyz").await.is_ok_and(|answer| answer.status == 200)
            {
                return true;
            }
            if self.process.0.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    pub(super) async fn connect(&self) -> Connection {
        Connection::open(self.port, &self.api_key).await.unwrap()
    }

    /// SIGKILL, at once.
    pub(super) fn kill(self) {
        drop(self.process);
    }
}
