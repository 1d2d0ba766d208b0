//! Bitcoin, Litecoin and Dogecoin: money in outputs, read from Bitcoin Core's JSON-RPC or Esplora's HTTP interface.
//!
//! Blocks are read as bytes and proved against their headers, headers by their work where the chain's function is Bitcoin's. An
//! output is ours by its whole script, never by a key or a hash in it. No wallet, no transaction index, no key.

pub mod block;
mod bytes;
mod core_node;
mod esplora;
mod examine;
mod inspect;
mod mempool;
mod merged_mining;
mod range;
pub mod rules;
mod sha256d;
mod source;
mod transaction;

use crate::{
    network::{Answer, Header, Identity, MempoolTransfer, Network, NetworkError, Scanned, Tip, Watch},
    provider::{
        ProviderError,
        http::{ClientError, HttpNode, Limits, NodeClient},
        json_rpc::JsonRpc,
        node_url::NodeUrl,
        pool::{Answered, Patience, Pool},
    },
};
use core::time::Duration;
use core_node::CoreNode;
use esplora::Esplora;
use farthing_domain::{asset::Asset, name::NetworkId, network::Family};
use mempool::Mempool;
use range::Reading;
use rules::{ChainName, Rules};
use source::{Placed, Source, Speaks};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Blocks that one answer may span.
const RANGE_MAX: u64 = 24;
/// A walk over all unspent outputs, or over all blocks' filters.
const PATIENT: Duration = Duration::from_secs(900);

/// How long a chain may stand still before another provider is asked; and how long one that stood still is passed over.
pub const STALE_AFTER: Duration = Duration::from_secs(60);
/// Blocks by which another provider must be ahead: one may be on its way.
const BEHIND_MIN: u64 = 2;

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Bitcoin Core's JSON-RPC, also Litecoin Core's and Dogecoin Core's.
    Core,
    /// Esplora's HTTP interface.
    Esplora,
}

/// A provider as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it is.
    pub url: NodeUrl,
}

