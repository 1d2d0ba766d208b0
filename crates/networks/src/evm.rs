//! EVM networks over JSON-RPC: Ethereum, Polygon, BNB Smart Chain, Arbitrum, Base, and any other by configuration.
//!
//! Credits effects, never intentions: the log of a listed token's contract, the value of a call that was not reverted. A
//! token is known by its contract's address only, never by a name. An answer is believed only when the same provider's own
//! head covers it, its blocks are one chain, and what it says of a transaction agrees with that transaction's receipt.
//!
//! What is not found here: native coins that a contract pays, where no provider offers traces (`Inspect::balances` shows
//! them), and coins that a block itself hands out (withdrawals of stakers, rewards), because no transaction names them.
//! Pending transactions are not looked into: hosted providers do not offer them, and nothing final follows from them.
//! An amount of 2^128 or more, more than any coin has units of, is refused: it is logged and counted, and never credited.

mod balances;
mod blocks;
mod call_tracer;
mod concerns;
mod flat_traces;
mod forms;
mod inspect;
mod logs;
mod node;
mod range;
mod second_opinion;
mod tokens;
mod traces;

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
use core::{sync::atomic::AtomicU64, time::Duration};
use farthing_domain::{asset::Asset, name::NetworkId};
use node::{EvmNode, Tag};
use std::sync::{Arc, Mutex, PoisonError};
use tokens::Tokens;
use tokio::time::Instant;

/// Blocks that one answer may span.
const RANGE_MAX: u64 = 64;

/// What says how far the chain is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finality {
    /// The network's tag `finalized`.
    Finalized,
    /// The network's tag `safe`.
    Safe,
    /// Confirmations, which the scanner counts.
    Confirmations,
}

/// Whether calls inside of transactions are looked into, for coins that contracts pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    /// Where the provider offers `debug_traceBlockByHash` or `trace_block`.
    WhereOffered,
    /// Never: hosted providers bill them dearly. What contracts pay shows in balances only.
    Never,
}

/// An EVM network as it is configured.
#[derive(Debug, Clone)]
pub struct EvmConfig {
    /// Its slug.
    pub network: NetworkId,
    /// Its EIP-155 chain id; a provider of another one is not believed.
    pub chain_id: u64,
    /// Its coin.
    pub native: Asset,
    /// Its tokens, each with its contract. An asset without one is the coin and is left out.
    pub tokens: Vec<Asset>,
    /// Tokens that are known and not sold: found by balances, and by reading again ([`Inspect::known_transfers`]), so that who
    /// sent one by mistake is heard of. One with the code or the contract of a sold token is left out.
    ///
    /// [`Inspect::known_transfers`]: crate::inspect::Inspect::known_transfers
    pub unsold: Vec<Asset>,
    /// What says how far it is final.
    pub finality: Finality,
    /// Its providers, the preferred one first.
    pub providers: Vec<NodeUrl>,
    /// Whether calls inside of transactions are looked into.
    pub traces: Traces,
    /// Bounds of a request.
    pub limits: Limits,
    /// How long providers are left alone.
    pub patience: Patience,
    /// One range in so many is asked of a second provider too and compared, besides those that hold money; 0: only those.
    pub audit_one_in: u64,
    /// A head that stands still for so long is compared with other providers'.
    pub stale_after: Duration,
}

impl EvmConfig {
    /// A network with these providers and the usual patience; one range in 100 is audited where there are two providers.
    #[must_use]
    pub fn new(network: NetworkId, chain_id: u64, native: Asset, tokens: Vec<Asset>, providers: Vec<NodeUrl>) -> Self {
        Self {
            network,
            chain_id,
            native,
            tokens,
            unsold: Vec::new(),
            finality: Finality::Confirmations,
            providers,
            traces: Traces::WhereOffered,
            limits: Limits::default(),
            patience: Patience::default(),
            audit_one_in: 100,
            stale_after: Duration::from_secs(60),
        }
    }
}

/// Why a configuration makes no network.
#[derive(Debug, thiserror::Error)]
pub enum EvmError {
    /// A token's contract is no address.
    #[error("the contract of {0} is not an address")]
    Contract(farthing_domain::asset::AssetId),
    /// Two tokens have one contract.
    #[error("{0} and another token have the same contract")]
    SameContract(farthing_domain::asset::AssetId),
    /// The contract is a mirror of the coin: each of its transfers would count twice.
    #[error("the contract of {0} is the network's own coin, which is found without it")]
    CoinItself(farthing_domain::asset::AssetId),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// An EVM network.
pub struct Evm {
    pool: Pool<EvmNode>,
    tokens: Tokens,
    /// The same with those that are known and not sold.
    known: Tokens,
    finality: Finality,
    audit_one_in: u64,
    stale_after: Duration,
    /// The head that was told last: no provider that has seen less may say that a block below it does not exist.
    head: Mutex<Option<(u64, Instant)>>,
    ranges: AtomicU64,
    disagreements: Mutex<Option<String>>,
    /// Since when no second provider has seen far enough to confirm money.
    unconfirmed_since: Mutex<Option<Instant>>,
}

impl Evm {
    /// The network. Nothing is asked yet: it starts also when no provider can be reached.
    ///
    /// # Errors
    /// When the tokens cannot be told apart, or no HTTP client can be made.
    pub fn new(config: EvmConfig) -> Result<Self, EvmError> {
        let tokens = Tokens::new(config.native, config.tokens)?;
        let known = tokens.and_unsold(&config.unsold);
        let client = NodeClient::new(config.limits)?;
        let mut nodes: Vec<EvmNode> = Vec::new();
        for url in config.providers {
            let name = free_name(&nodes, url.name());
            let rpc = JsonRpc::new(HttpNode::new(client.clone(), url.named(name)));
            nodes.push(EvmNode::new(rpc, config.chain_id, config.traces, RANGE_MAX));
        }
        Ok(Self {
            pool: Pool::new(nodes, config.patience),
            tokens,
            known,
            finality: config.finality,
            audit_one_in: config.audit_one_in,
            stale_after: config.stale_after,
            head: Mutex::default(),
            ranges: AtomicU64::new(0),
            disagreements: Mutex::default(),
            unconfirmed_since: Mutex::default(),
        })
    }

