//! Events: numbered without gaps per owner, kept, and handed to every endpoint that subscribed, all in the transaction of the
//! change they tell of.

use super::{
    Reader, Transaction, checksums,
    rows::{environment_number, number, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{Delivery, DeliveryStage, DueDelivery, NewEvent, StoredEvent},
};
use farthing_domain::{
    event::EventKind,
    id::{DeliveryId, EndpointId, EventId, InvoiceId, Owner},
    planted::{self, Bug},
    time::Timestamp,
};
use rusqlite::{Row, params};

impl Reader<'_> {
    /// The owner's events after a number, ascending.
    ///
    /// # Errors
    /// When the database cannot be read, or one of them is not as it was written: it is not told, and never skipped.
    pub fn events(&self, owner: Owner, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT e.*, {} IS e.checksum AS is_whole FROM events e
             WHERE e.merchant = ?1 AND e.environment = ?2 AND e.sequence > ?3 ORDER BY e.sequence LIMIT ?4",
            checksums::EVENT
        );
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut statement = self.0.prepare_cached(&sql)?;
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
    /// The endpoints that hear of an owner's event: that owner's which listen to it.
    fn endpoints_to_tell(&self, owner: Owner, event: EventKind) -> Result<Vec<EndpointId>, StoreError> {
        let mut endpoints = self.listeners(owner, event)?;
        if planted::is(Bug::OtherOwnersEndpoint) {
            for other in self.merchants()?.into_iter().filter(|other| other.id != owner.merchant) {
                endpoints.extend(self.listeners(Owner { merchant: other.id, ..owner }, event)?);
            }
        }
        Ok(endpoints)
    }

    /// Writes events with the owner's next numbers, and one delivery for each endpoint that listens, due at once. Answers those
    /// deliveries with the bytes to send. `real_now` is real time, which deliveries follow in every
    /// environment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn tell(
        &mut self,
        owner: Owner,
        events: &[NewEvent],
        real_now: Timestamp,
        mut delivery_id: impl FnMut() -> DeliveryId,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let mut to_deliver = Vec::new();
        if events.is_empty() {
            return Ok(to_deliver);
        }
        let mut sequence = self.take_sequence(owner, events.len())?;
        for event in events {
            sequence = sequence.saturating_add(1);
            self.insert_event(owner, sequence, event)?;
            for endpoint in self.endpoints_to_tell(owner, event.kind)? {
                let delivery = Delivery {
                    id: delivery_id(),
                    endpoint,
                    owner,
                    event: event.id,
                    kind: event.kind.as_str().to_owned(),
                    created_at: real_now,
                    stage: DeliveryStage::Waiting,
                    attempts: 0,
                    due_at: real_now,
                };
                self.insert_delivery(&delivery, sequence)?;
                to_deliver.push(self.fresh(delivery, event.body.clone(), None));
            }
        }
        Ok(to_deliver)
    }

    /// Takes the owner's next numbers; answers the one before them.
    fn take_sequence(&mut self, owner: Owner, count: usize) -> Result<i64, StoreError> {
        let mut count = i64::try_from(count).map_err(|_| StoreError::Corrupt("too many events".to_owned()))?;
        if planted::is(Bug::SequenceGap) && count > 1 {
            count = count.saturating_add(1);
        }
        let sql = "INSERT INTO event_counters (merchant, environment, last) VALUES (?1, ?2, ?3)
                   ON CONFLICT (merchant, environment) DO UPDATE SET last = last + excluded.last RETURNING last";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let last: i64 = self
            .connection()
            .prepare_cached(sql)?
            .query_row(params![merchant, environment, count], |row| row.get(0))?;
        Ok(last.saturating_sub(count))
    }

    fn insert_event(&mut self, owner: Owner, sequence: i64, event: &NewEvent) -> Result<(), StoreError> {
        let sql = "INSERT INTO events (merchant, environment, sequence, id, kind, invoice, created_at, body, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, checksum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))";
        self.connection().prepare_cached(sql)?.execute(params![
            owner.merchant.0.as_bytes(),
            environment_number(owner.environment),
            sequence,
            event.id.0.as_bytes(),
            event.kind.as_str(),
            event.invoice.0.as_bytes(),
            event.created_at.milliseconds(),
            event.body,
        ])?;
        Ok(())
    }
}

fn read_event(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    let sequence = number(row.get::<_, i64>("sequence")?, "sequence")?;
    if !checksums::is_whole(row)? {
        return Err(StoreError::Corrupt(format!("event {sequence} is not as it was written")));
    }
    Ok(StoredEvent {
        sequence,
        id: EventId(uuid(row, "id")?),
        kind: row.get("kind")?,
        invoice: InvoiceId(uuid(row, "invoice")?),
        created_at: timestamp(row, "created_at")?,
        body: row.get("body")?,
    })
}
