//! What is asked of a real chain outside of scanning: before an account's first sale, by `doctor`, and to reconcile balances.
//!
//! Answers are for a decision or for a person. Nothing here credits money: only what a scan finds does.

use crate::{
    address::Address,
    network::{Answer, Scanned, Watch},
    provider::ProviderState,
};
use farthing_domain::asset::AssetId;

/// How bad it is when a check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Money could be missed or a sale refused.
    Error,
    /// Worth knowing; nothing is lost by it.
    Warning,
}

/// What a check of a provider found. The texts name no secret and no URL with a password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `chain id`, `sync`, `log range`, `traces`, `USDC decimals`.
    pub name: String,
    /// How bad it is when `ok` is false.
    pub level: Level,
    /// Whether all is well.
    pub ok: bool,
    /// What was seen, and what to do where it is not well.
    pub detail: String,
}

/// What an address holds of one asset at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The address, as its canonical bytes.
    pub address: Vec<u8>,
    /// Of which asset.
    pub asset: AssetId,
    /// How much, in atomic units.
    pub units: u128,
}

/// What is wrong with an address of ours itself, whatever was paid to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// The address, as its canonical bytes.
    pub address: Vec<u8>,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What can be wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It has code: whoever put it there has its key.
    Code,
    /// The issuer of this token has frozen it there.
    Frozen(AssetId),
    /// Who sent this token there is frozen by its issuer now: the issuer may come after the money.
    PayerFrozen(AssetId),
}

/// Money that is recorded at an address of ours, by the transfer that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The address, as its canonical bytes.
    pub address: Vec<u8>,
    /// What arrived.
    pub asset: AssetId,
    /// The transaction, as in [`Transfer`](crate::network::Transfer).
    pub transaction: String,
    /// Which transfer of it.
    pub position: String,
}

/// A chain as it is inspected.
pub trait Inspect: Send + Sync {
    /// Whether each of the addresses was ever used (a transaction, a balance, a nonce, a listed token's transfer), in order.
    /// An error means that it is not known, and not knowing means refusing to sell.
    fn used<'a>(&'a self, addresses: &'a [Address]) -> Answer<'a, Vec<bool>>;

    /// What the addresses hold of the network's listed assets, and of tokens that are known and not sold, in the block at `height` or, where the provider has no such
    /// history, now. Zero balances may be left out.
    fn balances<'a>(&'a self, addresses: &'a [Address], height: u64) -> Answer<'a, Vec<Balance>>;

    /// What [`Network::transfers`](crate::network::Network::transfers) answers, with the tokens that are known and not sold: for
    /// reading a range again in which they were left out. `None` where no such tokens are known.
    fn known_transfers<'a>(&'a self, _from: u64, _to: u64, _watch: &'a Watch) -> Option<Answer<'a, Scanned>> {
        None
    }

    /// What is wrong with addresses of ours now; `held` is what they hold, `arrived` what came to them lately. Nothing on networks
    /// where nothing of the kind exists.
    fn concerns<'a>(
        &'a self,
        _addresses: &'a [Address],
        _held: &'a [Balance],
        _arrived: &'a [Arrived],
    ) -> Answer<'a, Vec<Concern>> {
        Box::pin(core::future::ready(Ok(Vec::new())))
    }

    /// Looks at every configured provider: whether it answers, chain id, sync, and what the network's kind needs (log range
    /// limits, traces, tokens' decimals). An unreachable provider is a finding, not an error.
    fn examine(&self) -> Answer<'_, Vec<Finding>>;

    /// How each configured provider is at this moment, without asking it: for health and metrics.
    fn providers(&self) -> Vec<ProviderState>;
}
