//! What could not be recorded when it was seen, and where it says that payments are.
//!
//! Rows only come and go whole: a later one of the same payment follows from the earlier ones. An invoice of which something
//! waits is not locked: whatever changed it would not know of that money.

use super::{
    Reader, Transaction, checksums,
    placed::{Placed, Stage},
    rows::{environment_number, environment_of, json, number, timestamp, to_json, uuid_or_null},
};
use crate::{error::StoreError, records::set_aside::SetAside};
use farthing_domain::{
    id::{Environment, InvoiceId},
    name::NetworkId,
    network::ChainId,
    payment::{Observation, PaymentKey, Place},
    time::Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::{BTreeMap, BTreeSet};

impl Reader<'_> {
    /// Everything of an environment that waits to be recorded, in the order in which it was seen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn set_aside(&self, environment: Environment) -> Result<Vec<SetAside>, StoreError> {
        let sql = format!(
            "SELECT *, {} IS s.checksum AS is_whole FROM set_aside s WHERE s.environment = ?1 ORDER BY s.number",
            checksums::SET_ASIDE
        );
        self.set_aside_by(&sql, params![environment_number(environment)])
    }

    /// Payments of a chain of which something waits to be recorded: what comes after it has to wait too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn set_aside_payments(&self, chain: ChainId) -> Result<BTreeSet<PaymentKey>, StoreError> {
        let sql = "SELECT DISTINCT hash, position FROM set_aside WHERE environment = ?1 AND network = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![environment_number(chain.environment), chain.network.as_str()])?;
        let mut keys = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (transaction, position) = (row.get("hash")?, row.get("position")?);
            keys.insert(PaymentKey { network: chain.network, transaction, position });
        }
        Ok(keys)
    }

    /// How many observations wait to be recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn count_set_aside(&self) -> Result<u64, StoreError> {
        let count: i64 = self.0.prepare_cached("SELECT count(*) FROM set_aside")?.query_row([], |row| row.get(0))?;
        number(count, "count")
    }

    /// Whether money to an address waits to be recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waits_at(&self, environment: Environment, address: &[u8]) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM set_aside WHERE environment = ?1 AND address = ?2)";
        Ok(self
            .0
            .prepare_cached(sql)?
            .query_row(params![environment_number(environment), address], |row| row.get(0))?)
    }

    /// Whether something of an invoice waits to be recorded.
    pub(super) fn waits(&self, invoice: InvoiceId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM set_aside WHERE invoice = ?1)";
        Ok(self.0.prepare_cached(sql)?.query_row([invoice.0.as_bytes()], |row| row.get(0))?)
    }

    /// Where a chain's payments are of which something waits: as recorded, and moved by what waits.
    pub(super) fn moved(&self, chain: ChainId) -> Result<BTreeMap<PaymentKey, Placed>, StoreError> {
        let sql = format!(
            "SELECT *, {} IS s.checksum AS is_whole FROM set_aside s WHERE s.environment = ?1 AND s.network = ?2 ORDER BY s.number",
            checksums::SET_ASIDE
        );
        let rows = self.set_aside_by(&sql, params![environment_number(chain.environment), chain.network.as_str()])?;
        let mut moved = BTreeMap::new();
        for row in rows {
            let Some(observation) = &row.observation else { continue };
            if !moved.contains_key(&row.key) {
                let new = Placed { invoice: row.invoice, stage: Stage::Gone, block: None, matures_at: None };
                let recorded = self.recorded_place(chain, &row.key)?;
                moved.insert(row.key.clone(), recorded.unwrap_or(new));
            }
            if let Some(placed) = moved.get_mut(&row.key) {
                placed.follow(observation);
            }
        }
        Ok(moved)
    }

    fn set_aside_by(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<SetAside>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            match read_set_aside(row) {
                // The audit names it; the others must not wait for it.
                Err(StoreError::Corrupt(why)) => tracing::error!(why, "money that waits to be recorded cannot be read"),
                read => found.push(read?),
            }
        }
        Ok(found)
    }
}