    async fn look(node: &EvmNode, finality: Finality) -> Result<Tip, ProviderError> {
        let finalized = match finality {
            Finality::Finalized => Some(Tag::Finalized),
            Finality::Safe => Some(Tag::Safe),
            Finality::Confirmations => None,
        };
        let tags: Vec<Tag> = core::iter::once(Tag::Latest).chain(finalized).collect();
        let mut found = node.headers(&tags).await?.into_iter();
        let head = found.next().flatten().ok_or_else(|| inconsistent("it has no last block"))?;
        // Before a young chain's first final block there is none.
        let finalized = found.next().map(|block| block.map_or(0, |block| block.number));
        if finalized.is_some_and(|finalized| finalized > head.number) {
            return Err(inconsistent("its final block is above its last one"));
        }
        Ok(Tip { head: head.header(), finalized })
    }

    async fn tip_anyhow(&self) -> Result<Tip, NetworkError> {
        let finality = self.finality;
        let question = move |node: Arc<EvmNode>| async move { Self::look(&node, finality).await };
        let mut first = self.pool.ask_from_first(question).await?;
        let stood_still = self.stood_still(first.value.head.block.height);
        if stood_still && let Some(other) = self.pool.ask_another(&first.provider, question).await {
            first = self.farther(first, other);
        }
        self.note_head(first.value.head.block.height);
        Ok(first.value)
    }

    /// Of two looks the one that sees farther; whoever stood still meanwhile is left alone for a while.
    fn farther(&self, first: Answered<Tip>, other: Answered<Tip>) -> Answered<Tip> {
        let (own, others) = (first.value.head.block.height, other.value.head.block.height);
        if others <= own {
            return first;
        }
        let what = format!("its head stands still at {own} while {} is at {others}", other.provider);
        self.pool.distrust(&first.provider, &ProviderError::Inconsistent(what));
        other
    }

    fn stood_still(&self, height: u64) -> bool {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        head.is_some_and(|(last, since)| last == height && since.elapsed() >= self.stale_after)
    }

    fn note_head(&self, height: u64) {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let since = head.filter(|(last, _)| *last == height).map(|(_, since)| since);
        let since = since.filter(|since| since.elapsed() < self.stale_after);
        *head = Some((height, since.unwrap_or_else(Instant::now)));
    }

    fn known_head(&self) -> u64 {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).map_or(0, |(height, _)| height)
    }

    async fn header_at(&self, height: u64) -> Result<Option<Header>, NetworkError> {
        let known = self.known_head();
        let question = |node: Arc<EvmNode>| async move {
            if let [Some(block)] = node.headers(&[Tag::Height(height)]).await?.as_slice() {
                return Ok(Some(block.header()));
            }
            let head = node.head().await?;
            if head >= height {
                return Err(inconsistent(&format!("it has no block {height} below its own head {head}")));
            }
            // Not having seen a block is no proof that it does not exist.
            if known >= height { Err(ProviderError::Lagging { head, asked: height }) } else { Ok(None) }
        };
        self.pool.ask(question).await.map(|answered| answered.value)
    }

    /// Reads a range of these tokens' transfers and of the coin's, as far as nobody contradicts it.
    async fn scan(&self, tokens: &Tokens, from: u64, to: u64, watch: &Watch) -> Result<Scanned, NetworkError> {
        is_a_range(from, to)?;
        let question = |node: Arc<EvmNode>| async move { range::read(&node, tokens, from..=to, watch).await };
        let answered = self.pool.ask(question).await?;
        self.confirm(&answered, tokens, from..=to, watch).await?;
        Ok(answered.value)
    }
}

impl Network for Evm {
    /// With the sold tokens' decimals checked by their contracts: a list with wrong ones would price everything wrong.
    fn identity(&self) -> Answer<'_, Identity> {
        Box::pin(async move {
            let identity = self.pool.identity().await?;
            let question = |node: Arc<EvmNode>| async move { inspect::check_decimals(&node, &self.tokens).await };
            self.pool.ask(question).await?;
            Ok(identity)
        })
    }

    fn tip(&self) -> Answer<'_, Tip> {
        Box::pin(self.tip_anyhow())
    }

    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        Box::pin(self.header_at(height))
    }

    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned> {
        Box::pin(self.scan(&self.tokens, from, to, watch))
    }

    fn mempool<'a>(&'a self, _watch: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        Box::pin(core::future::ready(Ok(None)))
    }

    fn range_max(&self) -> u64 {
        RANGE_MAX
    }
}

fn is_a_range(from: u64, to: u64) -> Result<(), NetworkError> {
    if from > to || to.saturating_sub(from) >= RANGE_MAX {
        let what = format!("{from} to {to} is not a range of 1 to {RANGE_MAX} blocks");
        return Err(NetworkError::Inconsistent(what));
    }
    Ok(())
}

fn inconsistent(what: &str) -> ProviderError {
    ProviderError::Inconsistent(what.to_owned())
}

/// Two providers on one host need different names.
fn free_name(nodes: &[EvmNode], name: &str) -> String {
    let is_free = |name: &str| nodes.iter().all(|node| crate::provider::Node::name(node) != name);
    let numbered = (2..).map(|number: u32| format!("{name} #{number}"));
    core::iter::once(name.to_owned()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
}
