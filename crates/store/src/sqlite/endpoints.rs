//! Webhook endpoints.

use super::{
    Reader, Transaction, checksums,
    rows::{environment_number, environment_of, json, timestamp, to_json, uuid, uuid_or_null},
};
use crate::{error::StoreError, records::Endpoint};
use farthing_domain::{
    event::EventKind,
    id::{CredentialId, EndpointId, MerchantId, Owner},
    policy::Dialect,
    time::Timestamp,
};
use rusqlite::{Row, params};

impl Reader<'_> {
    /// The owner's endpoints of the native API, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn endpoints(&self, owner: Owner) -> Result<Vec<Endpoint>, StoreError> {
        let sql = &all(
            "n.merchant = ?1 AND n.environment = ?2 AND n.deleted_at IS NULL AND n.credential IS NULL ORDER BY n.id",
        );
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![owner.merchant.0.as_bytes(), environment_number(owner.environment)])?;
        let mut endpoints = Vec::new();
        while let Some(row) = rows.next()? {
            endpoints.push(read_endpoint(row)?);
        }
        Ok(endpoints)
    }

    /// Those of them that listen to an event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn listeners(&self, owner: Owner, event: EventKind) -> Result<Vec<EndpointId>, StoreError> {
        let sql = "SELECT id FROM endpoints WHERE merchant = ?1 AND environment = ?2 AND deleted_at IS NULL AND credential IS NULL
                   AND instr(events, ?3) ORDER BY id";
        let mut statement = self.0.prepare_cached(sql)?;
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        // The list is JSON of names without anything to escape: a whole name stands between its quotation marks.
        let mut rows = statement.query(params![merchant, environment, format!("\"{}\"", event.as_str())])?;
        let mut listeners = Vec::new();
        while let Some(row) = rows.next()? {
            listeners.push(EndpointId(uuid(row, "id")?));
        }
        Ok(listeners)
    }

    /// One of the owner's endpoints of the native API.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn endpoint(&self, owner: Owner, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        Ok(self.any_endpoint(id)?.filter(|endpoint| endpoint.owner == owner && endpoint.credential.is_none()))
    }

    /// An endpoint of any API by id alone, for the outbox; `None` also when it was deleted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_endpoint(&self, id: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let mut statement = self.0.prepare_cached(&all("n.id = ?1 AND n.deleted_at IS NULL"))?;
        let mut rows = statement.query([id.0.as_bytes()])?;
        rows.next()?.map(read_endpoint).transpose()
    }
}

impl Transaction<'_> {
    /// The endpoint of one host that a credential's callbacks go to; made, with that id, where there is none yet.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn callback_endpoint(&mut self, new: &Endpoint, dialect: Dialect) -> Result<EndpointId, StoreError> {
        let Some(credential) = new.credential else {
            return Err(StoreError::Corrupt("an endpoint of callbacks without a credential".to_owned()));
        };
        let sql = "SELECT id FROM endpoints WHERE credential = ?1 AND url = ?2 AND credential IS NOT NULL";
        let mut statement = self.connection().prepare_cached(sql)?;
        let mut rows = statement.query(params![credential.0.as_bytes(), new.url])?;
        if let Some(row) = rows.next()? {
            return Ok(EndpointId(uuid(row, "id")?));
        }
        let sql =
            "INSERT INTO endpoints (id, merchant, environment, url, events, secrets, created_at, dialect, credential, checksum)
                   VALUES (?1, ?2, ?3, ?4, '[]', '[]', ?5, ?6, ?7, checksum(?1, ?2, ?3, ?4, '[]', ?6, ?7))";
        self.connection().prepare_cached(sql)?.execute(params![
            new.id.0.as_bytes(),
            new.owner.merchant.0.as_bytes(),
            environment_number(new.owner.environment),
            new.url,
            new.created_at.milliseconds(),
            dialect.as_str(),
            credential.0.as_bytes(),
        ])?;
        Ok(new.id)
    }

    /// Writes a new endpoint, or what changed of one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_endpoint(&mut self, endpoint: &Endpoint) -> Result<(), StoreError> {
        let sql = "INSERT INTO endpoints (id, merchant, environment, url, events, secrets, created_at, listens_after, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce((SELECT last FROM event_counters WHERE merchant = ?2 AND environment = ?3), 0),
                   checksum(?1, ?2, ?3, ?4, ?5, 'native', NULL))
                   ON CONFLICT (id) DO UPDATE SET url = excluded.url, events = excluded.events, secrets = excluded.secrets,
                   checksum = excluded.checksum,
                   listens_after = CASE WHEN events = excluded.events THEN listens_after ELSE excluded.listens_after END";
        self.connection().prepare_cached(sql)?.execute(params![
            endpoint.id.0.as_bytes(),
            endpoint.owner.merchant.0.as_bytes(),
            environment_number(endpoint.owner.environment),
            endpoint.url,
            to_json(&endpoint.events)?,
            to_json(&endpoint.secrets)?,
            endpoint.created_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Deletes an endpoint: nothing more is delivered to it; what was stays readable in the event feed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn delete_endpoint(&mut self, id: EndpointId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE endpoints SET deleted_at = ?2, secrets = '[]' WHERE id = ?1 AND deleted_at IS NULL";
        self.connection().prepare_cached(sql)?.execute(params![id.0.as_bytes(), now.milliseconds()])?;
        let sql = "UPDATE deliveries SET stage = 2 WHERE endpoint = ?1 AND stage = 0";
        self.connection().prepare_cached(sql)?.execute([id.0.as_bytes()])?;
        Ok(())
    }
}

/// A statement for endpoints of that condition, each with whether its row is as it was written.
pub(super) fn all(condition: &str) -> String {
    format!("SELECT n.*, {} IS n.checksum AS is_whole FROM endpoints n WHERE {condition}", checksums::ENDPOINT)
}

fn read_endpoint(row: &Row<'_>) -> Result<Endpoint, StoreError> {
    Ok(Endpoint {
        id: EndpointId(uuid(row, "id")?),
        owner: Owner {
            merchant: MerchantId(uuid(row, "merchant")?),
            environment: environment_of(row.get("environment")?)?,
        },
        url: row.get("url")?,
        events: json(row, "events")?,
        secrets: json(row, "secrets")?,
        created_at: timestamp(row, "created_at")?,
        credential: uuid_or_null(row, "credential")?.map(CredentialId),
        is_whole: checksums::is_whole(row)?,
    })
}
