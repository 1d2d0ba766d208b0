//! A server that speaks Esplora's HTTP interface (Blockstream's electrs and its kin).
//!
//! It is somebody else's more often than not, so that nothing it says of a block is believed that the block's bytes do not show.

use super::{
    block::{self, RawHeader},
    core_node::{hash, malformed},
    rules::Rules,
    transaction::{Hash, hash_text},
};
use crate::provider::{CallError, ProviderError, http::HttpNode};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, PoisonError};

/// The mempool's transactions that are read one by one at most. Where it is larger, money is seen when it is mined: a public
/// server would rather cut us off than answer tens of thousands of questions.
const MEMPOOL_MAX: u64 = 5_000;

/// A server, and the last block that was proved: it is wanted as the tip first and to be scanned after.
pub(super) struct Esplora {
    pub(super) http: HttpNode,
    last_block: Mutex<Option<(Hash, Arc<Vec<u8>>)>>,
}

#[derive(Deserialize)]
struct MempoolSize {
    count: u64,
}

#[derive(Deserialize)]
struct BlockPlace {
    height: u64,
}

/// What an address received and spent, in transactions and units.
#[derive(Deserialize)]
pub(super) struct AddressStats {
    pub(super) chain_stats: Stats,
    pub(super) mempool_stats: Stats,
}

/// One half of it.
#[derive(Deserialize)]
pub(super) struct Stats {
    pub(super) tx_count: u64,
    #[serde(default)]
    pub(super) funded_txo_sum: u64,
    #[serde(default)]
    pub(super) spent_txo_sum: u64,
}

impl Esplora {
    pub(super) const fn new(http: HttpNode) -> Self {
        Self { http, last_block: Mutex::new(None) }
    }

    pub(super) async fn best(&self) -> Result<Hash, ProviderError> {
        hash(&self.text("blocks/tip/hash").await?.ok_or_else(|| malformed("no tip"))?)
    }

    pub(super) async fn hash_at(&self, height: u64) -> Result<Option<Hash>, ProviderError> {
        self.text(&format!("block-height/{height}")).await?.as_deref().map(hash).transpose()
    }

    /// A block's height by the server's own word.
    pub(super) async fn height_of(&self, hash: &Hash) -> Result<u64, ProviderError> {
        Ok(self.json::<BlockPlace>(&format!("block/{}", hash_text(hash))).await?.height)
    }

    pub(super) async fn header(&self, hash: &Hash, rules: &Rules) -> Result<Option<RawHeader>, ProviderError> {
        let Some(text) = self.text(&format!("block/{}/header", hash_text(hash))).await? else { return Ok(None) };
        let bytes = hex::decode(text).map_err(|_| malformed("hexadecimal that is none"))?;
        block::header_of(&bytes, rules).map(Some).ok_or_else(|| malformed("a header that is none"))
    }

    pub(super) async fn block(&self, hash: &Hash) -> Result<Arc<Vec<u8>>, ProviderError> {
        if let Some((last, bytes)) = &*self.last_block.lock().unwrap_or_else(PoisonError::into_inner)
            && last == hash
        {
            return Ok(Arc::clone(bytes));
        }
        Ok(Arc::new(self.http.get(&format!("block/{}/raw", hash_text(hash))).await?))
    }

    /// Keeps a block that was proved to be the one asked for.
    pub(super) fn keep(&self, hash: Hash, bytes: Arc<Vec<u8>>) {
        *self.last_block.lock().unwrap_or_else(PoisonError::into_inner) = Some((hash, bytes));
    }

    /// `None` when there are more than are read.
    pub(super) async fn waiting(&self) -> Result<Option<Vec<Hash>>, ProviderError> {
        if self.json::<MempoolSize>("mempool").await?.count > MEMPOOL_MAX {
            return Ok(None);
        }
        let ids: Vec<String> = self.json("mempool/txids").await?;
        ids.iter().map(|id| hash(id)).collect::<Result<_, _>>().map(Some)
    }

    /// A transaction; `None` when there is none such any more.
    pub(super) async fn transaction(&self, id: &Hash) -> Result<Option<Vec<u8>>, ProviderError> {
        found(self.http.get(&format!("tx/{}/raw", hash_text(id))).await)
    }

    pub(super) async fn address(&self, address: &str) -> Result<AddressStats, ProviderError> {
        self.json(&format!("address/{address}")).await
    }

    async fn text(&self, path: &str) -> Result<Option<String>, ProviderError> {
        let Some(body) = found(self.http.get(path).await)? else { return Ok(None) };
        let text = String::from_utf8(body).map_err(|_| malformed("no text"))?;
        Ok(Some(text.trim().to_owned()))
    }

    async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, ProviderError> {
        let body = self.http.get(path).await?;
        serde_json::from_slice(&body).map_err(|error| malformed(&format!("an unexpected form: {error}")))
    }
}

fn found(answer: Result<Vec<u8>, CallError>) -> Result<Option<Vec<u8>>, ProviderError> {
    match answer {
        Ok(body) => Ok(Some(body)),
        Err(CallError::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
