//! What Farthing knows of a network before it has spoken to one.

use crate::{
    id::Environment,
    name::{AssetCode, NetworkId},
};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// Networks whose addresses, blocks and providers work alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Bitcoin.
    Bitcoin,
    /// Litecoin: Bitcoin's rules with parameters of its own.
    Litecoin,
    /// Dogecoin: likewise, without segregated witness.
    Dogecoin,
    /// Ethereum and every network with its addresses and logs.
    Evm,
    /// Tron.
    Tron,
    /// Solana.
    Solana,
}

/// A network as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its slug.
    pub id: NetworkId,
    /// Its name as people know it: `Arbitrum One`.
    pub name: String,
    /// What it works like.
    pub family: Family,
    /// The coin that fees are paid in.
    pub native: AssetCode,
    /// EIP-155 chain id; `None` outside the EVM family.
    pub chain_id: Option<u64>,
    /// Blocks, the payment's own included, after which money is final where no finality tag is used.
    pub confirmations: u32,
    /// The usual time between blocks, in seconds, rounded up; for estimates and simulated chains only.
    pub block_seconds: u32,
}

/// One network in one environment: a chain that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// Live networks and simulated ones never share a row.
    pub environment: Environment,
    /// The network.
    pub network: NetworkId,
}
