//! What every use case works with: the store, the chains of both environments, clocks, ids, rates.

use crate::{
    account_use::AccountUse, chain_marks::ChainMarks, clock::Clocks, entropy::Ids, outgoing::Outgoing,
    rates::RateSource,
};
use farthing_dialects::native::present::Context;
use farthing_domain::{
    catalog::Catalog,
    id::{Environment, InvoiceId},
    invoice::Invoice,
    name::NetworkId,
    network::{ChainId, Family, Network as NetworkFacts},
    planted::{self, Bug},
    time::Timestamp,
};
use farthing_networks::{
    account::Account,
    inspect::Inspect,
    network::{Network, Watch},
};
use farthing_store::{Store, sealing::Sealer};
use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};
use tokio::sync::{Notify, broadcast, futures::Notified};

/// Changes that may wait for a slow page before it has to read the invoice anew.
const CHANGES_KEPT: usize = 1024;

/// What follows a reorganisation that replaced final blocks. Its reversals are applied and told in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeepReorganisation {
    /// An alarm: nothing new becomes final until the operator has looked ([`Gateway::resume_credits`]).
    WaitsForOperator,
    /// Nothing more, where whoever asked for it is the operator: in test mode.
    GoesOn,
}

/// One chain that is sold on and watched.
pub struct Chain {
    /// Which.
    pub id: ChainId,
    /// What is known of the network.
    pub facts: NetworkFacts,
    /// Who answers for it.
    pub adapter: Arc<dyn Network>,
    /// The same, as it is inspected; `None` where there is nothing to inspect, in test mode.
    pub inspect: Option<Arc<dyn Inspect>>,
    /// The provider's name in the gap ledger and in what `doctor` says.
    pub provider: String,
    /// Where its addresses come from.
    pub account: Arc<Account>,
    /// Whether it is known which of its addresses are free; shared by all chains that share the account.
    pub account_use: Arc<AccountUse>,
    /// The first index to use where the operator vouches for it.
    pub start_index: Option<u32>,
    /// Addresses that are watched; all EVM networks of an environment share one set.
    pub watch: Arc<Watch>,
    /// Blocks, the payment's own included, after which money is final, where the network has no finality tag.
    pub confirmations: u32,
    /// What follows a reorganisation that replaced final blocks.
    pub deep_reorganisation: DeepReorganisation,
    /// Blocks that are read again below the first cursor, because payers can be faster than memory.
    pub overlap: u64,
    pub(crate) marks: ChainMarks,
}

/// What an environment sells on.
pub struct EnvironmentSetup {
    /// Its networks and assets.
    pub catalog: Catalog,
    /// Its chains, by network.
    pub chains: BTreeMap<NetworkId, Chain>,
    /// Where its rates come from.
    pub rates: RateSource,
}

/// What a gateway is made of.
pub struct Parts {
    /// Durable state.
    pub store: Store,
    /// Seals secrets that must sign.
    pub sealer: Sealer,
    /// Time.
    pub clocks: Clocks,
    /// Randomness.
    pub ids: Ids,
    /// The live environment.
    pub live: EnvironmentSetup,
    /// The test environment.
    pub test: EnvironmentSetup,
    /// The test environment's simulated chains, which test-mode calls change.
    pub simulated: BTreeMap<NetworkId, farthing_networks::simulated::Simulated>,
    /// The only way out for webhooks.
    pub outgoing: Outgoing,
    /// The address under which payers and shops reach this gateway, without a slash at its end.
    pub public_url: String,
}

