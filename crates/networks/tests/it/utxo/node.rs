//! A node with an adapter before it, and addresses that are watched.

use bitcoin::{ScriptBuf, Transaction};
use farthing_domain::{catalog::Catalog, network::Family};
use farthing_networks::{
    network::{MempoolTransfer, Network, Scanned, Transfer, Watch},
    provider::{node_url::NodeUrl, pool::Patience},
    utxo::{Config, Protocol, Provider, STALE_AFTER, Utxo, rules::ChainName},
    watch_set::WatchSet,
};
use farthing_peers::{
    bitcoin_core::{BitcoinCore, purse::Purse},
    esplora::Esplora,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

/// Nobody is left alone for long enough to be noticed.
pub(super) const NONE: Patience = Patience {
    first: Duration::ZERO,
    longest: Duration::ZERO,
    quarantine: Duration::ZERO,
    identity: Duration::from_secs(600),
};

/// What answers the adapter: each test that is about the chain runs over both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Core,
    Esplora,
}

pub(super) const BOTH: [Over; 2] = [Over::Core, Over::Esplora];

pub(super) struct Node {
    pub(super) core: Arc<BitcoinCore>,
    pub(super) purse: Purse,
    pub(super) adapter: Utxo,
    pub(super) watch: Watch,
    blocks_mined: AtomicU8,
    _esplora: Option<Esplora>,
}

pub(super) fn config(providers: &[(Protocol, String)]) -> Config {
    let catalog = Catalog::shipped();
    let provider = |(index, (protocol, url)): (usize, &(Protocol, String))| Provider {
        protocol: *protocol,
        url: NodeUrl::parse(url).unwrap().named(format!("provider {index}")),
    };
    Config {
        network: "bitcoin".parse().unwrap(),
        family: Family::Bitcoin,
        chain: ChainName::Regtest,
        native: catalog.resolve("BTC", None).unwrap().clone(),
        confirmations: 2,
        providers: providers.iter().enumerate().map(provider).collect(),
        patience: NONE,
        stale_after: STALE_AFTER,
    }
}

impl Node {
    /// A node with so many coins to pay with.
    pub(super) async fn start(over: Over, coins: u64) -> Self {
        let core = Arc::new(BitcoinCore::start().await.unwrap());
        let purse = Purse::filled(&core, 1, coins).await.unwrap();
        let esplora = match over {
            Over::Core => None,
            Over::Esplora => Some(Esplora::over(Arc::clone(&core)).await.unwrap()),
        };
        let provider = match &esplora {
            None => (Protocol::Core, core.url()),
            Some(esplora) => (Protocol::Esplora, esplora.url()),
        };
        let adapter = Utxo::new(config(&[provider])).unwrap();
        let watch = Watch::new(WatchSet::new([7; 16]));
        Self { core, purse, adapter, watch, blocks_mined: AtomicU8::new(0), _esplora: esplora }
    }

    /// A script of ours, which is watched from now on.
    pub(super) fn ours(&self, number: u8) -> ScriptBuf {
        let script = Purse::empty(number).unwrap().script();
        self.watch.insert(script.as_bytes());
        script
    }

    /// Mines to nobody.
    pub(super) async fn mine(&self, blocks: u64) {
        self.core.mine(blocks, &self.nobody()).await.unwrap();
    }

    /// Somebody else each time, so that no two blocks of two branches are the same.
    fn nobody(&self) -> String {
        let number = self.blocks_mined.fetch_add(1, Ordering::Relaxed);
        Purse::empty(number.saturating_add(100)).unwrap().address()
    }

    /// Mines one block with exactly these.
    pub(super) async fn mine_exactly(&self, transactions: &[&Transaction]) {
        self.core.mine_exactly(transactions, &self.nobody()).await.unwrap();
    }

    /// What the last so many blocks moved to us.
    pub(super) async fn scan(&self, blocks: u64) -> Scanned {
        let height = self.core.height().await.unwrap();
        let below = height.checked_sub(blocks).unwrap();
        self.adapter.transfers(below.saturating_add(1), height, &self.watch).await.unwrap()
    }

    pub(super) async fn waiting(&self) -> Vec<MempoolTransfer> {
        self.adapter.mempool(&self.watch).await.unwrap().unwrap()
    }
}

/// Transaction, position and units: what identifies a payment, and what it is worth.
pub(super) fn told(transfer: &Transfer) -> (String, String, u128) {
    (transfer.transaction.clone(), transfer.position.clone(), transfer.units)
}

/// The same of everything in a range.
pub(super) fn all_told(scanned: &Scanned) -> Vec<(String, String, u128)> {
    scanned.blocks.iter().flat_map(|block| block.transfers.iter().map(told)).collect()
}

/// What a transaction pays in one of its outputs, as it should be told.
pub(super) fn paid(transaction: &Transaction, output: usize) -> (String, String, u128) {
    let units = transaction.output[output].value.to_sat();
    (transaction.compute_txid().to_string(), output.to_string(), u128::from(units))
}
