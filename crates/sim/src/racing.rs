//! Chains that move while they are being read: between two answers of a provider something is mined, sent or reorganised.

use farthing_domain::{name::NetworkId, payment::BlockRef, time::Timestamp};
use farthing_networks::{
    network::{Answer, Header, Identity, MempoolTransfer, Network, NetworkError, Scanned, Tip, Watch},
    simulated::{
        Faults, Simulated,
        chain::{Change, Output},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What happens to a chain between two answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Blocks are mined.
    Mine(u64),
    /// So many blocks are replaced; their transactions are mined again, or wait in the mempool.
    Reorganise(u64, bool),
    /// A transaction is sent.
    Send(Vec<Output>),
    /// The oldest waiting transaction is double-spent.
    DropOldest,
    /// The provider is switched off, or lags.
    Misbehave(Faults),
}

/// A move that waits for its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Race {
    /// Answers before it.
    pub after: u32,
    /// What happens.
    pub what: Move,
    /// Its randomness.
    pub salt: [u8; 16],
}

/// What a provider says that is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// It is a node of another chain.
    OtherChain,
    /// Every third block has a hash that nobody mined.
    ForgedHashes,
    /// Its head is so many blocks lower than what it answers of.
    HeadGoesBack(u64),
    /// Another of its nodes, which has not seen the last blocks, answers of ranges: no lie, but as bad.
    OtherNodeLags(u64),
    /// It answers of the first half of a range only.
    AnswersHalf,
}

#[derive(Default)]
struct State {
    lies: BTreeMap<NetworkId, Lie>,
    now: Option<Timestamp>,
    waiting: BTreeMap<NetworkId, Race>,
    made: Vec<(NetworkId, Change)>,
}

/// The moves of all chains. Clones share them.
#[derive(Clone, Default)]
pub struct Races(Arc<Mutex<State>>);

impl Races {
    /// A chain's provider with moves between its answers.
    #[must_use]
    pub fn around(&self, network: NetworkId, inner: Simulated) -> Racing {
        Racing { network, inner, races: self.clone() }
    }

    /// Something will happen to a chain while it is read.
    pub fn set(&self, network: NetworkId, race: Race) {
        self.state().waiting.insert(network, race);
    }

    /// What was to happen to a chain does not.
    pub fn call_off(&self, network: NetworkId) {
        self.state().waiting.remove(&network);
    }

    /// What time it is for whoever moves the chains.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = Some(now);
    }

    /// A chain's provider lies from now on, or not any more.
    pub fn set_lie(&self, network: NetworkId, lie: Option<Lie>) {
        match lie {
            Some(lie) => self.state().lies.insert(network, lie),
            None => self.state().lies.remove(&network),
        };
    }

    /// What a chain's provider lies about.
    #[must_use]
    pub fn lie(&self, network: NetworkId) -> Option<Lie> {
        self.state().lies.get(&network).copied()
    }

    /// Nothing happens any more, and everybody tells the truth.
    pub fn clear(&self) {
        self.state().waiting.clear();
        self.state().lies.clear();
    }

    /// Whether something happened to a chain since [`Self::take_made`].
    #[must_use]
    pub fn has_made(&self, network: NetworkId) -> bool {
        self.state().made.iter().any(|(made, _)| *made == network)
    }

    /// What happened since this was asked for last, in order: to be made durable.
    #[must_use]
    pub fn take_made(&self) -> Vec<(NetworkId, Change)> {
        std::mem::take(&mut self.state().made)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets happen what is due before the next answer.
    fn advance(&self, network: NetworkId, simulated: &Simulated) {
        let mut state = self.state();
        let Some(race) = state.waiting.get_mut(&network) else { return };
        if let Some(left) = race.after.checked_sub(1) {
            race.after = left;
            return;
        }
        let Some(race) = state.waiting.remove(&network) else { return };
        if let Some(change) = prepare(&race, simulated, state.now) {
            simulated.apply(change.clone());
            state.made.push((network, change));
        }
    }
}

/// The move as a change; `None` when it is none, or not possible.
fn prepare(race: &Race, simulated: &Simulated, now: Option<Timestamp>) -> Option<Change> {
    let (height, head, oldest) = simulated.with_chain(|chain| {
        let height = chain.height();
        (height, chain.header(height), chain.mempool().next().map(|transaction| transaction.hash.clone()))
    });
    let now = now?.max(head?.time);
    match &race.what {
        Move::Mine(count) => simulated.prepare_mine(*count, now, race.salt).ok().map(|(change, _)| change),
        Move::Reorganise(depth, to_mempool) => {
            let depth = (*depth).min(height);
            let made = if *to_mempool {
                simulated.prepare_reorg_to_mempool(depth, &[], now, race.salt)
            } else {
                simulated.prepare_reorg(depth, &[], now, race.salt)
            };
            made.ok().map(|(change, _)| change)
        }
        Move::Send(outputs) => simulated.prepare_pay(outputs.clone(), now, race.salt).ok().map(|(change, _)| change),
        Move::DropOldest => simulated.prepare_drop(&oldest?).ok(),
        Move::Misbehave(faults) => {
            simulated.set_faults(*faults);
            None
        }
    }
}

/// A provider whose chain moves between its answers.
pub struct Racing {
    network: NetworkId,
    inner: Simulated,
    races: Races,
}

impl Racing {
    /// Others run before each answer and after it, and what waits for its moment happens.
    async fn inner(&self) -> &Simulated {
        tokio::task::yield_now().await;
        self.races.advance(self.network, &self.inner);
        &self.inner
    }

    fn lie(&self) -> Option<Lie> {
        self.races.lie(self.network)
    }

    fn told(&self, header: Header) -> Header {
        let forges = self.lie() == Some(Lie::ForgedHashes) && header.block.height.checked_rem(3) == Some(0);
        if !forges {
            return header;
        }
        let block = BlockRef { hash: format!("f0{}", header.block.hash), ..header.block };
        Header { block, ..header }
    }
}

impl Network for Racing {
    fn identity(&self) -> Answer<'_, Identity> {
        Box::pin(async {
            let identity = self.inner().await.identity().await?;
            let is_other = self.lie() == Some(Lie::OtherChain);
            Ok(if is_other { Identity { chain: "another chain".to_owned(), ..identity } } else { identity })
        })
    }

    fn tip(&self) -> Answer<'_, Tip> {
        Box::pin(async {
            let tip = self.inner().await.tip().await?;
            let Some(Lie::HeadGoesBack(depth)) = self.lie() else { return Ok(tip) };
            let height = tip.head.block.height.saturating_sub(depth);
            Ok(Tip { head: self.inner.header(height).await?.unwrap_or(tip.head), ..tip })
        })
    }

    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        Box::pin(async move { Ok(self.inner().await.header(height).await?.map(|header| self.told(header))) })
    }

    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned> {
        Box::pin(async move {
            let halved = from.midpoint(to);
            let to = if self.lie() == Some(Lie::AnswersHalf) { halved } else { to };
            let inner = self.inner().await;
            let height = inner.tip().await?.head.block.height;
            if let Some(Lie::OtherNodeLags(lag)) = self.lie()
                && to > height.saturating_sub(lag)
            {
                return Err(NetworkError::Lagging { head: height.saturating_sub(lag), asked: to });
            }
            let answer = inner.transfers(from, to, watch).await;
            tokio::task::yield_now().await;
            answer
        })
    }

    fn mempool<'a>(&'a self, watch: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        Box::pin(async move { self.inner().await.mempool(watch).await })
    }

    fn range_max(&self) -> u64 {
        self.inner.range_max()
    }
}
