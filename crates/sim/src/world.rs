//! A world to test in: a gateway over a temporary folder, with a clock that only moves when told.

use crate::{disturbed::Disturbed, racing::Races};
use farthing_dialects::native::api_keys::{ApiKeySecret, Permission};
use farthing_domain::{
    id::{Environment, MerchantId, Owner},
    name::NetworkId,
    time::Timestamp,
};
use farthing_gateway::{
    clock::Clock,
    entropy::{Entropy, Ids},
    gateway::{Chain, EnvironmentSetup, Gateway, Parts},
    outgoing::{Guard, Limits, Outgoing, SimulatedReceivers},
    rates::RateSource,
    test_environment,
};
use farthing_networks::{network::Network, simulated::chain::Change};
use farthing_store::{OpenAs, Store, Threads, sealing::Sealer};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tempfile::TempDir;

/// Where every world's clock starts: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// A clock that moves when told.
pub struct ManualClock {
    now: AtomicI64,
    highest: AtomicI64,
}

impl ManualClock {
    /// A clock that shows this moment.
    #[must_use]
    pub const fn at(start: Timestamp) -> Self {
        Self { now: AtomicI64::new(start.milliseconds()), highest: AtomicI64::new(start.milliseconds()) }
    }

    /// Moves it; backwards too, as clocks do.
    pub fn move_by_ms(&self, milliseconds: i64) {
        let before = self.now.fetch_add(milliseconds, Ordering::SeqCst);
        self.highest.fetch_max(before.saturating_add(milliseconds), Ordering::SeqCst);
    }

    /// Moves it to the latest moment that it ever showed.
    pub fn catch_up(&self) {
        self.now.store(self.highest.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.now.load(Ordering::SeqCst))
    }
}

/// Randomness that a seed decides: SHA-256 of the seed and a count.
pub struct SeededEntropy {
    seed: u64,
    count: AtomicU64,
}

impl SeededEntropy {
    /// Randomness of this seed.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let mut hash = Sha256::new_with_prefix(self.seed.to_be_bytes());
            hash.update(self.count.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            for (byte, random) in chunk.iter_mut().zip(hash.finalize()) {
                *byte = random;
            }
        }
    }
}

/// A gateway and what it stands on.
pub struct World {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Real time, as the gateway sees it.
    pub clock: Arc<ManualClock>,
    ground: Ground,
}

/// What outlives a process: its folder, and what is around it.
#[derive(Clone)]
pub struct Ground {
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    threads: Threads,
    folder: Arc<TempDir>,
    /// What a simulation puts around the gateway.
    pub around: Around,
}

/// What a simulation puts around the gateway; nothing of it where tests stand in the world.
#[derive(Clone, Default)]
pub struct Around {
    /// What answers webhooks; `None`: sockets do.
    pub receivers: Option<SimulatedReceivers>,
    /// What happens to chains between two answers of their providers.
    pub races: Option<Races>,
    /// Adapters that stand in for the simulated ones: real nodes on private chains.
    pub adapters: BTreeMap<NetworkId, Arc<dyn Network>>,
    /// What happens to reads and writes of the store.
    pub disturbed: Option<Disturbed>,
    /// The configuration, where it is not the shipped one.
    pub configuration: Configuration,
}

/// What an operator may change from one start to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Confirmations of networks that are not their shipped ones.
    pub confirmations: BTreeMap<NetworkId, u32>,
    /// Networks that are not configured at the moment.
    pub removed: BTreeSet<NetworkId>,
}

impl World {
    /// A new installation, its store on threads of its own.
    ///
    /// # Errors
    /// When the temporary folder or the store cannot be made.
    pub async fn new() -> anyhow::Result<Self> {
        Self::with(1, Threads::Own).await
    }

    /// A new installation, with the randomness of a seed.
    ///
    /// # Errors
    /// When the temporary folder or the store cannot be made.
    pub async fn with(seed: u64, threads: Threads) -> anyhow::Result<Self> {
        let clock = Arc::new(ManualClock::at(START));
        let world = Self::open(seed, threads, clock, Around::default()).await?;
        world.gateway.scan_all(Environment::Test).await?;
        Ok(world)
    }

    /// A new installation on one thread, in which a seed decides everything. Nothing was scanned yet.
    ///
    /// # Errors
    /// When the temporary folder or the store cannot be made.
    pub async fn simulated(seed: u64, clock: Arc<ManualClock>, around: Around) -> anyhow::Result<Self> {
        Self::open(seed, Threads::Inline, clock, around).await
    }

    async fn open(seed: u64, threads: Threads, clock: Arc<ManualClock>, around: Around) -> anyhow::Result<Self> {
        let entropy = Arc::new(SeededEntropy::of(seed));
        let folder = Arc::new(tempfile::tempdir()?);
        Ground { clock, entropy, threads, folder, around }.start().await
    }

