//! Opening an installation: the store, its key, and a gateway over them, for a server or for a command beside it.

use crate::{clock::SystemClock, config::Config, entropy::SystemEntropy, high_water::Kept, live, run::accounts};
use anyhow::Context;
use farthing_domain::catalog::Catalog;
use farthing_gateway::{
    entropy::Ids,
    gateway::{EnvironmentSetup, Gateway, Parts},
    live_environment::live_environment,
    outgoing::{Guard, Limits, Outgoing},
    rates::RateSource,
    test_environment,
    watch::Watched,
};
use farthing_store::{
    OpenAs, Store, StoreError, Threads,
    records::Merchant,
    sealing::{KEY_FILE, Sealer},
};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tokio::sync::Mutex;

/// What commands and the server begin with.
struct Opened {
    store: Store,
    sealer: Sealer,
    ids: Ids,
}

async fn open(folder: &Path, open_as: OpenAs) -> anyhow::Result<Opened> {
    let store = Store::open(folder, open_as, Threads::Own)
        .with_context(|| format!("data_dir: {} cannot be used", folder.display()))?;
    // Nothing can have been sealed before there was a merchant; a start that was cut short may still have to make the key.
    let has_key = folder.join(KEY_FILE).exists();
    let is_new = !has_key && merchants(&store).await?.is_empty();
    let sealer = Sealer::open_or_create(folder, is_new)?;
    Ok(Opened { store, sealer, ids: Ids::new(Arc::new(SystemEntropy)) })
}

/// Opens the gateway that serves. Nothing runs yet; every address ever handed out is watched.
///
/// # Errors
/// When another server uses the folder, or something stored cannot be read.
pub(crate) async fn open_for_server(
    config: &Config,
    public_url: String,
) -> anyhow::Result<(Arc<Gateway>, Arc<Mutex<Kept>>)> {
    // First of all: what is wrong with it is said before anything is made.
    let networks = live::networks(config)?;
    let Opened { store, sealer, ids } = open(&config.data_dir, OpenAs::Server).await?;
    let clocks = test_environment::open_clocks(&store, Arc::new(SystemClock)).await?;
    let mut test = test_environment::open(&store, &ids).await?;
    // It only grows, also when the machine's clock was set back between two lives: no block is older than the one before it.
    test.latest_block_at().into_iter().for_each(|shown| clocks.run_on_from(shown));
    let rates = if networks.is_empty() { RateSource::None } else { live::rates(config)? };
    let mut live = live_environment(networks, rates, &ids);
    for setup in [&mut live, &mut test.setup] {
        setup.catalog = setup.catalog.clone().with_numbers(config.currency_ids.clone());
    }
    let gateway = Gateway::new(Parts {
        store,
        sealer,
        clocks,
        ids,
        live,
        test: test.setup,
        simulated: test.simulated,
        outgoing: outgoing(config)?,
        public_url,
    });
    let watched = gateway
        .rebuild_watch(Watched::Days(config.watched_days))
        .await
        .context("the addresses to watch cannot be read")?;
    tracing::info!(watched, "watching the addresses that were handed out");
    gateway.recall_chains().await.context("how far the networks were cannot be read")?;
    let marks = Arc::new(Mutex::new(Kept::open(&config.data_dir)?));
    accounts::recall(&gateway, &marks).await?;
    Ok((Arc::new(gateway), marks))
}

/// Opens a gateway for a command, beside a running server or before there is one. It has no networks.
///
/// # Errors
/// When the store cannot be opened.
pub(crate) async fn open_for_command(config: &Config) -> anyhow::Result<Arc<Gateway>> {
    let Opened { store, sealer, ids } = open(&config.data_dir, OpenAs::Command).await?;
    let clocks = test_environment::open_clocks(&store, Arc::new(SystemClock)).await?;
    Ok(Arc::new(Gateway::new(Parts {
        store,
        sealer,
        clocks,
        ids,
        live: nothing_on_sale(),
        test: nothing_on_sale(),
        simulated: BTreeMap::new(),
        outgoing: outgoing(config)?,
        public_url: config.public_url.clone().unwrap_or_default(),
    })))
}

/// Every merchant.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn merchants(store: &Store) -> Result<Vec<Merchant>, StoreError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    store.read(|reader| reader.merchants()).await
}

fn outgoing(config: &Config) -> anyhow::Result<Outgoing> {
    Ok(Outgoing::new(Guard { allow_private: config.allow_private_addresses }, Limits::default())?)
}

fn nothing_on_sale() -> EnvironmentSetup {
    EnvironmentSetup { catalog: Catalog::new(Vec::new(), Vec::new()), chains: BTreeMap::new(), rates: RateSource::None }
}
