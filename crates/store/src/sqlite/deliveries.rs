//! The outbox: deliveries wait here, one lane an endpoint, until they are acknowledged or given up.

use super::{
    Reader, Transaction, checksums,
    rows::{environment_number, environment_of, number, signed, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{Attempt, Delivery, DeliveryStage, DueDelivery, Page},
};
use farthing_domain::{
    id::{DeliveryId, EndpointId, EventId, InvoiceId, MerchantId, Owner},
    planted::{self, Bug},
    time::Timestamp,
};
use rusqlite::{Row, params};

/// Endpoints that something waits for, one step in the index for each.
const WAITING: &str = "WITH RECURSIVE waiting (endpoint) AS (
        SELECT min(endpoint) FROM deliveries WHERE stage = 0
        UNION ALL
        SELECT (SELECT min(d.endpoint) FROM deliveries d WHERE d.stage = 0 AND d.endpoint > w.endpoint)
        FROM waiting w WHERE w.endpoint IS NOT NULL)";

impl Reader<'_> {
    /// Endpoints that have something due by `now`, and whose they are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due_endpoints(&self, now: Timestamp, limit: u32) -> Result<Vec<(EndpointId, Owner)>, StoreError> {
        let sql = format!(
            "{WAITING} SELECT e.id, e.merchant, e.environment FROM waiting w JOIN endpoints e ON e.id = w.endpoint WHERE e.deleted_at IS NULL AND
             (SELECT min(d.due_at) FROM deliveries d WHERE d.stage = 0 AND d.endpoint = w.endpoint) <= ?1 LIMIT ?2"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params![now.milliseconds(), limit])?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            due.push((EndpointId(uuid(row, "id")?), read_owner(row)?));
        }
        Ok(due)
    }

    /// Up to `limit` due deliveries of an endpoint with the bytes to send, in the order in which they became due. It holds
    /// nothing: only the folder's one server delivers, and it runs one lane an endpoint. One that is not as it was written is
    /// among them, marked so: it must not stop those behind it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due_deliveries(
        &self,
        endpoint: EndpointId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = format!(
            "SELECT d.*, d.rowid AS place, coalesce(d.body, e.body, x'') AS bytes,
                    CASE WHEN d.body IS NOT NULL THEN {} IS d.checksum
                         ELSE e.id IS d.event AND e.kind IS d.kind AND {} IS e.checksum END AS is_whole
             FROM deliveries d LEFT JOIN events e
               ON e.merchant = d.merchant AND e.environment = d.environment AND e.sequence = d.sequence
             WHERE d.endpoint = ?1 AND d.stage = 0 AND d.due_at <= ?2 ORDER BY d.due_at, d.id LIMIT ?3",
            checksums::DELIVERY,
            checksums::EVENT
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params![endpoint.0.as_bytes(), now.milliseconds(), limit])?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            let (before, repeats): (i64, i64) = (row.get("attempts_before")?, row.get("repeats")?);
            due.push(DueDelivery {
                delivery: read_delivery(row)?,
                attempts_before: number(before, "attempts_before")?,
                repeats: number(repeats, "repeats")?,
                place: row.get("place")?,
                body: row.get("bytes")?,
                url: row.get("url")?,
                is_whole: checksums::is_whole(row)?,
            });
        }
        Ok(due)
    }

    /// When the first and the last of all waiting deliveries are due; `None` when nothing waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deliveries_due(&self) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        let sql = format!(
            "{WAITING} SELECT min((SELECT min(d.due_at) FROM deliveries d WHERE d.stage = 0 AND d.endpoint = w.endpoint)),
                              max((SELECT max(d.due_at) FROM deliveries d WHERE d.stage = 0 AND d.endpoint = w.endpoint))
             FROM waiting w"
        );
        let (first, last): (Option<i64>, Option<i64>) =
            self.0.prepare_cached(&sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first
            .zip(last)
            .map(|(first, last)| (Timestamp::from_milliseconds(first), Timestamp::from_milliseconds(last))))
    }

    /// How many deliveries wait, over all endpoints.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting_deliveries(&self) -> Result<u64, StoreError> {
        let count: i64 = self
            .0
            .prepare_cached("SELECT count(*) FROM deliveries WHERE stage = 0")?
            .query_row([], |row| row.get(0))?;
        number(count, "count")
    }

    /// An endpoint's deliveries, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn deliveries(&self, endpoint: EndpointId, page: Page) -> Result<(Vec<Delivery>, u64), StoreError> {
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let sql = "SELECT * FROM deliveries WHERE endpoint = ?1 AND stage = 0
                   UNION ALL SELECT * FROM deliveries WHERE endpoint = ?1 AND stage <> 0 ORDER BY id DESC LIMIT ?2 OFFSET ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![endpoint.0.as_bytes(), page.limit, offset])?;
        let mut deliveries = Vec::new();
        while let Some(row) = rows.next()? {
            deliveries.push(read_delivery(row)?);
        }
        let sql = "SELECT (SELECT count(*) FROM deliveries WHERE endpoint = ?1 AND stage = 0)
                        + (SELECT count(*) FROM deliveries WHERE endpoint = ?1 AND stage <> 0)";
        let total: i64 = self.0.prepare_cached(sql)?.query_row([endpoint.0.as_bytes()], |row| row.get(0))?;
        Ok((deliveries, number(total, "count")?))
    }

    /// The newest deliveries of the callbacks of an owner's credentials, newest first, each with its address.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn callbacks(&self, owner: Owner, limit: u32) -> Result<Vec<(Delivery, String)>, StoreError> {
        let sql = "SELECT d.*, coalesce(d.url, e.url) AS address FROM endpoints e JOIN deliveries d ON d.endpoint = e.id AND d.stage = 0
                   WHERE e.merchant = ?1 AND e.environment = ?2 AND e.credential IS NOT NULL
                   UNION ALL
                   SELECT d.*, coalesce(d.url, e.url) AS address FROM endpoints e JOIN deliveries d ON d.endpoint = e.id AND d.stage <> 0
                   WHERE e.merchant = ?1 AND e.environment = ?2 AND e.credential IS NOT NULL
                   ORDER BY id DESC LIMIT ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let environment = environment_number(owner.environment);
        let mut rows = statement.query(params![owner.merchant.0.as_bytes(), environment, limit])?;
        let mut callbacks = Vec::new();
        while let Some(row) = rows.next()? {
            callbacks.push((read_delivery(row)?, row.get("address")?));
        }
        Ok(callbacks)
    }

    /// One of the owner's deliveries.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn delivery(&self, owner: Owner, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let sql = "SELECT d.* FROM deliveries d JOIN endpoints e ON e.id = d.endpoint
                   WHERE e.merchant = ?1 AND e.environment = ?2 AND d.id = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let environment = environment_number(owner.environment);
        let mut rows = statement.query(params![owner.merchant.0.as_bytes(), environment, id.0.as_bytes()])?;
        rows.next()?.map(read_delivery).transpose()
    }

    /// The attempts of a delivery, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn attempts(&self, delivery: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM attempts WHERE delivery = ?1 ORDER BY number")?;
        let mut rows = statement.query([delivery.0.as_bytes()])?;
        let mut attempts = Vec::new();
        while let Some(row) = rows.next()? {
            attempts.push(read_attempt(row)?);
        }
        Ok(attempts)
    }
}

