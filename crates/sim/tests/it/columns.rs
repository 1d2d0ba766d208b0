//! Every column of every table is changed in one row, and the audit finds it, or it stands in the list of those that it cannot
//! know anything of. A new column is in neither.

use farthing_domain::id::Environment;
use farthing_sim::{
    simulation::{Settings, world_after},
    world::World,
};
use rusqlite::{Connection, types::Value};
use std::collections::BTreeSet;

/// Columns from which nothing is computed, and that repeat nothing (`docs/reliability/simulation.md`).
const NOT_COVERED: &[&str] = &[
    // Who may ask: an altered key is not let in, or is let in with what another list says.
    "api_keys.id",
    "api_keys.environment",
    "api_keys.hash",
    "api_keys.permissions",
    // What only makes a repeated request a refusal, or another thing than before.
    "idempotency_keys.fingerprint",
    "static_addresses.fingerprint",
    "static_addresses.take_key",
    // Numbers that were skipped are missed by nobody.
    "accounts.next_index",
    "dialect_counters.last",
    // What a provider says anew at the next look, and by whom and when it was asked.
    "chains.final_height",
    "chains.identity",
    "chains.scanned_through",
    "chains.tip",
    "scanned_ranges.end_hash",
    "scanned_ranges.provider",
    "scanned_ranges.scanned_at",
    // When a delivery is due, how often it was asked for again, and what its attempts were answered.
    "attempts.answer",
    "attempts.at",
    "attempts.latency_ms",
    "deliveries.attempts_before",
    "deliveries.due_at",
    "deliveries.invoice",
    "deliveries.repeats",
    "endpoints.listens_after",
    // Names, notes, and when something was made or deleted.
    "addresses.created_at",
    "api_keys.created_at",
    "deliveries.created_at",
    "dialect_credentials.created_at",
    "endpoints.created_at",
    "endpoints.deleted_at",
    "merchants.created_at",
    "merchants.name",
    "static_addresses.created_at",
    "static_addresses.extras",
    // Of the test environment.
    "settings.key",
];

/// Tables that are not the books: simulated chains, which migrations were made, and whether a server runs.
const NO_BOOKS: [&str; 4] = ["simulated_blocks", "simulated_mempools", "migrations", "running"];

/// All tables with rows, and their columns.
fn columns(connection: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
               ORDER BY m.name, c.cid";
    let mut statement = connection.prepare(sql).unwrap();
    let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    all.map(Result::unwrap).filter(|(table, _): &(String, String)| !NO_BOOKS.contains(&table.as_str())).collect()
}

/// Which rows are looked at: of names, those of invoices. Numbers that addresses and transactions were given repeat nothing.
fn looked_at(table: &str) -> &'static str {
    if table == "dialect_names" { "kind = 'invoice'" } else { "true" }
}

/// Something else of the same kind.
fn other(value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Integer(number) => Value::Integer(number.wrapping_add(1000)),
        Value::Real(number) => Value::Real(number),
        Value::Text(text) => Value::Text(format!("{text}x")),
        Value::Blob(mut bytes) => {
            if let Some(first) = bytes.first_mut() {
                *first ^= 1;
            }
            Value::Blob(bytes)
        }
    }
}

/// Changes a column in the newest row that has it, looks, and puts the table back; `None` when no row has it.
async fn is_found(world: &World, connection: &Connection, table: &str, column: &str) -> Option<bool> {
    let rows = looked_at(table);
    let count: i64 = connection
        .query_row(&format!("SELECT count({column}) FROM {table} WHERE {rows}"), [], |row| row.get(0))
        .unwrap();
    if count == 0 {
        return None;
    }
    connection.execute_batch(&format!("CREATE TEMP TABLE kept AS SELECT * FROM {table}")).unwrap();
    let key: String = connection
        .query_row(
            "SELECT coalesce(group_concat(name || ' IS (SELECT ' || name || ' FROM chosen)', ' AND '), '1') FROM pragma_table_info(?1)",
            [table],
            |row| row.get(0),
        )
        .unwrap();
    let choose = format!(
        "CREATE TEMP TABLE chosen AS SELECT * FROM {table} WHERE {column} IS NOT NULL AND {rows} ORDER BY rowid DESC LIMIT 1"
    );
    let without_row_numbers = choose.replace("ORDER BY rowid DESC ", "");
    if connection.execute_batch(&choose).is_err() {
        connection.execute_batch(&without_row_numbers).unwrap();
    }
    let before: Value = connection.query_row(&format!("SELECT {column} FROM chosen"), [], |row| row.get(0)).unwrap();
    connection.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE {key}"), [other(before)]).unwrap();
    let findings = world.gateway.audit().await.unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
    let back =
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept; DROP TABLE chosen");
    connection.execute_batch(&back).unwrap();
    Some(!findings.differences.is_empty())
}

#[tokio::test]
async fn each_column_is_audited_or_named_as_one_that_cannot_be() {
    let world =
        world_after(3, Settings { steps: 160, planted: None }).await.unwrap_or_else(|failure| panic!("{failure}"));
    let merchant = world.merchant().await.unwrap().merchant;
    world.key(merchant, Environment::Test).await.unwrap();
    let connection = Connection::open(world.folder().join("farthing.db")).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let (mut silent, mut empty) = (BTreeSet::new(), BTreeSet::new());
    for (table, column) in columns(&connection) {
        let name = format!("{table}.{column}");
        match is_found(&world, &connection, &table, &column).await {
            Some(true) => {}
            Some(false) => {
                silent.insert(name);
            }
            None => {
                empty.insert(name);
            }
        }
    }
    let after = world.gateway.audit().await.unwrap();
    assert!(after.differences.is_empty(), "the tables were put back: {:?}", after.differences);
    let named: BTreeSet<String> = NOT_COVERED.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(silent.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "without rows: {empty:?}");
    let found_after_all: Vec<_> =
        named.iter().filter(|name| !silent.contains(*name) && !empty.contains(*name)).collect();
    assert_eq!(found_after_all, Vec::<&String>::new(), "these are found");
}
