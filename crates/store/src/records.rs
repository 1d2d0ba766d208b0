//! Rows in the domain's words: what the store keeps besides invoices and payments.

pub mod concern;
pub mod set_aside;

use core::fmt;
use farthing_domain::{
    asset::AssetId,
    event::EventKind,
    fiat::Fiat,
    id::{
        ApiKeyId, CredentialId, DeliveryId, EndpointId, Environment, EventId, InvoiceId, MerchantId, Owner,
        StaticAddressId,
    },
    invoice::{Invoice, Source},
    name::{AssetCode, NetworkId},
    network::{ChainId, Family},
    payment::{BlockRef, Payment},
    policy::Dialect,
    standing::Status,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// Its name, as payers see it.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An API key. The key itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its row's id.
    pub id: ApiKeyId,
    /// Whose it is, and in which environment it acts.
    pub owner: Owner,
    /// SHA-256 of the key's text.
    pub hash: [u8; 32],
    /// The names of what it may do.
    pub permissions: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

/// A sealed webhook secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The sealed bytes, in hex.
    pub sealed: String,
    /// Until when it signs; `None` for the current one.
    pub ends_at: Option<Timestamp>,
}

/// A webhook endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose events it gets.
    pub owner: Owner,
    /// Where they go.
    pub url: String,
    /// The names of the events it subscribed to.
    pub events: Vec<String>,
    /// Its secrets, the current one first.
    pub secrets: Vec<SealedSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The credential whose callbacks it gets; `None` for an endpoint of the native API.
    pub credential: Option<CredentialId>,
    /// Whether its row is as it was written. What is not gets nothing: it may be somebody else's address.
    pub is_whole: bool,
}

/// A merchant's credential of another API than the native one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose it is, and in which environment it acts.
    pub owner: Owner,
    /// Which API it is for.
    pub dialect: Dialect,
    /// SHA-256 of the key that requests carry.
    pub hash: [u8; 32],
    /// That key, where it is public and callbacks carry it too.
    pub public_key: Option<String>,
    /// What signs: sealed, in hex.
    pub secret: String,
    /// Where callbacks go that an invoice names no other address for.
    pub callback_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

/// What a dialect gives names to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// An invoice; the thing is its id.
    Invoice,
    /// A merchant's own reference that may be used once; the thing is the invoice's id.
    Reference,
    /// An address; the thing is its text.
    Address,
    /// A payment, or another movement of money; the thing is what the dialect makes of it.
    Transaction,
}

impl NameKind {
    /// Its name in a row.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Reference => "reference",
            Self::Address => "address",
            Self::Transaction => "transaction",
        }
    }
}

/// An event to be told: its number is given when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Its kind.
    pub kind: EventKind,
    /// The invoice it is of.
    pub invoice: InvoiceId,
    /// When it happened, by the environment's clock.
    pub created_at: Timestamp,
    /// The body that every delivery sends.
    pub body: Vec<u8>,
}

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number: without gaps per owner, from 1.
    pub sequence: u64,
    /// Its id.
    pub id: EventId,
    /// Its name.
    pub kind: String,
    /// The invoice it is of.
    pub invoice: InvoiceId,
    /// When it happened, by the environment's clock.
    pub created_at: Timestamp,
    /// The body that every delivery sends.
    pub body: Vec<u8>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStage {
    /// It waits for its next attempt.
    Waiting,
    /// The endpoint acknowledged it.
    Delivered,
    /// All attempts failed.
    GivenUp,
    /// A later callback of the same invoice was taken before this one: it says what is not so any more, and is not sent again.
    Overtaken,
}

/// One event, or one test message, on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: EndpointId,
    /// Whose it is.
    pub owner: Owner,
    /// The event's id: the same on every attempt.
    pub event: EventId,
    /// The event's name.
    pub kind: String,
    /// When it was written, by real time.
    pub created_at: Timestamp,
    /// How far it is.
    pub stage: DeliveryStage,
    /// Attempts made so far.
    pub attempts: u32,
    /// The next attempt, by real time.
    pub due_at: Timestamp,
}

/// A delivery that is due, with the bytes to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// How many of its attempts were made before somebody had it repeated: its schedule began anew after them.
    pub attempts_before: u32,
    /// How often it had been asked for again when it was read.
    pub repeats: u32,
    /// Its place among all deliveries, in the order in which they were written. Ids do not tell: their clock may be set back.
    pub place: i64,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// Where they go, where that is not the endpoint's address.
    pub url: Option<String>,
    /// Whether its event, or its own body, is there as it was written. What is not must not be sent as if it were true.
    pub is_whole: bool,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began, by real time.
    pub at: Timestamp,
    /// The answer's HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// The class of the failure; `None` for an answer.
    pub error: Option<String>,
    /// The answer's first bytes.
    pub answer: String,
}

/// An address that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// The environment.
    pub environment: Environment,
    /// The family of networks on which the bytes are this address.
    pub family: Family,
    /// The canonical bytes: a script, or a 20- or 32-byte address.
    pub bytes: Vec<u8>,
    /// The fingerprint of the account key.
    pub account: Vec<u8>,
    /// The index in the account.
    pub index: u32,
    /// What it is bound to for ever.
    pub holder: Holder,
    /// When it was handed out.
    pub created_at: Timestamp,
}

/// What an address is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// An invoice.
    Invoice(InvoiceId),
    /// A permanent address, which any number of invoices may show.
    StaticAddress(StaticAddressId),
}

