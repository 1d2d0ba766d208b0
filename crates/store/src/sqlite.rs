//! The embedded database: what a decision and a reader can do with it, one file a subject.
//!
//! Everything here runs on the store's own threads, inside a transaction that the engine opened. Nothing here may wait for
//! anything but the disk.

mod addresses;
pub(crate) mod audit;
mod balances;
mod chains;
mod checksums;
mod concerns;
mod credentials;
mod deliveries;
mod dialect_names;
mod endpoints;
pub(crate) mod engine;
mod events;
mod invoices;
mod lists;
mod merchants;
mod placed;
mod rows;
mod set_aside;
mod settings;
mod simulated;
mod static_addresses;
mod surpluses;

use engine::Migration;
use rusqlite::Connection;
use std::ops::{Deref, DerefMut};

/// All migrations, oldest first. One that was released is never changed.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "foundation", sql: include_str!("sqlite/schema/0001_foundation.sql") },
    Migration {
        number: 2,
        name: "permanent addresses",
        sql: include_str!("sqlite/schema/0002_permanent_addresses.sql"),
    },
    Migration { number: 3, name: "surpluses", sql: include_str!("sqlite/schema/0003_surpluses.sql") },
    Migration { number: 4, name: "subscriptions", sql: include_str!("sqlite/schema/0004_subscriptions.sql") },
    Migration { number: 5, name: "dialects", sql: include_str!("sqlite/schema/0005_dialects.sql") },
    Migration { number: 6, name: "checksums", sql: include_str!("sqlite/schema/0006_checksums.sql") },
    Migration { number: 7, name: "concerns", sql: include_str!("sqlite/schema/0007_concerns.sql") },
    Migration { number: 8, name: "redeliveries", sql: include_str!("sqlite/schema/0008_redeliveries.sql") },
    Migration { number: 9, name: "acknowledged", sql: include_str!("sqlite/schema/0009_acknowledged.sql") },
    Migration {
        number: 10,
        name: "overtaken callbacks",
        sql: include_str!("sqlite/schema/0010_overtaken_callbacks.sql"),
    },
    Migration { number: 11, name: "repeats", sql: include_str!("sqlite/schema/0011_repeats.sql") },
    Migration { number: 12, name: "set aside", sql: include_str!("sqlite/schema/0012_set_aside.sql") },
    Migration { number: 13, name: "receivers", sql: include_str!("sqlite/schema/0013_receivers.sql") },
];

/// A consistent view of the store.
pub struct Reader<'a>(pub(crate) &'a Connection);

/// A view that can also write: all of it is committed together, or none.
pub struct Transaction<'a>(Reader<'a>);

impl<'a> Transaction<'a> {
    pub(crate) const fn new(connection: &'a Connection) -> Self {
        Self(Reader(connection))
    }

    const fn connection(&self) -> &'a Connection {
        self.0.0
    }
}

impl<'a> Deref for Transaction<'a> {
    type Target = Reader<'a>;
    fn deref(&self) -> &Reader<'a> {
        &self.0
    }
}

/// An aggregate that this transaction holds: only the store makes one, and a save takes nothing else.
#[derive(Debug)]
pub struct Locked<T>(T);

impl<T> Deref for Locked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Locked<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Locked<T> {
    /// Gives the aggregate up, with what was changed of it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, audit::comparisons, engine::Engine};
    use crate::{
        OpenAs, Store, StoreError, Threads,
        conformance::{invoice, owner},
        records::Holder,
    };
    use farthing_domain::{
        id::{Environment, InvoiceId, MerchantId, Owner},
        time::Timestamp,
    };
    use rusqlite::{Connection, StatementStatus};
    use std::future::Future;
    use uuid::Uuid;

    #[test]
    fn addresses_bound_before_there_were_permanent_ones_stay_with_their_invoices() {
        let folder = tempfile::tempdir().unwrap();
        let before = Engine::open(folder.path(), &MIGRATIONS[..1], OpenAs::Server, Threads::Inline).unwrap();
        let bound = before.write(|connection| {
            connection.execute(
                "INSERT INTO addresses (environment, family, bytes, account, position, invoice, created_at)
                 VALUES (1, 'bitcoin', x'01', x'09', 0, ?1, 5)",
                [Uuid::from_u128(7).as_bytes()],
            )?;
            Ok::<_, StoreError>(())
        });
        block_on(bound).unwrap().unwrap();
        drop(before);
        let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
        let rows = block_on(store.read(|reader| reader.addresses(None, 10))).unwrap();
        assert_eq!(rows[0].holder, Holder::Invoice(InvoiceId(Uuid::from_u128(7))));
    }

