//! A chain as payers use it and as it goes wrong: what the list asks of each adapter's node.

use crate::counter::Counter;
use farthing_domain::{invoice::Invoice, network::ChainId};
use farthing_peers::fault_proxy::Fault;
use std::time::Duration;

/// Blocks, the payment's own included, after which money is final here.
pub(super) const CONFIRMATIONS: u64 = crate::evm_shop::CONFIRMATIONS;

/// Through what a shop reads a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adapter {
    /// The simulated network.
    Simulated,
    /// Bitcoin Core's JSON-RPC.
    Core,
    /// Esplora's HTTP interface, over the same node.
    Esplora,
    /// An EVM node, paid in a token.
    Tokens,
    /// An EVM node, paid in its coin.
    Coins,
}

/// What the shop is to see of money that is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is nobody's here.
    Nothing,
    /// So many units of something else, recorded on the invoice and counted for nothing.
    Rejected(u128),
    /// So many units of what was asked for.
    Counted(u128),
}

/// Where a transaction of replaced blocks is mined again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    SameHeight,
    Higher,
}

/// What is wrong with the provider.
#[derive(Clone)]
pub(super) enum Trouble {
    /// Between it and the adapter.
    Wire(Fault),
    /// It answers nothing; where there is no wire.
    Off,
    /// It has not seen the last so many blocks; where there is no wire.
    Behind(u64),
}

/// What any wire between a provider and an adapter may do.
pub(super) const ON_ANY_WIRE: [Fault; 8] = [
    Fault::Reset,
    Fault::Truncate,
    Fault::HalfBody,
    Fault::EmptyBody,
    Fault::Status(429, Some(0)),
    Fault::Status(500, None),
    Fault::HtmlPage,
    Fault::Delay(Duration::from_millis(5)),
];

impl Trouble {
    /// Whether the answers may be understood all the same; what a block behind has not mined waits in its mempool.
    pub(super) const fn is_harmless(&self) -> bool {
        matches!(self, Self::Wire(Fault::ShuffledBatch | Fault::ShortBatch | Fault::Delay(_)) | Self::Behind(_))
    }
}

/// A chain, what pays on it, and a shop that reads it through its adapter.
pub(super) trait Chain {
    /// A transaction that was sent.
    type Sent;

    fn adapter(&self) -> Adapter;
    fn counter(&self) -> &Counter;
    fn id(&self) -> ChainId;
    /// What the shop asks for, as the native API takes it.
    fn price(&self) -> String;
    /// The same in atomic units; an even number.
    fn due(&self) -> u128;

    /// Puts a transaction into the mempool.
    async fn send(&mut self, to: &Invoice, units: u128) -> Self::Sent;
    /// One transaction that pays each of these so much, somebody perhaps twice.
    async fn send_to_each(&mut self, to: &[&Invoice], units: u128) -> Self::Sent;
    /// Another transaction of the same money, instead of one that waits.
    async fn replace(&mut self, waiting: &Self::Sent, to: &Invoice, units: u128) -> Self::Sent;
    /// Mines what waits, and empty blocks above it.
    async fn mine(&mut self, blocks: u64);
    /// Replaces the last blocks: one of their transactions is mined again, another one never.
    async fn reorganise(&mut self, depth: u64, again: (&Self::Sent, Again), lost: &Self::Sent);

    /// Something else than what was asked for, to the invoice's address, mined.
    async fn send_wrong_token(&mut self, to: &Invoice) -> Seen;
    /// What was asked for, to the same address of another network that the shop also sells on, mined.
    async fn send_on_wrong_network(&mut self, to: &Invoice) -> Seen;
    /// Everything that only looks as if the invoice were paid, mined.
    async fn send_look_alikes(&mut self, to: &Invoice);

    /// Moves the shop's clock, and the chain's where it has one.
    async fn wait(&mut self, seconds: i64);
    /// Everything that providers of this kind do wrong.
    fn troubles(&self) -> Vec<Trouble>;
    fn set(&self, trouble: Trouble);
    fn heal(&self);
}
