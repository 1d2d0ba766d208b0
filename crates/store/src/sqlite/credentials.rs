//! Credentials of the APIs that are served beside the native one.

use super::{
    Reader, Transaction, checksums,
    rows::{environment_number, environment_of, timestamp, timestamp_or_null, uuid},
};
use crate::{error::StoreError, records::Credential};
use farthing_domain::{
    id::{CredentialId, MerchantId, Owner},
    policy::Dialect,
    time::Timestamp,
};
use rusqlite::{Row, ToSql, params};

impl Reader<'_> {
    /// The credential whose key has this hash, revoked or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn credential(&self, dialect: Dialect, hash: &[u8; 32]) -> Result<Option<Credential>, StoreError> {
        Ok(self.credentials_where("c.dialect = ?1 AND c.hash = ?2", params![dialect.as_str(), hash])?.pop())
    }

    /// A credential by id alone, for the outbox, revoked or not: what was promised while it was valid is still told.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_credential(&self, id: CredentialId) -> Result<Option<Credential>, StoreError> {
        Ok(self.credentials_where("c.id = ?1", params![id.0.as_bytes()])?.pop())
    }

    /// A merchant's credentials, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn credentials(&self, merchant: MerchantId) -> Result<Vec<Credential>, StoreError> {
        self.credentials_where("c.merchant = ?1 ORDER BY c.id", params![merchant.0.as_bytes()])
    }

    fn credentials_where(&self, condition: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Credential>, StoreError> {
        let whole = checksums::CREDENTIAL;
        let sql = format!("SELECT c.*, {whole} IS c.checksum AS is_whole FROM dialect_credentials c WHERE {condition}");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters)?;
        let mut credentials = Vec::new();
        while let Some(row) = rows.next()? {
            credentials.push(read_credential(row)?);
        }
        Ok(credentials)
    }
}

impl Transaction<'_> {
    /// Writes a new credential.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn insert_credential(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let sql = "INSERT INTO dialect_credentials (id, merchant, environment, dialect, hash, public_key, secret, callback_url, created_at, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, checksum(?1, ?2, ?3, ?4, ?5, ?6, ?8))";
        self.connection().prepare_cached(sql)?.execute(params![
            credential.id.0.as_bytes(),
            credential.owner.merchant.0.as_bytes(),
            environment_number(credential.owner.environment),
            credential.dialect.as_str(),
            credential.hash,
            credential.public_key,
            credential.secret,
            credential.callback_url,
            credential.created_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Revokes a credential. Answers whether there was one that was not revoked.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn revoke_credential(&mut self, id: CredentialId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE dialect_credentials SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.connection().prepare_cached(sql)?.execute(params![id.0.as_bytes(), now.milliseconds()])? == 1)
    }
}

fn read_credential(row: &Row<'_>) -> Result<Credential, StoreError> {
    let (id, dialect): (_, String) = (CredentialId(uuid(row, "id")?), row.get("dialect")?);
    if !checksums::is_whole(row)? {
        return Err(StoreError::Corrupt(format!("credential {id} is not as it was written")));
    }
    Ok(Credential {
        id,
        owner: Owner {
            merchant: MerchantId(uuid(row, "merchant")?),
            environment: environment_of(row.get("environment")?)?,
        },
        dialect: dialect.parse().map_err(|_| StoreError::Corrupt(format!("dialect {dialect}")))?,
        hash: row.get("hash")?,
        public_key: row.get("public_key")?,
        secret: row.get("secret")?,
        callback_url: row.get("callback_url")?,
        created_at: timestamp(row, "created_at")?,
        revoked_at: timestamp_or_null(row, "revoked_at")?,
    })
}
