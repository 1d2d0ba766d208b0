//! The live environment: the networks that the operator configured, whatever chains they are.

use crate::{
    account_use::AccountUse,
    chain_marks::ChainMarks,
    entropy::Ids,
    gateway::{Chain, DeepReorganisation, EnvironmentSetup, Gateway},
    rates::RateSource,
};
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    id::Environment,
    network::{ChainId, Family, Network as NetworkFacts},
};
use farthing_networks::{
    account::{Account, AccountKeyId},
    inspect::Inspect,
    network::{Network, Watch},
    watch_set::WatchSet,
};
use farthing_store::StoreError;
use std::{collections::BTreeMap, sync::Arc};

/// Blocks below the tip that are read at first contact, at least.
const OVERLAP_MIN: u64 = 12;

/// A network as it is configured.
pub struct LiveNetwork {
    /// What is known of it, with the confirmations that the operator wants.
    pub facts: NetworkFacts,
    /// What is sold on it: its coin, and the tokens on its list.
    pub assets: Vec<Asset>,
    /// Who answers for it.
    pub adapter: Arc<dyn Network>,
    /// The same, as it is inspected.
    pub inspect: Arc<dyn Inspect>,
    /// Where its addresses come from.
    pub account: Arc<Account>,
    /// The first index, where the operator vouches for it.
    pub start_index: Option<u32>,
}

/// The environment of these networks. All of a family share one watch set: money on the wrong one of them lands where it is seen.
#[must_use]
pub fn live_environment(networks: Vec<LiveNetwork>, rates: RateSource, ids: &Ids) -> EnvironmentSetup {
    let facts = networks.iter().map(|network| network.facts.clone()).collect();
    let assets = in_shipped_order(networks.iter().flat_map(|network| network.assets.iter().cloned()).collect());
    let mut watches: BTreeMap<Family, Arc<Watch>> = BTreeMap::new();
    let mut uses: BTreeMap<AccountKeyId, Arc<AccountUse>> = BTreeMap::new();
    let mut chains = BTreeMap::new();
    for network in networks {
        let watch =
            watches.entry(network.facts.family).or_insert_with(|| Arc::new(Watch::new(WatchSet::new(ids.bytes()))));
        let account_use = uses.entry(network.account.key_id()).or_insert_with(AccountUse::unknown);
        let (watch, account_use) = (Arc::clone(watch), Arc::clone(account_use));
        chains.insert(network.facts.id, chain(network, watch, account_use));
    }
    EnvironmentSetup { catalog: Catalog::new(facts, assets), chains, rates }
}

fn chain(network: LiveNetwork, watch: Arc<Watch>, account_use: Arc<AccountUse>) -> Chain {
    let confirmations = network.facts.confirmations;
    Chain {
        id: ChainId { environment: Environment::Live, network: network.facts.id },
        facts: network.facts,
        adapter: network.adapter,
        inspect: Some(network.inspect),
        provider: String::new(),
        account: network.account,
        account_use,
        start_index: network.start_index,
        watch,
        confirmations,
        deep_reorganisation: DeepReorganisation::WaitsForOperator,
        overlap: u64::from(confirmations).max(OVERLAP_MIN),
        marks: ChainMarks::default(),
    }
}

/// Assets in the order in which pickers show the shipped ones. One on a network of the operator's own follows those of its
/// currency; currencies of his own come last.
fn in_shipped_order(mut assets: Vec<Asset>) -> Vec<Asset> {
    let shipped = Catalog::shipped();
    let place = |asset: &Asset| {
        let rows = shipped.assets();
        let own = rows.iter().position(|known| known.id == asset.id).map(|place| (place, 0));
        let kin = || rows.iter().rposition(|known| known.id.code == asset.id.code).map(|place| (place, 1));
        own.or_else(kin).unwrap_or((rows.len(), 1))
    };
    assets.sort_by_key(place);
    assets
}

impl Gateway {
    /// Reads how far the chains were when the program last ran, before anything is served.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn recall_chains(&self) -> Result<(), StoreError> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's path is not general enough in its lifetime"
        )]
        let states = self.store().read(|reader| reader.chains()).await?;
        for state in states {
            if let Some(chain) = self.chain(state.chain) {
                chain.note_cursor(state.cursor.height);
            }
        }
        Ok(())
    }
}
