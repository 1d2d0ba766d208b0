//! `farthing serve` in a folder, with its whole log in a file.

use crate::{
    contract::http::{Answer, Ask},
    eventually::eventually,
    program::{Folder, told_address},
};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Stdio},
};

/// A server; it is killed with this value.
pub(super) struct Served {
    pub(super) process: Child,
    pub(super) host: String,
    pub(super) log: PathBuf,
}

impl Served {
    /// Starts it with these lines of configuration, and the log in a file of this name.
    pub(super) fn start(folder: &Folder, toml: &str, log: &str, environment: &[(&str, &str)]) -> Self {
        write_configuration(folder, toml);
        let log = folder.path().join(log);
        let mut command = folder.command(&["serve"]);
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
        let mut served = Self { process, host: String::new(), log };
        served.host = eventually("serving", || {
            assert!(served.process.try_wait().unwrap().is_none(), "the server ended: {}", served.logged());
            told_address(&fs::read_to_string(&served.log).unwrap())
        });
        served
    }

    /// Every whole line of the log: the last one may be half written.
    pub(super) fn logged(&self) -> String {
        let logged = fs::read_to_string(&self.log).unwrap();
        logged.rsplit_once('\n').map(|(whole, _)| whole.to_owned()).unwrap_or_default()
    }

    pub(super) fn ask(&self, ask: &Ask) -> Answer {
        ask.send(&self.host)
    }

    /// The error class and the status of a delivery's first attempt, when it was made.
    pub(super) fn attempt(&self, key: &str, endpoint: &str, delivery: &str) -> (Value, Value) {
        let path = format!("/api/v1/webhook-endpoints/{endpoint}/deliveries/{delivery}/attempts");
        eventually("an attempt", || {
            let attempts = self.ask(&Ask::get(&path).key(key)).data(200);
            let first = attempts.as_array().unwrap().first().cloned()?;
            Some((first["error"].clone(), first["status_code"].clone()))
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// With the log as JSON in all its detail.
pub(super) fn write_configuration(folder: &Folder, toml: &str) {
    let common = "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[limits]\nrequests_per_minute = 0\n[log]\nformat = \"json\"\nlevel = \"trace\"\n";
    fs::write(folder.path().join("farthing.toml"), format!("{common}{toml}")).unwrap();
}

/// A merchant's id and its test key.
pub(super) fn merchant(folder: &Folder) -> (String, String) {
    let merchant = folder.json(&["merchants", "create", "A shop of the tests", "--json"]);
    let merchant = merchant["id"].as_str().unwrap().to_owned();
    let made = folder.json(&["api-keys", "create", "--merchant", &merchant, "--environment", "test", "--json"]);
    (merchant, made["api_key"].as_str().unwrap().to_owned())
}
