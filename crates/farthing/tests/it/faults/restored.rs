//! Other servers, copies and backups: what must not serve is refused in clear words, and what may never sells an address twice.

use super::{
    books::{Books, all, text},
    run,
    server::{Installation, Server},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Invoices before and after the backup.
const INVOICES: usize = 12;

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
        let said = installation.complaint(&["serve"]);
        assert!(said.contains("another server is using the data folder"), "{said}");
        assert!(said.contains(installation.data().to_str().unwrap()), "{said}");
        sell(&server, &Books::default(), "beside").await;
        installation.command(&["merchants", "create", "Coffee shop", "--json"]);
        installation.audit_finds_nothing();
        let doctor = installation.command(&["doctor", "--json"]);
        assert_eq!(doctor["ok"], true, "{doctor}");
        let backup = installation.beside("backup");
        assert!(installation.output(&["backup", backup.to_str().unwrap()]).status.success());
        sell(&server, &Books::default(), "after the commands").await;
        server.terminate().await;
    });
}

#[test]
fn a_copy_without_the_log_of_a_running_server_is_refused_and_the_whole_one_serves() {
    run(async {
        let installation = Installation::new();
        let server = installation.start().await;
        let sold = sell(&server, &Books::default(), "sold").await;
        server.kill();
        let bare = installation.copied(|from, to| copy(&["farthing.db", "farthing.key"], from, to));
        for arguments in [&["serve"][..], &["audit"], &["merchants", "list"], &["serve"]] {
            let said = bare.complaint(arguments);
            assert!(said.contains("farthing.db-wal, is missing") && said.contains("farthing backup"), "{said}");
        }
        // A command after the kill takes nothing away that the server needs.
        installation.audit_finds_nothing();
        let whole = installation.copied(|from, to| copy(&["farthing.db", "farthing.db-wal", "farthing.key"], from, to));
        for copy in [&installation, &whole] {
            let server = copy.start().await;
            let shown = all(&server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
            assert_eq!(addresses(&shown), addresses(&sold));
            server.terminate().await;
        }
        // What ended well is whole without its log.
        let ended = installation.copied(|from, to| copy(&["farthing.db", "farthing.key"], from, to));
        ended.start().await.terminate().await;
        ended.audit_finds_nothing();
    });
}

/// What happens to a shop whose gateway was set back to an older state.
async fn set_back(older: &Installation, before: &[Value], lost: &[Value], paid: &str) {
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
}

#[test]
fn what_is_set_back_an_hour_sells_no_address_again_and_credits_nothing_twice() {
    run(async {
        let installation = Installation::new();
        let server = installation.start().await;
        let before = sell(&server, &Books::default(), "before").await;
        let paid =
            before.iter().find(|invoice| invoice["network"] == "bitcoin").map(|invoice| text(invoice, "id")).unwrap();
        let mut connection = server.connect().await;
        Books::default().pay(&mut connection, &paid).await.unwrap().expect(&[201]);
        let mine = serde_json::json!({"count": 3});
        connection.post("/api/v1/test/networks/bitcoin/blocks", &mine).await.unwrap().expect(&[200, 201]);
        let backup = installation.beside("backup");
        let made = installation.output(&["backup", backup.to_str().unwrap()]);
        assert!(made.status.success());
        let lost = sell(&server, &Books::default(), "lost").await;
        server.terminate().await;

        // The data folder is gone, and the backup all there is.
        let restored = installation.copied(|_, _| ());
        restored.command(&["restore", backup.to_str().unwrap()]);
        set_back(&restored, &before, &lost, &paid).await;
    });
}
