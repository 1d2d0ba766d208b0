//! The test environment of an installation: every shipped network, simulated, kept in the store.

use crate::{
    account_use::AccountUse,
    chain_marks::ChainMarks,
    clock::Clocks,
    entropy::Ids,
    gateway::{Chain, DeepReorganisation, EnvironmentSetup},
    rates::RateSource,
    test_mode::{CLOCK_LATEST_SETTING, CLOCK_SETTING},
};
use farthing_domain::{
    catalog::Catalog,
    id::Environment,
    name::NetworkId,
    network::{ChainId, Family, Network as NetworkFacts},
    time::Timestamp,
};
use farthing_networks::{
    account::Account,
    network::Watch,
    simulated::{
        Simulated,
        accounts::{self, SimulatedAccountError},
        chain::RestoreError,
    },
    watch_set::WatchSet,
};
use farthing_store::{Store, StoreError};
use std::{collections::BTreeMap, sync::Arc};

/// Why there is no test environment.
#[derive(Debug, thiserror::Error)]
pub enum TestEnvironmentError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A simulated network has no account.
    #[error("a simulated network's account: {0}")]
    Account(#[from] SimulatedAccountError),
    /// What is stored of a simulated chain cannot be read.
    #[error("a simulated chain: {0}")]
    Chain(#[from] RestoreError),
}

/// The test environment and the handles on its chains.
pub struct TestEnvironment {
    /// What it sells on.
    pub setup: EnvironmentSetup,
    /// Its chains, for test-mode calls.
    pub simulated: BTreeMap<NetworkId, Simulated>,
}

impl TestEnvironment {
    /// The time of the latest block on any of its chains: the clock has been there.
    #[must_use]
    pub fn latest_block_at(&self) -> Option<Timestamp> {
        let latest = |chain: &Simulated| chain.with_chain(|chain| chain.header(chain.height()).map(|head| head.time));
        self.simulated.values().filter_map(latest).max()
    }
}

/// Clocks over real time, the test environment's standing where the store left it.
///
/// # Errors
/// When the store cannot be read.
pub async fn open_clocks(store: &Store, real: Arc<dyn crate::clock::Clock>) -> Result<Clocks, StoreError> {
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i64>().ok());
    let (offset, latest) = store
        .read(move |reader| Ok((number(reader.setting(CLOCK_SETTING)?), number(reader.setting(CLOCK_LATEST_SETTING)?))))
        .await?;
    Ok(Clocks::new(real, offset.unwrap_or_default(), latest.map(Timestamp::from_milliseconds)))
}

/// Opens the test environment, and makes the accounts that a new installation does not have yet.
///
/// # Errors
/// When the store fails or holds something that cannot be read.
pub async fn open(store: &Store, ids: &Ids) -> Result<TestEnvironment, TestEnvironmentError> {
    let catalog = Catalog::shipped();
    let mut by_family: BTreeMap<Family, (Arc<Account>, Arc<Watch>)> = BTreeMap::new();
    let (mut chains, mut simulated) = (BTreeMap::new(), BTreeMap::new());
    for facts in catalog.networks() {
        let shared = match by_family.get(&facts.family) {
            Some(shared) => shared.clone(),
            None => {
                let account = open_account(store, ids, facts.family).await?;
                (Arc::new(account), Arc::new(Watch::new(WatchSet::new(ids.bytes()))))
            }
        };
        by_family.insert(facts.family, shared.clone());
        let (account, watch) = shared;
        let adapter = open_chain(store, facts).await?;
        simulated.insert(facts.id, adapter.clone());
        chains.insert(facts.id, chain_of(facts, adapter, account, watch));
    }
    Ok(TestEnvironment { setup: EnvironmentSetup { catalog, chains, rates: RateSource::OfflineTable }, simulated })
}

fn chain_of(facts: &NetworkFacts, adapter: Simulated, account: Arc<Account>, watch: Arc<Watch>) -> Chain {
    Chain {
        id: ChainId { environment: Environment::Test, network: facts.id },
        confirmations: facts.confirmations,
        facts: facts.clone(),
        adapter: Arc::new(adapter),
        inspect: None,
        provider: "simulated".to_owned(),
        account,
        account_use: AccountUse::known(),
        start_index: None,
        watch,
        overlap: 0,
        deep_reorganisation: DeepReorganisation::GoesOn,
        marks: ChainMarks::default(),
    }
}

/// The setting that keeps a family's account.
pub(crate) fn account_setting(family: Family) -> String {
    format!("simulated_account_{}", format!("{family:?}").to_ascii_lowercase())
}

async fn open_account(store: &Store, ids: &Ids, family: Family) -> Result<Account, TestEnvironmentError> {
    let key = account_setting(family);
    let wanted = key.clone();
    if let Some(text) = store.read(move |reader| reader.setting(&wanted)).await? {
        return Ok(accounts::read(family, &text)?);
    }
    let text = accounts::make(family, &ids.bytes())?;
    let kept = text.clone();
    store.decide(move |transaction| transaction.put_setting(&key, &kept)).await?;
    Ok(accounts::read(family, &text)?)
}

async fn open_chain(store: &Store, facts: &NetworkFacts) -> Result<Simulated, TestEnvironmentError> {
    let id = facts.id;
    let rows = store.read(move |reader| reader.simulated(id)).await?;
    Ok(Simulated::restore(facts, &rows.blocks, rows.mempool.as_deref())?)
}
