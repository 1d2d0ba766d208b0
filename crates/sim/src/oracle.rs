//! What is on the chains, read past every fault: what the books are compared with.

use farthing_domain::{
    asset::AssetId,
    name::NetworkId,
    network::{Family, Network},
    payment::{BlockRef, PaymentKey},
    time::Timestamp,
};
use farthing_networks::{network::Transfer, simulated::chain::Chain};
use std::collections::BTreeMap;

/// A transfer that is in a block or in the mempool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnChain {
    /// The family of its network.
    pub family: Family,
    /// The receiving address.
    pub address: Vec<u8>,
    /// What moved.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// How much.
    pub units: u128,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Its block and that block's time; `None` in the mempool.
    pub mined: Option<(BlockRef, Timestamp)>,
    /// Confirmations; 0 in the mempool.
    pub confirmations: u64,
}

/// Every transfer of every chain.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    /// By identity.
    pub transfers: BTreeMap<PaymentKey, OnChain>,
    /// How many confirmations make final.
    pub needed: BTreeMap<NetworkId, u64>,
}

impl Oracle {
    /// Adds what is on a chain.
    pub fn read(&mut self, network: &Network, chain: &Chain) {
        self.needed.insert(network.id, u64::from(network.confirmations));
        let mined = chain.above(0).map(|transaction| {
            let header = chain.height_of(&transaction.hash).and_then(|height| chain.header(height));
            (transaction, header.map(|header| (header.block, header.time)))
        });
        for (transaction, mined) in mined.chain(chain.mempool().map(|transaction| (transaction, None))) {
            let depth = |block: &BlockRef| chain.height().saturating_add(1).saturating_sub(block.height);
            let confirmations = mined.as_ref().map_or(0, |(block, _)| depth(block));
            for transfer in transaction.transfers() {
                let key = PaymentKey {
                    network: network.id,
                    transaction: transfer.transaction.clone(),
                    position: transfer.position.clone(),
                };
                let on_chain = on_chain(network.family, transfer, transaction.since, mined.clone(), confirmations);
                self.transfers.insert(key, on_chain);
            }
        }
    }
}

fn on_chain(
    family: Family,
    transfer: Transfer,
    sent_at: Timestamp,
    mined: Option<(BlockRef, Timestamp)>,
    confirmations: u64,
) -> OnChain {
    OnChain {
        family,
        address: transfer.address,
        asset: transfer.asset,
        decimals: transfer.decimals,
        units: transfer.units,
        sent_at,
        mined,
        confirmations,
    }
}
