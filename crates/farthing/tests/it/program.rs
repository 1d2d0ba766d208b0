//! Starting the program in a folder of its own.

use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// An empty folder in which the program is started.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program with these arguments, without a variable of this environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
        command.args(arguments).current_dir(self.path()).env_clear().env("TMPDIR", self.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        Answer(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Answer(child.wait_with_output().unwrap())
    }

    /// Runs what must succeed and answers its one JSON object.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let answer = self.run(arguments);
        assert_eq!(answer.code(), 0, "{arguments:?}: {}", answer.complaint());
        answer.json()
    }
}

/// What the program answered.
pub(crate) struct Answer(Output);

impl Answer {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn complaint(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// Where a server says in its log, of either format, that it listens. It is asked and not told: a port that is free now may be
/// another test's server's a moment later, and that one would answer.
pub(crate) fn told_address(log: &str) -> Option<String> {
    // The last line may be half written.
    let (whole, _) = log.rsplit_once('\n')?;
    whole.lines().find_map(|line| match serde_json::from_str::<Value>(line) {
        Ok(said) => said["address"].as_str().filter(|_| said["message"] == "serving").map(str::to_owned),
        Err(_) => line.split_once("serving address=")?.1.split(' ').next().map(str::to_owned),
    })
}
