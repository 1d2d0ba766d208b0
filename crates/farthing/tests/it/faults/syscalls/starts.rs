//! The system calls of what begins and ends: the first command on nothing, which makes the schema and the key; a server's start
//! after a kill, and its end; a restore.
//!
//! `strace` starts the program. At the n-th call on the data folder the process is killed, or the call answers `EIO` or `ENOSPC`,
//! for every n. Then the program is done, was killed, or has said why it cannot go on; and the next run, without a fault, begins
//! where that one ended.

use super::{copy, counted, run_some};
use crate::faults::{
    books::{Books, all, text},
    rounds, run,
    server::{Installation, signal},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    process::ExitStatus,
    sync::Arc,
};

/// Cases in the test run; `cargo xtask syscalls` takes all.
const CASES: usize = 45;
/// The calls that read or change the data folder.
const CALLS: &str =
    "openat,read,pread64,pwrite64,write,fsync,fdatasync,ftruncate,link,linkat,rename,unlink,unlinkat,mkdir";
/// What is in it, as far as names are known before.
const PLACES: [&str; 14] = [
    "",
    "farthing.db",
    "farthing.db-wal",
    "farthing.db-shm",
    "farthing.db-journal",
    "farthing.key",
    "farthing.lock",
    "high-water.json",
    "high-water.partial",
    "restoring",
    "restoring/farthing.db",
    "restoring/farthing.db-wal",
    "restoring/whole.db",
    "restoring/whole.partial",
];
const FAULTS: [&str; 3] = ["signal=KILL", "error=EIO", "error=ENOSPC"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    /// A merchant is created where nothing is.
    FirstCommand,
    /// A server starts on what a killed one left, and is told to end.
    Start,
    /// A backup is put into an empty folder.
    Restore,
}

#[derive(Debug, Clone)]
struct Case {
    flow: Flow,
    call: String,
    number: usize,
    fault: &'static str,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Done,
    Killed,
    Refused,
}

/// What every case begins with.
struct Template {
    /// A killed server's, with its invoice.
    killed: Installation,
    address: String,
    /// A backup's folder is beside it.
    backed_up: Installation,
}

impl Template {
    async fn make() -> Self {
        let backed_up = Installation::new();
        assert!(backed_up.output(&["backup", backed_up.beside("backup").to_str().unwrap()]).status.success());
        let killed = Installation::new();
        let server = killed.start().await;
        let answer = Books::default().create(&mut server.connect().await, "template").await.unwrap().expect(&[201]);
        server.kill();
        Self { address: text(answer.data(), "deposit_address"), killed, backed_up }
    }

    /// Where the flow takes place.
    fn scene(&self, flow: Flow) -> Installation {
        match flow {
            Flow::FirstCommand => Installation::bare(),
            Flow::Start => self.killed.copied(copy),
            Flow::Restore => self.backed_up.copied(|_, _| ()),
        }
    }

    fn backup(&self) -> String {
        self.backed_up.beside("backup").to_str().unwrap().to_owned()
    }

