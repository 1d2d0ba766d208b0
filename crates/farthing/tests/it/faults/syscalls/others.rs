//! The other threads' system calls in the same flows: those that read the database, keep the marks, and speak to shops.
//!
//! First it is shown who changes files at all: the writer, and whoever keeps `high-water.json`. Then every read of every thread,
//! every call that keeps the marks, and every call on a socket fails or is the last.

use super::{
    CALLS, Case, Flow, PAUSE, POLLS, Scene, WRITER, Whom, called, counted, inject, is_delivered, run_some, template,
};
use crate::faults::{rounds, run, server::Server};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
};
use tokio::time::sleep;

/// Cases in the test run; `cargo xtask syscalls` takes all.
const CASES: usize = 40;
/// The calls that change a file. `openat` alone changes none of a server's.
const CHANGES: [&str; 7] = ["pwrite64(", "write(", "ftruncate(", "fsync(", "fdatasync(", "rename(", "unlink("];
/// The calls that read the database, in any thread.
const READS: &str = "pread64";
/// The calls that keep the marks.
const KEEPS: &str = "openat,write,fsync,rename";
/// Where they are kept, in the data folder: whole, being written, and the folder that names them.
const MARKS: [&str; 3] = ["high-water.json", "high-water.partial", ""];
/// The calls that move bytes to shops and from them.
const SPEAKS: &str = "sendto,writev,recvfrom";
const FLOWS: [Flow; 3] = [Flow::Create, Flow::Block, Flow::Deliver];

/// Looks for a flow's calls with their files, of all threads: what each line says, and whether it is the writer's.
async fn watched(scene: &Scene, server: &mut Server, flow: Flow, arguments: &[String]) -> Vec<(bool, String)> {
    let writer = server.thread(WRITER).to_string();
    let strace = super::Strace::attach(&scene.installation, server, &Whom::All(Vec::new()), arguments);
    assert!(scene.flow(server, flow).await, "{flow:?} fails without a fault");
    let lines = strace.detach(false).await;
    let with_thread = lines.lines().filter_map(|line| line.split_once(' '));
    with_thread.map(|(thread, line)| (thread == writer, line.trim_start().to_owned())).collect()
}

#[test]
fn only_the_writer_changes_the_database_and_only_the_marks_are_changed_beside_it() {
    run(async {
        let template = template().await;
        for flow in FLOWS.into_iter().chain([Flow::Marks]) {
            let (scene, mut server) = Scene::begin(&template, flow).await;
            let folder = scene.installation.data().display().to_string();
            let arguments = ["-y".to_owned(), format!("--trace={CALLS},write")];
            let lines = watched(&scene, &mut server, flow, &arguments).await;
            let is_change = |line: &str| CHANGES.iter().any(|call| line.starts_with(call)) && line.contains(&folder);
            let changes: Vec<&(bool, String)> = lines.iter().filter(|(_, line)| is_change(line)).collect();
            assert!(changes.iter().any(|(is_writer, _)| *is_writer), "{flow:?}: nobody writes? {lines:?}");
            let others = changes.iter().filter(|(is_writer, _)| !is_writer);
            // The folder is synced when the marks have got their name.
            let is_of_marks = |line: &str| line.contains("high-water.") || line.contains(&format!("{folder}>"));
            let strange: Vec<_> = others.filter(|(_, line)| !is_of_marks(line)).collect();
            assert!(strange.is_empty(), "{flow:?}: {strange:?}");
            let marks = changes.iter().filter(|(_, line)| line.contains("high-water.")).count();
            assert_eq!(marks > 0, flow == Flow::Marks, "{flow:?}: {marks} calls keep the marks");
        }
    });
}

#[test]
fn every_call_of_the_other_threads_may_fail_or_be_the_last() {
    run(every_call(rounds("FARTHING_SYSCALLS_OF_OTHERS", CASES)));
}

async fn every_call(cases_max: usize) {
    let template = Arc::new(template().await);
    let mut cases = Vec::new();
    let everyone = || Whom::All(Vec::new());
    for flow in FLOWS {
        cases.extend(cases_of(&template, flow, &everyone(), READS, &["signal=KILL", "error=EIO"]).await);
        cases.extend(cases_of(&template, flow, &everyone(), SPEAKS, &["signal=KILL", "error=ECONNRESET"]).await);
    }
    let marks = Whom::All(MARKS.to_vec());
    let faults = ["signal=KILL", "error=EIO", "error=ENOSPC"];
    cases.extend(cases_of(&template, Flow::Marks, &marks, KEEPS, &faults).await);
    let possible = cases.len();
    let injected = |case: Case| {
        let template = Arc::clone(&template);
        async move { inject(&template, &case).await.0 }
    };
    let ends = run_some(cases, cases_max, &[2, 3], injected).await;
    let (count, ends) = (ends.len(), counted(ends));
    println!("system calls of all threads: {count} of {possible} cases, {ends:?}");
}

/// As many cases of each call as the busiest thread makes of it: `strace` counts in each thread.
async fn cases_of(
    template: &(super::Installation, String),
    flow: Flow,
    whom: &Whom,
    calls: &str,
    faults: &[&'static str],
) -> Vec<Case> {
    let (scene, mut server) = Scene::begin(template, flow).await;
    let strace = super::Strace::attach(&scene.installation, &server, whom, &[format!("--trace={calls}")]);
    assert!(scene.flow(&mut server, flow).await, "{flow:?} fails without a fault");
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in strace.detach(false).await.lines() {
        if let Some((thread, call)) = called(line) {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((call, _), count) in counts {
        let known = most.entry(call).or_default();
        *known = count.max(*known);
    }
    println!("the most that any thread makes in {flow:?}: {most:?}");
    let mut cases = Vec::new();
    for (call, count) in most {
        for number in 1..=count {
            let of = |fault: &&'static str| Case { flow, whom: whom.clone(), call: call.clone(), number, fault };
            cases.extend(faults.iter().map(of));
        }
    }
    cases
}

impl Scene {
    /// Polls until the marks know that so many addresses of the account were handed out; false when the server is gone.
    pub(super) async fn do_marks_know(&self, server: &Server, next_index: u32) -> bool {
        let path = self.installation.data().join("high-water.json");
        let known = format!("\"seen\":{next_index}");
        for _ in 0..POLLS * 3 {
            if fs::read_to_string(&path).is_ok_and(|marks| marks.contains(&known)) {
                return true;
            }
            if server.try_connect().await.is_err() {
                return false;
            }
            sleep(PAUSE).await;
        }
        panic!("the marks never know of {next_index}");
    }

    /// Asks again for what was attempted in vain: its next attempt would come in a minute.
    pub(super) async fn redeliver(&self, server: &Server) {
        let Some(path) = &self.deliveries else { return };
        let Ok(mut connection) = server.try_connect().await else { return };
        let Ok(list) = connection.get(path).await else { return };
        let waiting: BTreeSet<&str> = list.body["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|delivery: &&Value| !is_delivered(delivery) && delivery["attempts"] != json!([]))
            .filter_map(|delivery| delivery["id"].as_str())
            .collect();
        for id in waiting {
            // An answer that is cut is asked for again with the next look.
            drop(connection.post(&format!("{path}/{id}/redeliver"), &json!({})).await);
        }
    }
}
