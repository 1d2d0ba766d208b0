//! Merchants and their API keys.

use super::{
    Reader, Transaction,
    rows::{environment_number, environment_of, json, timestamp, timestamp_or_null, to_json, uuid},
};
use crate::{
    error::StoreError,
    records::{ApiKey, Merchant},
};
use farthing_domain::{
    id::{ApiKeyId, MerchantId, Owner},
    time::Timestamp,
};
use rusqlite::{Row, params};

impl Reader<'_> {
    /// A merchant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn merchant(&self, id: MerchantId) -> Result<Option<Merchant>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM merchants WHERE id = ?1")?;
        let mut rows = statement.query([id.0.as_bytes()])?;
        rows.next()?.map(read_merchant).transpose()
    }

    /// Every merchant, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn merchants(&self) -> Result<Vec<Merchant>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM merchants ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut merchants = Vec::new();
        while let Some(row) = rows.next()? {
            merchants.push(read_merchant(row)?);
        }
        Ok(merchants)
    }

    /// The key with this hash, revoked or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn api_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM api_keys WHERE hash = ?1")?;
        let mut rows = statement.query([hash])?;
        rows.next()?.map(read_key).transpose()
    }

    /// A merchant's keys, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn api_keys(&self, merchant: MerchantId) -> Result<Vec<ApiKey>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM api_keys WHERE merchant = ?1 ORDER BY id")?;
        let mut rows = statement.query([merchant.0.as_bytes()])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(read_key(row)?);
        }
        Ok(keys)
    }
}

impl Transaction<'_> {
    /// Writes a new merchant.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn insert_merchant(&mut self, merchant: &Merchant) -> Result<(), StoreError> {
        let sql = "INSERT INTO merchants (id, name, created_at) VALUES (?1, ?2, ?3)";
        let created_at = merchant.created_at.milliseconds();
        self.connection().prepare_cached(sql)?.execute(params![merchant.id.0.as_bytes(), merchant.name, created_at])?;
        Ok(())
    }

    /// Writes a new key.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn insert_api_key(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_keys (id, merchant, environment, hash, permissions, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.connection().prepare_cached(sql)?.execute(params![
            key.id.0.as_bytes(),
            key.owner.merchant.0.as_bytes(),
            environment_number(key.owner.environment),
            key.hash,
            to_json(&key.permissions)?,
            key.created_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Revokes a key. Answers whether there was one that was not revoked.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn revoke_api_key(&mut self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.connection().prepare_cached(sql)?.execute(params![id.0.as_bytes(), now.milliseconds()])? == 1)
    }
}

fn read_merchant(row: &Row<'_>) -> Result<Merchant, StoreError> {
    Ok(Merchant { id: MerchantId(uuid(row, "id")?), name: row.get("name")?, created_at: timestamp(row, "created_at")? })
}

fn read_key(row: &Row<'_>) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId(uuid(row, "id")?),
        owner: Owner {
            merchant: MerchantId(uuid(row, "merchant")?),
            environment: environment_of(row.get("environment")?)?,
        },
        hash: row.get("hash")?,
        permissions: json(row, "permissions")?,
        created_at: timestamp(row, "created_at")?,
        revoked_at: timestamp_or_null(row, "revoked_at")?,
    })
}
