//! Scanning a chain: from the cursor to the tip, without gaps, whatever the provider does.
//!
//! Truth is ranges read from a cursor; everything else is only a wake-up. An adapter answers; this file decides what was
//! scanned. Each range is applied in one transaction ([`crate::apply_block`]).

use crate::{
    apply_block::{Applied, Batch, Lost},
    gateway::{Chain, Gateway},
};
use farthing_domain::{
    name::NetworkId,
    network::ChainId,
    payment::BlockRef,
    planted::{self, Bug},
    time::Timestamp,
};
use farthing_networks::network::{Header, MempoolTransfer, NetworkError, Scanned, Tip};
use farthing_store::{
    StoreError,
    records::{ChainState, ScannedRange, set_aside::PlacedPayment},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry},
    sync::Arc,
};

/// Ranges applied in one step before other work gets its turn.
const RANGES_PER_STEP: u32 = 16;

/// Steps that leave the cursor where it is before a provider is taken to contradict itself for good.
const STUCK_STEPS_MAX: u32 = 3;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more to do for now.
    Idle,
    /// There is more to do at once.
    More,
}

/// Why a chain was not scanned to its tip.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider's reason.
    #[error("{network}: {error}")]
    Network {
        /// Which network.
        network: NetworkId,
        /// Why.
        error: NetworkError,
    },
    /// The chain is another one than at first contact.
    #[error("{network} is not the chain that it was at first contact: it was {before} and is {now}")]
    OtherChain {
        /// Which network.
        network: NetworkId,
        /// What first contact showed.
        before: String,
        /// What it shows now.
        now: String,
    },
    /// There is no such chain.
    #[error("there is no network {0}")]
    NoSuchChain(NetworkId),
}

impl Gateway {
    /// Reads one chain from its cursor towards its tip, and its mempool, and applies what is new.
    ///
    /// # Errors
    /// When the provider or the store fails; what was applied before that stays, and the cursor stands after it.
    pub async fn scan(self: &Arc<Self>, id: ChainId) -> Result<Progress, ScanError> {
        let chain = self.chain(id).ok_or(ScanError::NoSuchChain(id.network))?;
        let _turn = chain.marks.turn.lock().await;
        let scanned = self.scan_some(chain).await;
        let real_now = self.clocks().real();
        match &scanned {
            Ok(_) => chain.note_trouble(chain.is_behind_itself().map(|text| (text, false)), real_now),
            Err(error) => {
                let is_other_chain = matches!(error, ScanError::OtherChain { .. });
                chain.note_trouble(Some((error.to_string(), is_other_chain)), real_now);
            }
        }
        scanned
    }

    async fn scan_some(self: &Arc<Self>, chain: &Chain) -> Result<Progress, ScanError> {
        if !chain.is_contacted() {
            self.check_identity(chain.id).await?;
        }
        for _ in 0..RANGES_PER_STEP {
            if self.scan_range(chain).await? == Progress::Idle {
                return Ok(Progress::Idle);
            }
        }
        Ok(Progress::More)
    }

    /// Reads everything up to the tips of all of an environment's chains.
    ///
    /// # Errors
    /// The first chain's that fails; the others are scanned all the same.
    pub async fn scan_all(self: &Arc<Self>, environment: farthing_domain::id::Environment) -> Result<(), ScanError> {
        let mut result = Ok(());
        let ids: Vec<ChainId> = self.environment(environment).chains.values().map(|chain| chain.id).collect();
        for id in ids {
            result = result.and(self.scan_to_tip(id).await);
        }
        result
    }

