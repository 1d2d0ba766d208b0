//! Reading a range of blocks from one provider: whole, proved, and each on top of the one before.

use super::{
    block::{self, Hit, RawHeader, SCRIPT_BYTES},
    source::{Placed, Source, inconsistent},
    transaction::{Hash, hash_text},
};
use crate::{
    network::{BlockTransfers, Scanned, Transfer, Watch},
    provider::{Node as _, ProviderError},
};
use farthing_domain::asset::Asset;
use futures_util::{StreamExt as _, stream};

/// Blocks of one range on their way at the same time; each may take twenty megabytes, and several ranges are read at once.
const AHEAD: usize = 2;

/// What a range is read for.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) asset: &'a Asset,
    pub(super) watch: &'a Watch,
}

impl Reading<'_> {
    pub(super) fn is_watched(self, script: &[u8]) -> bool {
        SCRIPT_BYTES.contains(&script.len()) && self.watch.maybe_contains(script)
    }

    /// An output as the gateway knows transfers.
    pub(super) fn transfer(self, hit: &Hit<'_>, matures_at: Option<u64>) -> Transfer {
        Transfer {
            transaction: hash_text(&hit.transaction),
            position: hit.output.to_string(),
            asset: self.asset.id,
            decimals: self.asset.decimals,
            units: u128::from(hit.units),
            address: hit.script.to_vec(),
            matures_at,
        }
    }
}

/// Reads `from..=to`. With the last block's header, which is proved to stand on all below it.
///
/// # Errors
/// [`ProviderError::Lagging`] when the provider's branch ends below `to`; anything that does not fit is an error as well.
pub(super) async fn read(
    source: &Source,
    (from, to): (u64, u64),
    reading: Reading<'_>,
) -> Result<(Scanned, Placed), ProviderError> {
    let head = source.tip().await?.height;
    let lagging = ProviderError::Lagging { head, asked: to };
    if head < to {
        return Err(lagging);
    }
    let hashes = source.hashes(from, to).await?;
    let wanted = to.checked_sub(from).and_then(|blocks| blocks.checked_add(1));
    if u64::try_from(hashes.len()).ok() != wanted {
        return Err(lagging);
    }
    let mut blocks = Vec::new();
    let mut parent = None;
    let mut below: Option<Placed> = None;
    let mut fetched = stream::iter((from..).zip(hashes))
        .map(|(height, hash)| async move { (height, hash, source.block(hash).await) })
        .buffered(AHEAD);
    while let Some((height, hash, bytes)) = fetched.next().await {
        let (placed, found) = read_block(source, (height, &hash), &bytes?, reading)?;
        match below {
            Some(below) if placed.header.parent != below.header.hash => {
                return Err(broken(source, below, lagging).await?);
            }
            Some(below) => follows(source, &below.header, placed)?,
            None => {
                parent = Some(hash_text(&placed.header.parent));
                first_follows(source, placed).await?;
            }
        }
        blocks.extend(found);
        below = Some(placed);
    }
    match (parent, below) {
        (Some(parent), Some(last)) => {
            let provider = source.name().to_owned();
            Ok((Scanned { parent, blocks, end: last.shown(), provider }, last))
        }
        _ => Err(inconsistent(&format!("{from} to {to} is not a range"))),
    }
}

fn read_block(
    source: &Source,
    (height, hash): (u64, &Hash),
    bytes: &[u8],
    reading: Reading<'_>,
) -> Result<(Placed, Option<BlockTransfers>), ProviderError> {
    let rules = &source.rules;
    let bad = |what: &str| inconsistent(&format!("block {height} {}: {what}", hash_text(hash)));
    let read = block::read(bytes, rules, reading.watch).map_err(|error| bad(&error.to_string()))?;
    let placed = Placed { height, header: source.checked(hash, read.header)? };
    if rules.states_height(&read.header, height) && read.height != Some(height) {
        return Err(bad("it stands at another height"));
    }
    let transfers: Vec<Transfer> =
        read.hits.iter().map(|hit| reading.transfer(hit, rules.matures_at(hit.origin, height))).collect();
    let found = (!transfers.is_empty()).then(|| BlockTransfers { header: placed.shown(), transfers });
    Ok((placed, found))
}

/// Why a block does not stand on the one below: the branch changed while it was read, which is no fault and is read again; or
/// the provider tells what cannot be.
async fn broken(source: &Source, below: Placed, changed: ProviderError) -> Result<ProviderError, ProviderError> {
    let now = source.hashes(below.height, below.height).await?;
    if now.first() == Some(&below.header.hash) {
        return Ok(inconsistent(&format!("its block above {} does not stand on it", below.height)));
    }
    Ok(changed)
}

fn follows(source: &Source, below: &RawHeader, placed: Placed) -> Result<(), ProviderError> {
    if source.rules.may_follow(below.bits, placed.height, placed.header.bits) {
        return Ok(());
    }
    Err(inconsistent(&format!("block {} asks for another target than it may", placed.height)))
}

/// The first block of a range may ask for the target that the block below lets it, which the ledger knows by its hash.
async fn first_follows(source: &Source, placed: Placed) -> Result<(), ProviderError> {
    if placed.height == 0 || !source.rules.is_retargeted() {
        return Ok(());
    }
    let below = source.header(&placed.header.parent).await?;
    follows(source, &below.ok_or_else(|| inconsistent("the block below its branch's is missing"))?, placed)
}
