//! Runs of simulated blocks, and the transactions in them.
//!
//! Blocks that were mined in one go are one run: the first holds the transactions, the others are empty, and the time is
//! theirs in common. So a million empty blocks take no more memory, disk or time than one.

use super::{
    chain::Output,
    hash::{block_text, digest, hex_text},
};
use crate::network::Transfer;
use farthing_domain::{network::Family, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A simulated transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Its hash in the network's usual text form.
    pub hash: String,
    /// When it was sent.
    pub since: Timestamp,
    /// What it moves; at least one.
    pub outputs: Vec<Output>,
}

impl Transaction {
    /// Its outputs as an adapter tells them; an output's number is its position.
    pub fn transfers(&self) -> impl Iterator<Item = Transfer> {
        self.outputs.iter().enumerate().map(|(number, output)| Transfer {
            transaction: self.hash.clone(),
            position: number.to_string(),
            asset: output.asset,
            decimals: output.decimals,
            units: output.units,
            address: output.address.clone(),
            matures_at: None,
        })
    }
}

/// Blocks mined in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The first block's height.
    pub first: u64,
    /// How many blocks; at least one.
    pub count: u64,
    /// What the blocks' hashes are made from: it depends on everything below, so that two branches share none.
    #[serde(with = "hex_text")]
    pub seal: [u8; 32],
    /// The time of all of them.
    pub time: Timestamp,
    /// What the first block holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<Transaction>,
}

impl Run {
    /// The last block's height.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.first.saturating_add(self.count.saturating_sub(1))
    }

    /// The hash of the block at a height of this run.
    #[must_use]
    pub fn hash(&self, family: Family, height: u64) -> String {
        block_text(family, height, digest("block", &[&self.seal, &height.to_be_bytes()]))
    }
}
