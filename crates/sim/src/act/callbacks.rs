//! What shops of the dialects take: a credential each, and what becomes of its callbacks.

use super::{Outcome, done, unexpected};
use crate::{memory::KnownCredential, plan::CALLING_BACK, receivers::Mood, simulation::Simulation};
use farthing_domain::{
    id::{InvoiceId, Owner},
    invoice::Foreign,
    policy::Dialect,
};
use std::sync::Arc;
use uuid::Uuid;

/// A callback as the books have it, in the order in which they were written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Of which invoice.
    pub invoice: InvoiceId,
    /// Where it goes.
    pub url: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// How many attempts were written down.
    pub attempts: u64,
    /// Whether it still waits.
    pub waits: bool,
}

impl Simulation {
    /// A shop takes a credential of each dialect.
    pub(crate) async fn take_credentials(&mut self, owner: Owner) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        for dialect in CALLING_BACK {
            let url = format!("http://10.0.0.3/{}/{}", self.memory.credentials.len(), dialect.as_str());
            let made = gateway.create_credential(owner, dialect, Some(url.clone())).await;
            let (credential, new) = made.map_err(unexpected)?;
            self.receivers.learn_credential(&url, &credential, &new.secret);
            self.memory.credentials.insert((owner, dialect), KnownCredential { id: credential.id, url });
        }
        Ok(())
    }

    /// What an invoice of a dialect says of its credential.
    pub(super) fn foreign(&self, owner: Owner, dialect: Dialect) -> Option<Foreign> {
        let known = self.memory.credentials.get(&(owner, dialect))?;
        Some(Foreign { credential: known.id, name: String::new(), callback_url: None, said: "{}".to_owned() })
    }

    pub(super) fn set_callback_mood(&self, owner: Owner, dialect: Dialect, mood: Mood) -> Outcome<String> {
        let known = self.memory.credentials.get(&(owner, dialect)).ok_or("no such credential")?;
        self.receivers.set_mood(&known.url, mood);
        done()
    }

    /// After an end of the process: what it was told and had not written down is told again, the older before the newer.
    pub(crate) fn keep_acknowledged(&self) -> Outcome<()> {
        let sql = "SELECT DISTINCT d.url, d.body FROM deliveries d JOIN attempts a ON a.delivery = d.id
                   WHERE d.invoice IS NOT NULL AND a.status BETWEEN 200 AND 399";
        let connection = self.behind_its_back()?;
        let mut statement = connection.prepare(sql).map_err(unexpected)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(unexpected)?;
        let written_down = rows.collect::<Result<_, _>>().map_err(unexpected)?;
        self.receivers.keep_acknowledged(&written_down);
        Ok(())
    }

    /// Every callback as it was written.
    pub(crate) fn callbacks_written(&self) -> Outcome<Vec<Written>> {
        let sql =
            "SELECT invoice, url, body, attempts, stage = 0 FROM deliveries WHERE invoice IS NOT NULL ORDER BY rowid";
        let connection = self.behind_its_back()?;
        let mut statement = connection.prepare(sql).map_err(unexpected)?;
        let read = |row: &rusqlite::Row<'_>| {
            let attempts: i64 = row.get(3)?;
            Ok(Written {
                invoice: InvoiceId(Uuid::from_bytes(row.get(0)?)),
                url: row.get(1)?,
                body: row.get(2)?,
                attempts: u64::try_from(attempts).unwrap_or_default(),
                waits: row.get(4)?,
            })
        };
        let rows = statement.query_map([], read).map_err(unexpected)?;
        rows.collect::<Result<_, _>>().map_err(unexpected)
    }
}
