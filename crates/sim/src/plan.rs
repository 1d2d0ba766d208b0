//! What happens next: a seed and the state of things decide.

mod money;
mod permanent;
mod request;
mod trouble;

use crate::{
    act::{
        alter::{Meanwhile, What},
        together::Task,
    },
    racing::{Lie, Move, Race},
    receivers::Mood,
    simulation::{Simulation, TEST},
    world::Configuration,
};
use farthing_dialects::native::events::EventName;
use farthing_domain::{
    asset::AssetId,
    id::{EndpointId, InvoiceId, MerchantId, Owner},
    invoice::Choice,
    name::NetworkId,
    policy::Dialect,
};
use farthing_networks::simulated::{Faults, chain::Output};
use std::sync::Arc;

/// The networks that shops sell on here, one of each kind and two that share their addresses.
pub const NETWORKS: [&str; 5] = ["bitcoin", "tron", "polygon", "base", "solana"];
/// What they sell for.
pub const ASSETS: [(&str, &str); 9] = [
    ("BTC", "bitcoin"),
    ("USDT", "tron"),
    ("TRX", "tron"),
    ("USDC", "polygon"),
    ("POL", "polygon"),
    ("ETH", "base"),
    ("USDC", "base"),
    ("USDT", "solana"),
    ("SOL", "solana"),
];
/// The dialects, which tell by callbacks.
pub const CALLING_BACK: [Dialect; 4] = [Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash, Dialect::TxnPro];
/// Recent things that are touched more often than others.
const RECENT: usize = 8;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A shop creates an invoice.
    Create {
        /// Which shop.
        owner: Owner,
        /// The request.
        body: String,
        /// By which rules.
        dialect: Dialect,
    },
    /// A shop repeats a creation, with the same request or under the same key with another one.
    Repeat {
        /// Which shop.
        merchant: MerchantId,
        /// The idempotency key.
        key: String,
        /// Whether the request is the same.
        is_same: bool,
    },
    /// A payer, or the shop, chooses a coin.
    Activate {
        /// Of which invoice.
        invoice: InvoiceId,
        /// Which.
        asset: AssetId,
        /// Whether on the page.
        by_page: bool,
    },
    /// A shop takes a permanent address.
    TakePermanent {
        /// Which shop.
        owner: Owner,
        /// In which asset.
        asset: AssetId,
        /// Under which key.
        key: Option<String>,
    },
    /// Somebody cancels.
    Cancel {
        /// Which invoice.
        invoice: InvoiceId,
        /// Whether on the page.
        by_page: bool,
    },
    /// Somebody sends a transaction.
    Pay {
        /// On which network.
        network: NetworkId,
        /// What to whom.
        outputs: Vec<Output>,
    },
    /// A waiting transaction is double-spent, or replaced by another one.
    Replace {
        /// On which network.
        network: NetworkId,
        /// Which.
        transaction: String,
        /// By what; `None`: by something that is no business of ours.
        outputs: Option<Vec<Output>>,
    },
    /// Blocks are mined.
    Mine {
        /// On which network.
        network: NetworkId,
        /// How many.
        count: u64,
    },
    /// Another branch wins.
    Reorganise {
        /// On which network.
        network: NetworkId,
        /// How many blocks it replaces.
        depth: u64,
        /// Transactions that it does not have.
        drop: Vec<String>,
        /// Whether the others wait in the mempool again instead of being mined at their heights.
        to_mempool: bool,
    },
    /// The scanner takes a step.
    Scan(NetworkId),
    /// It reads everything.
    ScanAll,
    /// Due invoices are settled.
    Expire,
    /// Real time moves, or is set back.
    MoveClock(i64),
    /// A shop moves the test clock ahead.
    AdvanceTestClock(i64),
    /// Webhooks are sent.
    Deliver,
    /// The process ends while webhooks are being sent.
    DieDelivering,
    /// The process ends and starts again; in between, the clock moves so many seconds, or is set back.
    Restart(i64),
    /// A provider misbehaves from now on, or behaves again.
    Misbehave(NetworkId, Faults),
    /// A provider lies from now on, or not any more.
    Lie(NetworkId, Option<Lie>),
    /// Several things are done at once; the process may end at an await.
    Together(Vec<Task>, Option<u32>),
    /// A shop asks for another shop's invoice.
    Snoop {
        /// Who asks.
        owner: Owner,
        /// For what.
        invoice: InvoiceId,
    },
    /// A disk, or somebody, alters rows for a while.
    Alter {
        /// Of which invoice.
        invoice: InvoiceId,
        /// Which.
        what: What,
        /// What goes on meanwhile.
        meanwhile: Meanwhile,
    },
    /// The operator changes the configuration and starts again.
    Reconfigure(Configuration),
    /// A chain will move while it is read the next time.
    Race(NetworkId, Race),
    /// A shop makes an endpoint.
    AddEndpoint(Owner, Vec<String>),
    /// A shop has one listen to other events.
    ChangeEndpoint(EndpointId, Vec<String>),
    /// A shop deletes one.
    DeleteEndpoint(EndpointId),
    /// A shop rotates one's secret, with an overlap in seconds.
    Rotate(EndpointId, i64),
    /// A receiver changes how it behaves.
    SetMood(EndpointId, Mood),
    /// A receiver of a dialect's callbacks changes how it behaves.
    SetCallbackMood(Owner, Dialect, Mood),
    /// A shop asks for the test event.
    SendTestEvent(EndpointId),
    /// A shop asks for a delivery again.
    Redeliver(EndpointId),
    /// Nothing that could be done.
    Nothing,
}

