//! What rows say of each other, compared by the database itself: caches with the facts that they were made of, references with
//! what they name, numbers with their neighbours. It reads and never repairs.
//!
//! Each comparison is one statement over one view, so that it is right beside a running server, and it keeps nothing in memory
//! but the differences that it is asked for.

mod bytes;
mod chains;
mod deliveries;
mod dialects;
mod events;
mod invoices;
mod owners;
mod payments;

use super::{
    Reader,
    rows::{number, uuid},
};
use crate::error::StoreError;
use rusqlite::{Row, params};
use uuid::Uuid;

/// Something that rows say differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// What it is about: `invoice 0199…`.
    pub subject: String,
    /// What is wrong.
    pub detail: String,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Invoices.
    pub invoices: u64,
    /// Payments.
    pub payments: u64,
    /// Events.
    pub events: u64,
    /// Deliveries.
    pub deliveries: u64,
}

/// Statements of three columns: what it is about, its id or null, and what is wrong; and a limit.
const SUBJECTS: &[&[&str]] = &[
    bytes::ROWS,
    owners::ROWS,
    invoices::ROWS,
    payments::ROWS,
    events::ROWS,
    deliveries::ROWS,
    chains::ROWS,
    dialects::ROWS,
];

/// How many comparisons there are: they are made one by one, each on a view of its own.
#[must_use]
pub fn comparisons() -> usize {
    SUBJECTS.iter().map(|statements| statements.len()).sum()
}

impl Reader<'_> {
    /// Makes one of the comparisons; up to `limit` of its differences.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn compare_rows(&self, comparison: usize, limit: u32) -> Result<Vec<RowDifference>, StoreError> {
        let Some(sql) = SUBJECTS.iter().copied().flatten().nth(comparison) else { return Ok(Vec::new()) };
        let mut statement = self.0.prepare(&format!("{sql} LIMIT ?1"))?;
        let mut rows = statement.query(params![limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read_difference(row)?);
        }
        Ok(found)
    }

    /// Every sealed secret in hex: what it is of, and that one's id, which it is sealed for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sealed_secrets(&self) -> Result<Vec<(String, Uuid, String)>, StoreError> {
        let sql = "SELECT 'endpoint', n.id, coalesce(json_extract(j.value, '$.sealed'), '') FROM endpoints n,
                     json_each(CASE WHEN json_valid(n.secrets) THEN n.secrets ELSE '[]' END) j WHERE n.deleted_at IS NULL
                   UNION ALL SELECT 'credential', id, secret FROM dialect_credentials";
        let mut statement = self.0.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, uuid(row, "id")?, row.get(2)?));
        }
        Ok(found)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn row_counts(&self) -> Result<RowCounts, StoreError> {
        let sql =
            "SELECT (SELECT count(*) FROM invoices), (SELECT count(*) FROM payments), (SELECT count(*) FROM events),
                   (SELECT count(*) FROM deliveries)";
        let [invoices, payments, events, deliveries] =
            self.0.query_row(sql, [], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        Ok(RowCounts {
            invoices: number(invoices, "count")?,
            payments: number(payments, "count")?,
            events: number(events, "count")?,
            deliveries: number(deliveries, "count")?,
        })
    }
}

fn read_difference(row: &Row<'_>) -> Result<RowDifference, StoreError> {
    let (what, id): (String, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
    // Text joined with what is not there is nothing: one row that says too little must not end the audit.
    let detail = row.get::<_, Option<String>>(2)?.unwrap_or_else(|| "it lacks what it should say".to_owned());
    let id = id.and_then(|id| <[u8; 16]>::try_from(id).ok()).map(|id| format!(" {}", Uuid::from_bytes(id)));
    Ok(RowDifference { subject: format!("{what}{}", id.unwrap_or_default()), detail })
}
