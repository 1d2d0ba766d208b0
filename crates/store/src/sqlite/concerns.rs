//! What is wrong with addresses of ours themselves.

use super::{
    Reader, Transaction,
    addresses::{holder_columns, holder_of},
    rows::{timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::concern::{Concern, What},
};
use farthing_domain::{name::NetworkId, time::Timestamp};
use rusqlite::params;

impl Reader<'_> {
    /// Everything that is wrong with addresses, what was found first before the rest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn concerns(&self) -> Result<Vec<Concern>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT * FROM concerns ORDER BY found_at, network, address, what")?;
        let mut rows = statement.query([])?;
        let mut concerns = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column: &str| row.get::<_, String>(column);
            let corrupt = |what: &str| StoreError::Corrupt(format!("concern: {what}"));
            concerns.push(Concern {
                network: NetworkId::new(&text("network")?).map_err(|_| corrupt("network"))?,
                address: row.get("address")?,
                shown: text("shown")?,
                holder: holder_of(row.get("holder_kind")?, uuid(row, "holder")?)?,
                what: What::read(&text("what")?).ok_or_else(|| corrupt("what"))?,
                found_at: timestamp(row, "found_at")?,
                acknowledged_at: row.get::<_, Option<i64>>("acknowledged_at")?.map(Timestamp::from_milliseconds),
            });
        }
        Ok(concerns)
    }
}

impl Transaction<'_> {
    /// Keeps a concern; one that is known keeps the time at which it was found first.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_concern(&mut self, concern: &Concern) -> Result<(), StoreError> {
        let sql = "INSERT INTO concerns (network, address, what, holder_kind, holder, shown, found_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let (kind, holder) = holder_columns(concern.holder);
        self.connection().prepare_cached(sql)?.execute(params![
            concern.network.as_str(),
            concern.address,
            concern.what.to_string(),
            kind,
            holder.as_bytes(),
            concern.shown,
            concern.found_at.milliseconds(),
        ])?;
        Ok(())
    }

    /// Notes that the operator knows of it; nothing when it is not kept any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn acknowledge_concern(&mut self, concern: &Concern, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE concerns SET acknowledged_at = ?4 WHERE network = ?1 AND address = ?2 AND what = ?3";
        let Concern { network, address, what, .. } = concern;
        let what = what.to_string();
        self.connection().prepare_cached(sql)?.execute(params![network.as_str(), address, what, at.milliseconds()])?;
        Ok(())
    }

    /// Forgets something that is not wrong with an address any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear_concern(&mut self, network: NetworkId, address: &[u8], what: What) -> Result<(), StoreError> {
        let sql = "DELETE FROM concerns WHERE network = ?1 AND address = ?2 AND what = ?3";
        self.connection().prepare_cached(sql)?.execute(params![network.as_str(), address, what.to_string()])?;
        Ok(())
    }
}
