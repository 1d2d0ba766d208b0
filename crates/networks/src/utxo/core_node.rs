//! A node that speaks Bitcoin Core's JSON-RPC: Bitcoin Core, Litecoin Core, Dogecoin Core, without wallet and transaction index.
//!
//! Only calls that all three have. What the node does not have is `None`; every other error of its is one.

use super::{
    block::{self, RawHeader},
    rules::Rules,
    transaction::{Hash, hash_from_text, hash_text},
};
use crate::provider::{
    CallError, ProviderError,
    json_rpc::{Call, JsonRpc, read},
};
use alloy_primitives::hex;
use farthing_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// The node's error for an unknown transaction or block.
const NOT_FOUND: i64 = -5;
/// The node's error for a height above its tip.
const OUT_OF_RANGE: i64 = -8;

/// A node, with what it is asked in daily work and what may take minutes.
pub(super) struct CoreNode {
    pub(super) rpc: JsonRpc,
    /// The same node, with the patience that a walk over all unspent outputs needs.
    pub(super) patient: JsonRpc,
}

/// Parts of `getblockchaininfo`.
#[derive(Deserialize)]
pub(super) struct ChainInfo {
    pub(super) chain: String,
    pub(super) blocks: u64,
    pub(super) headers: u64,
    #[serde(default)]
    pub(super) initialblockdownload: bool,
    #[serde(default)]
    pub(super) pruned: bool,
    #[serde(default)]
    pub(super) pruneheight: Option<u64>,
}

#[derive(Deserialize)]
struct HeaderPlace {
    height: u64,
    confirmations: i64,
}

#[derive(Deserialize)]
struct MempoolEntry {
    time: i64,
}

impl CoreNode {
    pub(super) async fn chain_info(&self) -> Result<ChainInfo, ProviderError> {
        Ok(self.rpc.call("getblockchaininfo", json!([])).await?)
    }

    pub(super) async fn best(&self) -> Result<Hash, ProviderError> {
        hash(&self.rpc.call::<String>("getbestblockhash", json!([])).await?)
    }

    /// A block's header with its height; `None` when the block is not on the node's branch any more.
    pub(super) async fn header(&self, hash: &Hash, rules: &Rules) -> Result<Option<(u64, RawHeader)>, ProviderError> {
        let text = hash_text(hash);
        let calls =
            [Call::new("getblockheader", json!([text, true])), Call::new("getblockheader", json!([text, false]))];
        let [place, raw] = two(self.rpc.batch(&calls).await?)?;
        let (Some(place), Some(raw)) = (found(place)?, found(raw)?) else { return Ok(None) };
        let place: HeaderPlace = read(&place)?;
        let header = block::header_of(&bytes(&raw)?, rules).ok_or_else(|| malformed("a header that is none"))?;
        Ok((place.confirmations > 0).then_some((place.height, header)))
    }

    /// The hashes of the blocks at `from..=to`; cut where the node's branch ends.
    pub(super) async fn hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, ProviderError> {
        let calls: Vec<Call> = (from..=to).map(|height| Call::new("getblockhash", json!([height]))).collect();
        let mut hashes = Vec::with_capacity(calls.len());
        for answer in self.rpc.batch(&calls).await? {
            match answer {
                Ok(text) => hashes.push(hash(&read::<String>(&text)?)?),
                Err(CallError::Node { code: OUT_OF_RANGE, .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(hashes)
    }

    pub(super) async fn block(&self, hash: &Hash) -> Result<Vec<u8>, ProviderError> {
        // Dogecoin takes only `false` for the raw form, and Bitcoin takes it for 0.
        bytes(&self.rpc.raw(&Call::new("getblock", json!([hash_text(hash), false]))).await?)
    }

    pub(super) async fn waiting(&self) -> Result<Vec<Hash>, ProviderError> {
        let ids = self.rpc.raw(&Call::new("getrawmempool", json!([false]))).await?;
        let texts: Vec<&str> = serde_json::from_str(ids.get()).map_err(|_| malformed("a list that is none"))?;
        texts.into_iter().map(hash).collect()
    }

    /// Transactions of the mempool, in order; `None` for those that left it.
    pub(super) async fn transactions(&self, ids: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, ProviderError> {
        let calls: Vec<Call> =
            ids.iter().map(|id| Call::new("getrawtransaction", json!([hash_text(id), false]))).collect();
        let answers = self.rpc.batch(&calls).await?;
        answers.into_iter().map(|answer| found(answer)?.map(|raw| bytes(&raw)).transpose()).collect()
    }

    /// When the node first saw a transaction of its mempool.
    pub(super) async fn first_seen(&self, id: &Hash) -> Result<Option<Timestamp>, ProviderError> {
        let entry = self.rpc.raw(&Call::new("getmempoolentry", json!([hash_text(id)]))).await;
        let Some(entry) = found(entry)? else { return Ok(None) };
        Ok(Some(Timestamp::from_seconds(read::<MempoolEntry>(&entry)?.time)))
    }
}

/// A result, or `None` where the node does not have what was asked for.
fn found(answer: Result<Box<RawValue>, CallError>) -> Result<Option<Box<RawValue>>, ProviderError> {
    match answer {
        Ok(result) => Ok(Some(result)),
        Err(CallError::Node { code: NOT_FOUND, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn two<T>(answers: Vec<T>) -> Result<[T; 2], ProviderError> {
    <[T; 2]>::try_from(answers).map_err(|_| malformed("not as many answers as calls"))
}

/// The bytes of a JSON string of hexadecimal digits, which may be megabytes: read in place.
fn bytes(text: &RawValue) -> Result<Vec<u8>, ProviderError> {
    let digits = text.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    digits.and_then(|digits| hex::decode(digits).ok()).ok_or_else(|| malformed("hexadecimal that is none"))
}

pub(super) fn hash(text: &str) -> Result<Hash, ProviderError> {
    hash_from_text(text).ok_or_else(|| malformed("a hash that is none"))
}

pub(super) fn malformed(what: &str) -> ProviderError {
    CallError::Malformed(what.to_owned()).into()
}