impl Simulation {
    /// What happens next.
    pub(crate) fn choose(&mut self) -> Action {
        if let Some(planned) = self.planned.pop_front() {
            return planned;
        }
        let chosen = match self.dice.below(100) {
            0..=14 => self.choose_permanent().or_else(|| self.choose_create()),
            15 => self.choose_spite(),
            16..=18 => self.choose_repeat(),
            19..=23 => self.choose_activate(),
            24..=25 => self.choose_cancel(),
            26..=42 => self.choose_pay(),
            43 => self.choose_callback_mood(),
            44..=46 => self.choose_replace(),
            47..=57 => self.choose_mine(),
            58..=61 => self.choose_reorganise(),
            62..=69 => Some(Action::Scan(self.a_network())),
            70..=71 => self.choose_race(),
            72..=75 => Some(Action::ScanAll),
            76..=78 => Some(Action::Expire),
            79..=83 => Some(self.choose_clock()),
            84..=85 => Some(Action::AdvanceTestClock(self.seconds(1, 3_600))),
            86..=90 => Some(Action::Deliver),
            91 => Some(Action::DieDelivering),
            92..=94 => Some(Action::Restart(self.seconds_down())),
            95 => self.choose_fault(),
            96 if self.dice.percent(60) => self.plan_an_oversight(),
            96 => self.choose_fault(),
            97 => self.choose_spite(),
            98 => self.choose_together(),
            _ => self.choose_endpoint(),
        };
        chosen.unwrap_or(Action::Nothing)
    }

    pub(crate) fn a_network(&mut self) -> NetworkId {
        let slug = self.dice.pick(&NETWORKS).copied().unwrap_or("bitcoin");
        self.networks.iter().find(|id| id.as_str() == slug).copied().unwrap_or(self.home)
    }

    pub(super) fn seconds(&mut self, first: u64, last: u64) -> i64 {
        i64::try_from(self.dice.between(first, last)).unwrap_or_default()
    }

    fn seconds_down(&mut self) -> i64 {
        match self.dice.below(10) {
            0 => self.seconds(1, 3_600).saturating_neg(),
            1..=2 => self.seconds(1, 3_600),
            _ => 0,
        }
    }

    fn choose_clock(&mut self) -> Action {
        match self.dice.below(10) {
            0 => Action::MoveClock(self.seconds(1, 900).saturating_neg()),
            1 => Action::MoveClock(self.seconds(600, 7_200)),
            2 => Action::MoveClock(self.jump()),
            _ => Action::MoveClock(self.seconds(1, 600)),
        }
    }

    fn choose_activate(&mut self) -> Option<Action> {
        let invoice = *self.dice.pick_recent(&self.memory.order, RECENT)?;
        let asset = match self.memory.invoices.get(&invoice)?.choice {
            Choice::Fixed(asset) if !self.dice.percent(5) => asset,
            Choice::Fixed(_) | Choice::Any => self.an_asset()?.id,
        };
        Some(Action::Activate { invoice, asset, by_page: self.dice.percent(50) })
    }

