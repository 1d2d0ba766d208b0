//! Reading a range of a chain again, below the cursor: what a provider left out is found and attributed.
//!
//! Nothing moves the cursor here, and nothing is taken back: a payment that is recorded stays as it is.

use crate::{
    apply_block::Batch,
    catch_up::Sought,
    gateway::{Chain, Gateway},
    scan::ScanError,
};
use farthing_domain::{network::ChainId, payment::BlockRef, time::Timestamp};
use farthing_networks::network::{NetworkError, Scanned};
use farthing_store::records::ChainState;
use std::sync::Arc;

/// How far block times may be off, in seconds: two hours, as Bitcoin's rules allow.
const TIMES_ARE_OFF_BY: i64 = 7200;
/// Passes of several ranges each that are read again at most; more is for an operator to ask for.
const PASSES_MAX: u32 = 100;
/// Looks for a block by its time: enough for any height of 64 bits.
const LOOKS_MAX: u32 = 64;

impl Gateway {
    /// Reads a chain again from the blocks of a moment on up to the cursor, and records what was missing. Answers how many
    /// invoices changed; `None` where the range is too long to be read again at once.
    ///
    /// # Errors
    /// When the provider or the store fails, or the branch changed meanwhile.
    pub async fn read_again(self: &Arc<Self>, id: ChainId, since: Timestamp) -> Result<Option<usize>, ScanError> {
        let chain = self.chain(id).ok_or(ScanError::NoSuchChain(id.network))?;
        let Some(state) = self.chain_state(id).await? else { return Ok(Some(0)) };
        let Some(mut from) = self.block_before(chain, &state, since.plus_seconds(-TIMES_ARE_OFF_BY)).await? else {
            return Ok(Some(0));
        };
        let mut changed: usize = 0;
        for _ in 0..PASSES_MAX {
            let read = self.read_between(chain, &from, &state.cursor, Sought::Known).await?;
            let Some(end) = read.last().map(|scanned| scanned.end.block.clone()) else { return Ok(Some(changed)) };
            changed = changed.saturating_add(self.apply_again(chain, read, &end).await?);
            if end.height >= state.cursor.height {
                return Ok(Some(changed));
            }
            from = end;
        }
        Ok(None)
    }

    /// The last block before a moment, among those that were ever scanned; `None` when nothing was.
    async fn block_before(
        &self,
        chain: &Chain,
        state: &ChainState,
        at: Timestamp,
    ) -> Result<Option<BlockRef>, ScanError> {
        let id = chain.id;
        let ranges = self.store().read(move |reader| reader.scanned_ranges(id)).await?;
        let Some(lowest) = ranges.iter().map(|range| range.first).min() else { return Ok(None) };
        // Invariant: `low` is a block to begin above, `high` is one that is young enough or the cursor.
        let (mut low, mut high) = (lowest.saturating_sub(1), state.cursor.height);
        for _ in 0..LOOKS_MAX {
            let middle = low.midpoint(high);
            if middle <= low {
                break;
            }
            match self.header_of(chain, middle).await?.time < at {
                true => low = middle,
                false => high = middle,
            }
        }
        Ok(Some(self.header_of(chain, low).await?.block))
    }

    async fn header_of(&self, chain: &Chain, height: u64) -> Result<farthing_networks::network::Header, ScanError> {
        let failed = |error| ScanError::Network { network: chain.id.network, error };
        let missing = || failed(NetworkError::Inconsistent(format!("no block at height {height}, below the cursor")));
        chain.adapter.header(height).await.map_err(failed)?.ok_or_else(missing)
    }

    /// Records what was read, if its last block is on the chain at this moment: then the others are too.
    async fn apply_again(
        self: &Arc<Self>,
        chain: &Chain,
        read: Vec<Scanned>,
        end: &BlockRef,
    ) -> Result<usize, ScanError> {
        if read.iter().all(|scanned| scanned.blocks.is_empty()) {
            return Ok(0);
        }
        let _turn = chain.marks.turn.lock().await;
        if self.hash_at(chain, end.height).await?.as_ref() != Some(&end.hash) {
            let error = NetworkError::Inconsistent("the branch changed while it was read again".to_owned());
            return Err(ScanError::Network { network: chain.id.network, error });
        }
        let (id, gateway) = (chain.id, Arc::clone(self));
        let read_at = self.clocks().now(id.environment);
        let changed = self
            .store()
            .decide(move |transaction| {
                let Some(state) = transaction.chain(id)? else { return Ok(Vec::new()) };
                let mut changed = Vec::new();
                for scanned in read.clone() {
                    let batch = again(id, &state, scanned, read_at);
                    changed.extend(gateway.record_all(transaction, &batch, &state)?);
                }
                Ok::<_, farthing_store::StoreError>(changed)
            })
            .await?;
        for invoice in &changed {
            self.announce(invoice);
        }
        Ok(changed.len())
    }
}

/// A batch that says only what a range holds.
fn again(chain: ChainId, state: &ChainState, scanned: Scanned, read_at: Timestamp) -> Batch {
    Batch {
        chain,
        expected: state.cursor.clone(),
        lost: None,
        scanned: Some(scanned),
        range: None,
        mempool: None,
        tip: state.tip,
        final_height: state.final_height,
        read_at,
    }
}
