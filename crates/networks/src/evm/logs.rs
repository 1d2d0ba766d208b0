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
    tokens::{self, Span, Tokens},
};
use crate::network::Watch;
use crate::provider::{
    CallError, ProviderError,
    json_rpc::{Call, read},
};
use core::sync::atomic::Ordering;
use std::collections::BTreeSet;

/// Ranges of up to so many blocks are asked for block by block, by hash.
const BY_HASH_MAX: usize = 4;

/// Logs of a listed token that move something to addresses that may be watched.
#[derive(Default)]
struct Found {
    logs: Vec<Log>,
    /// Blocks that hold any log of a listed token.
    told: BTreeSet<u64>,
}

/// The logs of listed tokens in these blocks that move something to addresses that may be watched, each once.
pub(super) async fn of(
    node: &EvmNode,
    tokens: &Tokens,
    blocks: &[ReadBlock],
    watch: &Watch,
) -> Result<Vec<Log>, ProviderError> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Found::default();
    if are_by_hash(blocks) {
        let all: Vec<&ReadBlock> = blocks.iter().collect();
        by_hash(node, tokens, &all, |logs, among| found.take(tokens, watch, logs, among)).await?;
    } else {
        by_range(node, tokens, blocks, |logs, among| found.take(tokens, watch, logs, among)).await?;
        let is_doubtful = |block: &&ReadBlock| {
            tokens.may_be_in(block.bloom.as_ref()) && !found.told.contains(&block.header.block.height)
        };
        let doubtful: Vec<&ReadBlock> = blocks.iter().filter(is_doubtful).collect();
        by_hash(node, tokens, &doubtful, |logs, among| found.take(tokens, watch, logs, among)).await?;
    }
    let mut logs = found.logs;
    logs.sort_by_key(|log| (log.block_number, log.log_index));
    logs.dedup_by_key(|log| (log.block_number, log.log_index));
    Ok(logs)
}

/// Whether logs of so few blocks are asked for block by block, by hash.
pub(super) const fn are_by_hash(blocks: &[ReadBlock]) -> bool {
    blocks.len() <= BY_HASH_MAX
}

impl Found {
    /// Keeps of an answer what is ours; the whole answer must be of the blocks that were read.
    fn take(
        &mut self,
        tokens: &Tokens,
        watch: &Watch,
        logs: Vec<Log>,
        blocks: &[&ReadBlock],
    ) -> Result<(), ProviderError> {
        for log in logs {
            let block = blocks.iter().find(|block| block.header.block.height == log.block_number);
            if block.is_none_or(|block| block.hash != log.block_hash) {
                let height = log.block_number;
                return Err(inconsistent(&format!("a log is of another block {height} than its block is")));
            }
            // A log that was taken back is of a lost branch and is told again with its new block.
            if log.removed || tokens.asset(log.address).is_none() {
                continue;
            }
            self.told.insert(log.block_number);
            let arrives = tokens::moved(&log).is_some_and(|moved| {
                moved.from != moved.to && !moved.units.is_zero() && watch.maybe_contains(moved.to.as_slice())
            });
            if arrives {
                self.logs.push(log);
            }
        }
        Ok(())
    }
}

async fn by_hash(
    node: &EvmNode,
    tokens: &Tokens,
    blocks: &[&ReadBlock],
    mut take: impl FnMut(Vec<Log>, &[&ReadBlock]) -> Result<(), ProviderError>,
) -> Result<(), ProviderError> {
    let calls: Vec<Call> = blocks.iter().map(|block| tokens.transfers_in(Span::Block(block.hash))).collect();
    for list in each::<Vec<Log>>(node.rpc.batch(&calls).await?)? {
        take(list, blocks)?;
    }
    Ok(())
}

/// Asks for as many blocks at a time as the node answers: half as many when it finds that too much, more when it goes well.
async fn by_range(
    node: &EvmNode,
    tokens: &Tokens,
    blocks: &[ReadBlock],
    mut take: impl FnMut(Vec<Log>, &[&ReadBlock]) -> Result<(), ProviderError>,
) -> Result<(), ProviderError> {
    let all: Vec<&ReadBlock> = blocks.iter().collect();
    let mut rest = blocks;
    while !rest.is_empty() {
        let span = node.log_span.load(Ordering::Relaxed).max(1);
        let length = usize::try_from(span).unwrap_or(usize::MAX).min(rest.len());
        let (part, after) = rest.split_at(length);
        match one_range(node, tokens, part).await {
            Ok(logs) => {
                take(logs, &all)?;
                rest = after;
                let longer = span.saturating_add((span / 4).max(1)).min(super::RANGE_MAX);
                if length < blocks.len() && u64::try_from(length) == Ok(span) {
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
    Ok(())
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
