//! What a chain says of addresses outside of scanning: whether they were used, and what they hold.
//!
//! Bitcoin Core knows unspent outputs, and past ones only with `-blockfilterindex=1`; Esplora knows all. What cannot be known is
//! an error.

use super::{
    Utxo, block,
    core_node::{CoreNode, malformed},
    esplora::Esplora,
    source::{Source, Speaks, inconsistent},
    transaction::hash_from_text,
};
use crate::{
    address::Address,
    inspect::{Balance, Finding, Inspect},
    network::{Answer, NetworkError},
    provider::{CallError, ProviderError, ProviderState},
};
use alloy_primitives::hex;
use farthing_domain::{asset::Asset, decimal::Decimal};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::collections::BTreeMap;

/// Blocks with history of the addresses that are read at most: more belong to a key in heavy use elsewhere.
const HISTORY_BLOCKS_MAX: usize = 1_000;
/// The node's error for a method that it does not have.
const NO_SUCH_METHOD: i64 = -32_601;

#[derive(Deserialize)]
struct UnspentOutputs {
    success: bool,
    #[serde(default)]
    unspents: Vec<Unspent>,
}

#[derive(Deserialize)]
struct Unspent {
    #[serde(rename = "scriptPubKey")]
    script: String,
    amount: Box<RawValue>,
}

#[derive(Deserialize)]
struct Index {
    synced: bool,
}

#[derive(Deserialize)]
struct History {
    relevant_blocks: Vec<String>,
    #[serde(default)]
    completed: bool,
}

impl Inspect for Utxo {
    fn used<'a>(&'a self, addresses: &'a [Address]) -> Answer<'a, Vec<bool>> {
        Box::pin(async move {
            let answered = self.pool.ask(|source| async move { used(&source, addresses).await }).await?;
            Ok(answered.value)
        })
    }

    /// At the provider's tip: neither kind has the past balances of addresses.
    fn balances<'a>(&'a self, addresses: &'a [Address], _height: u64) -> Answer<'a, Vec<Balance>> {
        Box::pin(async move {
            let native = &self.native;
            let answered = self.pool.ask(|source| async move { balances(&source, addresses, native).await }).await?;
            Ok(answered.value)
        })
    }

    fn examine(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move { Ok::<_, NetworkError>(self.examine_all().await) })
    }

    fn providers(&self) -> Vec<ProviderState> {
        self.pool.states()
    }
}

async fn used(source: &Source, addresses: &[Address]) -> Result<Vec<bool>, ProviderError> {
    match &source.speaks {
        Speaks::Core(node) => {
            let unspent = node.unspent(addresses).await?;
            let past = if node.has_filters().await? { node.history(source, addresses).await? } else { Vec::new() };
            let is_used = |address: &Address| {
                unspent.iter().any(|(script, _)| script == address.bytes())
                    || past.iter().any(|script| script == address.bytes())
            };
            Ok(addresses.iter().map(is_used).collect())
        }
        Speaks::Esplora(server) => {
            let mut used = Vec::with_capacity(addresses.len());
            for address in addresses {
                let stats = server.address(address.text()).await?;
                used.push(stats.chain_stats.tx_count > 0 || stats.mempool_stats.tx_count > 0);
            }
            Ok(used)
        }
    }
}

async fn balances(source: &Source, addresses: &[Address], native: &Asset) -> Result<Vec<Balance>, ProviderError> {
    let by_script = match &source.speaks {
        Speaks::Core(node) => node.unspent_by_script(addresses, native).await?,
        Speaks::Esplora(server) => server.balances(addresses).await?,
    };
    Ok(by_script.into_iter().map(|(address, units)| Balance { address, asset: native.id, units }).collect())
}

impl CoreNode {
    /// Every unspent output to the addresses: script and amount as the node wrote it.
    async fn unspent(&self, addresses: &[Address]) -> Result<Vec<(Vec<u8>, String)>, ProviderError> {
        let found: UnspentOutputs = self.patient.call("scantxoutset", json!(["start", descriptors(addresses)])).await?;
        if !found.success {
            return Err(inconsistent("the walk over the unspent outputs was broken off"));
        }
        let read = |unspent: Unspent| {
            let script = hex::decode(&unspent.script).map_err(|_| malformed("hexadecimal that is none"))?;
            Ok((script, unspent.amount.get().to_owned()))
        };
        found.unspents.into_iter().map(read).collect()
    }

    async fn unspent_by_script(
        &self,
        addresses: &[Address],
        native: &Asset,
    ) -> Result<BTreeMap<Vec<u8>, u128>, ProviderError> {
        let mut sums: BTreeMap<Vec<u8>, u128> = BTreeMap::new();
        for (script, amount) in self.unspent(addresses).await? {
            let units = amount.parse::<Decimal>().ok().and_then(|amount| amount.units(native.decimals).ok());
            let units = units.ok_or_else(|| malformed("an amount that is none"))?;
            let sum = sums.entry(script).or_default();
            *sum = sum.checked_add(units).ok_or_else(|| malformed("amounts beyond all coins"))?;
        }
        Ok(sums)
    }

    /// Whether it has the filters of all blocks, which show spent outputs as well.
    pub(super) async fn has_filters(&self) -> Result<bool, ProviderError> {
        let indexes =
            self.rpc.call::<BTreeMap<String, Index>>("getindexinfo", json!(["basic block filter index"])).await;
        match indexes {
            Ok(indexes) => Ok(indexes.values().any(|index| index.synced)),
            Err(CallError::Node { code: NO_SUCH_METHOD, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Which of the addresses' scripts any block ever paid to.
    async fn history(&self, source: &Source, addresses: &[Address]) -> Result<Vec<Vec<u8>>, ProviderError> {
        let history: History = self.patient.call("scanblocks", json!(["start", descriptors(addresses), 0])).await?;
        if !history.completed {
            return Err(inconsistent("the walk over the blocks' filters was broken off"));
        }
        if history.relevant_blocks.len() > HISTORY_BLOCKS_MAX {
            return Err(inconsistent(
                "the addresses have too much history to be read; say in the configuration where to start",
            ));
        }
        let mut seen = Vec::new();
        for text in history.relevant_blocks {
            let hash = hash_from_text(&text).ok_or_else(|| malformed("a hash that is none"))?;
            let bytes = source.block(hash).await?;
            let is_ours = |script: &[u8]| addresses.iter().any(|address| address.bytes() == script);
            let read =
                block::read(&bytes, &source.rules, &is_ours).map_err(|error| inconsistent(&error.to_string()))?;
            seen.extend(read.hits.iter().map(|hit| hit.script.to_vec()));
        }
        Ok(seen)
    }
}

impl Esplora {
    async fn balances(&self, addresses: &[Address]) -> Result<BTreeMap<Vec<u8>, u128>, ProviderError> {
        let mut sums = BTreeMap::new();
        for address in addresses {
            let stats = self.address(address.text()).await?.chain_stats;
            let units = stats.funded_txo_sum.checked_sub(stats.spent_txo_sum);
            let units = units.ok_or_else(|| malformed("more was spent than received"))?;
            sums.insert(address.bytes().to_vec(), u128::from(units));
        }
        Ok(sums)
    }
}

fn descriptors(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(|address| format!("raw({})", hex::encode(address.bytes()))).collect()
}
