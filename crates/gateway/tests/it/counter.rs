//! A shop that sells live on whatever networks a test gives it: the gateway's side of a sale, whatever the chain.

use farthing_dialects::native::request::CreateInvoice as Form;
use farthing_domain::{
    id::{Environment, InvoiceId, Owner},
    invoice::{Invoice, Source},
    network::ChainId,
    payment::Payment,
    policy::{Dialect, Policy},
    standing::Status,
};
use farthing_gateway::{
    create_invoice::{CreateError, CreateInvoice, Created},
    entropy::Ids,
    expire::Waiting,
    gateway::{Gateway, Parts},
    live_environment::{LiveNetwork, live_environment},
    outgoing::{Guard, Limits, Outgoing},
    rates::RateSource,
    test_environment,
    watch::Watched,
};
use farthing_sim::world::{ManualClock, START, SeededEntropy};
use farthing_store::{OpenAs, Store, Threads, sealing::Sealer};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::TempDir;

pub(crate) struct Counter {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<ManualClock>,
    owner: Owner,
    folder: TempDir,
}

impl Counter {
    /// Nothing was asked of any network yet.
    pub(crate) async fn closed(networks: Vec<LiveNetwork>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let gateway = start(&folder, &clock, networks).await;
        let merchant = gateway.create_merchant("Tea shop".to_owned()).await.unwrap();
        let owner = Owner { merchant: merchant.id, environment: Environment::Live };
        Self { gateway, clock, owner, folder }
    }

    /// Every network was scanned to its tip, and their accounts are open.
    pub(crate) async fn open(networks: Vec<LiveNetwork>) -> Self {
        let counter = Self::closed(networks).await;
        counter.begin().await;
        counter
    }

    /// What the binary does before the first sale.
    pub(crate) async fn begin(&self) {
        self.scan().await;
        let chains = self.gateway.environment(Environment::Live).chains.values();
        let keys: BTreeSet<_> = chains.map(|chain| chain.account.key_id()).collect();
        for key in keys {
            let goes_on = self.gateway.learn_account(key, None).await.unwrap();
            self.gateway.open_account(key, goes_on).await.unwrap();
        }
    }

    /// The process ends and starts again on what is on disk.
    pub(crate) async fn restart(self, networks: Vec<LiveNetwork>) -> Self {
        let Self { gateway, clock, owner, folder } = self;
        drop(gateway);
        let gateway = start(&folder, &clock, networks).await;
        Self { gateway, clock, owner, folder }
    }

    pub(crate) async fn scan(&self) {
        self.gateway.scan_all(Environment::Live).await.unwrap();
    }

    /// Ends the windows that are over.
    pub(crate) async fn expire(&self) {
        self.gateway.expire(Environment::Live, Waiting::Now).await.unwrap();
    }

    pub(crate) async fn try_create(&self, body: &str) -> Result<Invoice, CreateError> {
        let catalog = &self.gateway.environment(Environment::Live).catalog;
        let form = Form::parse(body.as_bytes(), None, catalog).unwrap();
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

    pub(crate) async fn read(&self, id: InvoiceId) -> Invoice {
        let owner = self.owner;
        self.gateway.store().read(move |reader| reader.invoice(owner, id)).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self, invoice: &Invoice) -> Status {
        self.read(invoice.id).await.standing.status
    }

    /// Status and units of each payment of an invoice.
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

    /// Whether final blocks of a chain were replaced, and the operator has not looked yet.
    pub(crate) async fn is_alarmed(&self, id: ChainId) -> bool {
        self.gateway.store().read(move |reader| reader.chain(id)).await.unwrap().unwrap().alarm.is_some()
    }

    /// Every block from the first that was scanned to the cursor is in each chain's ledger, once.
    pub(crate) async fn ledger_is_whole(&self) {
        for chain in self.gateway.environment(Environment::Live).chains.values() {
            let id = chain.id;
            let ranges = self.gateway.store().read(move |reader| reader.scanned_ranges(id)).await.unwrap();
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].first, pair[1].last.saturating_add(1), "no gap and no overlap: {pair:?}");
            }
        }
    }
}

async fn start(folder: &TempDir, clock: &Arc<ManualClock>, networks: Vec<LiveNetwork>) -> Arc<Gateway> {
    static STARTS: AtomicU64 = AtomicU64::new(1);
    let is_new = !folder.path().join(farthing_store::sealing::KEY_FILE).exists();
    let store = Store::open(folder.path(), OpenAs::Server, Threads::Own).unwrap();
    // Ids must not repeat across restarts.
    let ids = Ids::new(Arc::new(SeededEntropy::of(STARTS.fetch_add(1, Ordering::SeqCst))));
    let gateway = Arc::new(Gateway::new(Parts {
        sealer: Sealer::open_or_create(folder.path(), is_new).unwrap(),
        clocks: test_environment::open_clocks(&store, Arc::<ManualClock>::clone(clock)).await.unwrap(),
        store,
        live: live_environment(networks, RateSource::None, &ids),
        test: live_environment(Vec::new(), RateSource::None, &ids),
        ids,
        simulated: BTreeMap::new(),
        outgoing: Outgoing::new(Guard { allow_private: true }, Limits::default()).unwrap(),
        public_url: "http://127.0.0.1:8080".to_owned(),
    }));
    gateway.rebuild_watch(Watched::Days(365)).await.unwrap();
    gateway.recall_chains().await.unwrap();
    gateway
}
