//! Short of memory, and of threads: what cannot be done is refused or ends the process, a task that falls over is started again
//! and seen, and nothing is lost.

use super::{
    books::{Books, compare, subscribe, trade},
    http::Connection,
    receiver::Receiver,
    rounds, run,
    server::{Installation, Server, Surroundings},
    shim::{self, CLOCK, Moved},
    syscalls::{Strace, Whom},
};
use crate::contract::http::Ask;
use serde_json::json;
use std::{fs, process::Command, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// Lives with little memory, and how many more there may be until it is used up in one.
const LIVES: usize = 6;
const LIVES_MORE: usize = 18;
/// What a process may take beyond what it has at its start, in KiB.
const ROOMS_KIB: [u64; 6] = [0, 256, 1024, 4096, 8192, 16384];
const SHOPS: usize = 4;
/// Clients that each send as much as is taken.
const CROWD: usize = 150;
const BODY_BYTES: usize = 60_000;
const LOAD: Duration = Duration::from_millis(600);
const POLLS: usize = 6000;
const PAUSE: Duration = Duration::from_millis(20);
/// The threads that a server always has: its first, two that run tasks, the store's writer and its two readers.
const OWN_THREADS: usize = 6;

#[test]
fn a_server_whose_memory_is_used_up_refuses_or_ends_and_loses_nothing() {
    run(memory(rounds("FARTHING_STARVED", LIVES)));
}

async fn memory(lives: usize) {
    let receiver = Receiver::start().await;
    // One place for all that is allocated: of several the C library reserves far more than it uses.
    let single = Surroundings::shell("export MALLOC_ARENA_MAX=1");
    let installation = Installation::within(single);
    let books = Books::default();
    let (mut endpoints, mut ended, mut went_on) = (Vec::new(), 0, 0);
    for (life, room) in (0..lives + LIVES_MORE).zip(ROOMS_KIB.into_iter().cycle()) {
        if life >= lives && ended > 0 {
            break;
        }
        let mut server = installation.start().await;
        if endpoints.is_empty() {
            endpoints = subscribe(&server, &receiver).await;
        }
        books.ask_again(&server).await;
        let mut shops = JoinSet::new();
        for shop in 0..SHOPS {
            shops.spawn(trade(server.connect().await, books.clone(), format!("{life}-{shop}")));
        }
        limit_memory(&server, room);
        let mut crowd = JoinSet::new();
        for _ in 0..CROWD {
            if let Ok(connection) = server.try_connect().await {
                crowd.spawn(press(connection));
            }
        }
        // A machine that is busy with others needs longer until the crowd has sent what it has.
        sleep(LOAD.saturating_mul(1 + u32::try_from(life / lives.max(1)).unwrap())).await;
        if is_well_or_has_ended(&mut server).await {
            went_on += 1;
        } else {
            ended += 1;
        }
        server.kill();
        drop((shops.join_all().await, crowd.join_all().await));
    }
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    println!(
        "little memory: {} lives, {ended} ended, {went_on} went on, {} answers of 503, {found}",
        ended + went_on,
        books.refusals()
    );
    assert!(ended > 0, "memory was never used up");
}

/// Lets the process take so much more than it has.
fn limit_memory(server: &Server, room_kib: u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmSize:")).unwrap();
    let has_kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let limit = format!("--as={}", (has_kib + room_kib) * 1024);
    let limited = Command::new("prlimit").args(["--pid", &server.id().to_string(), &limit]).status().unwrap();
    assert!(limited.success(), "{limit}");
}

/// Sends large requests for as long as they are answered.
async fn press(mut connection: Connection) {
    let body = json!({"currency": "BTC", "amount": "0.5", "description": "x".repeat(BODY_BYTES)});
    while connection.post("/api/v1/invoices", &body).await.is_ok() {}
}

/// Whether it answers; it must do so, or have ended.
async fn is_well_or_has_ended(server: &mut Server) -> bool {
    for _ in 0..POLLS {
        if server.has_ended().is_some() {
            return false;
        }
        if let Ok(mut connection) = server.try_connect().await
            // Health may be red: a task that gets no memory for a thread falls over, and is started again.
            && connection.get("/healthz").await.is_ok()
        {
            return true;
        }
        sleep(PAUSE).await;
    }
    panic!("it neither answers nor ends");
}

#[test]
fn a_task_that_panics_is_started_again_and_seen_by_health_and_metrics() {
    run(no_threads());
}

/// Keeping the marks needs a thread for what blocks. Where the system gives none, that task panics, again and again.
async fn no_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moved");
    let clock = Moved::at(&path);
    let installation = Installation::made_in(folder, shim::preloaded(&[(CLOCK, path)]));
    let receiver = Receiver::start().await;
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut connection = server.connect().await;
    books.create(&mut connection, "before").await.unwrap().expect(&[201]);
    let marks = || fs::read_to_string(installation.data().join("high-water.json")).unwrap_or_default();
    until("the marks are kept", async || marks().contains("\"seen\":1")).await;
    let before = marks();
    let threads = || fs::read_dir(format!("/proc/{}/task", server.id())).unwrap().count();
    until("threads that have nothing to do end", async || threads() <= OWN_THREADS).await;

    let arguments = ["--trace=clone,clone3".to_owned(), "--inject=clone,clone3:error=EPERM".to_owned()];
    let strace = Strace::attach(&installation, &server, &Whom::All(Vec::new()), &arguments);
    books.create(&mut connection, "meanwhile").await.unwrap().expect(&[201]);
    until("health is red", async || health(&server).await == (503, "ailing".to_owned())).await;
    books.create(&mut connection, "while a task is ill").await.unwrap().expect(&[201]);
    let metrics = Ask::get("/metrics").send(&server.host()).text();
    assert!(metrics.contains("farthing_task_restarts_total{task=\"high-water marks\"}"), "{metrics}");
    assert!(metrics.contains("farthing_tasks_ailing 1"), "{metrics}");
    assert!(installation.log().contains("a background task ended and is started again"), "{}", installation.log());
    strace.detach(false).await;

    until("the marks are kept again", async || marks() != before).await;
    clock.to(61_000);
    until("health is well again", async || health(&server).await == (200, "ok".to_owned())).await;
    println!("a task without a thread: {}", compare(&server, &books, &endpoints, &receiver).await);
    installation.audit_finds_nothing();
}

async fn health(server: &Server) -> (u16, String) {
    let answer = server.connect().await.get("/healthz").await.unwrap();
    (answer.status, answer.body["tasks"].as_str().unwrap().to_owned())
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..POLLS {
        if is_so().await {
            return;
        }
        sleep(PAUSE).await;
    }
    panic!("it never came to this: {what}");
}
