//! A shop that sells live on EVM networks, each a real node read through the real adapter.

use alloy_primitives::{Address as EvmAddress, B256};
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    id::{Environment, InvoiceId, Owner},
    invoice::{Invoice, Source},
    name::NetworkId,
    network::{ChainId, Network as NetworkFacts},
    payment::Payment,
    policy::{Dialect, Policy},
    standing::Status,
};
use farthing_gateway::{
    create_invoice::{CreateError, CreateInvoice, Created},
    entropy::Ids,
    gateway::{Gateway, Parts},
    live_environment::{LiveNetwork, live_environment},
    outgoing::{Guard, Limits, Outgoing},
    rates::RateSource,
    test_environment,
    watch::Watched,
};
use farthing_networks::{
    account::Account,
    address::{Address, AddressFamily, Chain as AddressChain},
    evm::{Evm, EvmConfig, Finality},
    provider::{http, node_url::NodeUrl, pool::Patience},
};
use farthing_peers::{
    anvil::{Send, purse::Purse},
    fault_proxy::FaultProxy,
};
use farthing_sim::world::{ManualClock, START, SeededEntropy};
use farthing_store::{OpenAs, Store, Threads, sealing::Sealer};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// The account of every network here: BIP-32's second test vector.
const XPUB: &str =
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";
/// Blocks, the payment's own included, after which money is final here.
pub(crate) const CONFIRMATIONS: u64 = 3;

/// A network: its node, what pays on it, and a proxy between the node and the adapter.
pub(crate) struct Site {
    pub(crate) purse: Purse,
    pub(crate) proxy: FaultProxy,
    slug: &'static str,
    chain_id: u64,
    finality: Finality,
    /// Another token that is listed here.
    pub(crate) usdc: EvmAddress,
}

impl Site {
    pub(crate) async fn polygon() -> Self {
        Self::open("polygon", 137, 6).await
    }

    pub(crate) async fn bsc() -> Self {
        Self::open("bsc", 56, 18).await
    }

    pub(crate) async fn open(slug: &'static str, chain_id: u64, decimals: u8) -> Self {
        let purse = Purse::open(chain_id, decimals).await.unwrap();
        let usdc = purse.token("USD Coin", "USDC", decimals).await.unwrap();
        let proxy = FaultProxy::before(&purse.node.url()).await.unwrap();
        Self { purse, proxy, slug, chain_id, finality: Finality::Confirmations, usdc }
    }

    pub(crate) fn final_by_tag(self) -> Self {
        Self { finality: Finality::Finalized, ..self }
    }

    fn facts(&self) -> NetworkFacts {
        let mut facts = Catalog::shipped().network(self.id().network).unwrap().clone();
        facts.confirmations = u32::try_from(CONFIRMATIONS).unwrap();
        facts
    }

    /// The shipped assets, with the contracts that they have here.
    fn assets(&self) -> Vec<Asset> {
        let shipped = Catalog::shipped();
        let mut assets: Vec<Asset> =
            shipped.assets().iter().filter(|asset| asset.id.network == self.id().network).cloned().collect();
        assets.retain(|asset| ["USDT", "USDC"].contains(&asset.id.code.as_str()) || asset.contract.is_none());
        for asset in assets.iter_mut().filter(|asset| asset.contract.is_some()) {
            let contract = if asset.id.code.as_str() == "USDT" { self.purse.usdt } else { self.usdc };
            asset.contract = Some(contract.to_string());
        }
        assets
    }

    pub(crate) fn evm(&self, urls: &[String]) -> Arc<Evm> {
        let (native, tokens): (Vec<Asset>, Vec<Asset>) =
            self.assets().into_iter().partition(|asset| asset.contract.is_none());
        let providers = urls.iter().map(|url| NodeUrl::parse(url).unwrap()).collect();
        let mut config = EvmConfig::new(self.id().network, self.chain_id, native[0].clone(), tokens, providers);
        config.finality = self.finality;
        // Failed providers are asked again at once: time does not pass in a test.
        config.patience = Patience {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            quarantine: Duration::ZERO,
            identity: Duration::from_secs(600),
        };
        config.limits = http::Limits { total: Duration::from_secs(2), ..http::Limits::default() };
        Arc::new(Evm::new(config).unwrap())
    }

    pub(crate) fn id(&self) -> ChainId {
        ChainId { environment: Environment::Live, network: NetworkId::new(self.slug).unwrap() }
    }

    fn network(&self) -> LiveNetwork {
        let evm = self.evm(&[self.proxy.url()]);
        LiveNetwork {
            facts: self.facts(),
            assets: self.assets(),
            adapter: Arc::<Evm>::clone(&evm),
            inspect: evm,
            account: Arc::new(account()),
            start_index: None,
        }
    }
}

pub(crate) struct EvmShop {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) sites: Vec<Site>,
    owner: Owner,
    folder: TempDir,
}

pub(crate) fn account() -> Account {
    Account::parse(AddressFamily::Evm, AddressChain::Mainnet, XPUB).unwrap()
}

/// What an invoice is paid to.
pub(crate) fn payee(invoice: &Invoice) -> EvmAddress {
    let address = Address::parse(AddressFamily::Evm, AddressChain::Mainnet, &invoice.quotes[0].address).unwrap();
    EvmAddress::try_from(address.bytes()).unwrap()
}

