//! What every chain adapter answers: who the chain is, where its tip is, and what moved to watched addresses.
//!
//! An adapter only answers. It decides nothing about payments, keeps no cursor, and never passes off as complete what its
//! provider may not have seen: an empty answer means that there was nothing.

use crate::watch_set::{Fingerprint, Fingerprints, WatchSet};
use core::{fmt, future::Future, pin::Pin};
use farthing_domain::{asset::AssetId, payment::BlockRef, time::Timestamp};
use std::sync::{PoisonError, RwLock};

/// What an adapter answers: a boxed future, so that adapters of different kinds stand side by side.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, NetworkError>> + Send + 'a>>;

/// Why an adapter has no answer. The texts are fit for a log and for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No provider answered, or what it answered is an error. With the reason.
    #[error("the network cannot be reached: {0}")]
    Unreachable(String),
    /// The provider that answers has not seen that far yet; nothing is known of the range.
    #[error("the provider has seen the chain up to block {head} only, and was asked for block {asked}")]
    Lagging {
        /// Its own head.
        head: u64,
        /// The highest block that was asked for.
        asked: u64,
    },
    /// The provider contradicts itself or was asked for what cannot be. With what does not fit.
    #[error("the provider's answer does not fit: {0}")]
    Inconsistent(String),
}

/// Which chain it is. Recorded at first contact; it must not change afterwards nor differ between providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The chain's id or name, as its nodes tell it.
    pub chain: String,
    /// The hash of its first block.
    pub genesis: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.chain, self.genesis)
    }
}

/// A block without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Height and hash.
    pub block: BlockRef,
    /// The hash of the block below.
    pub parent: String,
    /// The block's own time.
    pub time: Timestamp,
}

/// The end of a chain as the answering provider sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// The last block.
    pub head: Header,
    /// The height that the network's own finality tag names; `None` where confirmations are counted.
    pub finalized: Option<u64>,
}

/// Money that moved to a watched address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The transaction's hash in the network's usual text form.
    pub transaction: String,
    /// Which transfer of the transaction: output number, log index, instruction path. The same wherever it is mined.
    pub position: String,
    /// The asset that moved.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// How much moved, in atomic units.
    pub units: u128,
    /// The address that received it, as its canonical bytes ([`Address::bytes`](crate::address::Address::bytes)).
    pub address: Vec<u8>,
    /// The height that the chain must have reached before this can be final, however few confirmations are asked for: newly
    /// made coins cannot be spent before. `None` where the network has no such rule for it.
    pub matures_at: Option<u64>,
}

/// The transfers of one block to watched addresses, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTransfers {
    /// The block.
    pub header: Header,
    /// Its transfers, in the block's order.
    pub transfers: Vec<Transfer>,
}

/// A range of blocks, completely read by one provider whose own head covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The parent's hash of the first block of the range.
    pub parent: String,
    /// The blocks that hold transfers to watched addresses, ascending; the others are left out.
    pub blocks: Vec<BlockTransfers>,
    /// The last block of the range.
    pub end: Header,
    /// The name of the provider that answered, for the gap ledger.
    pub provider: String,
}

/// A transfer that waits for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MempoolTransfer {
    /// What would move.
    pub transfer: Transfer,
    /// The node's own time of first sight; `None` where it tells none.
    pub since: Option<Timestamp>,
}

/// A chain as it is asked about. Every answer is one provider's, at one moment; two answers may be of two branches.
pub trait Network: Send + Sync {
    /// Which chain it is.
    fn identity(&self) -> Answer<'_, Identity>;

    /// Its last block, and how far it is final by its own account.
    fn tip(&self) -> Answer<'_, Tip>;

    /// The block at a height of the current branch; `None` above the tip.
    fn header(&self, height: u64) -> Answer<'_, Option<Header>>;

    /// What moved to watched addresses in the blocks `from..=to` of the current branch, at most
    /// [`Network::range_max`] blocks. `Err` with [`NetworkError::Lagging`] when the provider's own head is below `to`.
    /// It may hold transfers to addresses that are not watched: a watch set answers "maybe".
    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned>;

    /// What is on its way to watched addresses, all of it; `None` where the network has no mempool to look into.
    fn mempool<'a>(&'a self, watch: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>>;

    /// How many blocks one call of [`Network::transfers`] may span, at least 1.
    fn range_max(&self) -> u64;
}

/// A watch set that adapters read while new addresses come in. Its lock is never held while anything is waited for.
pub struct Watch {
    fingerprints: Fingerprints,
    set: RwLock<WatchSet>,
}

impl Watch {
    /// Shares a watch set.
    #[must_use]
    pub const fn new(set: WatchSet) -> Self {
        Self { fingerprints: set.fingerprints(), set: RwLock::new(set) }
    }

    /// Watches an address, given as its canonical bytes.
    pub fn insert(&self, address: &[u8]) {
        self.set.write().unwrap_or_else(PoisonError::into_inner).insert(address);
    }

    /// Stops watching an address; answers whether it was given up ([`WatchSet::remove`]).
    pub fn remove(&self, address: &[u8]) -> bool {
        self.set.write().unwrap_or_else(PoisonError::into_inner).remove(address)
    }

    /// Whether an address may be watched: always `true` for one that is.
    #[must_use]
    pub fn maybe_contains(&self, address: &[u8]) -> bool {
        self.set.read().unwrap_or_else(PoisonError::into_inner).maybe_contains(address)
    }

    /// An address's fingerprint, for [`Self::keep_watched`]. Takes no lock.
    #[must_use]
    pub fn fingerprint(&self, address: &[u8]) -> Fingerprint {
        self.fingerprints.of(address)
    }

    /// Keeps of many fingerprints, each with what it is of, those that may be watched: one lock for all, and reads of memory
    /// that do not wait for each other.
    pub fn keep_watched<T>(&self, asked: &mut Vec<(T, Fingerprint)>) {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|(_, fingerprint)| set.maybe_holds(*fingerprint));
    }

    /// How many addresses are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
