//! How far each chain is scanned: the cursor, and the gap ledger.

use super::{
    Reader, Transaction,
    rows::{environment_number, environment_of, height, number, signed, timestamp},
};
use crate::{
    error::StoreError,
    records::{ChainState, ScannedRange},
};
use farthing_domain::{name::NetworkId, network::ChainId, payment::BlockRef};
use rusqlite::{Row, params};

/// Ranges kept one by one; older ones are joined. Reorganisations walk back over these.
const RANGES_KEPT: i64 = 256;

impl Reader<'_> {
    /// How far a chain is scanned; `None` before first contact.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn chain(&self, chain: ChainId) -> Result<Option<ChainState>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM chains WHERE environment = ?1 AND network = ?2")?;
        let mut rows = statement.query(params![environment_number(chain.environment), chain.network.as_str()])?;
        rows.next()?.map(read_chain).transpose()
    }

    /// Every chain ever contacted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn chains(&self) -> Result<Vec<ChainState>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT * FROM chains ORDER BY environment, network")?;
        let mut rows = statement.query([])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            chains.push(read_chain(row)?);
        }
        Ok(chains)
    }

    /// Whether anybody may be about to pay live: an invoice that is not at rest, or a permanent address.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn expects_live_money(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM invoices WHERE environment = 0 AND due_at IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM static_addresses WHERE environment = 0)";
        Ok(self.0.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The scanned ranges of a chain, highest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scanned_ranges(&self, chain: ChainId) -> Result<Vec<ScannedRange>, StoreError> {
        let sql = "SELECT * FROM scanned_ranges WHERE environment = ?1 AND network = ?2 ORDER BY first DESC";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![environment_number(chain.environment), chain.network.as_str()])?;
        let mut ranges = Vec::new();
        while let Some(row) = rows.next()? {
            ranges.push(ScannedRange {
                first: height(row, "first")?,
                last: height(row, "last")?,
                end_hash: row.get("end_hash")?,
                provider: row.get("provider")?,
                scanned_at: timestamp(row, "scanned_at")?,
            });
        }
        Ok(ranges)
    }
}

impl Transaction<'_> {
    /// Writes how far a chain is scanned.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_chain(&mut self, state: &ChainState) -> Result<(), StoreError> {
        let sql = "INSERT INTO chains (environment, network, identity, height, hash, tip, final_height, scanned_through, alarm)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                   ON CONFLICT (environment, network) DO UPDATE SET height = excluded.height, hash = excluded.hash,
                   tip = excluded.tip, final_height = excluded.final_height, scanned_through = excluded.scanned_through,
                   alarm = excluded.alarm";
        self.connection().prepare_cached(sql)?.execute(params![
            environment_number(state.chain.environment),
            state.chain.network.as_str(),
            state.identity,
            signed(state.cursor.height)?,
            state.cursor.hash,
            signed(state.tip)?,
            state.final_height.map(signed).transpose()?,
            state.scanned_through.milliseconds(),
            state.alarm,
        ])?;
        Ok(())
    }

    /// Forgets what was scanned above a height, because a reorganisation replaced it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn cut_ranges(&mut self, chain: ChainId, above: &BlockRef) -> Result<(), StoreError> {
        let (environment, network) = (environment_number(chain.environment), chain.network.as_str());
        let at = signed(above.height)?;
        let sql = "DELETE FROM scanned_ranges WHERE environment = ?1 AND network = ?2 AND first > ?3";
        self.connection().prepare_cached(sql)?.execute(params![environment, network, at])?;
        let sql =
            "UPDATE scanned_ranges SET last = ?3, end_hash = ?4 WHERE environment = ?1 AND network = ?2 AND last > ?3";
        self.connection().prepare_cached(sql)?.execute(params![environment, network, at, above.hash])?;
        Ok(())
    }

    /// Enters a scanned range, and joins the oldest ones when there are many.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add_range(&mut self, chain: ChainId, range: &ScannedRange) -> Result<(), StoreError> {
        let (environment, network) = (environment_number(chain.environment), chain.network.as_str());
        let sql = "INSERT INTO scanned_ranges (environment, network, first, last, end_hash, provider, scanned_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (environment, network, first) DO UPDATE SET last = excluded.last, end_hash = excluded.end_hash,
                   provider = excluded.provider, scanned_at = excluded.scanned_at";
        self.connection().prepare_cached(sql)?.execute(params![
            environment,
            network,
            signed(range.first)?,
            signed(range.last)?,
            range.end_hash,
            range.provider,
            range.scanned_at.milliseconds(),
        ])?;
        self.join_oldest_ranges(chain)
    }

    /// Joins the two oldest ranges when they touch and more than [`RANGES_KEPT`] are kept. A gap is never joined over.
    fn join_oldest_ranges(&mut self, chain: ChainId) -> Result<(), StoreError> {
        let (environment, network) = (environment_number(chain.environment), chain.network.as_str());
        let sql = "SELECT count(*) FROM scanned_ranges WHERE environment = ?1 AND network = ?2";
        let count: i64 =
            self.connection().prepare_cached(sql)?.query_row(params![environment, network], |row| row.get(0))?;
        if count <= RANGES_KEPT {
            return Ok(());
        }
        let oldest: Vec<(i64, i64, String)> = {
            let sql = "SELECT first, last, end_hash FROM scanned_ranges WHERE environment = ?1 AND network = ?2 ORDER BY first LIMIT 2";
            let mut statement = self.connection().prepare_cached(sql)?;
            let rows = statement
                .query_map(params![environment, network], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let [(first, last, _), (next_first, next_last, end_hash)] = oldest.as_slice() else { return Ok(()) };
        if *next_first != last.saturating_add(1) {
            return Ok(());
        }
        let sql = "DELETE FROM scanned_ranges WHERE environment = ?1 AND network = ?2 AND first = ?3";
        self.connection().prepare_cached(sql)?.execute(params![environment, network, next_first])?;
        let sql =
            "UPDATE scanned_ranges SET last = ?4, end_hash = ?5 WHERE environment = ?1 AND network = ?2 AND first = ?3";
        self.connection().prepare_cached(sql)?.execute(params![environment, network, first, next_last, end_hash])?;
        Ok(())
    }
}

fn read_chain(row: &Row<'_>) -> Result<ChainState, StoreError> {
    let network: String = row.get("network")?;
    let final_height: Option<i64> = row.get("final_height")?;
    Ok(ChainState {
        chain: ChainId {
            environment: environment_of(row.get("environment")?)?,
            network: NetworkId::new(&network)
                .map_err(|error| StoreError::Corrupt(format!("network {network}: {error}")))?,
        },
        identity: row.get("identity")?,
        cursor: BlockRef { height: height(row, "height")?, hash: row.get("hash")? },
        tip: height(row, "tip")?,
        final_height: final_height.map(|height| number(height, "final_height")).transpose()?,
        scanned_through: timestamp(row, "scanned_through")?,
        alarm: row.get("alarm")?,
    })
}
