//! One EVM node: the calls that are made of it, and what was learned of its limits.

use super::{
    Traces,
    forms::{Block, Receipt, Transaction, read_quantity},
    inconsistent,
};
use crate::{
    network::Identity,
    provider::{
        CallError, Node, NodeAnswer, ProviderError, Usage,
        json_rpc::{Call, JsonRpc, read},
    },
};
use alloy_primitives::B256;
use core::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{json, value::RawValue};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// After how long a node that offered no traces is asked for them again.
const DOUBTED_AFTER: Duration = Duration::from_secs(3_600);
/// Blocks in a row whose traces may take too long, besides the last.
const SLOW_TRACES_MAX: u64 = 2;

/// How a node shows calls inside of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracer {
    /// `debug_traceBlockByHash` with geth's `callTracer`.
    Calls,
    /// `trace_block`, as Erigon, Nethermind and Reth have it.
    Flat,
    /// Not at all.
    Nothing,
}

/// Which block is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Latest,
    Safe,
    Finalized,
    Height(u64),
}

impl Tag {
    pub(super) fn text(self) -> String {
        match self {
            Self::Latest => "latest".to_owned(),
            Self::Safe => "safe".to_owned(),
            Self::Finalized => "finalized".to_owned(),
            Self::Height(height) => format!("{height:#x}"),
        }
    }
}

/// A node and what was learned of it.
pub(super) struct EvmNode {
    pub(super) rpc: JsonRpc,
    chain_id: u64,
    /// Whether it may be asked for traces at all.
    traces: Traces,
    /// What was learned of them, and when; `None`: nothing yet.
    tracer: Mutex<Option<(Tracer, Instant)>>,
    /// Blocks in a row for whose traces it took too long.
    slow_traces: AtomicU64,
    /// Blocks that it answers logs of in one call, as far as was seen.
    pub(super) log_span: AtomicU64,
    /// Blocks whose traces it did not have.
    pub(super) untraced: AtomicU64,
    /// Transfers of 2^128 units or more.
    pub(super) refused: AtomicU64,
}

