//! What memory knows of a chain between commits: how far it is, when it was reached, and what is wrong with it.
//!
//! For display and for refusing sales only. Nothing here decides what was scanned: the store's cursor does.

use crate::gateway::Chain;
use farthing_domain::time::Timestamp;
use farthing_networks::provider::ProviderState;
use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

/// Why a chain is not scanned to its tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, by real time.
    pub since: Timestamp,
    /// What happened last. Fit for a log and for the operator.
    pub text: String,
    /// Whether whoever answers is another chain than at first contact: nothing may be sold on it.
    pub is_other_chain: bool,
}

/// Marks of one chain.
#[derive(Default)]
pub(crate) struct ChainMarks {
    head: AtomicU64,
    cursor: AtomicU64,
    has_cursor: AtomicBool,
    scanned_through_ms: AtomicI64,
    reached_at_ms: AtomicI64,
    trouble: RwLock<Option<Trouble>>,
    /// One scan at a time: a mempool that was read before another scan's would show as gone what that one recorded.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Chain {
    /// The head's height as it was last read; `None` before first contact.
    #[must_use]
    pub fn head(&self) -> Option<u64> {
        self.is_contacted().then(|| self.marks.head.load(Ordering::SeqCst))
    }

    /// The height up to which everything is applied; `None` for a chain that was never contacted, not even before this start.
    #[must_use]
    pub fn cursor(&self) -> Option<u64> {
        self.marks.has_cursor.load(Ordering::SeqCst).then(|| self.marks.cursor.load(Ordering::SeqCst))
    }

    /// Blocks that are known to exist and are not applied yet.
    #[must_use]
    pub fn blocks_behind(&self) -> Option<u64> {
        Some(self.head()?.saturating_sub(self.cursor()?))
    }

    /// Whether the network has answered since the start.
    #[must_use]
    pub fn is_contacted(&self) -> bool {
        self.marks.reached_at_ms.load(Ordering::SeqCst) != 0
    }

    /// When the last tip was read up to which everything is applied, by the environment's clock.
    #[must_use]
    pub fn scanned_through(&self) -> Option<Timestamp> {
        let at = self.marks.scanned_through_ms.load(Ordering::SeqCst);
        (at != 0).then(|| Timestamp::from_milliseconds(at))
    }

    /// When the network last answered, by real time.
    #[must_use]
    pub fn reached_at(&self) -> Option<Timestamp> {
        self.is_contacted().then(|| Timestamp::from_milliseconds(self.marks.reached_at_ms.load(Ordering::SeqCst)))
    }

    /// Why it is not scanned to its tip; `None` while all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.marks.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that whoever answers has seen less than was scanned before; `None` when that is not so. Nothing is missed, but what
    /// comes now is seen late.
    pub(crate) fn is_behind_itself(&self) -> Option<String> {
        let (head, cursor) = (self.head()?, self.cursor()?);
        let told =
            || format!("the providers' last block is {head}, below block {cursor} that was scanned: they lag behind");
        (head < cursor).then(told)
    }

    /// How its providers are at this moment; none in test mode.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderState> {
        self.inspect.as_ref().map(|inspect| inspect.providers()).unwrap_or_default()
    }

    pub(crate) fn note_head(&self, head: u64, real_now: Timestamp) {
        self.marks.head.store(head, Ordering::SeqCst);
        self.marks.reached_at_ms.store(real_now.milliseconds(), Ordering::SeqCst);
    }

    /// Says how far a chain is that was contacted before this start.
    pub fn note_cursor(&self, height: u64) {
        self.marks.cursor.store(height, Ordering::SeqCst);
        self.marks.has_cursor.store(true, Ordering::SeqCst);
    }

    pub(crate) fn note_scanned_through(&self, at: Timestamp) {
        self.marks.scanned_through_ms.fetch_max(at.milliseconds(), Ordering::SeqCst);
    }

    /// Keeps what is wrong, since when it is; `None` when nothing is.
    pub(crate) fn note_trouble(&self, trouble: Option<(String, bool)>, real_now: Timestamp) {
        let mut kept = self.marks.trouble.write().unwrap_or_else(PoisonError::into_inner);
        let since = kept.as_ref().map_or(real_now, |before| before.since);
        *kept = trouble.map(|(text, is_other_chain)| Trouble { since, text, is_other_chain });
    }
}