    /// Reads one chain up to its tip.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn scan_to_tip(self: &Arc<Self>, id: ChainId) -> Result<(), ScanError> {
        let mut cursor = None;
        let mut stuck: u32 = 0;
        while self.scan(id).await? == Progress::More {
            let now = self.chain_state(id).await?.map(|state| state.cursor);
            stuck = if now == cursor { stuck.saturating_add(1) } else { 0 };
            if stuck >= STUCK_STEPS_MAX {
                let error = NetworkError::Inconsistent("its answers contradict each other".to_owned());
                return Err(ScanError::Network { network: id.network, error });
            }
            cursor = now;
        }
        Ok(())
    }

    async fn scan_range(self: &Arc<Self>, chain: &Chain) -> Result<Progress, ScanError> {
        let mut view = self.look(chain).await?;
        let id = chain.id;
        let (state, waiting) =
            self.store().glance(move |reader| Ok((reader.chain(id)?, reader.mempool_payments(id)?))).await?;
        let state = match state {
            Some(state) => state,
            None => self.first_contact(chain, &view.tip).await?,
        };
        let lost = match self.find_fork(chain, &state, &view.tip).await? {
            Branch::Same => None,
            Branch::Behind => return Ok(Progress::Idle),
            Branch::Lost(lost) => {
                // Money of the lost blocks may be back in the mempool: look again, so that it is not told as gone.
                view = self.look(chain).await?;
                Some(lost)
            }
        };
        let start = lost.as_ref().map_or(&state.cursor, |lost| &lost.ancestor).clone();
        let read = self.read_ahead(chain, &start, &view.tip).await?;
        self.apply_read(chain, Look { state, waiting, view, lost }, read).await
    }

    /// Applies what was read, one range after the other, each in a transaction of its own.
    async fn apply_read(
        self: &Arc<Self>,
        chain: &Chain,
        look: Look,
        read: Vec<Scanned>,
    ) -> Result<Progress, ScanError> {
        let Look { mut state, waiting, mut view, mut lost } = look;
        let tip = view.tip.head.block.height;
        let final_height = final_height(chain, &state, &view.tip);
        let mut ranges: VecDeque<Option<Scanned>> = read.into_iter().map(Some).collect();
        if ranges.is_empty() {
            ranges.push_back(None);
        }
        while let Some(scanned) = ranges.pop_front() {
            let start = lost.as_ref().map_or(&state.cursor, |lost| &lost.ancestor).clone();
            if scanned.as_ref().is_some_and(|scanned| scanned.parent != start.hash) {
                // The branch changed between two answers; the next look finds the fork.
                return Ok(Progress::More);
            }
            let end = scanned.as_ref().map_or(start.clone(), |scanned| scanned.end.block.clone());
            let reaches_tip = end.height >= tip;
            let batch = Batch {
                chain: chain.id,
                expected: state.cursor.clone(),
                range: scanned.as_ref().map(|scanned| range(&start, scanned, view.read_at)),
                final_height,
                tip,
                lost: lost.take(),
                scanned,
                mempool: view.mempool.take_if(|_| reaches_tip),
                read_at: view.read_at,
            };
            if self.apply_if_new(batch, &state, &waiting).await? == Applied::CursorMoved {
                return Ok(Progress::More);
            }
            chain.note_cursor(end.height);
            state = ChainState { cursor: end, final_height, ..state };
            if reaches_tip {
                chain.note_scanned_through(view.read_at);
                return Ok(Progress::Idle);
            }
        }
        Ok(Progress::More)
    }

    /// The mempool first and the tip second: what left the mempool before is then in a block up to that tip, or gone.
    async fn look(&self, chain: &Chain) -> Result<View, ScanError> {
        let failed = |error| ScanError::Network { network: chain.id.network, error };
        let read_at = self.clocks().now(chain.id.environment);
        let mempool = chain.adapter.mempool(&chain.watch).await.map_err(failed)?;
        let tip = chain.adapter.tip().await.map_err(failed)?;
        chain.note_head(tip.head.block.height, self.clocks().real());
        Ok(View { read_at, mempool, tip })
    }

    pub(crate) async fn chain_state(&self, id: ChainId) -> Result<Option<ChainState>, StoreError> {
        self.store().glance(move |reader| reader.chain(id)).await
    }

    /// The cursor of a chain that was never seen: the overlap below its tip. A database that was there before checks that it
    /// is still the same chain.
    async fn first_contact(&self, chain: &Chain, tip: &Tip) -> Result<ChainState, ScanError> {
        let failed = |error| ScanError::Network { network: chain.id.network, error };
        let identity = chain.adapter.identity().await.map_err(failed)?.to_string();
        let height = tip.head.block.height.saturating_sub(chain.overlap);
        let header = chain.adapter.header(height).await.map_err(failed)?;
        let header =
            header.ok_or_else(|| failed(NetworkError::Inconsistent("no block below its own tip".to_owned())))?;
        let state = ChainState {
            chain: chain.id,
            identity,
            cursor: header.block,
            tip: tip.head.block.height,
            final_height: None,
            scanned_through: self.clocks().now(chain.id.environment),
            alarm: None,
        };
        let (kept, range) = (
            state.clone(),
            ScannedRange {
                first: state.cursor.height,
                last: state.cursor.height,
                end_hash: state.cursor.hash.clone(),
                provider: chain.provider.clone(),
                scanned_at: state.scanned_through,
            },
        );
        self.store()
            .decide(move |transaction| {
                transaction.put_chain(&kept)?;
                transaction.add_range(kept.chain, &range)
            })
            .await?;
        chain.note_cursor(state.cursor.height);
        Ok(state)
    }

    /// Checks, before the first look since the start, that a chain is the one that it was at first contact.
    ///
    /// # Errors
    /// When it is another one, or cannot be asked.
    async fn check_identity(&self, id: ChainId) -> Result<(), ScanError> {
        let chain = self.chain(id).ok_or(ScanError::NoSuchChain(id.network))?;
        let Some(state) = self.chain_state(id).await? else { return Ok(()) };
        let failed = |error| ScanError::Network { network: id.network, error };
        let now = chain.adapter.identity().await.map_err(failed)?.to_string();
        if now == state.identity {
            return Ok(());
        }
        Err(ScanError::OtherChain { network: id.network, before: state.identity, now })
    }

    /// Whether the cursor's block is still on the chain, and if not, where the branches part.
    async fn find_fork(&self, chain: &Chain, state: &ChainState, tip: &Tip) -> Result<Branch, ScanError> {
        if tip.head.block == state.cursor {
            return Ok(Branch::Same);
        }
        let id = chain.id;
        let ranges = self.store().read(move |reader| reader.scanned_ranges(id)).await?;
        let mut ancestor = None;
        for range in &ranges {
            if range.last <= tip.head.block.height
                && self.hash_at(chain, range.last).await?.as_ref() == Some(&range.end_hash)
            {
                ancestor = Some(BlockRef { height: range.last, hash: range.end_hash.clone() });
                break;
            }
        }
        if ancestor.as_ref() == Some(&state.cursor) {
            return Ok(Branch::Same);
        }
        let known_below_tip = ranges.iter().find(|range| range.last <= tip.head.block.height);
        let is_behind = tip.head.block.height < state.cursor.height
            && known_below_tip
                .is_some_and(|known| ancestor.as_ref().is_some_and(|ancestor| ancestor.height == known.last));
        if is_behind {
            // A provider that lags shows nothing new; nor does it show a fork.
            return Ok(Branch::Behind);
        }
        let ancestor = match ancestor {
            Some(ancestor) => ancestor,
            None => self.oldest_known(chain, &ranges).await?,
        };
        let gone = self.lost_payments(chain, &ancestor).await?;
        let is_beyond_final = state.final_height.is_some_and(|height| height > ancestor.height);
        Ok(Branch::Lost(Lost { ancestor, gone, is_beyond_final }))
    }

    /// Where to start again when no scanned range ends on the chain any more: below everything that was scanned.
    async fn oldest_known(&self, chain: &Chain, ranges: &[ScannedRange]) -> Result<BlockRef, ScanError> {
        let first = ranges.last().map_or(0, |range| range.first);
        let height = first.saturating_sub(1);
        let missing = || ScanError::Network {
            network: chain.id.network,
            error: NetworkError::Inconsistent(format!("no block at height {height}, below its own tip")),
        };
        let hash = self.hash_at(chain, height).await?.ok_or_else(missing)?;
        Ok(BlockRef { height, hash })
    }

    /// Payments above the ancestor whose blocks are not on the chain any more, or of which nobody can say in which they were: all
    /// that is above the ancestor is read again, and they are seen where they are.
    async fn lost_payments(&self, chain: &Chain, ancestor: &BlockRef) -> Result<Vec<PlacedPayment>, ScanError> {
        let (id, height) = (chain.id, ancestor.height);
        let above = self.store().read(move |reader| reader.payments_above(id, height)).await?;
        let mut hashes: BTreeMap<u64, Option<String>> = BTreeMap::new();
        let mut gone = Vec::new();
        for payment in above {
            let Some(block) = &payment.block else {
                gone.push(payment);
                continue;
            };
            if let Entry::Vacant(unknown) = hashes.entry(block.height) {
                unknown.insert(self.hash_at(chain, block.height).await?);
            }
            let is_there = hashes.get(&block.height).is_some_and(|hash| hash.as_ref() == Some(&block.hash));
            if !is_there {
                gone.push(payment);
            }
        }
        Ok(gone)
    }

    pub(crate) async fn hash_at(&self, chain: &Chain, height: u64) -> Result<Option<String>, ScanError> {
        let failed = |error| ScanError::Network { network: chain.id.network, error };
        Ok(chain.adapter.header(height).await.map_err(failed)?.map(|header: Header| header.block.hash))
    }

    /// Applies a batch unless it says nothing new: an idle chain costs no write. `waiting` is what is recorded of its mempool.
    async fn apply_if_new(
        self: &Arc<Self>,
        batch: Batch,
        state: &ChainState,
        waiting: &[PlacedPayment],
    ) -> Result<Applied, StoreError> {
        let is_news = batch.scanned.is_some() || batch.lost.is_some() || batch.final_height > state.final_height;
        if !is_news && !batch.mempool.as_deref().is_some_and(|mempool| differs(waiting, mempool)) {
            return Ok(Applied::Whole);
        }
        self.apply_block(batch).await
    }
}

