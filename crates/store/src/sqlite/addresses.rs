//! Addresses: which index is next, and whose an address is. No address is ever handed out twice.

use super::{
    Reader, Transaction,
    invoices::family_name,
    rows::{environment_number, environment_of, number, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{AddressRow, Holder},
};
use farthing_domain::{
    id::{Environment, InvoiceId, StaticAddressId},
    network::Family,
};
use rusqlite::{OptionalExtension, Row, params};
use uuid::Uuid;

impl Reader<'_> {
    /// The next unused index of an account key; `None` before its first use.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_index(&self, environment: Environment, account: &[u8]) -> Result<Option<u32>, StoreError> {
        let sql = "SELECT next_index FROM accounts WHERE environment = ?1 AND key = ?2";
        let found: Option<i64> = self
            .0
            .prepare_cached(sql)?
            .query_row(params![environment_number(environment), account], |row| row.get(0))
            .optional()?;
        found.map(|index| number(index, "next_index")).transpose()
    }

    /// Addresses of all owners, for rebuilding the watch set and for `audit`: those after `after`, in a fixed order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn addresses(&self, after: Option<&AddressRow>, limit: u32) -> Result<Vec<AddressRow>, StoreError> {
        let sql = "SELECT * FROM addresses WHERE (environment, family, bytes) > (?1, ?2, ?3) ORDER BY environment, family, bytes LIMIT ?4";
        let (environment, family, bytes) = after.map_or((-1, "", &[][..]), |row| {
            (environment_number(row.environment), family_name(row.family), row.bytes.as_slice())
        });
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![environment, family, bytes, limit])?;
        let mut addresses = Vec::new();
        while let Some(row) = rows.next()? {
            addresses.push(read_address(row)?);
        }
        Ok(addresses)
    }

    /// An address that was handed out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn address_of(
        &self,
        environment: Environment,
        family: Family,
        bytes: &[u8],
    ) -> Result<Option<AddressRow>, StoreError> {
        let sql = "SELECT * FROM addresses WHERE environment = ?1 AND family = ?2 AND bytes = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![environment_number(environment), family_name(family), bytes])?;
        rows.next()?.map(read_address).transpose()
    }
}

impl Transaction<'_> {
    /// Says which index of an account key is next.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_next_index(&mut self, environment: Environment, account: &[u8], next: u32) -> Result<(), StoreError> {
        let sql = "INSERT INTO accounts (environment, key, next_index) VALUES (?1, ?2, ?3)
                   ON CONFLICT (environment, key) DO UPDATE SET next_index = max(next_index, excluded.next_index)";
        self.connection().prepare_cached(sql)?.execute(params![environment_number(environment), account, next])?;
        Ok(())
    }

    /// Binds an address to its holder for ever. Answers `false`, and writes nothing, when it was handed out before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn bind_address(&mut self, row: &AddressRow) -> Result<bool, StoreError> {
        let sql =
            "INSERT INTO addresses (environment, family, bytes, account, position, holder_kind, holder, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
        let (kind, holder) = holder_columns(row.holder);
        let written = self.connection().prepare_cached(sql)?.execute(params![
            environment_number(row.environment),
            family_name(row.family),
            row.bytes,
            row.account,
            row.index,
            kind,
            holder.as_bytes(),
            row.created_at.milliseconds(),
        ])?;
        Ok(written == 1)
    }
}

fn read_address(row: &Row<'_>) -> Result<AddressRow, StoreError> {
    let family: String = row.get("family")?;
    let index: i64 = row.get("position")?;
    Ok(AddressRow {
        environment: environment_of(row.get("environment")?)?,
        family: family_of(&family)?,
        bytes: row.get("bytes")?,
        account: row.get("account")?,
        index: number(index, "position")?,
        holder: holder_of(row.get("holder_kind")?, uuid(row, "holder")?)?,
        created_at: timestamp(row, "created_at")?,
    })
}

pub(super) const fn holder_columns(holder: Holder) -> (i64, Uuid) {
    match holder {
        Holder::Invoice(id) => (0, id.0),
        Holder::StaticAddress(id) => (1, id.0),
    }
}

pub(super) fn holder_of(kind: i64, id: Uuid) -> Result<Holder, StoreError> {
    match kind {
        0 => Ok(Holder::Invoice(InvoiceId(id))),
        1 => Ok(Holder::StaticAddress(StaticAddressId(id))),
        other => Err(StoreError::Corrupt(format!("holder_kind {other}"))),
    }
}

fn family_of(name: &str) -> Result<Family, StoreError> {
    [Family::Bitcoin, Family::Litecoin, Family::Dogecoin, Family::Evm, Family::Tron, Family::Solana]
        .into_iter()
        .find(|family| family_name(*family) == name)
        .ok_or_else(|| StoreError::Corrupt(format!("family {name}")))
}
