//! What goes wrong: disks, processes, providers, clocks, configurations, and shops that look where they should not.

use super::{Action, RECENT};
use crate::{
    act::{
        alter::{Meanwhile, What},
        together::Task,
    },
    disturbed::Trouble,
    racing::Lie,
    simulation::Simulation,
    world::Configuration,
};
use farthing_domain::{id::InvoiceId, invoice::Choice};
use farthing_networks::simulated::{Faults, chain::Output};

/// Seconds of a year.
const YEAR: i64 = 31_557_600;
/// Awaits up to which a process may come before it ends.
const AWAITS_MAX: u64 = 40;

impl Simulation {
    /// How the disk is while the next thing happens.
    pub(crate) fn choose_trouble(&mut self) -> Trouble {
        match self.dice.below(12) {
            0 => Trouble { fails: 10, unknown: 0, is_slow: 0 },
            1 => Trouble { fails: 0, unknown: 25, is_slow: 0 },
            2 => Trouble { fails: 2, unknown: 2, is_slow: 50 },
            _ => Trouble::default(),
        }
    }

    /// The await at which the process ends while it does something; `None`: it does not.
    pub(crate) fn choose_death(&mut self, action: &Action) -> Option<u32> {
        // These start the process again themselves, or are over before anything is awaited.
        let is_whole = matches!(
            action,
            Action::Restart(_)
                | Action::DieDelivering
                | Action::Reconfigure(_)
                | Action::Together(..)
                | Action::Alter { .. }
                | Action::MoveClock(_)
                | Action::Misbehave(..)
                | Action::Lie(..)
                | Action::Race(..)
                | Action::SetMood(..)
                | Action::SetCallbackMood(..)
                | Action::Nothing
        );
        let dies = self.dice.percent(10) && !is_whole;
        let awaits = self.an_await();
        dies.then_some(awaits)
    }

    /// Most things are over after a few awaits.
    fn an_await(&mut self) -> u32 {
        let end = if self.dice.percent(60) { 6 } else { AWAITS_MAX };
        u32::try_from(self.dice.below(end)).unwrap_or_default()
    }

    /// A jump of the clock, ahead or back: hours, seldom years.
    pub(super) fn jump(&mut self) -> i64 {
        let seconds = if self.dice.percent(5) { YEAR.saturating_mul(10) } else { self.seconds(1, 3_600) };
        if self.dice.percent(50) { seconds } else { seconds.saturating_neg() }
    }

    pub(super) fn choose_fault(&mut self) -> Option<Action> {
        let network = self.a_network();
        Some(match self.dice.below(9) {
            0 => Action::Misbehave(network, Faults { unreachable: true, lag: 0 }),
            1..=2 => Action::Misbehave(network, Faults { unreachable: false, lag: self.dice.between(1, 6) }),
            3..=4 => Action::Misbehave(network, Faults::default()),
            5 => self.choose_configuration(),
            6 => Action::Lie(network, None),
            7 => Action::Lie(network, Some(Lie::OtherNodeLags(self.dice.between(1, 4)))),
            _ if self.is_honest() => Action::Lie(network, None),
            _ => {
                let lie = match self.dice.below(4) {
                    0 => Lie::OtherChain,
                    1 => Lie::ForgedHashes,
                    2 => Lie::HeadGoesBack(self.dice.between(1, 8)),
                    _ => Lie::AnswersHalf,
                };
                Action::Lie(network, Some(lie))
            }
        })
    }

    fn choose_configuration(&mut self) -> Action {
        let mut configuration = Configuration::default();
        if self.dice.percent(40) {
            configuration.removed.insert(self.a_network());
        }
        if self.dice.percent(60) {
            let network = self.a_network();
            let confirmations = u32::try_from(self.dice.between(1, 30)).unwrap_or(1);
            configuration.confirmations.insert(network, confirmations);
        }
        Action::Reconfigure(configuration)
    }

