//! A shop that sells live on EVM networks, each a real node read through the real adapter.

use crate::counter::Counter;
use alloy_primitives::{Address as EvmAddress, B256};
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    id::Environment,
    invoice::Invoice,
    name::NetworkId,
    network::{ChainId, Network as NetworkFacts},
};
use farthing_gateway::live_environment::LiveNetwork;
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
use std::{ops::Deref, sync::Arc, time::Duration};

/// The account of every network here: BIP-32's second test vector.
const XPUB: &str =
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";
/// Blocks, the payment's own included, after which money is final here.
pub(crate) const CONFIRMATIONS: u64 = 3;

/// A network: its node, what pays on it, and a proxy between the node and the adapter.
pub(crate) struct Site {
    pub(crate) purse: Purse,
    pub(crate) proxy: FaultProxy,
    pub(crate) slug: &'static str,
    chain_id: u64,
    finality: Finality,
    /// Another token that is listed here.
    pub(crate) usdc: EvmAddress,
    /// A token that is known here and not sold.
    pub(crate) dai: EvmAddress,
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
        let dai = purse.token("Dai", "DAI", 18).await.unwrap();
        let proxy = FaultProxy::before(&purse.node.url()).await.unwrap();
        Self { purse, proxy, slug, chain_id, finality: Finality::Confirmations, usdc, dai }
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
        config.unsold = Catalog::unsold();
        config.unsold.retain(|asset| asset.id.network == self.id().network && asset.id.code.as_str() == "DAI");
        config.unsold.iter_mut().for_each(|dai| dai.contract = Some(self.dai.to_string()));
        // Failed providers are asked again at once: time does not pass in a test.
        config.patience = Patience {
            first: Duration::ZERO,
            longest: Duration::ZERO,
            quarantine: Duration::ZERO,
            identity: Duration::from_secs(600),
        };
        config.limits = http::Limits { total: Duration::from_secs(20), ..http::Limits::default() };
        Arc::new(Evm::new(config).unwrap())
    }

    pub(crate) fn id(&self) -> ChainId {
        ChainId { environment: Environment::Live, network: NetworkId::new(self.slug).unwrap() }
    }

    pub(crate) fn network(&self) -> LiveNetwork {
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

/// A shop that sells on these sites. Everything that does not need a node is its [`Counter`]'s.
pub(crate) struct EvmShop {
    pub(crate) counter: Counter,
    pub(crate) sites: Vec<Site>,
}

impl Deref for EvmShop {
    type Target = Counter;

    fn deref(&self) -> &Counter {
        &self.counter
    }
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
        Self { counter: Counter::closed(sites.iter().map(Site::network).collect()).await, sites }
    }

    /// Every network was scanned to its tip, and the account is open.
    pub(crate) async fn open(sites: Vec<Site>) -> Self {
        Self { counter: Counter::open(sites.iter().map(Site::network).collect()).await, sites }
    }

    /// The process ends and starts again on what is on disk.
    pub(crate) async fn restart(self) -> Self {
        let Self { counter, sites } = self;
        Self { counter: counter.restart(sites.iter().map(Site::network).collect()).await, sites }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.sites[0]
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

    /// An invoice over 5 USDT on the first network.
    pub(crate) async fn sell(&self) -> Invoice {
        self.create(&five_usdt(self.site().slug)).await
    }
}
