//! Permanent addresses: shops take them, and payers send to them again and again. Half of the seeds know them.

use super::{Action, RECENT};
use crate::{
    memory::KnownPermanent,
    simulation::{Simulation, TEST},
};
use farthing_domain::id::StaticAddressId;
use farthing_networks::simulated::chain::Output;

impl Simulation {
    /// Another permanent address, or one again under its key; `None` where it is something else's turn.
    pub(super) fn choose_permanent(&mut self) -> Option<Action> {
        if !self.has_permanent() || !self.dice.percent(20) {
            return None;
        }
        let used: Vec<_> = self.memory.takes.iter().map(|(used, known)| (used.clone(), known.asset)).collect();
        if self.dice.percent(40)
            && let Some(((merchant, key), asset)) = self.dice.pick(&used).cloned()
        {
            let owner = farthing_domain::id::Owner { merchant, environment: TEST };
            return Some(Action::TakePermanent { owner, asset, key: Some(key) });
        }
        let owner = *self.dice.pick(&self.memory.owners)?;
        let asset = self.an_asset()?.id;
        // Not the names of invoices' keys: the native API has one set of keys for both.
        let key = self.dice.percent(60).then(|| format!("permanent-{}", used.len()));
        Some(Action::TakePermanent { owner, asset, key })
    }

    /// A deposit to a permanent address, or several in one transaction; `None` where an invoice is paid instead.
    pub(super) fn choose_deposit(&mut self) -> Option<Action> {
        if self.memory.permanent.is_empty() || !self.dice.percent(35) {
            return None;
        }
        let first = self.deposit()?;
        let network = first.asset.network;
        let mut outputs = vec![first];
        if self.dice.percent(25) {
            outputs.extend(self.deposit().filter(|output| output.asset.network == network));
        }
        let payable = self.memory.payable();
        if self.dice.percent(20)
            && let Some(invoice) = self.dice.pick_recent(&payable, RECENT).copied()
        {
            outputs.extend(self.output(invoice).filter(|output| output.asset.network == network));
        }
        Some(Action::Pay { network, outputs })
    }

    fn deposit(&mut self) -> Option<Output> {
        let known: Vec<(StaticAddressId, KnownPermanent)> =
            self.memory.permanent.iter().map(|(id, known)| (*id, known.clone())).collect();
        let (_, known) = self.dice.pick_recent(&known, RECENT)?.clone();
        let KnownPermanent { asset, decimals, place: (family, address), .. } = known;
        let units = match self.dice.below(12) {
            // Nothing: that is no deposit.
            0 => 0,
            1 => 1,
            // Many times: more than 128 bits altogether.
            2 => u128::MAX.checked_div(3).unwrap_or(u128::MAX),
            _ => u128::from(self.dice.between(1_000, 5_000_000)),
        };
        if self.dice.percent(10) {
            let other = self.asset_of(family)?;
            return Some(Output { asset: other.id, decimals: other.decimals, units, address });
        }
        Some(Output { asset, decimals, units, address })
    }
}