    /// Somebody pays in time while nobody can be asked, the window ends, and due invoices are settled.
    pub(super) fn plan_an_oversight(&mut self) -> Option<Action> {
        let invoice = *self.memory.payable().last()?;
        let (due, (_, address)) = self.memory.invoices.get(&invoice)?.dues.values().next()?.clone();
        let network = due.asset.network;
        let output = Output { asset: due.asset, decimals: due.decimals, units: due.units, address };
        let window = self.seconds(1_000, 20_000);
        self.planned.extend([
            Action::Pay { network, outputs: vec![output] },
            Action::Mine { network, count: 1 },
            Action::MoveClock(window),
            Action::Expire,
        ]);
        Some(Action::Misbehave(network, Faults { unreachable: true, lag: 0 }))
    }

    pub(super) fn choose_spite(&mut self) -> Option<Action> {
        let invoice = *self.dice.pick_recent(&self.memory.order, RECENT)?;
        if self.dice.percent(50) {
            let what = *self.dice.pick(&What::ALONE)?;
            return Some(Action::Alter { invoice, what, meanwhile: self.choose_meanwhile() });
        }
        if self.dice.percent(50) {
            let dues = |id: &InvoiceId| self.memory.invoices.get(id).map(|known| known.dues.keys().copied());
            let asset = dues(&invoice)?.next()?;
            let has_asset = |id: &InvoiceId| dues(id).is_some_and(|mut assets| assets.any(|other| other == asset));
            let others: Vec<InvoiceId> = self.memory.order.iter().copied().filter(has_asset).collect();
            let other = *self.dice.pick(&others)?;
            let meanwhile = self.choose_meanwhile();
            return (other != invoice).then_some(Action::Alter { invoice, what: What::Address(other), meanwhile });
        }
        let owner = *self.dice.pick(&self.memory.owners)?;
        let is_theirs = self.memory.invoices.get(&invoice)?.owner == owner;
        (!is_theirs).then_some(Action::Snoop { owner, invoice })
    }

    fn choose_meanwhile(&mut self) -> Meanwhile {
        Meanwhile { blocks: self.dice.below(8), reorganised: self.dice.below(4) }
    }

    pub(super) fn choose_together(&mut self) -> Option<Action> {
        let mut tasks = Vec::new();
        for _ in 0..self.dice.between(2, 5) {
            tasks.extend(self.choose_task());
        }
        if self.dice.percent(60)
            && let Some(Action::Create { owner, body, dialect }) = self.choose_create()
        {
            // Clients that do not wait for each other.
            let copies = usize::try_from(self.dice.between(1, 3)).unwrap_or(1);
            let has_key = body.contains("idempotency_key");
            let same = Task::Create { owner, body, dialect };
            tasks.extend(std::iter::repeat_n(same, if has_key { copies } else { 1 }));
        }
        let dies_after = self.dice.percent(30).then(|| self.an_await());
        Some(Action::Together(tasks, dies_after))
    }

    fn choose_task(&mut self) -> Option<Task> {
        Some(match self.dice.below(9) {
            0..=1 => Task::Scan(self.a_network()),
            2 => Task::Expire,
            3..=4 => Task::Deliver(*self.dice.pick(&self.memory.living_endpoints())?),
            5 => Task::Cancel {
                invoice: *self.dice.pick_recent(&self.memory.order, RECENT)?,
                by_page: self.dice.percent(25),
            },
            6 => {
                let invoice = *self.dice.pick_recent(&self.memory.order, RECENT)?;
                let asset = match self.memory.invoices.get(&invoice)?.choice {
                    Choice::Fixed(asset) => asset,
                    Choice::Any => self.an_asset()?.id,
                };
                Task::Activate { invoice, asset }
            }
            7 => Task::Redeliver {
                endpoint: *self.dice.pick(&self.memory.living_endpoints())?,
                which: self.dice.below(5),
            },
            _ => match self.choose_repeat()? {
                Action::Repeat { merchant, key, is_same } => Task::Repeat { merchant, key, is_same },
                _ => return None,
            },
        })
    }
}
