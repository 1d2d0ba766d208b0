//! Ending, stopping, and running out of files: the shops' requests come through all of it.

use super::{
    books::{Books, compare, subscribe, text, trade},
    chance::Chance,
    receiver::Receiver,
    rounds, run,
    server::{Installation, Server, Surroundings, signal},
};
use serde_json::json;
use std::{future::Future, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// How often the server is told to end under load.
const ENDS: usize = 6;
const SHOPS: usize = 4;
/// How often it is stopped for a moment and goes on.
const STOPS: usize = 8;
/// Files that the small process may open, and clients that come.
const FILES: usize = 64;
const CLIENTS: usize = 150;

#[test]
fn sigterm_under_load_fails_no_request_that_a_shop_asks_again() {
    run(ends(rounds("FARTHING_ENDS", ENDS), Chance::new("the moments of the ends")));
}

async fn ends(rounds: usize, mut chance: Chance) {
    let receiver = Receiver::start().await;
    let installation = Installation::new();
    let books = Books::default();
    let mut endpoints = Vec::new();
    for round in 0..rounds {
        let server = installation.start().await;
        if endpoints.is_empty() {
            endpoints = subscribe(&server, &receiver).await;
        }
        books.ask_again(&server).await;
        let mut shops = JoinSet::new();
        for shop in 0..SHOPS {
            shops.spawn(trade(server.connect().await, books.clone(), format!("{round}-{shop}")));
        }
        sleep(Duration::from_millis(chance.between((20, 300)))).await;
        server.terminate().await;
        drop(shops.join_all().await);
        // What a connection that closed did not answer was not begun: answers are never cut.
        assert_eq!(books.cut_answers(), 0, "an answer was cut");
    }
    let server = installation.start().await;
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    println!("SIGTERM under load: {rounds} ends, {found}, {} answers of 503", books.refusals());
    assert_eq!(books.refusals(), 0, "a server that ends refuses nothing that it took");
}

#[test]
fn a_server_that_was_stopped_for_a_while_expires_nothing_that_was_paid() {
    run(stops());
}

async fn stops() {
    let receiver = Receiver::start().await;
    let installation = Installation::new();
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut connection = server.connect().await;
    for round in 0..STOPS {
        let answer = books.create(&mut connection, &format!("{round}")).await.unwrap().expect(&[201]);
        // Stopped while the payment and the end of the window are on their way to it, in this order.
        let (mut payer, mut clock) = (server.connect().await, server.connect().await);
        let id = text(answer.data(), "id");
        let paid = while_stopped(&server, async { books.pay(&mut payer, &id).await }).await;
        paid.unwrap().expect(&[201]);
        let advance = json!({"seconds": 7200});
        let advanced = while_stopped(&server, async { clock.post("/api/v1/test/clock/advance", &advance).await }).await;
        advanced.unwrap().expect(&[200, 201]);
    }
    // It compares that every invoice whose payment was acknowledged is paid.
    println!("stopped {STOPS} times: {}", compare(&server, &books, &endpoints, &receiver).await);
    installation.audit_finds_nothing();
}

/// Stops the server, asks, and lets it go on.
async fn while_stopped<T>(server: &Server, ask: impl Future<Output = T>) -> T {
    signal(server.id(), "STOP");
    let (answer, ()) = tokio::join!(ask, async {
        // The question is on its way by now: each side of a join is begun before this one goes on.
        tokio::task::yield_now().await;
        signal(server.id(), "CONT");
    });
    answer
}

#[test]
fn a_crowd_beyond_the_open_files_waits_and_the_rest_goes_on() {
    run(crowd());
}

async fn crowd() {
    let receiver = Receiver::start().await;
    let installation = Installation::within(Surroundings::shell(&format!("ulimit -n {FILES}")));
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut first = server.connect().await;
    books.create(&mut first, "before").await.unwrap().expect(&[201]);
    let mut crowd = Vec::new();
    for _ in 0..CLIENTS {
        crowd.push(server.connect().await);
    }
    // Who was there first is served, and webhooks go out, while the crowd stands at the door.
    let answer = books.create(&mut first, "meanwhile").await.unwrap().expect(&[201]);
    books.pay(&mut first, &text(answer.data(), "id")).await.unwrap().expect(&[201]);
    receiver.arrived(4).await;
    drop(crowd);
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    let log = installation.log();
    assert!(!log.contains("cannot accept connections"), "files were left for everything else: {log}");
    server.terminate().await;
    println!("{CLIENTS} clients with {FILES} files: {found}");
}