impl Transaction<'_> {
    /// Writes what came of an attempt, as the delivery's next one, and where the delivery stands now. When somebody asked for the
    /// delivery again since it was read (`repeats` is not their number any more), or it was given up, only the attempt is written:
    /// what was asked for in the meantime stands, and its schedule begins after this attempt. Of a callback that was taken, the
    /// invoice's earlier ones are overtaken.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish_attempt(&mut self, delivery: &Delivery, repeats: u32, attempt: &Attempt) -> Result<(), StoreError> {
        let sql = "UPDATE deliveries SET attempts = attempts + 1,
                   stage = iif(stage = 0 AND repeats = ?4, ?2, stage), due_at = iif(stage = 0 AND repeats = ?4, ?3, due_at),
                   attempts_before = iif(stage = 0 AND repeats = ?4, attempts_before, attempts + 1)
                   WHERE id = ?1 RETURNING attempts, invoice, rowid";
        let values =
            params![delivery.id.0.as_bytes(), stage_number(delivery.stage), delivery.due_at.milliseconds(), repeats,];
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (number, invoice, row): (i64, Option<Vec<u8>>, i64) =
            self.connection().prepare_cached(sql)?.query_row(values, read)?;
        let sql = "INSERT INTO attempts (delivery, number, at, status, latency_ms, error, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.connection().prepare_cached(sql)?.execute(params![
            delivery.id.0.as_bytes(),
            number,
            attempt.at.milliseconds(),
            attempt.status,
            signed(attempt.latency_ms)?,
            attempt.error,
            attempt.answer,
        ])?;
        let overtakes = invoice.is_some() && delivery.stage == DeliveryStage::Delivered;
        if overtakes && !planted::is(Bug::NothingOvertaken) {
            // Rows are numbered in the order in which they were written.
            let sql = "UPDATE deliveries SET stage = ?3 WHERE invoice = ?1 AND rowid < ?2 AND stage = 0";
            let overtaken = params![invoice, row, stage_number(DeliveryStage::Overtaken)];
            self.connection().prepare_cached(sql)?.execute(overtaken)?;
        }
        Ok(())
    }

    /// Makes deliveries due at `now` that wait for a time after `later_than`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn pull_in_deliveries(&mut self, later_than: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE deliveries SET due_at = ?2 WHERE stage = 0 AND due_at > ?1";
        self.connection().prepare_cached(sql)?.execute(params![later_than.milliseconds(), now.milliseconds()])?;
        Ok(())
    }

    /// Writes the delivery of an event of that number, which has its body.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(super) fn insert_delivery(&mut self, delivery: &Delivery, sequence: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO deliveries (id, endpoint, merchant, environment, sequence, event, kind, created_at, stage, attempts, due_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9)";
        self.connection().prepare_cached(sql)?.execute(params![
            delivery.id.0.as_bytes(),
            delivery.endpoint.0.as_bytes(),
            delivery.owner.merchant.0.as_bytes(),
            environment_number(delivery.owner.environment),
            sequence,
            delivery.event.0.as_bytes(),
            delivery.kind,
            delivery.created_at.milliseconds(),
            delivery.due_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Writes a test message, due at once: a delivery with a body of its own.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn insert_test_delivery(&mut self, delivery: &Delivery, body: &[u8]) -> Result<(), StoreError> {
        self.insert_own_delivery(delivery, body, None)
    }

    /// Writes a dialect's callback, due at once: a delivery with a body of its own, which goes to `url`, as the latest of those
    /// that tell of the invoice. Answers it as it is to be sent.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn insert_callback(
        &mut self,
        delivery: Delivery,
        body: Vec<u8>,
        (url, invoice): (&str, InvoiceId),
    ) -> Result<DueDelivery, StoreError> {
        self.insert_own_delivery(&delivery, &body, Some((url, invoice)))?;
        Ok(self.fresh(delivery, body, Some(url.to_owned())))
    }

    /// A delivery that was just written, as it is to be sent.
    pub(super) fn fresh(&self, delivery: Delivery, body: Vec<u8>, url: Option<String>) -> DueDelivery {
        let place = self.connection().last_insert_rowid();
        DueDelivery { delivery, attempts_before: 0, repeats: 0, place, body, url, is_whole: true }
    }

    fn insert_own_delivery(
        &mut self,
        delivery: &Delivery,
        body: &[u8],
        callback: Option<(&str, InvoiceId)>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO deliveries (id, endpoint, merchant, environment, event, kind, body, created_at, stage, attempts, due_at, url,
                   checksum, invoice) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10, checksum(?1, ?2, ?5, ?6, ?7, ?10), ?11)";
        self.connection().prepare_cached(sql)?.execute(params![
            delivery.id.0.as_bytes(),
            delivery.endpoint.0.as_bytes(),
            delivery.owner.merchant.0.as_bytes(),
            environment_number(delivery.owner.environment),
            delivery.event.0.as_bytes(),
            delivery.kind,
            body,
            delivery.created_at.milliseconds(),
            delivery.due_at.milliseconds(),
            callback.map(|(url, _)| url),
            callback.map(|(_, invoice)| invoice.0.into_bytes()),
        ])?;
        Ok(())
    }

    /// Makes a delivery due again: the same bytes, however it ended. Its attempts go on counting; it gets a full schedule anew.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn redeliver(&mut self, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE deliveries SET stage = 0, due_at = ?2, attempts_before = attempts, repeats = repeats + 1 WHERE id = ?1";
        self.connection().prepare_cached(sql)?.execute(params![delivery.id.0.as_bytes(), now.milliseconds()])?;
        Ok(())
    }
}