/// An invoice over 5 USDT on a network.
pub(crate) fn five_usdt(network: &str) -> String {
    format!(r#"{{"currency":"USDT","network":"{network}","amount":"5"}}"#)
}

impl EvmShop {
    /// Nothing was asked of any network yet.
    pub(crate) async fn closed(sites: Vec<Site>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let gateway = open(&folder, &clock, &sites).await;
        let merchant = gateway.create_merchant("Tea shop".to_owned()).await.unwrap();
        let owner = Owner { merchant: merchant.id, environment: Environment::Live };
        Self { gateway, clock, sites, owner, folder }
    }

    /// Every network was scanned to its tip, and the account is open.
    pub(crate) async fn open(sites: Vec<Site>) -> Self {
        let shop = Self::closed(sites).await;
        shop.begin().await;
        shop
    }

    /// What the binary does before the first sale.
    pub(crate) async fn begin(&self) {
        self.scan().await;
        let key = account().key_id();
        let goes_on = self.gateway.learn_account(key, None).await.unwrap();
        self.gateway.open_account(key, goes_on).await.unwrap();
    }

    /// The process ends and starts again on what is on disk.
    pub(crate) async fn restart(self) -> Self {
        let Self { gateway, clock, sites, owner, folder } = self;
        drop(gateway);
        let gateway = open(&folder, &clock, &sites).await;
        Self { gateway, clock, sites, owner, folder }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.sites[0]
    }

    pub(crate) async fn scan(&self) {
        self.gateway.scan_all(Environment::Live).await.unwrap();
    }

    /// Mines on the first network, and scans.
    pub(crate) async fn mine(&self, blocks: u64) {
        self.site().purse.node.mine(blocks).await.unwrap();
        self.scan().await;
    }

    /// Sends on the first network, mines it, and scans.
    pub(crate) async fn pay(&self, transaction: Send) -> B256 {
        let hash = self.site().purse.run(transaction).await.unwrap();
        self.scan().await;
        hash
    }

    /// USDT on the first network to an invoice, mined and scanned.
    pub(crate) async fn pay_usdt(&self, invoice: &Invoice, units: u128) -> B256 {
        self.pay(self.site().purse.transfer(payee(invoice), units)).await
    }

    pub(crate) async fn try_create(&self, body: &str) -> Result<Invoice, CreateError> {
        let catalog = &self.gateway.environment(Environment::Live).catalog;
        let form = farthing_dialects::native::request::CreateInvoice::parse(body.as_bytes(), None, catalog).unwrap();
        let command = CreateInvoice {
            owner: self.owner,
            policy: Policy::of(Dialect::Native),
            source: Source::Api(Dialect::Native),
            terms: form.terms,
            fingerprint: form.fingerprint,
        };
        Ok(match self.gateway.create_invoice(command).await? {
            Created::New(invoice) | Created::Replayed(invoice) => invoice,
        })
    }

    pub(crate) async fn create(&self, body: &str) -> Invoice {
        self.try_create(body).await.unwrap()
    }

    /// An invoice over 5 USDT on the first network.
    pub(crate) async fn sell(&self) -> Invoice {
        self.create(&five_usdt(self.site().slug)).await
    }

    pub(crate) async fn read(&self, id: InvoiceId) -> Invoice {
        let owner = self.owner;
        self.gateway.store().read(move |reader| reader.invoice(owner, id)).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self, invoice: &Invoice) -> Status {
        self.read(invoice.id).await.standing.status
    }

    /// Status, units and position of each payment of an invoice.
    pub(crate) async fn payments(&self, invoice: &Invoice) -> Vec<(String, u128)> {
        let shown = |payment: &Payment| (Invoice::status_of(payment).as_str().to_owned(), payment.units);
        self.read(invoice.id).await.payments.iter().map(shown).collect()
    }

    /// The names of the invoice's events, without the `invoice.` before each.
    pub(crate) async fn events(&self, invoice: &Invoice) -> String {
        let (owner, id) = (self.owner, invoice.id);
        let events = self.gateway.store().read(move |reader| reader.events(owner, 0, 10_000)).await.unwrap();
        let of_invoice = events.into_iter().filter(|event| event.invoice == id);
        of_invoice.map(|event| event.kind.trim_start_matches("invoice.").to_owned()).collect::<Vec<_>>().join(" ")
    }

    /// Every block from the first that was scanned to the cursor is in the ledger, once.
    pub(crate) async fn ledger_is_whole(&self) {
        for site in &self.sites {
            let id = site.id();
            let ranges = self.gateway.store().read(move |reader| reader.scanned_ranges(id)).await.unwrap();
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].first, pair[1].last.saturating_add(1), "no gap and no overlap: {pair:?}");
            }
        }
    }
}

async fn open(folder: &TempDir, clock: &Arc<ManualClock>, sites: &[Site]) -> Arc<Gateway> {
    static STARTS: AtomicU64 = AtomicU64::new(1);
    let is_new = !folder.path().join(farthing_store::sealing::KEY_FILE).exists();
    let store = Store::open(folder.path(), OpenAs::Server, Threads::Own).unwrap();
    let ids = Ids::new(Arc::new(SeededEntropy::of(STARTS.fetch_add(1, Ordering::SeqCst))));
    let live = live_environment(sites.iter().map(Site::network).collect(), RateSource::None, &ids);
    let test = live_environment(Vec::new(), RateSource::None, &ids);
    let gateway = Arc::new(Gateway::new(Parts {
        sealer: Sealer::open_or_create(folder.path(), is_new).unwrap(),
        clocks: test_environment::open_clocks(&store, Arc::<ManualClock>::clone(clock)).await.unwrap(),
        store,
        ids,
        live,
        test,
        simulated: BTreeMap::new(),
        outgoing: Outgoing::new(Guard { allow_private: true }, Limits::default()).unwrap(),
        public_url: "http://127.0.0.1:8080".to_owned(),
    }));
    gateway.rebuild_watch(Watched::Days(365)).await.unwrap();
    gateway.recall_chains().await.unwrap();
    gateway
}