impl EvmNode {
    pub(super) fn new(rpc: JsonRpc, chain_id: u64, traces: Traces, log_span: u64) -> Self {
        Self {
            rpc,
            chain_id,
            traces,
            tracer: Mutex::default(),
            slow_traces: AtomicU64::new(0),
            log_span: AtomicU64::new(log_span),
            untraced: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// How it shows calls inside of transactions; `None`: to be found out. That it does not show any is doubted after a while.
    pub(super) fn tracer(&self) -> Option<Tracer> {
        if self.traces == Traces::Never {
            return Some(Tracer::Nothing);
        }
        let learned = *self.tracer.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |(tracer, at): &(Tracer, Instant)| *tracer != Tracer::Nothing || at.elapsed() < DOUBTED_AFTER;
        learned.filter(holds).map(|(tracer, _)| tracer)
    }

    pub(super) fn learn_tracer(&self, tracer: Tracer) {
        self.slow_traces.store(0, Ordering::Relaxed);
        *self.tracer.lock().unwrap_or_else(PoisonError::into_inner) = Some((tracer, Instant::now()));
    }

    /// Notes a block whose traces it did not have. One that takes too long again and again is not waited for any more: what it
    /// shows in time is of more use.
    pub(super) fn note_untraced(&self, took_too_long: bool) {
        self.untraced.fetch_add(1, Ordering::Relaxed);
        if took_too_long && self.slow_traces.fetch_add(1, Ordering::Relaxed) >= SLOW_TRACES_MAX {
            self.learn_tracer(Tracer::Nothing);
        }
    }

    /// Calls, and in the same request the chain's id: a balancer may send us to a node of another chain at any time, whose
    /// blocks would look like a reorganisation of everything.
    pub(super) async fn ask(&self, calls: Vec<Call>) -> Result<Vec<Result<Box<RawValue>, CallError>>, ProviderError> {
        let with_id: Vec<Call> = core::iter::once(Call::new("eth_chainId", json!([]))).chain(calls).collect();
        let mut results = self.rpc.batch(&with_id).await?.into_iter();
        let id: String = read(&results.next().ok_or_else(|| inconsistent("an empty answer"))??)?;
        if read_quantity(&id) != Some(self.chain_id) {
            let what = format!("its chain id is {}, not {}", read_quantity(&id).unwrap_or_default(), self.chain_id);
            return Err(ProviderError::OtherChain(what));
        }
        Ok(results.collect())
    }

    /// The blocks with their transactions' hashes; `None` where there is none.
    pub(super) async fn headers(&self, tags: &[Tag]) -> Result<Vec<Option<Block<IgnoredAny>>>, ProviderError> {
        let calls = tags.iter().map(|tag| Call::new("eth_getBlockByNumber", json!([tag.text(), false])));
        let blocks: Vec<Option<Block<IgnoredAny>>> = each(self.ask(calls.collect()).await?)?;
        for (tag, block) in tags.iter().zip(&blocks) {
            fits(*tag, block.as_ref().map(|block| block.number))?;
        }
        Ok(blocks)
    }

    /// The blocks with their transactions.
    pub(super) async fn blocks(&self, heights: &[u64]) -> Result<Vec<Block<Transaction>>, ProviderError> {
        whole(heights, self.ask(whole_blocks(heights).collect()).await?)
    }

    /// The same, in one request with the node's own head, which must be at the last block that is wanted in the end.
    pub(super) async fn first_blocks(
        &self,
        heights: &[u64],
        to: u64,
    ) -> Result<(u64, Vec<Block<Transaction>>), ProviderError> {
        let latest = Call::new("eth_getBlockByNumber", json!([Tag::Latest.text(), false]));
        let mut answers = self.ask(core::iter::once(latest).chain(whole_blocks(heights)).collect()).await?;
        let blocks = answers.split_off(answers.len().min(1));
        let head: Vec<Option<Block<IgnoredAny>>> = each(answers)?;
        let head = head.into_iter().next().flatten().ok_or_else(|| inconsistent("it has no last block"))?.number;
        if head < to {
            return Err(ProviderError::Lagging { head, asked: to });
        }
        Ok((head, whole(heights, blocks)?))
    }

    /// The height of its last block.
    pub(super) async fn head(&self) -> Result<u64, ProviderError> {
        let found = self.headers(&[Tag::Latest]).await?;
        let head = found.into_iter().next().flatten().ok_or_else(|| inconsistent("it has no last block"))?;
        Ok(head.number)
    }

    /// What became of transactions, in their order.
    pub(super) async fn receipts(&self, transactions: &[B256]) -> Result<Vec<Receipt>, ProviderError> {
        let calls: Vec<Call> =
            transactions.iter().map(|hash| Call::new("eth_getTransactionReceipt", json!([hash.to_string()]))).collect();
        let found: Vec<Option<Receipt>> = each(self.rpc.batch(&calls).await?)?;
        let mut receipts = Vec::with_capacity(found.len());
        for (hash, receipt) in transactions.iter().zip(found) {
            let receipt = receipt.filter(|receipt| receipt.transaction_hash == *hash);
            receipts.push(receipt.ok_or_else(|| inconsistent(&format!("it has no receipt of {hash}")))?);
        }
        Ok(receipts)
    }
}

fn whole_blocks(heights: &[u64]) -> impl Iterator<Item = Call> {
    heights.iter().map(|height| Call::new("eth_getBlockByNumber", json!([Tag::Height(*height).text(), true])))
}

/// Every one of the blocks that were asked for.
fn whole(
    heights: &[u64],
    answers: Vec<Result<Box<RawValue>, CallError>>,
) -> Result<Vec<Block<Transaction>>, ProviderError> {
    let mut blocks = Vec::with_capacity(heights.len());
    for (height, block) in heights.iter().zip(each::<Option<Block<Transaction>>>(answers)?) {
        fits(Tag::Height(*height), block.as_ref().map(|block| block.number))?;
        blocks.push(block.ok_or_else(|| inconsistent(&format!("it has no block {height} below its own head")))?);
    }
    Ok(blocks)
}

/// Reads every result, or tells the first error.
pub(super) fn each<T: DeserializeOwned>(
    results: Vec<Result<Box<RawValue>, CallError>>,
) -> Result<Vec<T>, ProviderError> {
    results.into_iter().map(|result| Ok(read(&result?)?)).collect()
}

/// Whether the block is the one that was asked for.
fn fits(asked: Tag, answered: Option<u64>) -> Result<(), ProviderError> {
    match (asked, answered) {
        (Tag::Height(height), Some(number)) if height != number => {
            Err(inconsistent(&format!("asked for block {height} it gives block {number}")))
        }
        (Tag::Height(_) | Tag::Latest | Tag::Safe | Tag::Finalized, _) => Ok(()),
    }
}

impl Node for EvmNode {
    fn name(&self) -> &str {
        self.rpc.name()
    }

    fn identity(&self) -> NodeAnswer<'_, Identity> {
        Box::pin(async {
            let first = self.headers(&[Tag::Height(0)]).await?.into_iter().next().flatten();
            let first = first.ok_or_else(|| inconsistent("it has no first block"))?;
            Ok(Identity { chain: self.chain_id.to_string(), genesis: first.hash.to_string() })
        })
    }

    fn usage(&self) -> Usage {
        self.rpc.usage()
    }
}

/// Counts one more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
