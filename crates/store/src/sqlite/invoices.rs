//! Invoices and their payments.

use super::{
    Locked, Reader, Transaction, checksums,
    placed::stage_of,
    rows::{
        environment_number, environment_of, from_json, json, number, signed, timestamp, timestamp_or_null, to_json,
        uuid,
    },
};
use crate::{error::StoreError, records::LOOK_AGAIN_SECONDS_MAX};
use farthing_domain::{
    id::{Environment, InvoiceId, MerchantId, Owner},
    invoice::{Choice, Invoice},
    network::Family,
    page_token::ids_of,
    payment::Payment,
    planted::{self, Bug},
    standing::Standing,
    time::Timestamp,
};
use rusqlite::{OptionalExtension, Row, ToSql, params};

/// What an invoice is read from, and whether that is as it was written.
pub(super) fn columns() -> String {
    format!(
        "i.*, p.body AS policy_body, {} IS i.checksum AS is_whole FROM invoices i JOIN policies p ON p.number = i.policy",
        checksums::INVOICE
    )
}

impl Reader<'_> {
    /// One of the owner's invoices.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invoice(&self, owner: Owner, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
        let found = self.invoice_where("i.id = ?1", &[&id.0.as_bytes()])?;
        Ok(found.filter(|invoice| invoice.owner == owner || planted::is(Bug::AnyOwner)))
    }

    /// The invoice whose checkout page has this token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invoice_by_token(&self, token: &str) -> Result<Option<Invoice>, StoreError> {
        let Some(ids) = ids_of(token) else { return Ok(None) };
        let (first, last) = (ids.start().0.into_bytes(), ids.end().0.into_bytes());
        self.invoice_where("i.id BETWEEN ?1 AND ?2 AND i.token = ?3", &[&first, &last, &token])
    }

    /// What an invoice came to when it was last saved.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn saved_standing(&self, id: InvoiceId) -> Result<Option<Standing>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT standing FROM invoices WHERE id = ?1")?;
        let mut rows = statement.query([id.0.as_bytes()])?;
        rows.next()?.map(|row| json(row, "standing")).transpose()
    }

    /// An invoice by id alone, for background work that goes over all owners.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_invoice(&self, id: InvoiceId) -> Result<Option<Invoice>, StoreError> {
        self.invoice_where("i.id = ?1", &[&id.0.as_bytes()])
    }

    fn invoice_where(&self, condition: &str, parameters: &[&dyn ToSql]) -> Result<Option<Invoice>, StoreError> {
        let sql = format!("SELECT {} WHERE {condition}", columns());
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(parameters)?;
        rows.next()?.map(|row| self.read_invoice(row)).transpose()
    }

    /// Invoices of all owners in the order of their ids, after a given one: for `audit`. They are read as they stand, whole or not:
    /// the audit says exactly what differs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn all_invoices(&self, after: Option<InvoiceId>, limit: u32) -> Result<Vec<Invoice>, StoreError> {
        let after = after.map_or([0; 16], |id| *id.0.as_bytes());
        let sql = format!("SELECT {} WHERE i.id > ?1 ORDER BY i.id LIMIT ?2", columns());
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params![after, limit])?;
        let mut invoices = Vec::new();
        while let Some(row) = rows.next()? {
            invoices.push(self.read_facts(row)?.0);
        }
        Ok(invoices)
    }

    /// The id of the invoice that follows a given one, whether or not the invoice can be read; for `audit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_invoice(&self, after: Option<InvoiceId>) -> Result<Option<InvoiceId>, StoreError> {
        let after = after.map_or([0; 16], |id| *id.0.as_bytes());
        let mut statement = self.0.prepare_cached("SELECT id FROM invoices WHERE id > ?1 ORDER BY id LIMIT 1")?;
        let mut rows = statement.query(params![after])?;
        rows.next()?.map(|row| Ok(InvoiceId(uuid(row, "id")?))).transpose()
    }

    pub(super) fn invoices_of(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<Invoice>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut invoices = Vec::new();
        while let Some(row) = rows.next()? {
            invoices.push(self.read_invoice(row)?);
        }
        Ok(invoices)
    }

    /// Those that can be relied on.
    pub(super) fn whole_invoices_of(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<Invoice>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut invoices = Vec::new();
        while let Some(row) = rows.next()? {
            match self.read_invoice(row) {
                Err(StoreError::Corrupt(why)) => tracing::error!(why, "an invoice is left out"),
                invoice => invoices.push(invoice?),
            }
        }
        Ok(invoices)
    }

    /// An invoice, refused when its row or a payment's is not as it was written.
    fn read_invoice(&self, row: &Row<'_>) -> Result<Invoice, StoreError> {
        let (invoice, is_whole) = self.read_facts(row)?;
        if is_whole { Ok(invoice) } else { Err(altered(invoice.id)) }
    }

    /// An invoice, and whether its row and its payments' are as they were written.
    fn read_facts(&self, row: &Row<'_>) -> Result<(Invoice, bool), StoreError> {
        let id = InvoiceId(uuid(row, "id")?);
        let source: String = row.get("source")?;
        let cancellation: Option<String> = row.get("cancellation")?;
        let count: i64 = row.get("activation_count")?;
        let (payments, are_whole) = self.payments_of(id)?;
        let invoice = Invoice {
            id,
            owner: Owner {
                merchant: MerchantId(uuid(row, "merchant")?),
                environment: environment_of(row.get("environment")?)?,
            },
            policy: json(row, "policy_body")?,
            source: from_json(&source, "source")?,
            token: row.get("token")?,
            terms: json(row, "terms")?,
            created_at: timestamp(row, "created_at")?,
            draft_deadline: timestamp_or_null(row, "draft_deadline")?,
            deadline: timestamp_or_null(row, "deadline")?,
            activated_at: timestamp_or_null(row, "activated_at")?,
            activation_count: number(count, "activation_count")?,
            cancellation: cancellation.map(|text| from_json(&text, "cancellation")).transpose()?,
            marked_invalid_at: timestamp_or_null(row, "marked_invalid_at")?,
            scanned_through: timestamp_or_null(row, "scanned_through")?,
            paid_once_at: timestamp_or_null(row, "paid_once_at")?,
            quotes: json(row, "quotes")?,
            payments,
            standing: json(row, "standing")?,
        };
        Ok((invoice, are_whole && checksums::is_whole(row)?))
    }

    /// An invoice's payments, and whether all their rows are as they were written.
    fn payments_of(&self, invoice: InvoiceId) -> Result<(Vec<Payment>, bool), StoreError> {
        let sql = format!(
            "SELECT p.body, {} IS p.checksum AS is_whole FROM payments p WHERE p.invoice = ?1 ORDER BY p.ordinal",
            checksums::PAYMENT
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([invoice.0.as_bytes()])?;
        let (mut payments, mut are_whole) = (Vec::new(), true);
        while let Some(row) = rows.next()? {
            are_whole &= checksums::is_whole(row)?;
            payments.push(json(row, "body")?);
        }
        Ok((payments, are_whole))
    }

    /// What an owner's idempotency key was used for: the fingerprint of the request, and the invoice (or the permanent address, whose
    /// fingerprint is no invoice's).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn idempotent(&self, owner: Owner, key: &str) -> Result<Option<(String, InvoiceId)>, StoreError> {
        let sql =
            "SELECT fingerprint, invoice FROM idempotency_keys WHERE merchant = ?1 AND environment = ?2 AND key = ?3
             UNION ALL SELECT fingerprint, id FROM static_addresses
             WHERE merchant = ?1 AND environment = ?2 AND dialect = 'native' AND take_key = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows =
            statement.query(params![owner.merchant.0.as_bytes(), environment_number(owner.environment), key])?;
        rows.next()?.map(|row| Ok((row.get(0)?, InvoiceId(uuid(row, "invoice")?)))).transpose()
    }

    /// Invoices of an environment whose standing changes by `now`, the most overdue first. Those that wait for a scan
    /// are left out until their time to look again, unless `with_waiting`; a time that is further ahead than any wait was set by
    /// a clock that has been set back since.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due_invoices(
        &self,
        environment: Environment,
        now: Timestamp,
        with_waiting: bool,
        limit: u32,
    ) -> Result<Vec<InvoiceId>, StoreError> {
        let sql = "SELECT id FROM invoices WHERE environment = ?1 AND due_at <= ?2
                   AND (?3 OR retry_at IS NULL OR retry_at <= ?2 OR retry_at > ?5) ORDER BY due_at LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let latest = now.plus_seconds(LOOK_AGAIN_SECONDS_MAX);
        let parameters =
            params![environment_number(environment), now.milliseconds(), with_waiting, limit, latest.milliseconds()];
        let mut rows = statement.query(parameters)?;
        let mut due = Vec::new();
        while let Some(row) = rows.next()? {
            due.push(InvoiceId(uuid(row, "id")?));
        }
        Ok(due)
    }
}

