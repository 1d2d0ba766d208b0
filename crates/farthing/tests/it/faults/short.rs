//! Reads and writes that move less than was asked for, as a system may at any time: all of it arrives in the end.

use super::{
    books::{Books, compare, subscribe, text},
    receiver::Receiver,
    run,
    server::Installation,
    shim,
};
use std::fs;

const INVOICES: usize = 60;
/// Every so many invoices one is paid.
const PAYS_EVERY: usize = 3;
/// Every so many invoices the server is killed.
const KILLED_EVERY: usize = 20;

#[test]
fn reads_and_writes_that_are_cut_short_lose_nothing() {
    run(cut_short());
}

async fn cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().canonicalize().unwrap().join("data");
    let short = folder.path().join("short");
    // From the first command on: the schema and the key are written so as well.
    fs::write(&short, "").unwrap();
    let installation =
        Installation::made_in(folder, shim::preloaded(&[("DISK_FOLDER", data), ("DISK_SHORT", short.clone())]));
    let receiver = Receiver::start().await;
    let books = Books::default();
    let mut server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let mut connection = server.connect().await;
    for number in 0..INVOICES {
        if number > 0 && number.is_multiple_of(KILLED_EVERY) {
            server.kill();
            server = installation.start().await;
            connection = server.connect().await;
        }
        let answer = books.create(&mut connection, &format!("{number}")).await.unwrap().expect(&[201]);
        if number.is_multiple_of(PAYS_EVERY) {
            books.pay(&mut connection, &text(answer.data(), "id")).await.unwrap().expect(&[201]);
        }
    }
    server.kill();
    let calls = fs::metadata(&short).unwrap().len();
    fs::remove_file(&short).unwrap();
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    assert!(calls > u64::try_from(INVOICES).unwrap(), "next to nothing was cut short");
    println!("short reads and writes: {calls} calls were cut short, {found}");
}
