//! The blocks of a range, shown to be one chain, and the coins that their transactions themselves send.

use super::{
    forms::{Block, Transaction},
    inconsistent,
    node::EvmNode,
};
use crate::{
    network::{Header, Watch},
    provider::ProviderError,
};
use alloy_primitives::{Address, B256, Bloom, U256};
use core::ops::RangeInclusive;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;

/// Blocks in one request.
const BLOCKS_PER_REQUEST: usize = 8;
/// Requests for blocks under way at a time.
const REQUESTS_AT_A_TIME: usize = 3;
/// Gas of a transaction that only sends coins: no contract runs in it.
const PLAIN_GAS: u64 = 21_000;

/// A block without what is of no interest.
#[derive(Debug, Clone)]
pub(super) struct ReadBlock {
    pub(super) header: Header,
    pub(super) hash: B256,
    parent: B256,
    pub(super) bloom: Option<Bloom>,
    /// Its transactions and their places.
    pub(super) places: BTreeMap<B256, usize>,
    /// Whether a contract may have run in it.
    pub(super) may_run_code: bool,
    /// Coins that its transactions send to addresses that may be watched.
    pub(super) sent: Vec<Sent>,
}

/// Coins on their way to an address that may be watched; not yet known to have arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) transaction: B256,
    pub(super) to: Address,
    pub(super) units: U256,
}

/// Blocks of which each is the parent of the next, and the provider's own head, which is not below them.
pub(super) struct Branch {
    pub(super) blocks: Vec<ReadBlock>,
    pub(super) head: u64,
}

/// Reads the blocks of a range.
pub(super) async fn read(node: &EvmNode, range: RangeInclusive<u64>, watch: &Watch) -> Result<Branch, ProviderError> {
    let to = *range.end();
    let heights: Vec<u64> = range.collect();
    let (first, rest) = heights.split_at(heights.len().min(BLOCKS_PER_REQUEST));
    let (head, found) = node.first_blocks(first, to).await?;
    let mut blocks: Vec<ReadBlock> = found.into_iter().map(|block| keep(block, watch)).collect();
    let requests: Vec<Vec<u64>> = rest.chunks(BLOCKS_PER_REQUEST).map(<[u64]>::to_vec).collect();
    let requests = requests.into_iter().map(|heights| one_request(node, heights, watch));
    let parts: Vec<Vec<ReadBlock>> = stream::iter(requests).buffered(REQUESTS_AT_A_TIME).try_collect().await?;
    blocks.extend(parts.into_iter().flatten());
    for (below, above) in blocks.iter().zip(blocks.iter().skip(1)) {
        if above.parent != below.hash {
            let height = above.header.block.height;
            return Err(inconsistent(&format!("its block {height} does not stand on the block below")));
        }
    }
    Ok(Branch { blocks, head })
}

async fn one_request(node: &EvmNode, heights: Vec<u64>, watch: &Watch) -> Result<Vec<ReadBlock>, ProviderError> {
    Ok(node.blocks(&heights).await?.into_iter().map(|block| keep(block, watch)).collect())
}

fn keep(block: Block<Transaction>, watch: &Watch) -> ReadBlock {
    let sent = |transaction: &Transaction| {
        let to = transaction.to.filter(|to| *to != transaction.from && !transaction.value.is_zero())?;
        let sent = Sent { transaction: transaction.hash, to, units: transaction.value };
        watch.maybe_contains(to.as_slice()).then_some(sent)
    };
    ReadBlock {
        header: block.header(),
        hash: block.hash,
        parent: block.parent_hash,
        bloom: block.logs_bloom,
        sent: block.transactions.iter().filter_map(sent).collect(),
        may_run_code: block.transactions.iter().any(|transaction| transaction.gas > PLAIN_GAS),
        places: block.transactions.iter().enumerate().map(|(place, transaction)| (transaction.hash, place)).collect(),
    }
}
