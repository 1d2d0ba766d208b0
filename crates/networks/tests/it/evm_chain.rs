//! An EVM chain to test on: a node, tokens of every kind on it, and the adapter before it. Hides what a test is not about.

use alloy_primitives::Address;
use farthing_domain::{
    asset::{Asset, AssetId},
    name::{AssetCode, NetworkId},
};
use farthing_networks::{
    address::{Address as OurAddress, AddressFamily},
    evm::{Evm, EvmConfig},
    network::{Network, NetworkError, Scanned, Transfer, Watch},
    provider::{http::Limits, node_url::NodeUrl, pool::Patience},
    watch_set::WatchSet,
};
use farthing_peers::anvil::purse::Purse;
use std::{ops::Deref, time::Duration};

/// Two addresses of ours, without code or history.
pub(crate) const OURS: Address = Address::repeat_byte(0xA1);
pub(crate) const ALSO_OURS: Address = Address::repeat_byte(0xA2);
/// An address that nobody watches.
pub(crate) const STRANGER: Address = Address::repeat_byte(0xEE);

/// Failed providers are asked again at once: time does not pass in a test.
pub(crate) const AT_ONCE: Patience = Patience {
    first: Duration::ZERO,
    longest: Duration::ZERO,
    quarantine: Duration::ZERO,
    identity: Duration::from_secs(600),
};

pub(crate) struct Chain {
    purse: Purse,
    pub(crate) slug: &'static str,
    pub(crate) chain_id: u64,
}

impl Deref for Chain {
    type Target = Purse;
    fn deref(&self) -> &Purse {
        &self.purse
    }
}

/// A transfer as tests compare it: asset, position, units.
pub(crate) type Seen = (String, String, u128);

pub(crate) fn seen(code: &str, position: &str, units: u128) -> Seen {
    (code.to_owned(), position.to_owned(), units)
}

impl Chain {
    pub(crate) async fn polygon() -> Self {
        Self::start("polygon", 137, 6).await
    }

    pub(crate) async fn start(slug: &'static str, chain_id: u64, decimals: u8) -> Self {
        Self { purse: Purse::open(chain_id, decimals).await.unwrap(), slug, chain_id }
    }

    pub(crate) fn asset(&self, code: &str, decimals: u8, contract: Option<Address>) -> Asset {
        Asset {
            id: AssetId { code: AssetCode::new(code).unwrap(), network: NetworkId::new(self.slug).unwrap() },
            name: code.to_owned(),
            decimals,
            contract: contract.map(|contract| contract.to_string()),
            is_stablecoin: contract.is_some(),
        }
    }

    pub(crate) fn config(&self, urls: &[String]) -> EvmConfig {
        let providers = urls.iter().map(|url| NodeUrl::parse(url).unwrap()).collect();
        let tokens = vec![self.asset("USDT", self.decimals, Some(self.usdt))];
        let network = NetworkId::new(self.slug).unwrap();
        let mut config = EvmConfig::new(network, self.chain_id, self.asset("COIN", 18, None), tokens, providers);
        config.patience = AT_ONCE;
        config.limits = Limits { total: Duration::from_secs(20), ..Limits::default() };
        config
    }

    pub(crate) fn evm(&self) -> Evm {
        self.through(&[self.node.url()])
    }

    pub(crate) fn through(&self, urls: &[String]) -> Evm {
        Evm::new(self.config(urls)).unwrap()
    }

    pub(crate) fn with_tokens(&self, tokens: &[(&str, u8, Address)]) -> Evm {
        let mut config = self.config(&[self.node.url()]);
        config.tokens =
            tokens.iter().map(|(code, decimals, contract)| self.asset(code, *decimals, Some(*contract))).collect();
        Evm::new(config).unwrap()
    }

    /// Everything from the first block to the head.
    pub(crate) async fn scan(&self, evm: &Evm) -> Result<Scanned, NetworkError> {
        evm.transfers(0, self.node.head().await.unwrap(), &watch()).await
    }

    /// What arrived at our addresses in the whole chain.
    pub(crate) async fn arrived_by(&self, evm: &Evm) -> Vec<Seen> {
        transfers(&self.scan(evm).await.unwrap()).iter().map(short).collect()
    }

    pub(crate) async fn arrived(&self) -> Vec<Seen> {
        self.arrived_by(&self.evm()).await
    }
}

/// An address as the adapter is asked of it.
pub(crate) fn address(address: Address) -> OurAddress {
    OurAddress::from_bytes(AddressFamily::Evm, farthing_networks::address::Chain::Mainnet, address.as_slice()).unwrap()
}

pub(crate) fn watch() -> Watch {
    let watch = Watch::new(WatchSet::new([7; 16]));
    for address in [OURS, ALSO_OURS] {
        watch.insert(address.as_slice());
    }
    watch
}

pub(crate) fn transfers(scanned: &Scanned) -> Vec<Transfer> {
    scanned.blocks.iter().flat_map(|block| block.transfers.clone()).collect()
}

pub(crate) fn short(transfer: &Transfer) -> Seen {
    seen(transfer.asset.code.as_str(), &transfer.position, transfer.units)
}

/// The position of the n-th payment by a contract to an address.
pub(crate) fn paid(to: Address, number: u64) -> String {
    format!("native/{}/{number}", hex::encode(to))
}