    #[test]
    fn an_invoice_that_is_not_as_it_was_written_is_refused_and_named() {
        let changes = [
            "UPDATE invoices SET terms = json_set(terms, '$.description', 'coffee')",
            "UPDATE invoices SET quotes = json_set(quotes, '$[0].due.units', '50000001')",
            "UPDATE invoices SET deadline = deadline + 1",
            "UPDATE policies SET body = body || ' '",
        ];
        for change in changes {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
            let owner = owner(1, Environment::Test);
            let invoice = invoice(7, owner);
            let id = invoice.id;
            let insert = store.decide(move |transaction| transaction.insert_invoice(&invoice, "print"));
            block_on(insert).unwrap();
            let read = || block_on(store.read(move |reader| reader.invoice(owner, id)));
            assert!(read().unwrap().is_some());
            assert_eq!(altered_rows(&store), Vec::<String>::new());
            Connection::open(folder.path().join("farthing.db")).unwrap().execute_batch(change).unwrap();
            assert!(matches!(read(), Err(StoreError::Corrupt(_))), "{change}");
            let locked = store.decide(move |transaction| transaction.lock_any_invoice(id).map(|_| ()));
            assert!(matches!(block_on(locked), Err(StoreError::Corrupt(_))), "{change}");
            assert_eq!(altered_rows(&store), [format!("invoice {id}")], "{change}");
        }
    }

    #[test]
    fn an_altered_invoice_keeps_no_other_from_being_reconciled() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
        for number in [7, 8] {
            let invoice = invoice(number, owner(1, Environment::Live));
            block_on(store.decide(move |transaction| transaction.insert_invoice(&invoice, "print"))).unwrap();
        }
        let change = "UPDATE invoices SET deadline = deadline + 1 WHERE token = '00000000000000000000000000000007'";
        assert_eq!(Connection::open(folder.path().join("farthing.db")).unwrap().execute(change, []).unwrap(), 1);
        let found = block_on(store.read(|reader| reader.any_live_invoices(InvoiceId(Uuid::nil()), 9))).unwrap();
        assert_eq!(found.iter().map(|invoice| invoice.id.0.as_u128()).collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn rows_of_before_there_were_checksums_get_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let before = Engine::open(folder.path(), &MIGRATIONS[..5], OpenAs::Server, Threads::Inline).unwrap();
        let written = before.write(|connection| {
            connection.execute_batch(
                "INSERT INTO policies (number, body) VALUES (1, '{}');
                 INSERT INTO invoices (id, merchant, environment, source, policy, token, terms, created_at, activation_count,
                   quotes, standing, status)
                   VALUES (x'01', x'02', 1, '{}', 1, 't', '{}', 5, 0, '[]', '{}', 'pending');
                 INSERT INTO payments (environment, network, hash, position, invoice, ordinal, stage, body)
                   VALUES (1, 'bitcoin', 'h', '0', x'01', 0, 0, '{}');
                 INSERT INTO events (merchant, environment, sequence, id, kind, invoice, created_at, body)
                   VALUES (x'02', 1, 1, x'03', 'invoice.created', x'01', 5, x'7b7d')",
            )?;
            Ok::<_, StoreError>(())
        });
        block_on(written).unwrap().unwrap();
        drop(before);
        let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
        assert_eq!(altered_rows(&store), Vec::<String>::new());
        let raw = Connection::open(folder.path().join("farthing.db")).unwrap();
        raw.execute_batch("UPDATE events SET created_at = 6; UPDATE payments SET body = '[]'").unwrap();
        assert_eq!(altered_rows(&store).len(), 2);
    }

    /// What an audit says of rows that are not as they were written.
    fn altered_rows(store: &Store) -> Vec<String> {
        let found = (0..comparisons())
            .flat_map(|comparison| block_on(store.read(move |reader| reader.compare_rows(comparison, 10))).unwrap());
        let altered = found.filter(|found| found.detail == "its row is not as it was written");
        altered.map(|found| found.subject).collect()
    }

    #[test]
    fn a_statement_is_planned_once_whatever_values_it_gets() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
        let read = store.read(|reader| {
            let sql = super::endpoints::all(
                "n.merchant = ?1 AND n.environment = ?2 AND n.deleted_at IS NULL AND n.credential IS NULL ORDER BY n.id",
            );
            for merchant in 1..4 {
                let owner = Owner { merchant: MerchantId(Uuid::from_u128(merchant)), environment: Environment::Test };
                reader.endpoints(owner)?;
                reader.due_endpoints(Timestamp::from_seconds(1), 10)?;
            }
            Ok::<_, StoreError>(reader.0.prepare_cached(&sql)?.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(block_on(read).unwrap(), 0);
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }
}