    /// Stops the gateway without a word and starts it again on what is on disk.
    ///
    /// # Errors
    /// When somebody else still holds the gateway, or the store cannot be opened again.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let world = self.reopen().await?;
        world.gateway.scan_all(Environment::Test).await?;
        Ok(world)
    }

    /// The same, and nothing is scanned yet.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub async fn reopen(self) -> anyhow::Result<Self> {
        self.stop()?.start().await
    }

    /// Stops the gateway without a word.
    ///
    /// # Errors
    /// When somebody else still holds the gateway.
    pub fn stop(self) -> anyhow::Result<Ground> {
        drop(Arc::try_unwrap(self.gateway).map_err(|_| anyhow::anyhow!("the gateway is still in use"))?);
        Ok(self.ground)
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.ground.folder.path().to_owned()
    }

    /// A new merchant's test environment.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn merchant(&self) -> anyhow::Result<Owner> {
        let merchant = self.gateway.create_merchant("Tea shop".to_owned()).await?;
        Ok(Owner { merchant: merchant.id, environment: Environment::Test })
    }

    /// A key with all permissions.
    ///
    /// # Errors
    /// When there is no such merchant or the store fails.
    pub async fn key(&self, merchant: MerchantId, environment: Environment) -> anyhow::Result<ApiKeySecret> {
        Ok(self.gateway.create_api_key(merchant, environment, &Permission::ALL).await?.1)
    }
}

impl Ground {
    /// Starts a gateway on what is on disk.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub async fn start(self) -> anyhow::Result<World> {
        let gateway = open(&self).await?;
        Ok(World { gateway, clock: Arc::clone(&self.clock), ground: self })
    }

    /// Makes changes of simulated chains durable while nothing runs: what happened to them does not depend on us.
    ///
    /// # Errors
    /// When the store cannot be opened or written.
    pub async fn keep(&self, changes: &[(NetworkId, Change)]) -> anyhow::Result<()> {
        let store = Store::open(self.folder.path(), OpenAs::Server, Threads::Inline)?;
        for (network, change) in changes {
            let (network, rows) = (*network, change.rows()?);
            let write = move |transaction: &mut farthing_store::Transaction<'_>| {
                transaction.change_simulated(network, rows.cut_from, &rows.blocks, &rows.mempool)
            };
            store.decide(write).await?;
        }
        Ok(())
    }
}

async fn open(ground: &Ground) -> anyhow::Result<Arc<Gateway>> {
    let Ground { clock, entropy, threads, folder, around } = ground;
    let folder = folder.path();
    let is_new = !folder.join(farthing_store::sealing::KEY_FILE).exists();
    let store = match &around.disturbed {
        Some(disturbed) => Store::simulated(folder, Arc::new(disturbed.clone()))?,
        None => Store::open(folder, OpenAs::Server, *threads)?,
    };
    let sealer = Sealer::open_or_create(folder, is_new)?;
    let ids = Ids::new(Arc::<SeededEntropy>::clone(entropy));
    let clocks = test_environment::open_clocks(&store, Arc::<ManualClock>::clone(clock)).await?;
    let mut test = test_environment::open(&store, &ids).await?;
    if let Some(races) = &around.races {
        for (network, chain) in &mut test.setup.chains {
            let Some(simulated) = test.simulated.get(network) else { continue };
            chain.adapter = Arc::new(races.around(*network, simulated.clone()));
        }
    }
    for (network, adapter) in &around.adapters {
        if let Some(chain) = test.setup.chains.get_mut(network) {
            chain.adapter = Arc::clone(adapter);
        }
    }
    configure(&mut test.setup.chains, &around.configuration);
    let live = EnvironmentSetup {
        catalog: farthing_domain::catalog::Catalog::new(Vec::new(), Vec::new()),
        chains: BTreeMap::new(),
        rates: RateSource::None,
    };
    let guard = Guard { allow_private: true };
    let outgoing = match &around.receivers {
        Some(receivers) => Outgoing::simulated(guard, Arc::clone(receivers)),
        None => Outgoing::new(guard, Limits::default())?,
    };
    let gateway = Gateway::new(Parts {
        store,
        sealer,
        clocks,
        ids,
        live,
        test: test.setup,
        simulated: test.simulated,
        outgoing,
        public_url: "http://127.0.0.1:8080".to_owned(),
    });
    gateway.rebuild_watch(farthing_gateway::watch::Watched::ForEver).await?;
    Ok(Arc::new(gateway))
}

fn configure(chains: &mut BTreeMap<NetworkId, Chain>, configuration: &Configuration) {
    chains.retain(|network, _| !configuration.removed.contains(network));
    for (network, confirmations) in &configuration.confirmations {
        if let Some(chain) = chains.get_mut(network) {
            chain.confirmations = *confirmations;
        }
    }
}
