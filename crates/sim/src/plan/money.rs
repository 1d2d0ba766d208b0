//! What payers send: exactly what is due, or anything else, to an address that they were shown once.

use super::{Action, RECENT};
use crate::{
    memory::Place,
    simulation::{Simulation, TEST},
};
use farthing_domain::{
    asset::{Asset, AssetId},
    id::InvoiceId,
    money::Amount,
    name::NetworkId,
    network::Family,
};
use farthing_networks::simulated::chain::Output;
use std::sync::Arc;

impl Simulation {
    pub(super) fn choose_pay(&mut self) -> Option<Action> {
        if self.dice.percent(4) {
            let asset = self.an_asset()?;
            let output = self.stranger_output(&asset);
            return Some(Action::Pay { network: asset.id.network, outputs: vec![output] });
        }
        if let Some(deposit) = self.choose_deposit() {
            return Some(deposit);
        }
        let payable = self.memory.payable();
        let invoice = *self.dice.pick_recent(&payable, RECENT)?;
        let first = self.output(invoice)?;
        let network = first.asset.network;
        let mut outputs = vec![first];
        if self.dice.percent(15) {
            let other = *self.dice.pick_recent(&payable, RECENT)?;
            outputs.extend(self.output(other).filter(|output| output.asset.network == network));
        }
        if self.dice.percent(8) {
            outputs.extend(self.output(invoice).filter(|output| output.asset.network == network));
        }
        Some(Action::Pay { network, outputs })
    }

    pub(super) fn choose_replace(&mut self) -> Option<Action> {
        let network = self.a_network();
        let gateway = Arc::clone(self.gateway().ok()?);
        let waiting: Vec<(String, Vec<Output>)> = gateway.simulated(network)?.with_chain(|chain| {
            chain.mempool().map(|transaction| (transaction.hash.clone(), transaction.outputs.clone())).collect()
        });
        let (transaction, before) = self.dice.pick(&waiting)?.clone();
        let outputs = match self.dice.below(3) {
            0 => None,
            // A higher fee: the same, a little less.
            1 => Some(
                before.into_iter().map(|output| Output { units: output.units.saturating_sub(1), ..output }).collect(),
            ),
            _ => self.replacement(network),
        };
        Some(Action::Replace { network, transaction, outputs })
    }

    fn replacement(&mut self, network: NetworkId) -> Option<Vec<Output>> {
        let payable = self.memory.payable();
        let invoice = *self.dice.pick(&payable)?;
        let output = self.output(invoice).filter(|output| output.asset.network == network)?;
        Some(vec![output])
    }

    /// Any asset that an address of the family can be sent.
    pub(super) fn asset_of(&mut self, family: Family) -> Option<Asset> {
        let catalog = &self.gateway().ok()?.environment(TEST).catalog;
        let is_there = |asset: &&Asset| catalog.network(asset.id.network).is_some_and(|known| known.family == family);
        let assets: Vec<Asset> = catalog.assets().iter().filter(is_there).cloned().collect();
        self.dice.pick(&assets).cloned()
    }

    /// Money for one of an invoice's addresses.
    pub(super) fn output(&mut self, invoice: InvoiceId) -> Option<Output> {
        let dues: Vec<(AssetId, (Amount, Place))> =
            self.memory.invoices.get(&invoice)?.dues.iter().map(|(asset, due)| (*asset, due.clone())).collect();
        let (_, (due, (family, address))) = self.dice.pick(&dues)?.clone();
        if self.dice.percent(8) {
            let other = self.asset_of(family)?;
            return Some(Output { asset: other.id, decimals: other.decimals, units: due.units, address });
        }
        let has_tolerance = self.memory.invoices.get(&invoice)?.has_tolerance;
        // Tolerances are a fiftieth: this is less than twice of one.
        let falls_short = has_tolerance && self.dice.percent(50);
        let short = due.units.checked_div(30).unwrap_or_default();
        let units = if falls_short { due.units.saturating_sub(short) } else { self.units(due.units) };
        Some(Output { asset: due.asset, decimals: due.decimals, units, address })
    }

    fn units(&mut self, due: u128) -> u128 {
        let part = |numerator: u128, denominator: u128| {
            due.checked_mul(numerator).and_then(|product| product.checked_div(denominator)).unwrap_or(due)
        };
        match self.dice.below(20) {
            0..=8 => due,
            9 | 11 => part(1, 2),
            12 => due.saturating_sub(part(1, 2)),
            // Tolerances are a fiftieth: less than one, and more than one but less than two.
            13 => due.saturating_sub(part(1, 60)),
            10 => due.saturating_sub(part(1, 30)),
            14 => due.saturating_sub(1),
            15 => due.saturating_add(1),
            16 => part(3, 2),
            17 => part(2, 1),
            18 => 1,
            _ => 0,
        }
    }

    fn stranger_output(&mut self, asset: &Asset) -> Output {
        let address = [self.dice.salt(), self.dice.salt()].concat();
        Output { asset: asset.id, decimals: asset.decimals, units: 5_000, address }
    }
}
