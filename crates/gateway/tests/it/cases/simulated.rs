//! The simulated network as the list uses it: its real adapter, in a live environment.

use super::chain::{Adapter, Again, Chain, Seen, Trouble};
use crate::{
    counter::Counter,
    live::{self, Planted},
};
use farthing_domain::{asset::AssetId, catalog::Catalog, invoice::Invoice, network::ChainId, time::Timestamp};
use farthing_gateway::live_environment::LiveNetwork;
use farthing_networks::{
    address::{Address, AddressFamily, Chain as AddressChain},
    simulated::{
        Faults,
        chain::{Change, Output, Salt},
    },
};
use std::sync::Arc;

pub(super) struct SimulatedChain {
    polygon: Arc<Planted>,
    ethereum: Arc<Planted>,
    counter: Counter,
    salts: u8,
}

impl SimulatedChain {
    pub(super) async fn open() -> Self {
        let (polygon, ethereum) = (Planted::new(live::polygon().network), Planted::new(live::ethereum().network));
        for chain in [&polygon, &ethereum] {
            chain.mine(20, farthing_sim::world::START);
        }
        // The adapter itself; only what is asked outside of scanning comes from the plant.
        let network = |planted: &Arc<Planted>| LiveNetwork {
            adapter: Arc::new(planted.chain.clone()),
            ..live::network(planted, None)
        };
        let counter = Counter::open(vec![network(&polygon), network(&ethereum)]).await;
        Self { polygon, ethereum, counter, salts: 0 }
    }

    fn salt(&mut self) -> Salt {
        self.salts = self.salts.checked_add(1).unwrap();
        [self.salts; 16]
    }

    fn now(&self) -> Timestamp {
        self.counter.gateway.clocks().real()
    }

    fn pay(&mut self, outputs: Vec<Output>) -> String {
        let salt = self.salt();
        let (change, hash) = self.polygon.chain.prepare_pay(outputs, self.now(), salt).unwrap();
        self.polygon.chain.apply(change);
        hash
    }
}

fn address(invoice: &Invoice) -> Vec<u8> {
    let text = &invoice.quotes[0].address;
    Address::parse(AddressFamily::Evm, AddressChain::Mainnet, text).unwrap().bytes().to_vec()
}

fn usdt(invoice: &Invoice, units: u128) -> Output {
    let due = invoice.quotes[0].due;
    Output { asset: due.asset, decimals: due.decimals, units, address: address(invoice) }
}

fn asset(code: &str, chain: ChainId) -> AssetId {
    Catalog::shipped().resolve(code, Some(chain.network.as_str())).unwrap().id
}

impl Chain for SimulatedChain {
    type Sent = String;

    fn adapter(&self) -> Adapter {
        Adapter::Simulated
    }

    fn counter(&self) -> &Counter {
        &self.counter
    }

    fn id(&self) -> ChainId {
        live::polygon()
    }

    fn price(&self) -> String {
        crate::evm_shop::five_usdt("polygon")
    }

    fn due(&self) -> u128 {
        5_000_000
    }

    async fn send(&mut self, to: &Invoice, units: u128) -> String {
        self.pay(vec![usdt(to, units)])
    }

    async fn send_to_each(&mut self, to: &[&Invoice], units: u128) -> String {
        self.pay(to.iter().map(|invoice| usdt(invoice, units)).collect())
    }

    async fn replace(&mut self, waiting: &String, to: &Invoice, units: u128) -> String {
        let salt = self.salt();
        let prepared = self.polygon.chain.prepare_replace(waiting, vec![usdt(to, units)], self.now(), salt);
        let (change, hash): (Change, String) = prepared.unwrap();
        self.polygon.chain.apply(change);
        hash
    }

    async fn mine(&mut self, blocks: u64) {
        self.polygon.mine(blocks, self.now());
    }

    async fn reorganise(&mut self, depth: u64, (again, place): (&String, Again), lost: &String) {
        let (salt, dropped, now) = (self.salt(), [lost.clone()], self.now());
        let chain = &self.polygon.chain;
        assert!(chain.with_chain(|chain| chain.height_of(again).is_some()), "it is among the replaced");
        let (change, _) = match place {
            Again::SameHeight => chain.prepare_reorg(depth, &dropped, now, salt).unwrap(),
            Again::Higher => chain.prepare_reorg_to_mempool(depth, &dropped, now, salt).unwrap(),
        };
        chain.apply(change);
        if place == Again::Higher {
            self.polygon.mine(1, now);
        }
    }

    async fn send_wrong_token(&mut self, to: &Invoice) -> Seen {
        let due = self.due();
        self.pay(vec![Output { asset: asset("USDC", live::polygon()), ..usdt(to, due) }]);
        Seen::Rejected(due)
    }

    async fn send_on_wrong_network(&mut self, to: &Invoice) -> Seen {
        let (due, now, salt) = (self.due(), self.now(), self.salt());
        let output = Output { asset: asset("USDT", live::ethereum()), ..usdt(to, due) };
        let (change, _) = self.ethereum.chain.prepare_pay(vec![output], now, salt).unwrap();
        self.ethereum.chain.apply(change);
        self.ethereum.mine(1, now);
        Seen::Rejected(due)
    }

    async fn send_look_alikes(&mut self, to: &Invoice) {
        let ours = usdt(to, self.due());
        let (mut flipped, mut longer, mut shorter) = (ours.clone(), ours.clone(), ours);
        *flipped.address.last_mut().unwrap() ^= 1;
        longer.address.push(0);
        shorter.address.pop();
        self.pay(vec![flipped, longer, shorter]);
    }

    async fn wait(&mut self, seconds: i64) {
        self.counter.clock.move_by_ms(seconds * 1000);
    }

    fn troubles(&self) -> Vec<Trouble> {
        vec![Trouble::Off, Trouble::Behind(1), Trouble::Behind(2)]
    }

    fn set(&self, trouble: Trouble) {
        let faults = match trouble {
            Trouble::Off => Faults { unreachable: true, lag: 0 },
            Trouble::Behind(lag) => Faults { unreachable: false, lag },
            Trouble::Wire(_) => panic!("there is no wire"),
        };
        self.polygon.chain.set_faults(faults);
    }

    fn heal(&self) {
        self.polygon.chain.set_faults(Faults::default());
    }
}
