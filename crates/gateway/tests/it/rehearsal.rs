//! A shop whose bitcoin network is a real node on a private chain, read through the real adapter.

use crate::shop::Shop;
use bitcoin::{ScriptBuf, Transaction};
use farthing_domain::{
    catalog::Catalog,
    id::Environment,
    invoice::Invoice,
    name::NetworkId,
    network::{ChainId, Family},
    time::Timestamp,
};
use farthing_gateway::scan::ScanError;
use farthing_networks::{
    address::{Address, AddressFamily, Chain},
    network::Network,
    provider::{node_url::NodeUrl, pool::Patience},
    utxo::{Config, Protocol, Provider, STALE_AFTER, Utxo, rules::ChainName},
};
use farthing_peers::{
    bitcoin_core::{BitcoinCore, purse::Purse},
    esplora::Esplora,
    fault_proxy::FaultProxy,
};
use farthing_sim::world::{Around, ManualClock, START, World};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

/// 0.0005 BTC: 50,000 satoshis.
pub(crate) const SMALL: &str = r#"{"currency":"BTC","amount":"0.0005"}"#;
/// The same in satoshis.
pub(crate) const DUE: u64 = 50_000;

/// What answers the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Core,
    Esplora,
}

pub(crate) const BOTH: [Over; 2] = [Over::Core, Over::Esplora];

pub(crate) struct Rehearsal {
    pub(crate) shop: Shop,
    pub(crate) core: Arc<BitcoinCore>,
    pub(crate) purse: Purse,
    /// What stands before the node, where a test is about providers.
    pub(crate) proxies: Vec<FaultProxy>,
    blocks_mined: AtomicU8,
    _esplora: Option<Esplora>,
}

impl Rehearsal {
    /// A shop, a node, and so many coins of 50 BTC to pay with. The chain was scanned to its tip.
    pub(crate) async fn open(over: Over, coins: u64) -> Self {
        let core = Arc::new(BitcoinCore::start().await.unwrap());
        core.set_time(START.seconds()).await.unwrap();
        let purse = Purse::filled(&core, 1, coins).await.unwrap();
        let esplora = match over {
            Over::Core => None,
            Over::Esplora => Some(Esplora::over(Arc::clone(&core)).await.unwrap()),
        };
        let (protocol, url) = match &esplora {
            None => (Protocol::Core, core.url()),
            Some(esplora) => (Protocol::Esplora, esplora.url()),
        };
        let shop = Self::shop(vec![Provider { protocol, url: NodeUrl::parse(&url).unwrap() }]).await;
        let blocks_mined = AtomicU8::new(0);
        let rehearsal = Self { shop, core, purse, proxies: Vec::new(), blocks_mined, _esplora: esplora };
        rehearsal.scan().await;
        rehearsal
    }

    /// The same over Core, with so many providers that are proxies before one node.
    pub(crate) async fn behind_proxies(count: usize, coins: u64) -> Self {
        let core = Arc::new(BitcoinCore::start().await.unwrap());
        core.set_time(START.seconds()).await.unwrap();
        let purse = Purse::filled(&core, 1, coins).await.unwrap();
        let mut proxies = Vec::new();
        for _ in 0..count {
            proxies.push(FaultProxy::before(&core.url()).await.unwrap());
        }
        let shop = Self::shop(behind(&proxies)).await;
        let rehearsal = Self { shop, core, purse, proxies, blocks_mined: AtomicU8::new(0), _esplora: None };
        rehearsal.scan().await;
        rehearsal
    }

    /// A shop whose bitcoin network these providers answer for.
    async fn shop(providers: Vec<Provider>) -> Shop {
        let around = around(providers);
        let world = World::simulated(1, Arc::new(ManualClock::at(START)), around).await.unwrap();
        let owner = world.merchant().await.unwrap();
        Shop { world, owner }
    }

    /// Ends the process, adapter included, and starts another one.
    pub(crate) async fn restart_with_new_adapter(self) -> Self {
        let Shop { world, owner } = self.shop;
        let mut ground = world.stop().unwrap();
        ground.around = around(behind(&self.proxies));
        let world = ground.start().await.unwrap();
        Self { shop: Shop { world, owner }, ..self }
    }

    pub(crate) async fn try_scan(&self) -> Result<(), ScanError> {
        self.shop.world.gateway.scan_to_tip(chain()).await
    }

