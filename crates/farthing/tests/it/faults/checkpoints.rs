//! What grows and what is copied: files that may not get larger, and checkpoints whose sync fails.

use super::{
    books::{Books, compare, subscribe},
    receiver::Receiver,
    run,
    server::{Installation, Surroundings},
    shim,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The largest file that may be written, in blocks of 512 bytes: a few dozen invoices in the log.
const BLOCKS: usize = 4096;
/// Requests after which the limit must have been met.
const REQUESTS_MAX: usize = 3000;
/// Invoices between two looks whether a checkpoint was tried.
const INVOICES: usize = 100;
/// Looks after which one must have been: the log is copied into the database from 16 MiB on.
const LOOKS_MAX: usize = 30;

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// `RLIMIT_FSIZE`, as a service manager sets it, with the signal ignored: a write beyond it fails with `EFBIG`.
#[test]
fn a_log_that_may_not_grow_ends_the_server_and_loses_nothing() {
    run(limited_files());
}

async fn limited_files() {
    let limit = Surroundings::shell(&format!("trap '' XFSZ; ulimit -f {BLOCKS}"));
    let installation = Installation::within(limit);
    let receiver = Receiver::start().await;
    let mut server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut connection = server.connect().await;
    let (mut made, mut status) = (0, None);
    for number in 0..REQUESTS_MAX {
        let answer = books.create(&mut connection, &format!("{number}")).await;
        match answer.map(|answer| answer.status) {
            Some(201) => made += 1,
            Some(503) => {}
            Some(other) => panic!("answered by {other}"),
            None => {
                status = server.ended().await;
                break;
            }
        }
    }
    let status = status.unwrap_or_else(|| panic!("{made} invoices, and the limit was not met"));
    assert_eq!(status.code(), Some(1), "it ended by itself: {}", installation.log());
    // Under the same limit it starts again, on what the log has: that is copied into the database.
    let server = installation.start().await;
    books.ask_again(&server).await;
    server.kill();
    let free = installation.copied(copy);
    let server = free.start().await;
    books.ask_again(&server).await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    free.audit_finds_nothing();
    server.terminate().await;
    println!("limited files: {made} invoices until the log was full, {found}");
}

#[test]
fn a_checkpoint_whose_sync_fails_is_no_loss_and_is_made_again() {
    run(failing_checkpoints());
}

async fn failing_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().canonicalize().unwrap().join("data");
    let failing = folder.path().join("failing");
    let installation =
        Installation::made_in(folder, shim::preloaded(&[("DISK_FOLDER", data), ("DISK_FAIL", failing.clone())]));
    let receiver = Receiver::start().await;
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut connection = server.connect().await;
    let log = installation.data().join("farthing.db-wal");
    fs::write(&failing, "").unwrap();
    let mut made = 0;
    while length(&failing) == 0 {
        assert!(made < INVOICES * LOOKS_MAX, "no checkpoint was tried: the log has {} bytes", length(&log));
        for _ in 0..INVOICES {
            books.create(&mut connection, &format!("{made}")).await.unwrap().expect(&[201]);
            made += 1;
        }
    }
    let (failed, grown) = (length(&failing), length(&log));
    connection.get("/healthz").await.unwrap().expect(&[200]);
    fs::remove_file(&failing).unwrap();
    for number in 0..INVOICES {
        books.create(&mut connection, &format!("well {number}")).await.unwrap().expect(&[201]);
    }
    server.kill();
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    server.terminate().await;
    println!("failing checkpoints: {failed} syncs failed at {grown} bytes of log, {found}");
}

fn length(path: &PathBuf) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}
