//! A clock that jumps, by an hour and by ten years, ahead and back: while it serves, and between two of its lives.
//!
//! The built program's own clock is moved under it, and nothing else is: no call tells it of the jump. At the end the clock is
//! right again, and what was answered, paid and told is there once.

use super::{
    books::{Books, compare, make_final, subscribe, text},
    chance::Chance,
    http::Connection,
    receiver::Receiver,
    rounds, run,
    server::{Installation, Server},
    shim::{self, CLOCK, Moved},
};
use std::{collections::BTreeSet, time::Duration};

const JUMPS: usize = 20;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const TEN_YEARS: i64 = 10 * 365 * DAY;
/// Where the clock may stand, in milliseconds from the right time: the right time is one of them.
const STANDS: [i64; 5] = [0, HOUR, -HOUR, TEN_YEARS, -TEN_YEARS];
/// One jump in so many comes between two lives.
const LIVES: usize = 4;
/// How often something is asked again that a network out of reach refused, and the pause in between.
const POLLS: usize = 2400;
const PAUSE: Duration = Duration::from_millis(50);

#[test]
fn a_clock_that_jumps_loses_doubles_and_ends_nothing_that_was_paid() {
    run(jumps(rounds("FARTHING_CLOCK_JUMPS", JUMPS), Chance::new("the jumps of the clock")));
}

async fn jumps(jumps: usize, mut chance: Chance) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moved");
    let clock = Moved::at(&path);
    let installation = Installation::made_in(folder, shim::preloaded(&[(CLOCK, path)]));
    let receiver = Receiver::start().await;
    let books = Books::default();
    let mut server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let (mut stood, mut lives, mut stands) = (0, 1, BTreeSet::new());
    for jump in 0..jumps {
        let stand = STANDS[chance.below(STANDS.len())];
        if stand - stood > DAY {
            // What waits for its finality for years is late by everybody's rules.
            make_final(&mut server.connect().await).await;
        }
        if chance.below(LIVES) == 0 {
            server.kill();
            clock.to(stand);
            server = installation.start().await;
            lives += 1;
        } else {
            clock.to(stand);
        }
        trade(&server, &books, jump).await;
        stands.insert(stand);
        stood = stand;
    }
    make_final(&mut server.connect().await).await;
    server.kill();
    clock.to(0);
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    server.connect().await.get("/healthz").await.unwrap().expect(&[200]);
    let shown = super::books::all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
    let expired = shown.iter().filter(|invoice| invoice["status"] == "expired").count();
    println!("clock: {jumps} jumps to {} stands in {lives} lives, {found}, {expired} expired once", stands.len());
}

/// Sells two invoices, of which one is paid.
async fn trade(server: &Server, books: &Books, jump: usize) {
    let mut connection = server.connect().await;
    sold(&mut connection, books, &format!("left {jump}")).await;
    let id = sold(&mut connection, books, &format!("paid {jump}")).await;
    for _ in 0..POLLS {
        if books.pay(&mut connection, &id).await.unwrap().status == 201 {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("nobody can pay after jump {jump}");
}

/// Creates an invoice, once the networks sell: after years without an answer they do not until they were asked again.
async fn sold(connection: &mut Connection, books: &Books, key: &str) -> String {
    for _ in 0..POLLS {
        let answer = books.create(connection, key).await.unwrap();
        if answer.status == 201 {
            return text(answer.data(), "id");
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("nothing is sold for {key}");
}