fn read_owner(row: &Row<'_>) -> Result<Owner, StoreError> {
    Ok(Owner { merchant: MerchantId(uuid(row, "merchant")?), environment: environment_of(row.get("environment")?)? })
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let (stage, attempts): (i64, i64) = (row.get("stage")?, row.get("attempts")?);
    Ok(Delivery {
        id: DeliveryId(uuid(row, "id")?),
        endpoint: EndpointId(uuid(row, "endpoint")?),
        owner: read_owner(row)?,
        event: EventId(uuid(row, "event")?),
        kind: row.get("kind")?,
        created_at: timestamp(row, "created_at")?,
        stage: stage_of(stage)?,
        attempts: number(attempts, "attempts")?,
        due_at: timestamp(row, "due_at")?,
    })
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, StoreError> {
    let (number_, latency): (i64, i64) = (row.get("number")?, row.get("latency_ms")?);
    let status: Option<i64> = row.get("status")?;
    Ok(Attempt {
        number: number(number_, "number")?,
        at: timestamp(row, "at")?,
        status: status.map(|status| number(status, "status")).transpose()?,
        latency_ms: number(latency, "latency_ms")?,
        error: row.get("error")?,
        answer: row.get("answer")?,
    })
}

const fn stage_number(stage: DeliveryStage) -> i64 {
    match stage {
        DeliveryStage::Waiting => 0,
        DeliveryStage::Delivered => 1,
        DeliveryStage::GivenUp => 2,
        DeliveryStage::Overtaken => 3,
    }
}

fn stage_of(number: i64) -> Result<DeliveryStage, StoreError> {
    match number {
        0 => Ok(DeliveryStage::Waiting),
        1 => Ok(DeliveryStage::Delivered),
        2 => Ok(DeliveryStage::GivenUp),
        3 => Ok(DeliveryStage::Overtaken),
        other => Err(StoreError::Corrupt(format!("delivery stage {other}"))),
    }
}
