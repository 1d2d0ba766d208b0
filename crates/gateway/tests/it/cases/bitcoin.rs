//! Bitcoin Core on a private chain as the list uses it, read as such or as an Esplora server shows it.

use super::chain::{Adapter, Again, CONFIRMATIONS, Chain, ON_ANY_WIRE, Seen, Trouble};
use crate::{
    counter::Counter,
    rehearsal::{DUE, SMALL},
};
use bitcoin::{ScriptBuf, Transaction};
use farthing_domain::{
    catalog::Catalog,
    id::Environment,
    invoice::Invoice,
    name::NetworkId,
    network::{ChainId, Family},
};
use farthing_gateway::live_environment::LiveNetwork;
use farthing_networks::{
    account::Account,
    address::{Address, AddressFamily, Chain as AddressChain},
    provider::{node_url::NodeUrl, pool::Patience},
    utxo::{Config, Protocol, Provider, STALE_AFTER, Utxo, rules::ChainName},
};
use farthing_peers::{
    bitcoin_core::{
        BitcoinCore,
        purse::{Coin, Purse},
    },
    esplora::Esplora,
    fault_proxy::{Fault, FaultProxy},
};
use farthing_sim::world::START;
use std::{sync::Arc, time::Duration};

/// A test network's key: BIP-84's form of BIP-32's first test vector.
const KEY: &str =
    "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp";
/// Coins of 50 BTC to pay with.
const COINS: u64 = 90;
/// What a token protocol sends with a claim of its own: the least that nodes pass on.
const CLAIMED_WITH: u64 = 546;

pub(super) struct BitcoinChain {
    core: Arc<BitcoinCore>,
    purse: Purse,
    proxy: FaultProxy,
    esplora: Option<Esplora>,
    /// Dogecoin, as far as a node of Bitcoin can be one: the work of a private chain of Dogecoin is not checked.
    other: BitcoinCore,
    other_purse: Purse,
    counter: Counter,
    mined: u8,
}

/// A transaction and what it spends.
pub(super) struct Spent {
    coin: Coin,
    transaction: Transaction,
}

impl BitcoinChain {
    pub(super) async fn over_core() -> Self {
        Self::open(false).await
    }

    pub(super) async fn over_esplora() -> Self {
        Self::open(true).await
    }

    async fn open(is_esplora: bool) -> Self {
        let core = Arc::new(BitcoinCore::start().await.unwrap());
        core.set_time(START.seconds()).await.unwrap();
        let purse = Purse::filled(&core, 1, COINS).await.unwrap();
        let other = BitcoinCore::start().await.unwrap();
        other.set_time(START.seconds()).await.unwrap();
        let other_purse = Purse::filled(&other, 2, 1).await.unwrap();
        let esplora = if is_esplora { Some(Esplora::over(Arc::clone(&core)).await.unwrap()) } else { None };
        let url = esplora.as_ref().map_or_else(|| core.url(), Esplora::url);
        let proxy = FaultProxy::before(&url).await.unwrap();
        let networks = if is_esplora {
            vec![bitcoin(Protocol::Esplora, &proxy.url()), dogecoin(&other)]
        } else {
            // The proxy passes the node's credentials on.
            let url = proxy.url().replace("http://", "http://test:test@");
            vec![bitcoin(Protocol::Core, &url), dogecoin(&other)]
        };
        let counter = Counter::open(networks).await;
        Self { core, purse, proxy, esplora, other, other_purse, counter, mined: 0 }
    }

    /// Somebody else each time, so that no two blocks of two branches are the same.
    fn nobody(&mut self) -> String {
        self.mined = self.mined.wrapping_add(1);
        Purse::empty(self.mined.max(3)).unwrap().address()
    }

    async fn mine_exactly(&mut self, transactions: &[&Transaction]) {
        let nobody = self.nobody();
        self.core.mine_exactly(transactions, &nobody).await.unwrap();
    }

    fn spend(&mut self, to: &[(ScriptBuf, u64)]) -> Spent {
        let coin = self.purse.coin().unwrap();
        let transaction = self.purse.spend(&coin, to, 2_000).unwrap();
        Spent { coin, transaction }
    }
}

fn network(family: Family, slug: &str, account: &str, (protocol, url): (Protocol, &str)) -> LiveNetwork {
    let shipped = Catalog::shipped();
    let network = NetworkId::new(slug).unwrap();
    let mut facts = shipped.network(network).unwrap().clone();
    facts.confirmations = u32::try_from(CONFIRMATIONS).unwrap();
    let assets: Vec<_> = shipped.assets().iter().filter(|asset| asset.id.network == network).cloned().collect();
    // Failed providers are asked again at once: time does not pass in a test.
    let patience =
        Patience { first: Duration::ZERO, longest: Duration::ZERO, quarantine: Duration::ZERO, ..Patience::default() };
    let utxo = Arc::new(
        Utxo::new(Config {
            network,
            family,
            chain: ChainName::Regtest,
            native: assets[0].clone(),
            confirmations: facts.confirmations,
            providers: vec![Provider { protocol, url: NodeUrl::parse(url).unwrap() }],
            patience,
            stale_after: STALE_AFTER,
        })
        .unwrap(),
    );
    let account = Account::parse(AddressFamily::from(family), AddressChain::Regtest, account).unwrap();
    LiveNetwork {
        facts,
        assets,
        adapter: Arc::<Utxo>::clone(&utxo),
        inspect: utxo,
        account: Arc::new(account),
        start_index: None,
    }
}

fn bitcoin(protocol: Protocol, url: &str) -> LiveNetwork {
    network(Family::Bitcoin, "bitcoin", &format!("wpkh({KEY}/0/*)"), (protocol, url))
}

