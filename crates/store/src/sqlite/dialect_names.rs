//! What dialects call things: small numbers from a counter, links, references that may be used once.
//!
//! A name belongs to an owner and a dialect, is given once and never changes.

use super::{
    Reader, Transaction,
    rows::{environment_number, number, uuid},
};
use crate::{error::StoreError, records::NameKind};
use farthing_domain::{
    id::{InvoiceId, Owner},
    planted::{self, Bug},
    policy::Dialect,
};
use rusqlite::{OptionalExtension, params};

impl Reader<'_> {
    /// What an owner's dialect calls so.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn thing_named(
        &self,
        owner: Owner,
        dialect: Dialect,
        kind: NameKind,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut sql = "SELECT thing FROM dialect_names
                   WHERE merchant = ?1 AND environment = ?2 AND kind = ?3 AND name = ?4 AND dialect = ?5";
        if planted::is(Bug::NameOfAnyOwner) {
            sql = "SELECT thing FROM dialect_names
                   WHERE ?1 NOTNULL AND environment = ?2 AND kind = ?3 AND name = ?4 AND dialect = ?5";
        }
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let parameters = params![merchant, environment, kind.as_str(), name, dialect.as_str()];
        Ok(self.0.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?)
    }

    /// The owner's invoices that any dialect calls so, for calls that take every dialect's id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invoices_named(&self, owner: Owner, name: &str) -> Result<Vec<InvoiceId>, StoreError> {
        let sql =
            "SELECT thing FROM dialect_names WHERE merchant = ?1 AND environment = ?2 AND kind = ?3 AND name = ?4";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![merchant, environment, NameKind::Invoice.as_str(), name])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let thing: String = row.get("thing")?;
            found.push(thing.parse().map_err(|_| StoreError::Corrupt(format!("the invoice of the name {name}")))?);
        }
        Ok(found)
    }

    /// The name that an owner's dialect has for an address or a transaction.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn name_of(
        &self,
        owner: Owner,
        dialect: Dialect,
        kind: NameKind,
        thing: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT name FROM dialect_names WHERE merchant = ?1 AND environment = ?2 AND dialect = ?3
                   AND kind IN ('address', 'transaction') AND kind = ?4 AND thing = ?5";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let parameters = params![merchant, environment, dialect.as_str(), kind.as_str(), thing];
        Ok(self.0.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?)
    }

    /// The owner's invoices that have a payment by this transaction on any network, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invoices_paid_by(&self, owner: Owner, networks: &[&str], hash: &str) -> Result<Vec<InvoiceId>, StoreError> {
        let sql = "SELECT DISTINCT p.invoice FROM payments p JOIN invoices i ON i.id = p.invoice
                   WHERE p.environment = ?2 AND p.network = ?3 AND p.hash = ?4 AND i.merchant = ?1 ORDER BY p.invoice";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let mut found = Vec::new();
        for network in networks {
            let mut statement = self.0.prepare_cached(sql)?;
            let mut rows = statement.query(params![merchant, environment, network, hash])?;
            while let Some(row) = rows.next()? {
                found.push(InvoiceId(uuid(row, "invoice")?));
            }
        }
        Ok(found)
    }
}

impl Transaction<'_> {
    /// The next number that an owner's dialect gives, from 1.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn next_number(&mut self, owner: Owner, dialect: Dialect) -> Result<u32, StoreError> {
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let of = params![merchant, environment, dialect.as_str()];
        // Three plain statements cost half of what one with RETURNING does.
        let condition = "WHERE merchant = ?1 AND environment = ?2 AND dialect = ?3";
        let next = format!("UPDATE dialect_counters SET last = last + 1 {condition}");
        if self.connection().prepare_cached(&next)?.execute(of)? == 0 {
            let first = "INSERT INTO dialect_counters (merchant, environment, dialect, last) VALUES (?1, ?2, ?3, 1)";
            self.connection().prepare_cached(first)?.execute(of)?;
        }
        let last = format!("SELECT last FROM dialect_counters {condition}");
        let last: i64 = self.connection().prepare_cached(&last)?.query_row(of, |row| row.get(0))?;
        number(last, "dialect_counters.last")
    }

    /// Gives a thing its name. Answers `false`, and writes nothing, when the name is taken, or the address or transaction has one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_name(
        &mut self,
        owner: Owner,
        dialect: Dialect,
        kind: NameKind,
        (name, thing): (&str, &str),
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO dialect_names (merchant, environment, kind, name, dialect, thing)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let parameters = params![merchant, environment, kind.as_str(), name, dialect.as_str(), thing];
        Ok(self.connection().prepare_cached(sql)?.execute(parameters)? == 1)
    }

    /// The number that an owner's dialect has for a thing: the next one where it has none yet.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn number_of(
        &mut self,
        owner: Owner,
        dialect: Dialect,
        kind: NameKind,
        thing: &str,
    ) -> Result<u32, StoreError> {
        if let Some(name) = self.name_of(owner, dialect, kind, thing)? {
            return name.parse().map_err(|_| StoreError::Corrupt(format!("the number {name}")));
        }
        let number = self.next_number(owner, dialect)?;
        self.put_name(owner, dialect, kind, (&number.to_string(), thing))?;
        Ok(number)
    }
}
