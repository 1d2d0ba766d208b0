//! `kill -9` at full load, again and again: what was acknowledged is there, no address serves twice, every event is delivered.
//!
//! The built program runs on one data folder, shops create and pay invoices as fast as they can, and the process is killed at
//! a random moment. What a shop did not hear an answer to it asks again, with the same key, as shops do. At the end everything
//! that was ever answered is compared with what is there. It never looks into the database.

use super::{
    books::{Books, compare, subscribe, trade},
    chance::Chance,
    receiver::Receiver,
    rounds, run,
    server::Installation,
};
use std::time::Duration;
use tokio::{task::JoinSet, time::Instant};

const ROUNDS: usize = 20;
/// Shops that create and pay at the same time, each over its own connection.
const SHOPS: usize = 6;
/// A round's load lasts at least and at most so many milliseconds before the kill.
const LOAD_MS: (u64, u64) = (40, 700);

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_at_full_load() {
    run(kills(rounds("FARTHING_KILL_ROUNDS", ROUNDS), Chance::new("the moments of the kills")));
}

async fn kills(rounds: usize, mut chance: Chance) {
    let receiver = Receiver::start().await;
    let installation = Installation::new();
    let books = Books::default();
    let mut endpoints = Vec::new();
    let mut starts = Vec::new();
    for round in 0..rounds {
        let began = Instant::now();
        let server = installation.start().await;
        starts.push(began.elapsed());
        if endpoints.is_empty() {
            endpoints = subscribe(&server, &receiver).await;
        }
        books.ask_again(&server).await;
        let mut shops = JoinSet::new();
        for shop in 0..SHOPS {
            shops.spawn(trade(server.connect().await, books.clone(), format!("{round}-{shop}")));
        }
        tokio::time::sleep(Duration::from_millis(chance.between(LOAD_MS))).await;
        server.kill();
        drop(shops.join_all().await);
    }
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    starts.sort();
    println!(
        "kill -9: {rounds} kills, {found}; ready after a kill in {} ms (median), {} ms (longest)",
        starts[starts.len() / 2].as_millis(),
        starts[starts.len() - 1].as_millis()
    );
    assert!(found.invoices > rounds, "there was no load");
}
