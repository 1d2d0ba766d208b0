//! A live environment over chains that tests own: what the binary builds of a configuration, with planted history and faults.

use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    id::{Environment, InvoiceId, Owner},
    invoice::{Invoice, Source, Terms},
    name::NetworkId,
    network::ChainId,
    payment::BlockRef,
    policy::{Dialect, Policy},
    time::Timestamp,
};
use farthing_gateway::{
    account_use::{GoesOn, Reserved, UnknownUse},
    create_invoice::{CreateError, CreateInvoice, Created},
    entropy::Ids,
    gateway::{Chain, Gateway, Parts},
    live_environment::{LiveNetwork, live_environment},
    outgoing::{Guard, Limits, Outgoing},
    rates::RateSource,
    test_environment,
    watch::Watched,
};
use farthing_networks::{
    account::{Account, AccountKeyId},
    address::{Address, Chain as AddressChain},
    inspect::{Balance, Finding, Inspect},
    network::{Answer, Header, Identity, MempoolTransfer, Network, NetworkError, Scanned, Tip, Watch},
    provider::ProviderState,
    simulated::{
        Faults, Simulated,
        chain::{Chain as SimulatedChain, Output},
    },
};
use farthing_sim::world::{ManualClock, START, SeededEntropy};
use farthing_store::{OpenAs, Store, Threads, records::Surplus, sealing::Sealer};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;

/// The account of every network here: BIP-32's second test vector.
const XPUB: &str =
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";

/// A chain whose provider can be told to misbehave, and which has a past.
pub(crate) struct Planted {
    pub(crate) chain: Simulated,
    /// Addresses that were used before.
    pub(crate) used: Mutex<BTreeSet<Vec<u8>>>,
    /// Whether ranges come back without what is in them.
    pub(crate) leaves_out: AtomicBool,
    /// Whether it calls itself another chain.
    pub(crate) is_another: AtomicBool,
    /// Ranges that are being read at this moment, and the most that ever were.
    reading: AtomicUsize,
    pub(crate) most_at_once: AtomicUsize,
    range_max: u64,
}

impl Planted {
    pub(crate) fn new(network: NetworkId) -> Arc<Self> {
        let facts = Catalog::shipped().network(network).unwrap().clone();
        Arc::new(Self {
            chain: Simulated::new(SimulatedChain::new(&facts)),
            used: Mutex::default(),
            leaves_out: AtomicBool::new(false),
            is_another: AtomicBool::new(false),
            reading: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            range_max: 10,
        })
    }

    pub(crate) fn switch(&self, is_on: bool) {
        self.chain.set_faults(Faults { unreachable: !is_on, ..Faults::default() });
    }

    pub(crate) fn mine(&self, count: u64, now: Timestamp) {
        let (change, _) = self.chain.prepare_mine(count, now, [7; 16]).unwrap();
        self.chain.apply(change);
    }

    pub(crate) fn pay(&self, invoice: &Invoice, units: u128, now: Timestamp) {
        let quote = &invoice.quotes[0];
        let address =
            Address::parse(farthing_networks::address::AddressFamily::Evm, AddressChain::Mainnet, &quote.address);
        let output = Output {
            asset: quote.due.asset,
            decimals: quote.due.decimals,
            units,
            address: address.unwrap().bytes().to_vec(),
        };
        let salt = units.to_be_bytes();
        let (change, _) = self.chain.prepare_pay(vec![output], now, salt).unwrap();
        self.chain.apply(change);
    }

    pub(crate) fn reorganise(&self, depth: u64, now: Timestamp) {
        let (change, _) = self.chain.prepare_reorg_to_mempool(depth, &[], now, [9; 16]).unwrap();
        self.chain.apply(change);
    }
}

impl Network for Planted {
    fn identity(&self) -> Answer<'_, Identity> {
        if self.is_another.load(Ordering::SeqCst) {
            return Box::pin(async { Ok(Identity { chain: "another".to_owned(), genesis: "0x00".to_owned() }) });
        }
        self.chain.identity()
    }
    fn tip(&self) -> Answer<'_, Tip> {
        self.chain.tip()
    }
    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        self.chain.header(height)
    }
    fn transfers<'a>(&'a self, from: u64, to: u64, watch: &'a Watch) -> Answer<'a, Scanned> {
        Box::pin(async move {
            let now = self.reading.fetch_add(1, Ordering::SeqCst).saturating_add(1);
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let answer = self.chain.transfers(from, to, watch).await;
            self.reading.fetch_sub(1, Ordering::SeqCst);
            let mut scanned = answer?;
            if self.leaves_out.load(Ordering::SeqCst) {
                scanned.blocks.clear();
            }
            Ok(scanned)
        })
    }
    fn mempool<'a>(&'a self, _: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        let is_off = self.chain.faults().unreachable;
        Box::pin(async move { if is_off { Err(NetworkError::Unreachable("off".to_owned())) } else { Ok(None) } })
    }
    fn range_max(&self) -> u64 {
        self.range_max
    }
}

