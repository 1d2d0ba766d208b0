//! What an installation remembers of itself: the test clock, the public keys of its simulated accounts.

use super::{Reader, Transaction};
use crate::error::StoreError;
use rusqlite::OptionalExtension;

impl Reader<'_> {
    /// A remembered value.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }
}

impl Transaction<'_> {
    /// Remembers a value.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_setting(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.connection().prepare_cached(sql)?.execute([key, value])?;
        Ok(())
    }
}