    /// The flow itself; how the process ended, and what it said.
    async fn flow(&self, scene: &Installation, flow: Flow) -> (ExitStatus, String) {
        let arguments = match flow {
            Flow::FirstCommand => vec!["merchants", "create", "Tea shop", "--json"],
            Flow::Restore => vec!["restore"],
            Flow::Start => {
                let status = match scene.try_start().await {
                    Ok(mut server) => {
                        signal(server.id(), "TERM");
                        server.ended().await.expect("it does not end")
                    }
                    Err(status) => status,
                };
                return (status, scene.log());
            }
        };
        let backup = self.backup();
        let from = (flow == Flow::Restore).then_some(backup.as_str());
        let output = scene.output(&arguments.into_iter().chain(from).collect::<Vec<_>>());
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    /// After it: the program takes it up where it was left, and nothing that was acknowledged is gone.
    async fn look(&self, scene: &Installation, flow: Flow, end: &End) {
        match flow {
            Flow::FirstCommand => {
                let before = scene.command(&["merchants", "list", "--json"]);
                let count = before["merchants"].as_array().unwrap().len();
                assert!(count <= 1 && (count == 1 || *end != End::Done), "{end:?}: {before}");
                scene.command(&["merchants", "create", "Coffee shop", "--json"]);
                scene.audit_finds_nothing();
                let names = names(scene);
                let partial = names.iter().find(|name| name.starts_with("farthing.") && name.len() > 20);
                assert!(*end != End::Refused || partial.is_none(), "{names:?}");
            }
            Flow::Start => {
                let server = scene.start().await;
                let shown = all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
                let addresses: Vec<String> = shown.iter().map(|one| text(one, "deposit_address")).collect();
                assert_eq!(addresses, [self.address.as_str()]);
                let answer = Books::default().create(&mut server.connect().await, "after").await.unwrap();
                assert_ne!(text(answer.expect(&[201]).data(), "deposit_address"), self.address);
                server.terminate().await;
                scene.audit_finds_nothing();
            }
            Flow::Restore => {
                self.finish_restore(scene, end);
                let listed = scene.command(&["merchants", "list", "--json"]);
                assert_eq!(listed, self.backed_up.command(&["merchants", "list", "--json"]));
                scene.audit_finds_nothing();
            }
        }
    }
}

impl Template {
    /// Restores again where the database did not get its name.
    fn finish_restore(&self, scene: &Installation, end: &End) {
        if *end == End::Done || scene.data().join("farthing.db").exists() {
            return;
        }
        let left = scene.data().join("restoring");
        assert!(*end == End::Killed || !left.exists(), "a restore that says that it failed cleans up");
        if left.exists() {
            assert!(scene.complaint(&["restore", &self.backup()]).contains("remove it"));
            fs::remove_dir_all(left).unwrap();
        }
        scene.command(&["restore", &self.backup()]);
    }
}

fn names(scene: &Installation) -> BTreeSet<String> {
    let entries = fs::read_dir(scene.data()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// `strace` as what starts the program, which stays the child of whoever starts it.
fn strace(scene: &Installation, arguments: &[String]) -> Vec<OsString> {
    let said = scene.beside("strace").into_os_string();
    let mut words: Vec<OsString> = ["strace", "-D", "-f", "-qqq", "-o"].map(OsString::from).to_vec();
    words.push(said);
    words.extend(arguments.iter().map(OsString::from));
    for place in PLACES {
        let path = if place.is_empty() { scene.data() } else { scene.data().join(place) };
        words.extend([OsString::from("-P"), path.into_os_string()]);
    }
    words
}

#[test]
fn every_call_of_a_start_an_end_and_a_restore_may_fail_or_be_the_last() {
    run(every_call(rounds("FARTHING_SYSCALLS_OF_STARTS", CASES)));
}

async fn every_call(cases_max: usize) {
    let template = Arc::new(Template::make().await);
    let mut cases = Vec::new();
    for flow in [Flow::FirstCommand, Flow::Start, Flow::Restore] {
        cases.extend(cases_of(&template, flow).await);
    }
    let possible = cases.len();
    let injected = |case: Case| {
        let template = Arc::clone(&template);
        async move { (case.flow, inject(&template, &case).await) }
    };
    let ends = run_some(cases, cases_max, &[FAULTS.len()], injected).await;
    let (count, ends) = (ends.len(), counted(ends));
    println!("system calls of starts, ends and restores: {count} of {possible} cases, {ends:?}");
}

/// A case for each call that any thread makes, and each fault: `strace` counts in each thread.
async fn cases_of(template: &Template, flow: Flow) -> Vec<Case> {
    let mut scene = template.scene(flow);
    scene.surroundings.starter = strace(&scene, &[format!("--trace={CALLS}")]);
    let (status, said) = template.flow(&scene, flow).await;
    assert!(status.success(), "{flow:?} fails without a fault: {said}");
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in fs::read_to_string(scene.beside("strace")).unwrap().lines() {
        if let Some((thread, call)) = super::called(line) {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((call, _), count) in counts {
        let known = most.entry(call).or_default();
        *known = count.max(*known);
    }
    println!("the most that any thread makes in {flow:?}: {most:?}");
    let numbered = most.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call.clone(), number)));
    let of = |(call, number): (String, usize)| FAULTS.map(|fault| Case { flow, call: call.clone(), number, fault });
    numbered.flat_map(of).collect()
}

async fn inject(template: &Template, case: &Case) -> End {
    let Case { flow, call, number, fault } = case;
    let mut scene = template.scene(*flow);
    let arguments = [format!("--trace={call}"), format!("--inject={call}:{fault}:when={number}")];
    scene.surroundings.starter = strace(&scene, &arguments);
    let (status, said) = template.flow(&scene, *flow).await;
    scene.surroundings.starter.clear();
    let end = match status.code() {
        Some(0) => End::Done,
        Some(1) => End::Refused,
        None => End::Killed,
        Some(other) => panic!("{case:?}: it ended by {other}: {said}"),
    };
    assert!(end != End::Killed || fault.contains("KILL"), "{case:?}: {said}");
    assert!(end != End::Refused || said.lines().any(|line| line.contains("farthing: ")), "{case:?}: {said}");
    template.look(&scene, *flow, &end).await;
    end
}
