//! The embedded database: what a decision and a reader can do with it, one file a subject.
//!
//! Everything here runs on the store's own threads, inside a transaction that the engine opened. Nothing here may wait for
//! anything but the disk.

mod addresses;
pub(crate) mod audit;
mod balances;
mod chains;
mod credentials;
mod deliveries;
mod dialect_names;
mod endpoints;
pub(crate) mod engine;
mod events;
mod invoices;
mod lists;
mod merchants;
mod rows;
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
    use super::{MIGRATIONS, engine::Engine};
    use crate::{OpenAs, Store, StoreError, Threads, records::Holder};
    use farthing_domain::{
        id::{Environment, InvoiceId, MerchantId, Owner},
        time::Timestamp,
    };
    use rusqlite::StatementStatus;
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
    fn a_statement_is_planned_once_whatever_values_it_gets() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), OpenAs::Server, Threads::Inline).unwrap();
        let read = store.read(|reader| {
            let sql =
                "SELECT * FROM endpoints WHERE merchant = ?1 AND environment = ?2 AND deleted_at IS NULL AND credential IS NULL ORDER BY id";
            for merchant in 1..4 {
                let owner = Owner { merchant: MerchantId(Uuid::from_u128(merchant)), environment: Environment::Test };
                reader.endpoints(owner)?;
                reader.due_endpoints(Timestamp::from_seconds(1), 10)?;
            }
            Ok::<_, StoreError>(reader.0.prepare_cached(sql)?.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(block_on(read).unwrap(), 0);
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }
}