impl Holder {
    /// What the addresses of an invoice are bound to: the invoice, or the permanent address that it is a deposit to.
    #[must_use]
    pub const fn of(invoice: &Invoice) -> Self {
        match invoice.source {
            Source::StaticAddress(address) => Self::StaticAddress(address),
            Source::Api(_) => Self::Invoice(invoice.id),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoice(id) => write!(f, "invoice {id}"),
            Self::StaticAddress(id) => write!(f, "permanent address {id}"),
        }
    }
}

/// A permanent address to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStaticAddress {
    /// Its id.
    pub id: StaticAddressId,
    /// Whose it is.
    pub owner: Owner,
    /// The API that takes it.
    pub dialect: Dialect,
    /// The one asset that it accepts.
    pub asset: AssetId,
    /// That asset's decimals.
    pub decimals: u8,
    /// The address, in the network's own form.
    pub address: String,
    /// The merchant's note on it.
    pub label: Option<String>,
    /// The merchant's own reference.
    pub external_id: Option<String>,
    /// The dialect's own fields, as JSON text; `{}` when there are none.
    pub extras: String,
    /// When it is handed out.
    pub created_at: Timestamp,
}

/// What makes a repeated call answer the address that it made before. Each dialect has its own keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeKey {
    /// The key.
    pub key: String,
    /// What two calls with this key are compared by.
    pub fingerprint: String,
}

/// What changes of a permanent address; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaticAddressChange {
    /// Another note, or none any more.
    pub label: Option<Option<String>>,
    /// Other fields of the dialect's own, as JSON text.
    pub extras: Option<String>,
}

/// Which permanent addresses a list holds. Every list has an owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaticAddressFilter {
    /// Taken by this API.
    pub dialect: Option<Dialect>,
    /// In this currency.
    pub currency: Option<AssetCode>,
    /// With this reference.
    pub external_id: Option<String>,
}

/// How far a chain is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// Which chain.
    pub chain: ChainId,
    /// Chain id and genesis hash as first contact showed them.
    pub identity: String,
    /// The last applied block.
    pub cursor: BlockRef,
    /// The highest tip read on the current branch.
    pub tip: u64,
    /// The highest final block: it only grows.
    pub final_height: Option<u64>,
    /// When the last tip was read up to which everything is applied, by the environment's clock.
    pub scanned_through: Timestamp,
    /// Why new credits wait for the operator; `None` in good order.
    pub alarm: Option<String>,
}

/// A range of blocks that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedRange {
    /// Its first block.
    pub first: u64,
    /// Its last block.
    pub last: u64,
    /// The last block's hash.
    pub end_hash: String,
    /// Who answered.
    pub provider: String,
    /// When.
    pub scanned_at: Timestamp,
}

/// The longest that a due invoice may be put off before it is looked at again, in seconds.
pub const LOOK_AGAIN_SECONDS_MAX: i64 = 60;

/// Money at an address of ours that no recorded payment explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surplus {
    /// Of which asset, on which network.
    pub asset: AssetId,
    /// The address, as its canonical bytes.
    pub address: Vec<u8>,
    /// The address as people read it.
    pub shown: String,
    /// What the address is bound to.
    pub holder: Holder,
    /// What the network says that it holds, in atomic units.
    pub balance: u128,
    /// What is recorded of it, in atomic units.
    pub recorded: u128,
    /// When it was found first.
    pub found_at: Timestamp,
    /// When the operator acknowledged it: it is no alarm any more, unless it grows.
    pub acknowledged_at: Option<Timestamp>,
}

impl Surplus {
    /// How much of it no payment explains, in atomic units.
    #[must_use]
    pub const fn unexplained(&self) -> u128 {
        self.balance.saturating_sub(self.recorded)
    }
}

/// Which invoices a list holds. Every list has an owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvoiceFilter {
    /// Any of these statuses; empty: all.
    pub statuses: Vec<Status>,
    /// In this currency.
    pub currency: Option<String>,
    /// With this reference.
    pub external_id: Option<String>,
    /// From there; `None`: from anywhere.
    pub source: Option<Source>,
    /// In these standings; `None`: in any.
    pub standings: Option<StandingFilter>,
    /// Priced in this currency.
    pub fiat: Option<Fiat>,
    /// Created then or later.
    pub created_from: Option<Timestamp>,
    /// Created then or before.
    pub created_to: Option<Timestamp>,
    /// Oldest first; otherwise newest first.
    pub is_oldest_first: bool,
}

/// What dialects make one status of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StandingFilter {
    /// Any of these statuses, where the next two hold.
    pub statuses: Vec<Status>,
    /// Final or not.
    pub is_final: Option<bool>,
    /// Whether a payer has chosen a coin.
    pub is_chosen: Option<bool>,
    /// Or any of these, whatever else holds.
    pub always: Vec<Status>,
}

/// In which order transfers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransferOrder {
    /// By the moment of the first sight, the latest first.
    #[default]
    Newest,
    /// The earliest first.
    Oldest,
    /// By the number of whole coins, whatever the coin, the largest first.
    Largest,
    /// The smallest first.
    Smallest,
}

/// Which transfers a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransferFilter {
    /// Only in this coin.
    pub code: Option<AssetCode>,
    /// The order.
    pub order: TransferOrder,
}

/// A final payment with what its invoice is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What its dialect calls it; `None` for one of the native API.
    pub name: Option<String>,
    /// The payment.
    pub payment: Payment,
}

/// A part of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After so many.
    pub offset: u64,
}

/// The network of a simulated block or mempool with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedRows {
    /// The network.
    pub network: NetworkId,
    /// Every block's body, ascending.
    pub blocks: Vec<String>,
    /// The mempool's body.
    pub mempool: Option<String>,
}
