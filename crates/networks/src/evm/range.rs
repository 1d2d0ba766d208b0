//! Reading a range of blocks from one provider: what arrived at watched addresses, every part of it checked against the rest.

use super::{
    blocks::{self, Branch, ReadBlock, Sent},
    forms::{Log, Receipt},
    inconsistent, logs,
    node::{EvmNode, Tag, Tracer, count},
    tokens::{self, Tokens},
    traces,
};
use crate::{
    network::{BlockTransfers, Scanned, Transfer, Watch},
    provider::{Node, ProviderError},
};
use alloy_primitives::{Address, B256, U256};
use core::ops::RangeInclusive;
use farthing_domain::asset::Asset;
use std::collections::{BTreeMap, BTreeSet};

/// The position of the coins that a transaction itself sends.
const OWN_CALL: &str = "native";

/// What may have arrived, before its receipt was read.
enum Candidate<'a> {
    /// The transaction's own value.
    Sent(Sent),
    /// The n-th payment by a contract to this address in the transaction.
    Paid(Sent, u64),
    /// A token's log.
    Log(&'a Log),
}

impl Candidate<'_> {
    const fn transaction(&self) -> B256 {
        match self {
            Self::Sent(sent) | Self::Paid(sent, _) => sent.transaction,
            Self::Log(log) => log.transaction_hash,
        }
    }
}

/// Reads a range whose last block the provider's own head covers, before and after.
pub(super) async fn read(
    node: &EvmNode,
    tokens: &Tokens,
    range: RangeInclusive<u64>,
    watch: &Watch,
) -> Result<Scanned, ProviderError> {
    let Branch { blocks, head } = blocks::read(node, range, watch).await?;
    let logs = logs::of(node, tokens, &blocks, watch).await?;
    let mut found = Vec::new();
    for block in &blocks {
        let transfers = of_block(node, tokens, block, &logs, watch).await?;
        if !transfers.is_empty() {
            found.push(BlockTransfers { header: block.header.clone(), transfers });
        }
    }
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        return Err(inconsistent("a range without blocks"));
    };
    // What was asked for by the block's hash cannot be of another branch.
    if !logs::are_by_hash(&blocks) || node.tracer() == Some(Tracer::Flat) {
        still_stands(node, last, head).await?;
    }
    Ok(Scanned {
        parent: first.header.parent.clone(),
        blocks: found,
        end: last.header.clone(),
        provider: node.name().to_owned(),
    })
}

/// The last block is still the provider's, and its head did not go back while it answered.
async fn still_stands(node: &EvmNode, last: &ReadBlock, head: u64) -> Result<(), ProviderError> {
    let now = node.headers(&[Tag::Height(last.header.block.height), Tag::Latest]).await?;
    let mut now = now.into_iter().flatten();
    let (again, latest) = (now.next(), now.next());
    if again.is_none_or(|block| block.hash != last.hash) {
        return Err(inconsistent("the branch changed while it was read"));
    }
    if latest.is_none_or(|latest| latest.number < head) {
        return Err(inconsistent("its head went back while it was read"));
    }
    Ok(())
}

/// What arrived in one block, in the block's order: a transaction's own coins, then those that contracts paid, then tokens.
async fn of_block(
    node: &EvmNode,
    tokens: &Tokens,
    block: &ReadBlock,
    logs: &[Log],
    watch: &Watch,
) -> Result<Vec<Transfer>, ProviderError> {
    let mut candidates: Vec<Candidate<'_>> = block.sent.iter().copied().map(Candidate::Sent).collect();
    candidates.extend(paid(node, block, watch).await?);
    candidates.extend(logs.iter().filter(|log| log.block_number == block.header.block.height).map(Candidate::Log));
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let hashes: BTreeSet<B256> = candidates.iter().map(Candidate::transaction).collect();
    let hashes: Vec<B256> = hashes.into_iter().collect();
    let receipts = node.receipts(&hashes).await?;
    if let Some(other) = receipts.iter().find(|receipt| receipt.block_hash != block.hash) {
        return Err(inconsistent(&format!("the receipt of {} is of another block", other.transaction_hash)));
    }
    let receipts: BTreeMap<B256, Receipt> = hashes.into_iter().zip(receipts).collect();
    // Within a transaction the order stays: the sort is stable.
    candidates.sort_by_key(|candidate| block.places.get(&candidate.transaction()).copied().unwrap_or(usize::MAX));
    let mut transfers = Vec::new();
    for candidate in &candidates {
        let Some(receipt) = receipts.get(&candidate.transaction()) else { continue };
        transfers.extend(transfer(node, tokens, candidate, receipt)?);
    }
    Ok(transfers)
}