impl Transaction<'_> {
    /// Sets something aside that was seen. Answers `false`, and writes nothing, when it says nothing new of its payment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_aside_seen(
        &mut self,
        chain: ChainId,
        seen: &Observation,
        (invoice, address): (Option<InvoiceId>, Option<&[u8]>),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (key, environment) = (seen.key(), environment_number(chain.environment));
        let sql = "SELECT body FROM set_aside WHERE environment = ?1 AND network = ?2 AND hash = ?3 AND position = ?4
                   ORDER BY number DESC LIMIT 1";
        let of_payment = params![environment, chain.network.as_str(), key.transaction, key.position];
        let last: Option<String> =
            self.connection().prepare_cached(sql)?.query_row(of_payment, |row| row.get(0)).optional()?;
        let last: Option<Observation> = last.and_then(|body| serde_json::from_str(&body).ok());
        if last.is_some_and(|last| !is_news(&last, seen)) {
            return Ok(false);
        }
        let sql =
            "INSERT INTO set_aside (environment, network, hash, position, invoice, address, body, seen_at, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, checksum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))";
        self.connection().prepare_cached(sql)?.execute(params![
            environment,
            chain.network.as_str(),
            key.transaction,
            key.position,
            invoice.map(|invoice| invoice.0.into_bytes()),
            address,
            to_json(seen)?,
            at.milliseconds(),
        ])?;
        Ok(true)
    }

    /// Takes back what was set aside, to be recorded now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_from_aside(&mut self, taken: &[SetAside]) -> Result<(), StoreError> {
        for row in taken {
            self.connection().prepare_cached("DELETE FROM set_aside WHERE number = ?1")?.execute([row.number])?;
        }
        Ok(())
    }

    /// Does something whole or not at all: what it wrote before it met something that is not as it was written is taken back,
    /// and the transaction goes on.
    ///
    /// # Errors
    /// What the work answers. After any error but [`StoreError::Corrupt`] the whole transaction has to be given up.
    pub fn whole_or_not<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.connection().prepare_cached("SAVEPOINT part")?.execute([])?;
        let done = work(self);
        match &done {
            Ok(_) => {}
            Err(StoreError::Corrupt(_)) => {
                self.connection().prepare_cached("ROLLBACK TO part")?.execute([])?;
            }
            Err(_) => return done,
        }
        self.connection().prepare_cached("RELEASE part")?.execute([])?;
        done
    }
}

/// Whether an observation says something of a payment that the one before it did not.
fn is_news(last: &Observation, seen: &Observation) -> bool {
    match (last, seen) {
        (Observation::Gone(_), Observation::Seen(_)) => true,
        (Observation::Seen(last), Observation::Seen(seen)) => match (&last.place, &seen.place) {
            (_, Place::Mempool { .. }) => false,
            (Place::Mempool { .. }, Place::Block { .. }) => true,
            (Place::Block { block: last, .. }, Place::Block { block, .. }) => last != block,
        },
        (Observation::Final(_), Observation::Seen(seen)) => matches!(seen.place, Place::Block { .. }),
        (last, seen) => last != seen,
    }
}

fn read_set_aside(row: &Row<'_>) -> Result<SetAside, StoreError> {
    let network: String = row.get("network")?;
    let corrupt = || StoreError::Corrupt(format!("set_aside.network {network}"));
    let network = NetworkId::new(&network).map_err(|_| corrupt())?;
    let is_whole = checksums::is_whole(row)?;
    Ok(SetAside {
        number: row.get("number")?,
        chain: ChainId { environment: environment_of(row.get("environment")?)?, network },
        key: PaymentKey { network, transaction: row.get("hash")?, position: row.get("position")? },
        invoice: uuid_or_null(row, "invoice")?.map(InvoiceId),
        address: row.get("address")?,
        observation: if is_whole { Some(json(row, "body")?) } else { None },
        seen_at: timestamp(row, "seen_at")?,
    })
}
