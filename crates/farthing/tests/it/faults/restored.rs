//! Other servers, copies and backups: what must not serve is refused in clear words, and what may never sells an address twice.

use super::{
    books::{Books, all, text},
    rounds, run,
    server::{Installation, Server},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Invoices before and after the backup.
const INVOICES: usize = 12;
/// How often a second server is started, and a database copied without its log.
const COPIES: usize = 2;
/// How often a shop is set back.
const RESTORES: usize = 2;

async fn sell(server: &Server, books: &Books, name: &str) -> Vec<Value> {
    let mut connection = server.connect().await;
    let mut sold = Vec::new();
    for number in 0..INVOICES {
        let answer = books.create(&mut connection, &format!("{name}-{number}")).await.unwrap().expect(&[201]);
        sold.push(answer.data().clone());
    }
    sold
}

fn addresses(invoices: &[Value]) -> BTreeSet<String> {
    invoices.iter().map(|invoice| text(invoice, "deposit_address")).collect()
}

fn copy(names: &[&str], from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in names {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_second_server_is_refused_and_commands_work_beside_the_first() {
    run(async {
        let installation = Installation::new();
        let server = installation.start().await;
        let seconds = rounds("FARTHING_COPIES", COPIES);
        for second in 0..seconds {
            let said = installation.complaint(&["serve"]);
            assert!(said.contains("another server is using the data folder"), "{said}");
            assert!(said.contains(installation.data().to_str().unwrap()), "{said}");
            sell(&server, &Books::default(), &format!("beside {second}")).await;
        }
        installation.command(&["merchants", "create", "Coffee shop", "--json"]);
        installation.audit_finds_nothing();
        let doctor = installation.command(&["doctor", "--json"]);
        assert_eq!(doctor["ok"], true, "{doctor}");
        let backup = installation.beside("backup");
        assert!(installation.output(&["backup", backup.to_str().unwrap()]).status.success());
        sell(&server, &Books::default(), "after the commands").await;
        server.terminate().await;
        println!("second servers: {seconds} of {seconds} refused");
    });
}

#[test]
fn a_copy_without_the_log_of_a_running_server_is_refused_and_the_whole_one_serves() {
    run(async {
        let installation = Installation::new();
        let mut sold = Vec::new();
        let copies = rounds("FARTHING_COPIES", COPIES);
        for round in 0..copies {
            let server = installation.start().await;
            sold.extend(sell(&server, &Books::default(), &format!("sold {round}")).await);
            // Copied while it runs.
            let bare = installation.copied(|from, to| copy(&["farthing.db", "farthing.key"], from, to));
            server.kill();
            for arguments in [&["serve"][..], &["audit"], &["merchants", "list"], &["serve"]] {
                let said = bare.complaint(arguments);
                assert!(said.contains("farthing.db-wal, is missing") && said.contains("farthing backup"), "{said}");
            }
            // Deleted after the kill, and brought back.
            let log = installation.data().join("farthing.db-wal");
            fs::rename(&log, installation.beside("log aside")).unwrap();
            let said = installation.complaint(&["serve"]);
            assert!(said.contains("farthing.db-wal, is missing"), "{said}");
            fs::rename(installation.beside("log aside"), &log).unwrap();
            // A command after the kill takes nothing away that the server needs.
            installation.audit_finds_nothing();
            let whole =
                installation.copied(|from, to| copy(&["farthing.db", "farthing.db-wal", "farthing.key"], from, to));
            for copy in [&installation, &whole] {
                let server = copy.start().await;
                let shown = all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
                assert_eq!(addresses(&shown), addresses(&sold));
                server.terminate().await;
            }
        }
        // What ended well is whole without its log.
        let ended = installation.copied(|from, to| copy(&["farthing.db", "farthing.key"], from, to));
        ended.start().await.terminate().await;
        ended.audit_finds_nothing();
        println!("copies without their log, and logs deleted: {copies} of {copies} refused, each whole one serves");
    });
}

/// What happens to a shop whose gateway was set back to an older state: the addresses that it sells then.
async fn set_back(older: &Installation, before: &[Value], lost: &[Value], paid: &str) -> usize {
    let server = older.start().await;
    let mut connection = server.connect().await;
    let mine = serde_json::json!({"count": 3});
    connection.post("/api/v1/test/networks/bitcoin/blocks", &mine).await.unwrap().expect(&[200, 201]);
    let books = Books::default();
    let again = sell(&server, &books, "lost").await;
    let used: BTreeSet<String> = addresses(before).union(&addresses(lost)).cloned().collect();
    assert!(addresses(&again).is_disjoint(&used), "an address is sold twice");
    let shown = all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
    assert_eq!(addresses(&shown).len(), 2 * INVOICES, "what the older state had, and what was sold since");
    let payments = |invoice: &Value| invoice["payments"].as_array().map_or(0, Vec::len);
    for invoice in shown {
        assert_eq!(payments(&invoice), usize::from(invoice["id"] == paid), "{invoice}");
    }
    let events = all(&server, "/api/v1/events?limit=100&after=", |page, _| {
        usize::try_from(page["meta"]["next_after"].as_u64().unwrap_or_default()).unwrap()
    });
    let told = events.await.into_iter().filter(|event| event["event"] == "invoice.paid").count();
    assert_eq!(told, 1, "a payment is credited once");
    server.terminate().await;
    older.audit_finds_nothing();
    addresses(&again).len()
}

/// A shop that sold, was paid once and backed up, and sold more: what it sold before and since, and the invoice that was paid.
async fn shop_with_a_backup(installation: &Installation) -> (Vec<Value>, Vec<Value>, String) {
    let server = installation.start().await;
    let before = sell(&server, &Books::default(), "before").await;
    let paid =
        before.iter().find(|invoice| invoice["network"] == "bitcoin").map(|invoice| text(invoice, "id")).unwrap();
    let mut connection = server.connect().await;
    Books::default().pay(&mut connection, &paid).await.unwrap().expect(&[201]);
    let mine = serde_json::json!({"count": 3});
    connection.post("/api/v1/test/networks/bitcoin/blocks", &mine).await.unwrap().expect(&[200, 201]);
    let made = installation.output(&["backup", installation.beside("backup").to_str().unwrap()]);
    assert!(made.status.success());
    let lost = sell(&server, &Books::default(), "lost").await;
    server.terminate().await;
    // Whoever ends well leaves marks that know of all that was sold.
    assert_eq!(marked(installation), before.len() + lost.len());
    (before, lost, paid)
}

/// How many addresses the marks know to be handed out.
fn marked(installation: &Installation) -> usize {
    let text = fs::read_to_string(installation.data().join("high-water.json")).unwrap();
    let marks: Value = serde_json::from_str(&text).unwrap();
    let seen = marks.as_object().unwrap().values().filter_map(|mark| mark["seen"].as_u64());
    usize::try_from(seen.sum::<u64>()).unwrap()
}

/// The data folder is gone, and the backup all there is.
fn restored(installation: &Installation) -> Installation {
    let restored = installation.copied(|_, _| ());
    restored.command(&["restore", installation.beside("backup").to_str().unwrap()]);
    restored
}

/// The backup's database alone is put back, and the marks beside it know better.
fn put_back_by_hand(installation: &Installation) -> Installation {
    installation.copied(|from, to| {
        copy(&["high-water.json", "farthing.key"], from, to);
        copy(&["farthing.db"], &installation.beside("backup"), to);
    })
}

#[test]
fn what_is_set_back_an_hour_sells_no_address_again_and_credits_nothing_twice() {
    run(async {
        let restores = rounds("FARTHING_RESTORES", RESTORES);
        let mut sold = 0;
        for round in 0..restores {
            let installation = Installation::new();
            let (before, lost, paid) = shop_with_a_backup(&installation).await;
            let older = if round.is_multiple_of(2) { restored(&installation) } else { put_back_by_hand(&installation) };
            sold += set_back(&older, &before, &lost, &paid).await;
        }
        println!("set back: {restores} times, {sold} addresses sold after it, none twice; no credit doubled");
    });
}