impl Inspect for Planted {
    fn used<'a>(&'a self, addresses: &'a [Address]) -> Answer<'a, Vec<bool>> {
        Box::pin(async move {
            if self.chain.faults().unreachable {
                return Err(NetworkError::Unreachable("off".to_owned()));
            }
            let used = self.used.lock().unwrap();
            Ok(addresses.iter().map(|address| used.contains(address.bytes())).collect())
        })
    }
    fn balances<'a>(&'a self, addresses: &'a [Address], height: u64) -> Answer<'a, Vec<Balance>> {
        Box::pin(async move {
            let mut sums: BTreeMap<(Vec<u8>, AssetId), u128> = BTreeMap::new();
            let found = self.chain.with_chain(|chain| {
                let is_asked = |bytes: &[u8]| addresses.iter().any(|address| address.bytes() == bytes);
                chain.transfers(0, height, is_asked)
            });
            for transfer in found.into_iter().flat_map(|block| block.transfers) {
                let sum = sums.entry((transfer.address, transfer.asset)).or_default();
                *sum = sum.checked_add(transfer.units).unwrap();
            }
            Ok(sums.into_iter().map(|((address, asset), units)| Balance { address, asset, units }).collect())
        })
    }
    fn examine(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn providers(&self) -> Vec<ProviderState> {
        Vec::new()
    }
}

/// A shop that sells live on polygon and ethereum, which share an account.
pub(crate) struct LiveShop {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) polygon: Arc<Planted>,
    pub(crate) ethereum: Arc<Planted>,
    pub(crate) owner: Owner,
    folder: TempDir,
    start_index: Option<u32>,
}

pub(crate) fn polygon() -> ChainId {
    ChainId { environment: Environment::Live, network: "polygon".parse().unwrap() }
}

pub(crate) fn ethereum() -> ChainId {
    ChainId { environment: Environment::Live, network: "ethereum".parse().unwrap() }
}

pub(crate) fn account() -> Account {
    Account::parse(farthing_networks::address::AddressFamily::Evm, AddressChain::Mainnet, XPUB).unwrap()
}

pub(crate) fn key() -> AccountKeyId {
    account().key_id()
}

/// The account's address at an index, as bytes.
pub(crate) fn address(index: u32) -> Vec<u8> {
    account().address(index).unwrap().bytes().to_vec()
}

impl LiveShop {
    /// Nothing was asked of any network yet.
    pub(crate) async fn closed(start_index: Option<u32>) -> Self {
        let (polygon, ethereum) = (Planted::new(polygon().network), Planted::new(ethereum().network));
        for chain in [&polygon, &ethereum] {
            chain.mine(100, START);
        }
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let gateway = open(&folder, &clock, &[&polygon, &ethereum], start_index).await;
        let merchant = gateway.create_merchant("Tea shop".to_owned()).await.unwrap();
        let owner = Owner { merchant: merchant.id, environment: Environment::Live };
        Self { gateway, clock, polygon, ethereum, owner, folder, start_index }
    }

    /// Both networks were scanned and the account is open.
    pub(crate) async fn open() -> Self {
        let shop = Self::closed(None).await;
        shop.scan().await;
        shop.learn(None).await.unwrap();
        shop
    }

    pub(crate) async fn scan(&self) {
        self.gateway.scan_all(Environment::Live).await.unwrap();
    }

    /// What the binary does before the first sale.
    pub(crate) async fn learn(&self, reserved: Option<Reserved>) -> Result<GoesOn, UnknownUse> {
        let goes_on = self.gateway.learn_account(key(), reserved).await?;
        self.gateway.open_account(key(), goes_on).await.unwrap();
        Ok(goes_on)
    }

    /// The process ends and starts again on what is on disk.
    pub(crate) async fn restart(self) -> Self {
        let Self { gateway, clock, polygon, ethereum, owner, folder, start_index } = self;
        drop(gateway);
        let gateway = open(&folder, &clock, &[&polygon, &ethereum], start_index).await;
        Self { gateway, clock, polygon, ethereum, owner, folder, start_index }
    }

    /// The same, with an empty database.
    pub(crate) async fn lose_database(self) -> Self {
        let Self { gateway, clock, polygon, ethereum, folder, start_index, .. } = self;
        drop(gateway);
        drop(folder);
        let folder = tempfile::tempdir().unwrap();
        let gateway = open(&folder, &clock, &[&polygon, &ethereum], start_index).await;
        let merchant = gateway.create_merchant("Tea shop".to_owned()).await.unwrap();
        let owner = Owner { merchant: merchant.id, environment: Environment::Live };
        Self { gateway, clock, polygon, ethereum, owner, folder, start_index }
    }