/// What the gap ledger enters of a range.
fn range(start: &BlockRef, scanned: &Scanned, at: Timestamp) -> ScannedRange {
    ScannedRange {
        first: start.height.saturating_add(1),
        last: scanned.end.block.height,
        end_hash: scanned.end.block.hash.clone(),
        provider: scanned.provider.clone(),
        scanned_at: at,
    }
}

/// Whether a mempool shows other transfers than those recorded of it.
fn differs(waiting: &[PlacedPayment], mempool: &[MempoolTransfer]) -> bool {
    let recorded: BTreeSet<(&str, &str)> =
        waiting.iter().map(|payment| (payment.key.transaction.as_str(), payment.key.position.as_str())).collect();
    let seen: BTreeSet<(&str, &str)> =
        mempool.iter().map(|seen| (seen.transfer.transaction.as_str(), seen.transfer.position.as_str())).collect();
    recorded != seen
}

/// Everything that one pass works with.
struct Look {
    state: ChainState,
    /// What is recorded of the mempool.
    waiting: Vec<PlacedPayment>,
    view: View,
    lost: Option<Lost>,
}

/// One look at a provider.
struct View {
    /// When it began, by the environment's clock.
    read_at: Timestamp,
    mempool: Option<Vec<MempoolTransfer>>,
    tip: Tip,
}

enum Branch {
    Same,
    /// The provider's head is below the cursor, on the same branch.
    Behind,
    Lost(Lost),
}

/// The highest final block: the network's own tag, or the tip less the confirmations. It only grows.
fn final_height(chain: &Chain, state: &ChainState, tip: &Tip) -> Option<u64> {
    let counted = || tip.head.block.height.checked_add(1)?.checked_sub(u64::from(chain.confirmations));
    let counted = || if planted::is(Bug::CreditsAtOnce) { Some(tip.head.block.height) } else { counted() };
    tip.finalized.or_else(counted).max(state.final_height)
}
