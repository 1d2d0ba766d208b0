//! The simulated network: an adapter like any other, over a chain that test-mode calls make.
//!
//! It answers for any network of the catalogue. It never moves a clock, never mines by itself, and keeps nothing on disk:
//! a change is prepared here, made durable by the caller, and only then applied.

pub mod accounts;
pub mod chain;
mod hash;
pub mod run;
#[cfg(test)]
mod tests;

use crate::network::{Answer, Header, Identity, MempoolTransfer, Network, NetworkError, Scanned, Tip, Watch};
use chain::{Chain, ChainError, Change, Output, Reorg, RestoreError, Salt, Unmined};
use farthing_domain::{network::Network as NetworkFacts, time::Timestamp};
use run::{Run, Transaction};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blocks that one answer may span.
const RANGE_MAX: u64 = 10_000;
/// What stands for a provider's name.
const PROVIDER: &str = "simulated";

/// What a simulated provider does wrong, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// It answers nothing at all.
    pub unreachable: bool,
    /// It has not seen the last so many blocks; their transactions still wait in its mempool.
    pub lag: u64,
}

/// A simulated network. Clones share the chain and its faults.
#[derive(Clone)]
pub struct Simulated(Arc<Mutex<State>>);

struct State {
    chain: Chain,
    faults: Faults,
}

impl Simulated {
    /// The network over a chain.
    #[must_use]
    pub fn new(chain: Chain) -> Self {
        Self(Arc::new(Mutex::new(State { chain, faults: Faults::default() })))
    }

    /// The network over the chain that was kept as text by [`Change::rows`]: the blocks ascending, the mempool as last
    /// written. Without any, a chain that has its first block only.
    ///
    /// # Errors
    /// When the texts are not what a chain of this network was kept as.
    pub fn restore(network: &NetworkFacts, blocks: &[String], mempool: Option<&str>) -> Result<Self, RestoreError> {
        let runs =
            blocks.iter().map(|body| Ok(serde_json::from_str::<Run>(body)?)).collect::<Result<_, RestoreError>>()?;
        let mempool: Vec<Transaction> = mempool.map_or(Ok(Vec::new()), serde_json::from_str)?;
        Chain::restore(network, runs, mempool).map(Self::new)
    }

    /// What the provider does wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// What the provider does wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    /// Reads the chain itself, past any fault: what an audit compares books with.
    pub fn with_chain<T>(&self, read: impl FnOnce(&Chain) -> T) -> T {
        read(&self.state().chain)
    }

    /// A transaction into the mempool; with its hash. See [`Chain::prepare_pay`].
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_pay(
        &self,
        outputs: Vec<Output>,
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, String), ChainError> {
        self.state().chain.prepare_pay(outputs, now, salt)
    }

    /// New blocks, the first with the whole mempool; with the new head's height. See [`Chain::prepare_mine`].
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_mine(&self, count: u64, now: Timestamp, salt: Salt) -> Result<(Change, u64), ChainError> {
        self.state().chain.prepare_mine(count, now, salt)
    }

    /// The last `depth` blocks replaced by one more; transactions are mined again at their heights, except the dropped ones,
    /// which are gone. With the new head's height. See [`Chain::prepare_reorg`].
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_reorg(
        &self,
        depth: u64,
        drop: &[String],
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, u64), ChainError> {
        self.state().chain.prepare_reorg(&Reorg { depth, drop, unmined: Unmined::MinedAgain }, now, salt)
    }

    /// The same, but the lost blocks' transactions wait in the mempool again.
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_reorg_to_mempool(
        &self,
        depth: u64,
        drop: &[String],
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, u64), ChainError> {
        self.state().chain.prepare_reorg(&Reorg { depth, drop, unmined: Unmined::Waiting }, now, salt)
    }

    /// A mempool transaction that was double-spent: it is gone. See [`Chain::prepare_drop`].
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_drop(&self, transaction: &str) -> Result<Change, ChainError> {
        self.state().chain.prepare_drop(transaction)
    }

    /// A mempool transaction replaced by another one; with the new one's hash. See [`Chain::prepare_replace`].
    ///
    /// # Errors
    /// The chain's.
    pub fn prepare_replace(
        &self,
        transaction: &str,
        outputs: Vec<Output>,
        now: Timestamp,
        salt: Salt,
    ) -> Result<(Change, String), ChainError> {
        self.state().chain.prepare_replace(transaction, outputs, now, salt)
    }

    /// Makes a change visible, once it is durable. One change at a time: it must be the last one prepared, and nothing may
    /// have been applied since.
    pub fn apply(&self, change: Change) {
        self.state().chain.apply(change);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the provider answers of the chain up to the head that it knows.
    fn answer<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Chain, u64) -> Result<T, NetworkError>,
    ) -> Answer<'static, T> {
        let state = self.state();
        let result = if state.faults.unreachable {
            Err(NetworkError::Unreachable("the simulated provider is switched off".to_owned()))
        } else {
            read(&state.chain, state.chain.height().saturating_sub(state.faults.lag))
        };
        Box::pin(core::future::ready(result))
    }
}

impl Network for Simulated {
    fn identity(&self) -> Answer<'_, Identity> {
        self.answer(|chain, _| {
            let genesis = header_at(chain, 0)?.block.hash;
            Ok(Identity { chain: format!("simulated {}", chain.network()), genesis })
        })
    }

    fn tip(&self) -> Answer<'_, Tip> {
        self.answer(|chain, head| Ok(Tip { head: header_at(chain, head)?, finalized: None }))
    }

    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        self.answer(move |chain, head| Ok(chain.header(height).filter(|_| height <= head)))
    }

    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned> {
        self.answer(|chain, head| {
            if to > head {
                return Err(NetworkError::Lagging { head, asked: to });
            }
            if from > to || to.saturating_sub(from) >= RANGE_MAX {
                return Err(NetworkError::Inconsistent(format!(
                    "{from} to {to} is not a range of 1 to {RANGE_MAX} blocks"
                )));
            }
            let parent = header_at(chain, from)?.parent;
            let blocks = chain.transfers(from, to, |address| watch.maybe_contains(address));
            Ok(Scanned { parent, blocks, end: header_at(chain, to)?, provider: PROVIDER.to_owned() })
        })
    }

    fn mempool<'a>(&'a self, watch: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        self.answer(|chain, head| {
            let waiting = chain.above(head).chain(chain.mempool());
            let found = waiting.flat_map(|transaction| {
                let watched = transaction.transfers().filter(|transfer| watch.maybe_contains(&transfer.address));
                watched.map(|transfer| MempoolTransfer { transfer, since: Some(transaction.since) })
            });
            Ok(Some(found.collect()))
        })
    }

    fn range_max(&self) -> u64 {
        RANGE_MAX
    }
}

fn header_at(chain: &Chain, height: u64) -> Result<Header, NetworkError> {
    chain.header(height).ok_or_else(|| NetworkError::Inconsistent(format!("there is no block {height}")))
}