    pub(crate) fn chain(&self, id: ChainId) -> &Chain {
        self.gateway.chain(id).unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.gateway.clocks().real()
    }

    pub(crate) async fn try_create(&self, body: &str) -> Result<Invoice, CreateError> {
        let catalog = &self.gateway.environment(Environment::Live).catalog;
        let form = farthing_dialects::native::request::CreateInvoice::parse(body.as_bytes(), None, catalog).unwrap();
        let terms: Terms = form.terms;
        let created = self
            .gateway
            .create_invoice(CreateInvoice {
                owner: self.owner,
                policy: Policy::of(Dialect::Native),
                source: Source::Api(Dialect::Native),
                terms,
                fingerprint: form.fingerprint,
            })
            .await?;
        Ok(match created {
            Created::New(invoice) | Created::Replayed(invoice) => invoice,
        })
    }

    /// An invoice over 5 POL.
    pub(crate) async fn sell(&self) -> Invoice {
        self.try_create(FIVE_POL).await.unwrap()
    }

    pub(crate) async fn read(&self, id: InvoiceId) -> Invoice {
        let owner = self.owner;
        self.gateway.store().read(move |reader| reader.invoice(owner, id)).await.unwrap().unwrap()
    }

    /// The index of an invoice's address in the account.
    pub(crate) fn index_of(&self, invoice: &Invoice) -> u32 {
        let text = &invoice.quotes[0].address;
        (0..20_000).find(|index| account().address(*index).unwrap().text() == text).unwrap()
    }

    /// Another process on the same data folder, as a command is.
    pub(crate) async fn beside(&self) -> Arc<Gateway> {
        build(&self.folder, OpenAs::Command, &self.clock, &[], None).await
    }

    pub(crate) async fn surpluses(&self) -> Vec<Surplus> {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method's path is not general enough in its lifetime"
        )]
        self.gateway.store().read(|reader| reader.surpluses()).await.unwrap()
    }

    pub(crate) async fn cursor(&self, id: ChainId) -> BlockRef {
        self.gateway.store().read(move |reader| reader.chain(id)).await.unwrap().unwrap().cursor
    }
}

pub(crate) const FIVE_POL: &str = r#"{"currency":"POL","network":"polygon","amount":"5"}"#;
/// In units of 10^-18.
pub(crate) const POL: u128 = 1_000_000_000_000_000_000;

async fn open(
    folder: &TempDir,
    clock: &Arc<ManualClock>,
    chains: &[&Arc<Planted>],
    start_index: Option<u32>,
) -> Arc<Gateway> {
    let gateway = build(folder, OpenAs::Server, clock, chains, start_index).await;
    gateway.rebuild_watch(Watched::Days(365)).await.unwrap();
    gateway.recall_chains().await.unwrap();
    gateway
}

async fn build(
    folder: &TempDir,
    open_as: OpenAs,
    clock: &Arc<ManualClock>,
    chains: &[&Arc<Planted>],
    start_index: Option<u32>,
) -> Arc<Gateway> {
    let is_new = !folder.path().join(farthing_store::sealing::KEY_FILE).exists();
    let store = Store::open(folder.path(), open_as, Threads::Own).unwrap();
    let ids = Ids::new(Arc::new(SeededEntropy::of(clock_seed(folder))));
    let networks = chains.iter().map(|planted| network(planted, start_index)).collect();
    let live = live_environment(networks, RateSource::None, &ids);
    let empty = live_environment(Vec::new(), RateSource::None, &ids);
    Arc::new(Gateway::new(Parts {
        sealer: Sealer::open_or_create(folder.path(), is_new).unwrap(),
        clocks: test_environment::open_clocks(&store, Arc::<ManualClock>::clone(clock)).await.unwrap(),
        store,
        ids,
        live,
        test: empty,
        simulated: BTreeMap::new(),
        outgoing: Outgoing::new(Guard { allow_private: true }, Limits::default()).unwrap(),
        public_url: "http://127.0.0.1:8080".to_owned(),
    }))
}

/// Ids must not repeat across restarts.
fn clock_seed(folder: &TempDir) -> u64 {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let length = u64::try_from(folder.path().as_os_str().len()).unwrap();
    COUNT.fetch_add(1, Ordering::SeqCst).wrapping_mul(1000).wrapping_add(length)
}

pub(crate) fn network(planted: &Arc<Planted>, start_index: Option<u32>) -> LiveNetwork {
    let shipped = Catalog::shipped();
    let id = planted.chain.with_chain(SimulatedChain::network);
    let mut facts = shipped.network(id).unwrap().clone();
    facts.confirmations = 3;
    LiveNetwork {
        facts,
        assets: shipped.assets().iter().filter(|asset| asset.id.network == id).cloned().collect(),
        adapter: Arc::<Planted>::clone(planted),
        inspect: Arc::<Planted>::clone(planted),
        account: Arc::new(account()),
        start_index,
    }
}
