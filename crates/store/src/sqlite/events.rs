//! Events: numbered without gaps per owner, kept, and handed to every endpoint that subscribed, all in the transaction of the
//! change they tell of.

use super::{
    Reader, Transaction,
    rows::{environment_number, number, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{Endpoint, NewEvent, StoredEvent},
};
use farthing_domain::{
    id::{DeliveryId, EndpointId, EventId, InvoiceId, Owner},
    planted::{self, Bug},
    time::Timestamp,
};
use rusqlite::{Row, params};
use std::collections::BTreeSet;

impl Reader<'_> {
    /// The owner's events after a number, ascending.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn events(&self, owner: Owner, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = "SELECT * FROM events WHERE merchant = ?1 AND environment = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4";
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![
            owner.merchant.0.as_bytes(),
            environment_number(owner.environment),
            after,
            limit
        ])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(read_event(row)?);
        }
        Ok(events)
    }

    /// The number of the owner's last event; 0 before the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_event(&self, owner: Owner) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(last), 0) FROM event_counters WHERE merchant = ?1 AND environment = ?2";
        let last: i64 = self
            .0
            .prepare_cached(sql)?
            .query_row(params![owner.merchant.0.as_bytes(), environment_number(owner.environment)], |row| row.get(0))?;
        number(last, "event_counters.last")
    }
}

impl Transaction<'_> {
    /// The endpoints that may hear of an owner's events: that owner's.
    fn endpoints_to_tell(&self, owner: Owner) -> Result<Vec<Endpoint>, StoreError> {
        let mut endpoints = self.endpoints(owner)?;
        if planted::is(Bug::OtherOwnersEndpoint) {
            for other in self.merchants()?.into_iter().filter(|other| other.id != owner.merchant) {
                endpoints.extend(self.endpoints(Owner { merchant: other.id, ..owner })?);
            }
        }
        Ok(endpoints)
    }

    /// Writes events with the owner's next numbers, and one delivery for each subscribed endpoint, due at once. Answers which
    /// endpoints have something to be delivered. `real_now` is real time, which deliveries follow in every environment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn tell(
        &mut self,
        owner: Owner,
        events: &[NewEvent],
        real_now: Timestamp,
        mut delivery_id: impl FnMut() -> DeliveryId,
    ) -> Result<BTreeSet<EndpointId>, StoreError> {
        let mut to_deliver = BTreeSet::new();
        if events.is_empty() {
            return Ok(to_deliver);
        }
        let (merchant, environment) = (*owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let endpoints = self.endpoints_to_tell(owner)?;
        let mut count = i64::try_from(events.len()).map_err(|_| StoreError::Corrupt("too many events".to_owned()))?;
        if planted::is(Bug::SequenceGap) && count > 1 {
            count = count.saturating_add(1);
        }
        let sql = "INSERT INTO event_counters (merchant, environment, last) VALUES (?1, ?2, ?3)
                   ON CONFLICT (merchant, environment) DO UPDATE SET last = last + excluded.last RETURNING last";
        let last: i64 = self
            .connection()
            .prepare_cached(sql)?
            .query_row(params![merchant, environment, count], |row| row.get(0))?;
        let mut sequence = last.saturating_sub(count);
        for event in events {
            sequence = sequence.saturating_add(1);
            let sql =
                "INSERT INTO events (merchant, environment, sequence, id, kind, invoice, created_at, body, checksum)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, checksum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))";
            let id = event.id.0.as_bytes();
            let at = event.created_at.milliseconds();
            let invoice = event.invoice.0.as_bytes();
            let parameters = params![merchant, environment, sequence, id, event.kind.as_str(), invoice, at, event.body];
            self.connection().prepare_cached(sql)?.execute(parameters)?;
            for endpoint in
                endpoints.iter().filter(|endpoint| endpoint.events.iter().any(|name| name == event.kind.as_str()))
            {
                to_deliver.insert(endpoint.id);
                let sql = "INSERT INTO deliveries (id, endpoint, merchant, environment, sequence, event, kind, created_at, stage,
                           attempts, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?8)";
                let (delivery, to) = (delivery_id(), endpoint.id.0.as_bytes());
                let now = real_now.milliseconds();
                let parameters =
                    params![delivery.0.as_bytes(), to, merchant, environment, sequence, id, event.kind.as_str(), now];
                self.connection().prepare_cached(sql)?.execute(parameters)?;
            }
        }
        Ok(to_deliver)
    }
}

fn read_event(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    let sequence: i64 = row.get("sequence")?;
    Ok(StoredEvent {
        sequence: number(sequence, "sequence")?,
        id: EventId(uuid(row, "id")?),
        kind: row.get("kind")?,
        invoice: InvoiceId(uuid(row, "invoice")?),
        created_at: timestamp(row, "created_at")?,
        body: row.get("body")?,
    })
}