/// The gateway: every use case is a method of it, in a file of its own.
pub struct Gateway {
    pub(crate) parts: Parts,
    pub(crate) awakened: crate::deliver::Awakened,
    pub(crate) wake_scanner: Notify,
    pub(crate) changes: broadcast::Sender<InvoiceId>,
    pub(crate) test_clock: tokio::sync::Mutex<()>,
    pub(crate) simulated_turn: tokio::sync::Mutex<()>,
    pub(crate) key_cache: RwLock<crate::keys::KeyCache>,
    pub(crate) credential_cache: RwLock<crate::credentials::CredentialCache>,
    pub(crate) checked: RwLock<crate::read_invoice::CheckedAddresses>,
    pub(crate) lanes: crate::deliver::Lanes,
    pub(crate) just_closed: crate::reconcile::JustClosed,
    pub(crate) falls: crate::tasks::Falls,
    /// Real time at the start.
    pub(crate) started_at: Timestamp,
}

impl Gateway {
    /// A gateway of these parts. Nothing runs by itself: the program, tests and simulations call the steps.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            awakened: crate::deliver::Awakened::default(),
            wake_scanner: Notify::new(),
            changes: broadcast::channel(CHANGES_KEPT).0,
            test_clock: tokio::sync::Mutex::new(()),
            simulated_turn: tokio::sync::Mutex::new(()),
            key_cache: RwLock::default(),
            credential_cache: RwLock::default(),
            checked: RwLock::default(),
            lanes: crate::deliver::Lanes::default(),
            just_closed: crate::reconcile::JustClosed::default(),
            falls: crate::tasks::Falls::default(),
            started_at: parts.clocks.real(),
            parts,
        }
    }

    /// Durable state, for commands and views that only read.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Time.
    #[must_use]
    pub const fn clocks(&self) -> &Clocks {
        &self.parts.clocks
    }

    /// Randomness.
    #[must_use]
    pub const fn ids(&self) -> &Ids {
        &self.parts.ids
    }

    /// The address under which payers and shops reach this gateway.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }

    /// What an environment sells on.
    #[must_use]
    pub const fn environment(&self, environment: Environment) -> &EnvironmentSetup {
        match environment {
            Environment::Live => &self.parts.live,
            Environment::Test => &self.parts.test,
        }
    }

    /// One chain; `None` where the environment does not have the network.
    #[must_use]
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.environment(id.environment).chains.get(&id.network)
    }

    /// All chains of both environments.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        Environment::ALL.into_iter().flat_map(|environment| self.environment(environment).chains.values())
    }

    /// The time at which an invoice is changed: its environment's, and never before it was last settled. A process that starts
    /// again with a clock that was set back must not reopen what had ended.
    pub(crate) fn now_for(&self, invoice: &Invoice) -> Timestamp {
        let now = self.clocks().now(invoice.owner.environment);
        if planted::is(Bug::ClockGoesBack) { now } else { now.max(invoice.standing.settled_at) }
    }

    /// The address family of a network.
    pub(crate) fn family(&self, chain: ChainId) -> Option<Family> {
        self.environment(chain.environment).catalog.network(chain.network).map(|network| network.family)
    }

    /// Shows an invoice as the native API does, with confirmations by the heads known now.
    pub fn with_context<T>(&self, environment: Environment, show: impl FnOnce(&Context<'_>) -> T) -> T {
        let setup = self.environment(environment);
        let heads = |network: NetworkId| setup.chains.get(&network).and_then(Chain::head);
        let required = |network: NetworkId| setup.chains.get(&network).map(|chain| chain.confirmations);
        show(&Context {
            public_url: &self.parts.public_url,
            catalog: &setup.catalog,
            heads: &heads,
            required_confirmations: &required,
        })
    }

    /// Invoices as they change, for pages that are being looked at. A lagging reader must read the store anew.
    pub fn changes(&self) -> broadcast::Receiver<InvoiceId> {
        self.changes.subscribe()
    }

    /// Ends when something of the live environment changes after this call, a sale above all: whoever rests because nobody was
    /// expected to pay looks again.
    pub fn scanner_woken(&self) -> Notified<'_> {
        self.wake_scanner.notified()
    }

    /// After a commit in an environment: somebody may be expected to pay now.
    pub(crate) fn wake_scanner(&self, environment: Environment) {
        if environment == Environment::Live {
            self.wake_scanner.notify_waiters();
        }
    }
}