impl Transaction<'_> {
    /// Locks one of the owner's invoices.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lock_invoice(&mut self, owner: Owner, id: InvoiceId) -> Result<Option<Locked<Invoice>>, StoreError> {
        self.locked(self.invoice(owner, id)?)
    }

    /// Locks an invoice of any owner, for background work.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lock_any_invoice(&mut self, id: InvoiceId) -> Result<Option<Locked<Invoice>>, StoreError> {
        self.locked(self.any_invoice(id)?)
    }

    /// Locks the invoice whose checkout page has this token.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lock_invoice_by_token(&mut self, token: &str) -> Result<Option<Locked<Invoice>>, StoreError> {
        self.locked(self.invoice_by_token(token)?)
    }

    /// An invoice of which money waits to be recorded is left alone until it is.
    fn locked(&self, found: Option<Invoice>) -> Result<Option<Locked<Invoice>>, StoreError> {
        let Some(invoice) = found else { return Ok(None) };
        if self.waits(invoice.id)? {
            return Err(StoreError::Corrupt(format!("money of invoice {} waits to be recorded", invoice.id)));
        }
        Ok(Some(Locked(invoice)))
    }

    /// Writes a new invoice, and its idempotency key with the request's fingerprint.
    ///
    /// # Errors
    /// When the database cannot be written, or the key was used already.
    pub fn insert_invoice(&mut self, invoice: &Invoice, fingerprint: &str) -> Result<(), StoreError> {
        let policy = self.policy_number(invoice)?;
        let sql = "INSERT INTO invoices (id, merchant, environment, source, policy, token, terms, created_at, draft_deadline, deadline,
                   activated_at, activation_count, cancellation, marked_invalid_at, scanned_through, paid_once_at, quotes, standing,
                   status, currency, external_id, due_at, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                   checksum(?1, ?2, ?3, ?4, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                   (SELECT body FROM policies WHERE number = ?5)))";
        self.connection().prepare_cached(sql)?.execute(params![
            invoice.id.0.as_bytes(),
            invoice.owner.merchant.0.as_bytes(),
            environment_number(invoice.owner.environment),
            to_json(&invoice.source)?,
            policy,
            invoice.token,
            to_json(&invoice.terms)?,
            invoice.created_at.milliseconds(),
            milliseconds(invoice.draft_deadline),
            milliseconds(invoice.deadline),
            milliseconds(invoice.activated_at),
            invoice.activation_count,
            invoice.cancellation.map(|cancellation| to_json(&cancellation)).transpose()?,
            milliseconds(invoice.marked_invalid_at),
            milliseconds(invoice.scanned_through),
            milliseconds(invoice.paid_once_at),
            to_json(&invoice.quotes)?,
            to_json(&invoice.standing)?,
            invoice.standing.status.as_str(),
            currency(invoice),
            invoice.terms.external_id,
            milliseconds(invoice.standing.next_change),
        ])?;
        if let Some(key) = invoice.terms.idempotency_key.as_ref().filter(|_| !planted::is(Bug::KeyNotKept)) {
            let sql = "INSERT INTO idempotency_keys (merchant, environment, key, fingerprint, invoice) VALUES (?1, ?2, ?3, ?4, ?5)";
            let environment = environment_number(invoice.owner.environment);
            let merchant = invoice.owner.merchant.0.as_bytes();
            self.connection().prepare_cached(sql)?.execute(params![
                merchant,
                environment,
                key,
                fingerprint,
                invoice.id.0.as_bytes()
            ])?;
        }
        self.write_payments(invoice)?;
        self.enter_deposit(invoice)
    }

    /// Writes what changed of a locked invoice. `retry_at` is when to look again at an invoice that is due but waits for a scan.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn save_invoice(&mut self, invoice: &Locked<Invoice>, retry_at: Option<Timestamp>) -> Result<(), StoreError> {
        let sql = "UPDATE invoices SET deadline = ?2, activated_at = ?3, activation_count = ?4, cancellation = ?5,
                   marked_invalid_at = ?6, scanned_through = ?7, paid_once_at = ?8, quotes = ?9, standing = ?10, status = ?11,
                   currency = ?12, due_at = ?13, retry_at = ?14,
                   checksum = checksum(id, merchant, environment, source, token, terms, created_at, draft_deadline,
                   ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, (SELECT p.body FROM policies p WHERE p.number = policy)) WHERE id = ?1";
        let standing = self.standing_to_keep(invoice)?;
        let written = self.connection().prepare_cached(sql)?.execute(params![
            invoice.id.0.as_bytes(),
            milliseconds(invoice.deadline),
            milliseconds(invoice.activated_at),
            invoice.activation_count,
            invoice.cancellation.map(|cancellation| to_json(&cancellation)).transpose()?,
            milliseconds(invoice.marked_invalid_at),
            milliseconds(invoice.scanned_through),
            milliseconds(invoice.paid_once_at),
            to_json(&invoice.quotes)?,
            standing,
            invoice.standing.status.as_str(),
            currency(invoice),
            milliseconds(invoice.standing.next_change),
            milliseconds(retry_at),
        ])?;
        if written != 1 {
            return Err(StoreError::Corrupt(format!("invoice {} is not there to be saved", invoice.id)));
        }
        self.write_payments(invoice)?;
        self.update_deposit(invoice)
    }

    /// Has a due invoice looked at again at a later time, in [`LOOK_AGAIN_SECONDS_MAX`] at the latest, and leaves it as it is.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_off(&mut self, id: InvoiceId, until: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE invoices SET retry_at = ?2 WHERE id = ?1 AND due_at IS NOT NULL";
        self.connection().prepare_cached(sql)?.execute(params![id.0.as_bytes(), until.milliseconds()])?;
        Ok(())
    }

    /// The standing as text: what was just settled.
    fn standing_to_keep(&self, invoice: &Invoice) -> Result<String, StoreError> {
        let before = if planted::is(Bug::StaleStanding) { self.any_invoice(invoice.id)? } else { None };
        to_json(&before.as_ref().unwrap_or(invoice).standing)
    }

    fn write_payments(&mut self, invoice: &Invoice) -> Result<(), StoreError> {
        let sql = "INSERT INTO payments (environment, network, hash, position, invoice, ordinal, stage, height, body, checksum)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, checksum(?1, ?2, ?3, ?4, ?5, ?9))
                   ON CONFLICT (environment, network, hash, position) DO UPDATE
                   SET stage = excluded.stage, height = excluded.height, body = excluded.body, checksum = excluded.checksum
                   WHERE invoice = excluded.invoice";
        for (ordinal, payment) in invoice.payments.iter().enumerate() {
            let written = self.connection().prepare_cached(sql)?.execute(params![
                environment_number(invoice.owner.environment),
                payment.key.network.as_str(),
                payment.key.transaction,
                payment.key.position,
                invoice.id.0.as_bytes(),
                i64::try_from(ordinal).unwrap_or(i64::MAX),
                stage_of(payment).number(),
                payment.block.as_ref().map(|block| signed(block.height)).transpose()?,
                to_json(payment)?,
            ])?;
            if written != 1 {
                return Err(StoreError::Corrupt(format!("payment {:?} belongs to another invoice", payment.key)));
            }
        }
        Ok(())
    }

    fn policy_number(&mut self, invoice: &Invoice) -> Result<i64, StoreError> {
        let body = to_json(&invoice.policy)?;
        let found: Option<i64> = self
            .connection()
            .prepare_cached("SELECT number FROM policies WHERE body = ?1")?
            .query_row([&body], |row| row.get(0))
            .optional()?;
        match found {
            Some(number) => Ok(number),
            None => {
                self.connection().execute("INSERT INTO policies (body) VALUES (?1)", [&body])?;
                Ok(self.connection().last_insert_rowid())
            }
        }
    }
}

/// That what is stored of an invoice is not what was written.
pub(super) fn altered(invoice: InvoiceId) -> StoreError {
    StoreError::Corrupt(format!("invoice {invoice} or a payment of it is not as it was written"))
}

/// The family's name in a row.
pub(crate) const fn family_name(family: Family) -> &'static str {
    match family {
        Family::Bitcoin => "bitcoin",
        Family::Litecoin => "litecoin",
        Family::Dogecoin => "dogecoin",
        Family::Evm => "evm",
        Family::Tron => "tron",
        Family::Solana => "solana",
    }
}

fn milliseconds(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::milliseconds)
}

/// The currency that lists filter by: the latest quote's, else the one that the invoice is locked to.
fn currency(invoice: &Invoice) -> Option<String> {
    let quoted = invoice.latest_quote().map(|quote| quote.due.asset.code);
    let locked = match invoice.terms.choice {
        Choice::Fixed(asset) => Some(asset.code),
        Choice::Any => None,
    };
    quoted.or(locked).map(|code| code.to_string())
}
