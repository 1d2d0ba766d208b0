//! The running program: a demo that all tests share, one whose chains and clock tests may move in turn, and servers with a
//! configuration of their own.
//!
//! A server ends with its test process however that ends: a shell waits on a pipe that only the process holds open.

use super::{
    documentation::check_documented,
    http::{Answer, Ask},
};
use crate::program::told_address;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
};

/// Runs the program until the shell's input ends, ends it as an operator would, and removes its folder.
const KEEPER: &str = r#""$@" & server=$!
trap : HUP INT TERM
exec >&- 2>&-
read -r _
kill "$server"
wait "$server"
rm -rf -- "$FOLDER""#;

/// The data folder, inside of the server's own.
const DATA_DIR: &str = "data";

/// A running server.
pub(crate) struct Server {
    keeper: Child,
    folder: PathBuf,
    host: String,
    /// What the demo printed; null for `serve`.
    pub(crate) demo: Value,
}

/// The demo that all tests share. Its chains and its clock are left alone.
pub(crate) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(Server::demo)
}

/// A demo whose chains and clock may be moved while the turn is held.
pub(crate) fn movable() -> (&'static Server, MutexGuard<'static, ()>) {
    static MOVABLE: OnceLock<Server> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    (MOVABLE.get_or_init(Server::demo), turn)
}

impl Server {
    fn demo() -> Self {
        let (mut keeper, folder) = keep(&["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", DATA_DIR], "");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let demo: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the demo said {line:?}"));
        let host = demo["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        drain(keeper.stderr.take().unwrap());
        Self { keeper, folder, host, demo }
    }

    /// `farthing serve` with more lines in its configuration.
    pub(crate) fn serve(more: &str) -> Self {
        let toml = format!("listen = \"127.0.0.1:0\"\ndata_dir = \"{DATA_DIR}\"\n[log]\nformat = \"json\"\n{more}");
        let (mut keeper, folder) = keep(&["serve"], &toml);
        let mut logged = BufReader::new(keeper.stderr.take().unwrap());
        let mut line = String::new();
        let host = loop {
            line.clear();
            assert!(logged.read_line(&mut line).unwrap() > 0, "the server ended before it served");
            if let Some(address) = told_address(&line) {
                break address;
            }
        };
        drain(logged);
        Self { keeper, folder, host, demo: Value::Null }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Asks, and holds the answer's status against the program's own documentation.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        let answer = ask.send(&self.host);
        check_documented(ask, &answer);
        answer
    }

    /// Runs a command beside the server, as an operator would, and answers its one JSON object.
    pub(crate) fn command(&self, arguments: &[&str]) -> Value {
        let output = program(&self.folder).args(arguments).arg("--json").output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {told}{complaint}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Makes a merchant and answers its id.
    pub(crate) fn merchant(&self) -> String {
        self.command(&["merchants", "create", "A shop of the tests"])["id"].as_str().unwrap().to_owned()
    }

    /// Makes a key: with all permissions where none are named.
    pub(crate) fn key(&self, merchant: &str, environment: &str, permissions: &str) -> String {
        let mut arguments = vec!["api-keys", "create", "--merchant", merchant, "--environment", environment];
        if !permissions.is_empty() {
            arguments.extend(["--permissions", permissions]);
        }
        self.command(&arguments)["api_key"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

fn program(folder: &PathBuf) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    command.current_dir(folder).env_clear().env("TMPDIR", folder).env("FARTHING__DATA_DIR", DATA_DIR);
    // As the demo has it: shops of tests listen on this machine.
    command.env("FARTHING__WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true");
    command
}

/// Starts the program under the keeper, in a folder of its own with this configuration.
fn keep(arguments: &[&str], toml: &str) -> (Child, PathBuf) {
    let folder = tempfile::tempdir().unwrap().keep();
    if !toml.is_empty() {
        fs::write(folder.join("farthing.toml"), toml).unwrap();
    }
    let keeper = Command::new("sh")
        .args(["-c", KEEPER, "sh", env!("CARGO_BIN_EXE_farthing")])
        .args(arguments)
        .current_dir(&folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TMPDIR", &folder)
        .env("FOLDER", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (keeper, folder)
}

/// Reads what is logged, so that the program never waits for room, and shows its errors.
fn drain(logged: impl Read + Send + 'static) {
    thread::spawn(move || {
        for line in BufReader::new(logged).lines().map_while(Result::ok) {
            if line.contains("ERROR") {
                eprintln!("{line}");
            }
        }
    });
}