    fn choose_cancel(&mut self) -> Option<Action> {
        let invoice = *self.dice.pick_recent(&self.memory.order, RECENT)?;
        Some(Action::Cancel { invoice, by_page: self.dice.percent(25) })
    }

    fn choose_mine(&mut self) -> Option<Action> {
        let network = self.a_network();
        let to_finality = self.gateway().ok()?.environment(TEST).chains.get(&network)?.confirmations;
        let count = match self.dice.below(10) {
            0..=4 => 1,
            5..=7 => self.dice.between(2, 5),
            _ => u64::from(to_finality),
        };
        Some(Action::Mine { network, count })
    }

    fn choose_reorganise(&mut self) -> Option<Action> {
        let network = self.a_network();
        let gateway = Arc::clone(self.gateway().ok()?);
        let height = gateway.simulated(network)?.with_chain(farthing_networks::simulated::chain::Chain::height);
        let needed = u64::from(gateway.environment(TEST).chains.get(&network).map_or(1, |chain| chain.confirmations));
        let wanted = match self.dice.below(12) {
            0 => self.dice.between(6, 40),
            1..=2 => self.dice.between(1, needed.saturating_add(3)),
            _ => self.dice.between(1, 5),
        };
        let depth = wanted.min(height);
        if depth == 0 {
            return None;
        }
        let fork = height.saturating_sub(depth);
        let lost: Vec<String> = gateway
            .simulated(network)?
            .with_chain(|chain| chain.above(fork).map(|transaction| transaction.hash.clone()).collect());
        let drop = lost.into_iter().filter(|_| self.dice.percent(35)).collect();
        Some(Action::Reorganise { network, depth, drop, to_mempool: self.dice.percent(50) })
    }

    fn choose_race(&mut self) -> Option<Action> {
        let network = self.a_network();
        let what = match self.dice.below(8) {
            0..=1 => Move::Mine(self.dice.between(1, 3)),
            2..=4 => Move::Reorganise(self.dice.between(1, 4), self.dice.percent(50)),
            5 => match self.choose_pay()? {
                Action::Pay { network: other, outputs } if other == network => Move::Send(outputs),
                _ => Move::Mine(1),
            },
            6 => Move::DropOldest,
            _ => Move::Misbehave(Faults { unreachable: self.dice.percent(50), lag: self.dice.between(0, 3) }),
        };
        let after = u32::try_from(self.dice.below(8)).unwrap_or_default();
        Some(Action::Race(network, Race { after, what, salt: self.dice.salt() }))
    }

    fn choose_endpoint(&mut self) -> Option<Action> {
        let living = self.memory.living_endpoints();
        let kind = self.dice.below(12);
        if living.is_empty() || kind == 0 {
            let owner = *self.dice.pick(&self.memory.owners)?;
            return Some(Action::AddEndpoint(owner, self.some_events()));
        }
        let id = *self.dice.pick(&living)?;
        Some(match kind {
            1 => Action::DeleteEndpoint(id),
            2..=3 => Action::Rotate(id, self.seconds(0, 3_600)),
            4 => Action::SendTestEvent(id),
            5 => Action::Redeliver(id),
            6 => Action::ChangeEndpoint(id, self.some_events()),
            _ => Action::SetMood(id, self.a_mood()),
        })
    }

    fn choose_callback_mood(&mut self) -> Option<Action> {
        let (owner, dialect) = (*self.dice.pick(&self.memory.owners)?, *self.dice.pick(&CALLING_BACK)?);
        Some(Action::SetCallbackMood(owner, dialect, self.a_mood()))
    }

    /// What a shop listens to.
    fn some_events(&mut self) -> Vec<String> {
        if self.dice.percent(50) {
            EventName::all().map(|name| name.to_string()).collect()
        } else {
            EventName::documented()
        }
    }

    fn a_mood(&mut self) -> Mood {
        match self.dice.below(6) {
            0 => Mood::Answers(500),
            1 => Mood::Answers(302),
            2 => Mood::Hangs,
            3 => Mood::LosesAnswers,
            _ => Mood::Healthy,
        }
    }
}
