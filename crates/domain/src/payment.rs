//! Payments: what a chain said about an address of ours, as recorded facts.

use crate::{asset::AssetId, decimal::units_text, money::Amount, name::NetworkId, quote::Quote, time::Timestamp};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A payment's identity, unique per chain: whatever is replayed, restarted or mined again is the same payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PaymentKey {
    /// The network.
    pub network: NetworkId,
    /// The transaction's hash in the network's usual text form.
    pub transaction: String,
    /// Which transfer of the transaction: output number, log index, instruction path.
    pub position: String,
}

/// A block on a chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockRef {
    /// Its height, the genesis block's being 0.
    pub height: u64,
    /// Its hash in the network's usual text form.
    pub hash: String,
}

/// Why money on an address of ours counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The invoice never quoted this asset: another token, or the right one on another network.
    WrongAsset,
    /// The transfer carries nothing.
    Nothing,
}

impl Rejection {
    /// The reason as the APIs name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongAsset => "wrong_asset",
            Self::Nothing => "nothing",
        }
    }
}

/// The merchant's decision to let late money count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// When the merchant decided.
    pub at: Timestamp,
}

/// One transfer to an address of ours. Only facts; what it comes to is in the invoice's standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which transfer on which chain.
    pub key: PaymentKey,
    /// The asset that moved.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// How much moved, in atomic units.
    #[serde(with = "units_text")]
    pub units: u128,
    /// The earliest of a node's mempool time, the block's time and our own record; kept for ever.
    pub first_seen: Timestamp,
    /// Our own first record of it.
    pub recorded_at: Timestamp,
    /// The block that holds it now; `None` while it is in the mempool or gone.
    pub block: Option<BlockRef>,
    /// The height that the chain must have reached before it can be final: newly made coins cannot be spent before.
    /// `None` for all other money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matures_at: Option<u64>,
    /// Since when it is final; `None` while it is not.
    pub final_since: Option<Timestamp>,
    /// When it first was final, kept also when it is reversed.
    pub was_final_at: Option<Timestamp>,
    /// Since when it is gone from the chain; `None` while it stands.
    pub reversed_at: Option<Timestamp>,
    /// Why it counts for nothing; `None` for an accepted asset.
    pub rejection: Option<Rejection>,
    /// The merchant's decision on late money.
    pub acceptance: Option<Acceptance>,
    /// A quote made when late money was recorded, where the policy values it at the current rate.
    pub current_quote: Option<Quote>,
}

impl Payment {
    /// The amount that moved.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        Amount { asset: self.asset, decimals: self.decimals, units: self.units }
    }

    /// On the chain or in its mempool, in an asset that was quoted.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.rejection.is_none() && self.reversed_at.is_none()
    }

    /// Confirmations at a chain head: the head's height minus the payment's, plus one; 0 outside of a block.
    #[must_use]
    pub fn confirmations(&self, head: u64) -> u64 {
        self.block.as_ref().map_or(0, |block| head.saturating_add(1).saturating_sub(block.height))
    }
}

/// Where a chain has a transfer at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the mempool; with the node's own time of first sight where it tells one.
    Mempool {
        /// The node's time of first sight.
        since: Option<Timestamp>,
    },
    /// In a block.
    Block {
        /// Which.
        block: BlockRef,
        /// The block's own time.
        time: Timestamp,
    },
}

/// A transfer as an adapter saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Which transfer.
    pub key: PaymentKey,
    /// The asset that moved.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// How much moved, in atomic units.
    #[serde(with = "units_text")]
    pub units: u128,
    /// Where it is.
    pub place: Place,
    /// The height before which it cannot be final; see [`Payment::matures_at`].
    pub matures_at: Option<u64>,
}

/// What became known of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    /// It is in the mempool or in a block.
    Seen(Sighting),
    /// Its block is at or below the final head.
    Final(PaymentKey),
    /// It is neither in a block of the chain nor in the mempool any more.
    Gone(PaymentKey),
}

impl Observation {
    /// Which payment it is about.
    #[must_use]
    pub const fn key(&self) -> &PaymentKey {
        match self {
            Self::Seen(sighting) => &sighting.key,
            Self::Final(key) | Self::Gone(key) => key,
        }
    }
}