fn dogecoin(node: &BitcoinCore) -> LiveNetwork {
    network(Family::Dogecoin, "dogecoin", &format!("pkh({KEY}/0/*)"), (Protocol::Core, &node.url()))
}

fn script(invoice: &Invoice) -> ScriptBuf {
    let text = &invoice.quotes[0].address;
    let address = Address::parse(AddressFamily::Bitcoin, AddressChain::Regtest, text).unwrap();
    ScriptBuf::from_bytes(address.bytes().to_vec())
}

fn satoshis(units: u128) -> u64 {
    u64::try_from(units).unwrap()
}

impl Chain for BitcoinChain {
    type Sent = Spent;

    fn adapter(&self) -> Adapter {
        if self.esplora.is_some() { Adapter::Esplora } else { Adapter::Core }
    }

    fn counter(&self) -> &Counter {
        &self.counter
    }

    fn id(&self) -> ChainId {
        ChainId { environment: Environment::Live, network: NetworkId::new("bitcoin").unwrap() }
    }

    fn price(&self) -> String {
        SMALL.to_owned()
    }

    fn due(&self) -> u128 {
        u128::from(DUE)
    }

    async fn send(&mut self, to: &Invoice, units: u128) -> Spent {
        self.send_to_each(&[to], units).await
    }

    async fn send_to_each(&mut self, to: &[&Invoice], units: u128) -> Spent {
        let outputs: Vec<_> = to.iter().map(|invoice| (script(invoice), satoshis(units))).collect();
        let spent = self.spend(&outputs);
        self.core.send(&spent.transaction).await.unwrap();
        spent
    }

    async fn replace(&mut self, waiting: &Spent, to: &Invoice, units: u128) -> Spent {
        let coin = waiting.coin.clone();
        let transaction = self.purse.spend(&coin, &[(script(to), satoshis(units))], 20_000).unwrap();
        self.core.send(&transaction).await.unwrap();
        Spent { coin, transaction }
    }

    async fn mine(&mut self, blocks: u64) {
        let nobody = self.nobody();
        self.core.mine(blocks, &nobody).await.unwrap();
    }

    async fn reorganise(&mut self, depth: u64, (again, place): (&Spent, Again), lost: &Spent) {
        let first = self.core.height().await.unwrap() + 1 - depth;
        self.core.invalidate(self.core.hash_at(first).await.unwrap()).await.unwrap();
        let instead = self.purse.spend(&lost.coin, &[], 9_000).unwrap();
        match place {
            Again::SameHeight => self.mine_exactly(&[&again.transaction, &instead]).await,
            Again::Higher => {
                self.mine_exactly(&[&instead]).await;
                self.mine_exactly(&[&again.transaction]).await;
            }
        }
        while self.core.height().await.unwrap() + 1 < first + depth {
            self.mine_exactly(&[]).await;
        }
    }

    /// An output with a note beside it as Omni's: `omni`, simple send, property 31 (a dollar), 5.00000000.
    async fn send_wrong_token(&mut self, to: &Invoice) -> Seen {
        let claim = [&[0x6a, 20][..], b"omni", &[0, 0, 0, 0, 0, 0, 0, 31], &500_000_000_u64.to_be_bytes()].concat();
        let outputs = [(script(to), CLAIMED_WITH), (claim.into(), 0)];
        let spent = self.spend(&outputs);
        self.mine_exactly(&[&spent.transaction]).await;
        Seen::Counted(u128::from(CLAIMED_WITH))
    }

    async fn send_on_wrong_network(&mut self, to: &Invoice) -> Seen {
        let paid = self.other_purse.pay(&self.other, &[(script(to), DUE)]).await.unwrap();
        let nobody = self.nobody();
        let mined = self.other.mine(CONFIRMATIONS, &nobody).await.unwrap();
        let block = self.other.block(mined[0]).await.unwrap();
        assert!(block.txdata.contains(&paid), "it is mined there");
        Seen::Nothing
    }

    async fn send_look_alikes(&mut self, to: &Invoice) {
        let ours = script(to);
        let hash = &ours.as_bytes()[2..];
        let mut flipped = ours.to_bytes();
        *flipped.last_mut().unwrap() ^= 1;
        let alike: [ScriptBuf; 5] = [
            [&[0x76, 0xa9, 20][..], hash, &[0x88, 0xac]].concat().into(),
            [&[0xa9, 20][..], hash, &[0x87]].concat().into(),
            [&[0x6a, 22][..], ours.as_bytes()].concat().into(),
            ScriptBuf::new_p2wsh(&ours.wscript_hash()),
            flipped.into(),
        ];
        let outputs: Vec<_> = alike.into_iter().map(|script| (script, DUE)).collect();
        let spent = self.spend(&outputs);
        self.mine_exactly(&[&spent.transaction]).await;
    }

    async fn wait(&mut self, seconds: i64) {
        self.counter.clock.move_by_ms(seconds * 1000);
        self.core.set_time(self.counter.gateway.clocks().real().seconds()).await.unwrap();
    }

    fn troubles(&self) -> Vec<Trouble> {
        let mut faults = ON_ANY_WIRE.to_vec();
        if self.esplora.is_none() {
            let of_json_rpc = [
                Fault::ErrorInside(-28, "Loading block index..."),
                Fault::WrongId,
                Fault::ShortBatch,
                Fault::ShuffledBatch,
            ];
            faults.extend(of_json_rpc);
        }
        faults.into_iter().map(Trouble::Wire).collect()
    }

    fn set(&self, trouble: Trouble) {
        match trouble {
            Trouble::Wire(fault) => self.proxy.set(fault),
            Trouble::Off | Trouble::Behind(_) => panic!("there is a wire"),
        }
    }

    fn heal(&self) {
        self.proxy.heal();
    }
}