    /// As a server does: again and again.
    pub(crate) async fn scan_until_it_works(&self) {
        for _ in 0..200 {
            if self.try_scan().await.is_ok() {
                return;
            }
        }
        panic!("200 scans failed");
    }

    pub(crate) async fn scan(&self) {
        self.shop.world.gateway.scan_to_tip(chain()).await.unwrap();
    }

    /// Stops the gateway without a word, and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let Shop { world, owner } = self.shop;
        let world = world.reopen().await.unwrap();
        Self { shop: Shop { world, owner }, ..self }
    }

    /// Moves both clocks.
    pub(crate) async fn wait(&self, seconds: i64) {
        self.shop.world.clock.move_by_ms(seconds.saturating_mul(1000));
        self.core.set_time(self.now().seconds()).await.unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shop.world.gateway.clocks().real()
    }

    /// Mines to nobody, and scans.
    pub(crate) async fn mine(&self, blocks: u64) {
        self.core.mine(blocks, &self.nobody()).await.unwrap();
        self.scan().await;
    }

    /// Mines one block with exactly these, without scanning.
    pub(crate) async fn mine_exactly(&self, transactions: &[&Transaction]) {
        self.core.mine_exactly(transactions, &self.nobody()).await.unwrap();
    }

    /// Somebody else each time, so that no two blocks of two branches are the same.
    pub(crate) fn nobody(&self) -> String {
        let number = self.blocks_mined.fetch_add(1, Ordering::Relaxed);
        Purse::empty(number.checked_rem(100).unwrap_or(0).saturating_add(100)).unwrap().address()
    }

    /// Puts a transaction into the mempool, and scans.
    pub(crate) async fn send(&self, transaction: &Transaction) {
        self.core.send(transaction).await.unwrap();
        self.scan().await;
    }

    /// Pays an invoice so many satoshis; seen, but not mined.
    pub(crate) async fn pay(&mut self, invoice: &Invoice, units: u64) -> Transaction {
        let coin = self.purse.coin().unwrap();
        let transaction = self.purse.spend(&coin, &[(script(invoice), units)], 2_000).unwrap();
        self.send(&transaction).await;
        transaction
    }

    pub(crate) async fn paid_units(&self, invoice: &Invoice) -> Vec<(String, u128)> {
        let payments = self.shop.read(invoice.id).await.payments;
        let shown = |payment: &farthing_domain::payment::Payment| {
            (Invoice::status_of(payment).as_str().to_owned(), payment.units)
        };
        payments.iter().map(shown).collect()
    }
}

/// Providers behind proxies.
fn behind(proxies: &[FaultProxy]) -> Vec<Provider> {
    let provider = |(index, proxy): (usize, &FaultProxy)| {
        // The proxy forwards the credentials of the node.
        let url = NodeUrl::parse(&proxy.url().replace("http://", "http://test:test@")).unwrap();
        Provider { protocol: Protocol::Core, url: url.named(format!("provider {index}")) }
    };
    proxies.iter().enumerate().map(provider).collect()
}

fn around(providers: Vec<Provider>) -> Around {
    let config = Config {
        network: bitcoin(),
        family: Family::Bitcoin,
        chain: ChainName::Regtest,
        native: Catalog::shipped().resolve("BTC", None).unwrap().clone(),
        confirmations: 2,
        providers,
        patience: Patience {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            quarantine: Duration::ZERO,
            ..Patience::default()
        },
        stale_after: STALE_AFTER,
    };
    let adapter: Arc<dyn Network> = Arc::new(Utxo::new(config).unwrap());
    Around { adapters: BTreeMap::from([(bitcoin(), adapter)]), ..Around::default() }
}

/// What an invoice is paid to.
pub(crate) fn script(invoice: &Invoice) -> ScriptBuf {
    let address = Address::parse(AddressFamily::Bitcoin, Chain::Testnet, &invoice.quotes[0].address).unwrap();
    ScriptBuf::from_bytes(address.bytes().to_vec())
}

pub(crate) fn bitcoin() -> NetworkId {
    NetworkId::new("bitcoin").unwrap()
}

pub(crate) fn chain() -> ChainId {
    ChainId { environment: Environment::Test, network: bitcoin() }
}

pub(crate) fn names(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
