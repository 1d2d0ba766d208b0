//! Logs of the listed tokens in a range of blocks, however little of it the provider answers at a time.
//!
//! An empty answer proves nothing by itself: nodes answer a range that they have not seen with an empty list. Near the head
//! logs are asked for by the block's hash, which a node that lacks the block cannot answer; farther down the blocks' own
//! summaries (blooms) say which of them cannot be empty.

use super::{
    blocks::ReadBlock,
    forms::Log,
    inconsistent,
    node::{EvmNode, each},
    tokens::{Span, Tokens},
};
use crate::provider::{
    CallError, ProviderError,
    json_rpc::{Call, read},
};
use core::sync::atomic::Ordering;
use std::collections::BTreeSet;

/// Ranges of up to so many blocks are asked for block by block, by hash.
const BY_HASH_MAX: usize = 4;

/// Every log of a listed token in these blocks, each once.
pub(super) async fn of(node: &EvmNode, tokens: &Tokens, blocks: &[ReadBlock]) -> Result<Vec<Log>, ProviderError> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let mut logs = if blocks.len() <= BY_HASH_MAX {
        by_hash(node, tokens, blocks.iter()).await?
    } else {
        by_range(node, tokens, blocks).await?
    };
    for log in &logs {
        let block = blocks.iter().find(|block| block.header.block.height == log.block_number);
        if block.is_none_or(|block| block.hash != log.block_hash) {
            return Err(inconsistent(&format!("a log is of another block {} than its block is", log.block_number)));
        }
    }
    // A log that was taken back is of a lost branch and is told again with its new block.
    logs.retain(|log| !log.removed && tokens.asset(log.address).is_some());
    logs.sort_by_key(|log| (log.block_number, log.log_index));
    logs.dedup_by_key(|log| (log.block_number, log.log_index));
    Ok(logs)
}

async fn by_hash(
    node: &EvmNode,
    tokens: &Tokens,
    blocks: impl Iterator<Item = &ReadBlock>,
) -> Result<Vec<Log>, ProviderError> {
    let calls: Vec<Call> = blocks.map(|block| tokens.transfers_in(Span::Block(block.hash))).collect();
    let lists: Vec<Vec<Log>> = each(node.rpc.batch(&calls).await?)?;
    Ok(lists.into_iter().flatten().collect())
}

/// Asks for as many blocks at a time as the node answers: half as many when it finds that too much, more when it goes well.
async fn by_range(node: &EvmNode, tokens: &Tokens, blocks: &[ReadBlock]) -> Result<Vec<Log>, ProviderError> {
    let mut logs: Vec<Log> = Vec::new();
    let mut rest = blocks;
    while !rest.is_empty() {
        let span = node.log_span.load(Ordering::Relaxed).max(1);
        let length = usize::try_from(span).unwrap_or(usize::MAX).min(rest.len());
        let (part, after) = rest.split_at(length);
        match one_range(node, tokens, part).await {
            Ok(found) => {
                logs.extend(found);
                rest = after;
                if length < blocks.len() && u64::try_from(length) == Ok(span) {
                    let longer = span.saturating_add((span / 4).max(1)).min(super::RANGE_MAX);
                    node.log_span.store(longer, Ordering::Relaxed);
                }
            }
            Err(error) if length > 1 && is_too_much(&error) => {
                let half = u64::try_from(length / 2).unwrap_or(1).max(1);
                node.log_span.store(half, Ordering::Relaxed);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let told: BTreeSet<u64> = logs.iter().map(|log| log.block_number).collect();
    let doubtful = blocks
        .iter()
        .filter(|block| tokens.may_be_in(block.bloom.as_ref()) && !told.contains(&block.header.block.height));
    logs.extend(by_hash(node, tokens, doubtful).await?);
    Ok(logs)
}

async fn one_range(node: &EvmNode, tokens: &Tokens, blocks: &[ReadBlock]) -> Result<Vec<Log>, CallError> {
    let height = |block: Option<&ReadBlock>| block.map_or(0, |block| block.header.block.height);
    let span = Span::Heights(height(blocks.first()), height(blocks.last()));
    read(&node.rpc.raw(&tokens.transfers_in(span)).await?)
}

/// Whether a node found a range too long or its logs too many. There is no agreed number for it, only words.
pub(super) fn is_too_much(error: &CallError) -> bool {
    match error {
        CallError::TooLarge { .. } | CallError::Timeout | CallError::Status { status: 413, .. } => true,
        CallError::Node { code, message } => {
            let words = message.to_ascii_lowercase();
            let said = |any: &[&str]| any.iter().any(|word| words.contains(word));
            // Being asked too often is another matter: asking more often still would not help.
            let is_pace = *code == 429 || said(&["rate limit", "per second", "too many requests", "quota", "credits"]);
            let is_size =
                said(&["range", "limit", "too many", "more than", "exceed", "size", "large", "timeout", "timed out"]);
            is_size && !is_pace
        }
        CallError::Connect(_)
        | CallError::Tls(_)
        | CallError::Broken
        | CallError::Status { .. }
        | CallError::Malformed(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_say_in_many_ways_that_a_range_is_too_long() {
        let said = |code, words: &str| is_too_much(&CallError::Node { code, message: words.to_owned() });
        for (code, words) in [
            (-32005, "query returned more than 10000 results"),
            (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
            (-32000, "exceed maximum block range: 50000"),
            (-32614, "eth_getLogs is limited to a 10,000 range"),
            (-32000, "block range is too wide"),
            (-32005, "logs matched by query exceeds limit of 10000"),
            (35, "ranges over 10000 blocks are not supported on freetier"),
            (-32000, "query timeout exceeded"),
        ] {
            assert!(said(code, words), "{words}");
        }
        for (code, words) in [
            (-32601, "the method eth_getLogs does not exist"),
            (429, "Your app has exceeded its compute units per second capacity"),
            (-32005, "daily request count exceeded, request rate limited: rate limit reached"),
            (-32000, "header not found"),
        ] {
            assert!(!said(code, words), "{words}");
        }
    }
}