/// What an adapter is made of.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network.
    pub network: NetworkId,
    /// Bitcoin, Litecoin or Dogecoin.
    pub family: Family,
    /// Which of the network's chains.
    pub chain: ChainName,
    /// The coin.
    pub native: Asset,
    /// Blocks after which money is final: as many must be kept by a node that prunes.
    pub confirmations: u32,
    /// Who answers, the preferred one first.
    pub providers: Vec<Provider>,
    /// How long providers are left alone after failures.
    pub patience: Patience,
    /// After how long at the same block another provider is asked whether it knows more; [`STALE_AFTER`] in use.
    pub stale_after: Duration,
}

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
pub enum UtxoError {
    /// The family has no outputs.
    #[error("{0:?} is no network of outputs")]
    Family(Family),
    /// The HTTP client could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// A chain of Bitcoin's kind.
pub struct Utxo {
    pool: Pool<Source>,
    native: Asset,
    chain: ChainName,
    confirmations: u32,
    stale_after: Duration,
    mempool: Mempool,
    seen: Mutex<Seen>,
}

/// What the last answers showed, for the next ones to be compared with.
#[derive(Default)]
struct Seen {
    /// Whose mempool was read and not yet followed by a tip.
    mempool_of: Option<String>,
    /// Height and target of the highest block that was read whole.
    proved: Option<(u64, u32)>,
    /// The highest tip that anybody told.
    highest: u64,
    /// The last tip's height, and since when it is that or was compared with another provider's.
    still_since: Option<(u64, Instant)>,
    /// Until when the preferred provider is passed over, because another one is ahead of it.
    passed_over_until: Option<Instant>,
}

impl Seen {
    /// Notes a tip's height; whether it is to be compared with another provider's.
    fn is_doubtful(&mut self, height: u64, stale_after: Duration) -> bool {
        let now = Instant::now();
        let since = self.still_since.filter(|(last, _)| *last == height).map(|(_, since)| since);
        let is_still = since.is_some_and(|since| now.saturating_duration_since(since) >= stale_after);
        let is_doubtful = is_still || height.saturating_add(BEHIND_MIN) <= self.highest;
        self.still_since = Some((height, since.filter(|_| !is_still).unwrap_or(now)));
        self.highest = self.highest.max(height);
        is_doubtful
    }
}

impl Utxo {
    /// The adapter of a chain. Nothing is asked yet.
    ///
    /// # Errors
    /// See [`UtxoError`].
    pub fn new(config: Config) -> Result<Self, UtxoError> {
        let rules = Rules::of(config.family, config.chain).ok_or(UtxoError::Family(config.family))?;
        let client = NodeClient::new(Limits::default())?;
        let patient = NodeClient::new(Limits { total: PATIENT, ..Limits::default() })?;
        let source = |Provider { protocol, url }: Provider| {
            let node = |client: &NodeClient| HttpNode::new(client.clone(), url.clone());
            let speaks = match protocol {
                Protocol::Core => {
                    Speaks::Core(CoreNode { rpc: JsonRpc::new(node(&client)), patient: JsonRpc::new(node(&patient)) })
                }
                Protocol::Esplora => Speaks::Esplora(Esplora::new(node(&client))),
            };
            Source::new(speaks, config.network, config.chain, rules)
        };
        Ok(Self {
            pool: Pool::new(config.providers.into_iter().map(source).collect(), config.patience),
            native: config.native,
            chain: config.chain,
            confirmations: config.confirmations,
            stale_after: config.stale_after,
            mempool: Mempool::default(),
            seen: Mutex::default(),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn reading<'a>(&'a self, watch: &'a Watch) -> Reading<'a> {
        Reading { asset: &self.native, watch }
    }

    async fn read_tip(&self) -> Result<Tip, NetworkError> {
        let (looked_at, proved) = {
            let mut seen = self.seen();
            (seen.mempool_of.take(), seen.proved)
        };
        let question = |source: Arc<Source>| async move {
            let tip = source.tip().await?;
            match proved {
                Some(proved) if !source.rules.may_lead(proved, (tip.height, tip.header.bits)) => {
                    Err(source::inconsistent("its tip asks for another target than it may"))
                }
                _ => Ok(tip),
            }
        };
        let answered = self.pool.ask(question).await?;
        if looked_at.is_some_and(|provider| provider != answered.provider) {
            // What the mempool lacks may be in a block that this provider has not seen.
            return Err(NetworkError::Unreachable(
                "the provider whose mempool was read does not answer; the next look reads another's".to_owned(),
            ));
        }
        let height = answered.value.height;
        let is_doubtful = self.seen().is_doubtful(height, self.stale_after);
        if is_doubtful {
            let other = self.pool.ask_another(&answered.provider, question).await;
            self.compare(&answered, other.as_ref())?;
        }
        Ok(Tip { head: answered.value.shown(), finalized: None })
    }

    /// A provider that is behind another one is passed over for a while. The look ends: its mempool was that one's.
    fn compare(&self, own: &Answered<Placed>, other: Option<&Answered<Placed>>) -> Result<(), NetworkError> {
        let height = own.value.height;
        match other {
            Some(other) if other.value.height >= height.saturating_add(BEHIND_MIN) => {
                let ahead = other.value.height;
                let what = format!("its head stands still at {height} while {} is at {ahead}", other.provider);
                self.pool.distrust(&own.provider, &ProviderError::Inconsistent(what));
                self.pool.turn_to(&other.provider);
                let mut seen = self.seen();
                seen.highest = ahead;
                seen.passed_over_until = Instant::now().checked_add(self.stale_after);
                Err(NetworkError::Lagging { head: height, asked: ahead })
            }
            // Nobody knows of more: the chain itself became shorter.
            Some(_) | None => {
                self.seen().highest = height;
                Ok(())
            }
        }
    }

    async fn read_transfers(&self, range: (u64, u64), watch: &Watch) -> Result<Scanned, NetworkError> {
        let (from, to) = range;
        if from > to || to.saturating_sub(from) >= RANGE_MAX {
            return Err(NetworkError::Inconsistent(format!(
                "{from} to {to} is not a range of 1 to {RANGE_MAX} blocks"
            )));
        }
        let reading = self.reading(watch);
        let answered = self.pool.ask(|source| async move { range::read(&source, range, reading).await }).await?;
        let (scanned, Placed { height, header }) = answered.value;
        self.seen().proved = Some((height, header.bits));
        Ok(scanned)
    }

    async fn read_mempool(&self, watch: &Watch) -> Result<Option<Vec<MempoolTransfer>>, NetworkError> {
        let reading = self.reading(watch);
        let mempool = &self.mempool;
        let question = |source: Arc<Source>| async move { mempool.look(&source, reading).await };
        let passed_over = self.seen().passed_over_until.is_some_and(|until| Instant::now() < until);
        // A look begins with the preferred provider; whatever else is asked goes to whoever answered this.
        let answered =
            if passed_over { self.pool.ask(question).await? } else { self.pool.ask_from_first(question).await? };
        self.seen().mempool_of = answered.value.is_some().then_some(answered.provider);
        Ok(answered.value)
    }
}

impl Network for Utxo {
    fn identity(&self) -> Answer<'_, Identity> {
        Box::pin(self.pool.identity())
    }

    fn tip(&self) -> Answer<'_, Tip> {
        Box::pin(self.read_tip())
    }

    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        Box::pin(async move {
            let answered = self.pool.ask(|source| async move { source.at(height).await }).await?;
            Ok(answered.value.map(|placed| placed.shown()))
        })
    }

    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned> {
        Box::pin(self.read_transfers((from, to), watch))
    }

    fn mempool<'a>(&'a self, watch: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        Box::pin(self.read_mempool(watch))
    }

    fn range_max(&self) -> u64 {
        RANGE_MAX
    }
}
