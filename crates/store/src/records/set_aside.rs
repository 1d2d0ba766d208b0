//! Payments as chains move them: where each is, and what could not be recorded when it was seen.

use farthing_domain::{
    id::InvoiceId,
    network::ChainId,
    payment::{BlockRef, Observation, PaymentKey},
    time::Timestamp,
};

/// A payment's place, as reorganisations and finality look for it: one that is recorded, or waits to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPayment {
    /// Its invoice; `None` of one that waits, when nobody can tell.
    pub invoice: Option<InvoiceId>,
    /// Which transfer.
    pub key: PaymentKey,
    /// Its block; `None` in the mempool, and when its row does not say any more which it was.
    pub block: Option<BlockRef>,
    /// The height that the chain must have reached before it can be final; `None` for most money.
    pub matures_at: Option<u64>,
}

/// Something that a chain showed and that waits to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its number, in the order in which things were seen.
    pub number: i64,
    /// On which chain.
    pub chain: ChainId,
    /// Of which transfer.
    pub key: PaymentKey,
    /// Whose it is, as far as that could be told.
    pub invoice: Option<InvoiceId>,
    /// Where it went; `None` where that was recorded before.
    pub address: Option<Vec<u8>>,
    /// What was seen; `None`: the row is not as it was written.
    pub observation: Option<Observation>,
    /// When, by the environment's clock.
    pub seen_at: Timestamp,
}
