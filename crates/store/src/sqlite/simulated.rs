//! The simulated chains' blocks and mempools, as text that only their adapter reads.

use super::{Reader, Transaction, rows::signed};
use crate::{error::StoreError, records::SimulatedRows};
use farthing_domain::name::NetworkId;
use rusqlite::{OptionalExtension, params};

impl Reader<'_> {
    /// Everything kept of a simulated chain.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn simulated(&self, network: NetworkId) -> Result<SimulatedRows, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT body FROM simulated_blocks WHERE network = ?1 ORDER BY height")?;
        let blocks = statement.query_map([network.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mempool = self
            .0
            .prepare_cached("SELECT body FROM simulated_mempools WHERE network = ?1")?
            .query_row([network.as_str()], |row| row.get(0))
            .optional()?;
        Ok(SimulatedRows { network, blocks, mempool })
    }
}

impl Transaction<'_> {
    /// Writes a change of a simulated chain: blocks from `cut_from` on are gone, these are new, and the mempool is this.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn change_simulated(
        &mut self,
        network: NetworkId,
        cut_from: Option<u64>,
        added: &[(u64, String)],
        mempool: &str,
    ) -> Result<(), StoreError> {
        if let Some(height) = cut_from {
            let sql = "DELETE FROM simulated_blocks WHERE network = ?1 AND height >= ?2";
            self.connection().prepare_cached(sql)?.execute(params![network.as_str(), signed(height)?])?;
        }
        for (height, body) in added {
            let sql = "INSERT INTO simulated_blocks (network, height, body) VALUES (?1, ?2, ?3)";
            self.connection().prepare_cached(sql)?.execute(params![network.as_str(), signed(*height)?, body])?;
        }
        let sql = "INSERT INTO simulated_mempools (network, body) VALUES (?1, ?2) ON CONFLICT (network) DO UPDATE SET body = excluded.body";
        self.connection().prepare_cached(sql)?.execute(params![network.as_str(), mempool])?;
        Ok(())
    }
}