/// What contracts paid to addresses that may be watched.
///
/// A payment's place is its number among those to the same address in the transaction, not its path of calls: two ways of
/// tracing count calls that move nothing differently, and one payment must have one place whoever tells of it.
async fn paid<'a>(node: &EvmNode, block: &ReadBlock, watch: &Watch) -> Result<Vec<Candidate<'a>>, ProviderError> {
    let mut numbers: BTreeMap<(B256, Address), u64> = BTreeMap::new();
    let mut found = Vec::new();
    for (transaction, effect) in traces::of(node, block).await? {
        let moves = effect.from != effect.to && !effect.units.is_zero();
        if moves && watch.maybe_contains(effect.to.as_slice()) {
            let number = numbers.entry((transaction, effect.to)).or_default();
            found.push(Candidate::Paid(Sent { transaction, to: effect.to, units: effect.units }, *number));
            *number = number.saturating_add(1);
        }
    }
    Ok(found)
}

/// The transfer, when its transaction succeeded and its receipt agrees.
fn transfer(
    node: &EvmNode,
    tokens: &Tokens,
    candidate: &Candidate<'_>,
    receipt: &Receipt,
) -> Result<Option<Transfer>, ProviderError> {
    let (asset, position, to, units) = match candidate {
        Candidate::Sent(_) | Candidate::Paid(..) if receipt.status != 1 => return Ok(None),
        Candidate::Sent(sent) => (&tokens.native, OWN_CALL.to_owned(), sent.to, sent.units),
        Candidate::Paid(sent, number) => {
            (&tokens.native, format!("{OWN_CALL}/{}/{number}", hex::encode(sent.to)), sent.to, sent.units)
        }
        Candidate::Log(log) => {
            let place = receipt.logs.iter().position(|other| other == *log).filter(|_| receipt.status == 1);
            let place =
                place.ok_or_else(|| inconsistent(&format!("the receipt of {} lacks a log", log.transaction_hash)))?;
            let Some((asset, moved)) = tokens.asset(log.address).zip(tokens::moved(log)) else { return Ok(None) };
            (asset, format!("log/{place}"), moved.to, moved.units)
        }
    };
    Ok(exact(node, asset, candidate.transaction(), units).map(|units| Transfer {
        transaction: candidate.transaction().to_string(),
        position,
        asset: asset.id,
        decimals: asset.decimals,
        units,
        address: to.to_vec(),
        matures_at: None,
    }))
}

/// The amount, when it is one that an asset can have.
fn exact(node: &EvmNode, asset: &Asset, transaction: B256, units: U256) -> Option<u128> {
    let exact = u128::try_from(units).ok();
    if exact.is_none() {
        count(&node.refused);
        tracing::error!(
            asset = %asset.id, %transaction, %units,
            "a transfer of 2^128 units or more is not credited: no asset has so many"
        );
    }
    exact
}

/// Payments by contracts of a range, each with its block's height: shown by providers with traces only.
pub(super) fn paid_by_contracts(scanned: &Scanned) -> Vec<(u64, &Transfer)> {
    let inner = format!("{OWN_CALL}/");
    let all = scanned
        .blocks
        .iter()
        .flat_map(|block| block.transfers.iter().map(|transfer| (block.header.block.height, transfer)));
    all.filter(|(_, transfer)| transfer.position.starts_with(&inner)).collect()
}

/// What every provider tells of a range: payments by contracts are shown by those with traces only.
pub(super) fn seen_by_all(scanned: &Scanned) -> Vec<(&str, &Transfer)> {
    let inner = format!("{OWN_CALL}/");
    let all = scanned
        .blocks
        .iter()
        .flat_map(|block| block.transfers.iter().map(|transfer| (block.header.block.hash.as_str(), transfer)));
    all.filter(|(_, transfer)| !transfer.position.starts_with(&inner)).collect()
}
