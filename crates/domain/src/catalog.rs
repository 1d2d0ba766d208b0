//! Which networks and assets there are: what ships with Farthing, and what an operator changed of it.

mod unsold;

use crate::{
    asset::{Asset, AssetId},
    name::{AssetCode, NetworkId},
    network::{Family, Network},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// Why a currency and a network do not name an asset. The texts are fit for an answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// No network carries the currency.
    #[error("currency {0} is not supported")]
    UnknownCurrency(String),
    /// The currency exists on several networks and none was named.
    #[error("network is required for {code}: one of {networks}")]
    NetworkRequired {
        /// The currency.
        code: AssetCode,
        /// The networks that carry it, joined by commas.
        networks: String,
    },
    /// The network does not exist or does not carry the currency.
    #[error("{code} is not supported on network {network}")]
    UnsupportedPair {
        /// The currency.
        code: AssetCode,
        /// What the client named.
        network: String,
    },
}

/// The networks and assets that one environment sells on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    networks: Vec<Network>,
    assets: Vec<Asset>,
    /// Numbers that the operator gave assets.
    numbers: Vec<(AssetId, u32)>,
}

impl Catalog {
    /// A catalogue of these networks, and of those assets whose network is among them.
    #[must_use]
    pub fn new(networks: Vec<Network>, mut assets: Vec<Asset>) -> Self {
        assets.retain(|asset| networks.iter().any(|network| network.id == asset.id.network));
        Self { networks, assets, numbers: Vec::new() }
    }

    /// The same with numbers that the operator gave assets, for an API whose clients know assets by number.
    #[must_use]
    pub fn with_numbers(self, numbers: Vec<(AssetId, u32)>) -> Self {
        Self { numbers, ..self }
    }

    /// The number that the operator gave an asset; `None` where that API's own stands.
    #[must_use]
    pub fn number_given(&self, id: AssetId) -> Option<u32> {
        self.numbers.iter().find(|(given, _)| *given == id).map(|(_, number)| *number)
    }

    /// Whether the operator gave this number to any asset.
    #[must_use]
    pub fn is_given(&self, number: u32) -> bool {
        self.numbers.iter().any(|(_, given)| *given == number)
    }

    /// What ships with Farthing: ten networks, their coins, USDT and USDC wherever they are, and WETH on polygon as ETH.
    #[must_use]
    pub fn shipped() -> Self {
        Self::new(
            NETWORKS.iter().filter_map(NetworkRow::read).collect(),
            ASSETS.iter().filter_map(AssetRow::read).collect(),
        )
    }

    /// Tokens that are not sold and often sent by mistake: wrapped coins, bridged dollars, DAI. Known by their contracts, so
    /// that such money can be told as what it is; no code of theirs is a sold asset's on the same network.
    #[must_use]
    pub fn unsold() -> Vec<Asset> {
        unsold::ASSETS.iter().filter_map(AssetRow::read).collect()
    }

    /// Every network.
    #[must_use]
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// Every asset, by currency in the order in which pickers show them.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// One network.
    #[must_use]
    pub fn network(&self, id: NetworkId) -> Option<&Network> {
        self.networks.iter().find(|network| network.id == id)
    }

    /// One asset.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.id == id)
    }

    /// The asset that a client means by a currency and, perhaps, a network (contract, section 4.1, rows 1 and 2).
    ///
    /// # Errors
    /// When there is none, or several and no network was named.
    pub fn resolve(&self, currency: &str, network: Option<&str>) -> Result<&Asset, PairError> {
        let code = AssetCode::new(currency).map_err(|_| PairError::UnknownCurrency(currency.to_string()))?;
        let mut carriers = self.assets.iter().filter(|asset| asset.id.code == code);
        let first = carriers.next().ok_or_else(|| PairError::UnknownCurrency(currency.to_string()))?;
        let Some(network) = network else {
            return if carriers.next().is_none() { Ok(first) } else { Err(self.network_required(code)) };
        };
        let unsupported = || PairError::UnsupportedPair { code, network: network.to_string() };
        let id = NetworkId::new(network).map_err(|_| unsupported())?;
        self.asset(AssetId { code, network: id }).ok_or_else(unsupported)
    }

    fn network_required(&self, code: AssetCode) -> PairError {
        let carriers: Vec<&str> =
            self.assets.iter().filter(|asset| asset.id.code == code).map(|asset| asset.id.network.as_str()).collect();
        PairError::NetworkRequired { code, networks: carriers.join(", ") }
    }
}

struct NetworkRow(&'static str, &'static str, Family, &'static str, Option<u64>, u32, u32);

impl NetworkRow {
    fn read(&self) -> Option<Network> {
        let &Self(id, name, family, native, chain_id, confirmations, block_seconds) = self;
        Some(Network {
            id: NetworkId::new(id).ok()?,
            name: name.to_string(),
            family,
            native: AssetCode::new(native).ok()?,
            chain_id,
            confirmations,
            block_seconds,
        })
    }
}

/// Slug, name, family, coin, chain id, confirmations (contracts/comparison.md), seconds between blocks.
const NETWORKS: [NetworkRow; 10] = [
    NetworkRow("bitcoin", "Bitcoin", Family::Bitcoin, "BTC", None, 2, 600),
    NetworkRow("litecoin", "Litecoin", Family::Litecoin, "LTC", None, 6, 150),
    NetworkRow("dogecoin", "Dogecoin", Family::Dogecoin, "DOGE", None, 10, 60),
    NetworkRow("ethereum", "Ethereum", Family::Evm, "ETH", Some(1), 12, 12),
    NetworkRow("polygon", "Polygon", Family::Evm, "POL", Some(137), 64, 2),
    NetworkRow("bsc", "BNB Smart Chain", Family::Evm, "BNB", Some(56), 15, 1),
    NetworkRow("arbitrum", "Arbitrum One", Family::Evm, "ETH", Some(42_161), 20, 1),
    NetworkRow("base", "Base", Family::Evm, "ETH", Some(8_453), 20, 2),
    NetworkRow("tron", "Tron", Family::Tron, "TRX", None, 19, 3),
    NetworkRow("solana", "Solana", Family::Solana, "SOL", None, 32, 1),
];

struct AssetRow(&'static str, &'static str, &'static str, u8, Option<&'static str>, bool);

impl AssetRow {
    fn read(&self) -> Option<Asset> {
        let &Self(code, network, name, decimals, contract, is_stablecoin) = self;
        Some(Asset {
            id: AssetId { code: AssetCode::new(code).ok()?, network: NetworkId::new(network).ok()? },
            name: name.to_string(),
            decimals,
            contract: contract.map(ToString::to_string),
            is_stablecoin,
        })
    }
}

const TETHER: &str = "Tether USD";
const USD_COIN: &str = "USD Coin";

/// Code, network, name, decimals, contract, stablecoin. The contracts are the issuers' own; on polygon and arbitrum USDC
/// is the native token, not the bridged one. Circle ended USDC on Tron, so it is not sold there.
const ASSETS: [AssetRow; 24] = [
    AssetRow("BTC", "bitcoin", "Bitcoin", 8, None, false),
    AssetRow("LTC", "litecoin", "Litecoin", 8, None, false),
    AssetRow("DOGE", "dogecoin", "Dogecoin", 8, None, false),
    AssetRow("ETH", "ethereum", "Ether", 18, None, false),
    AssetRow("ETH", "arbitrum", "Ether", 18, None, false),
    AssetRow("ETH", "base", "Ether", 18, None, false),
    AssetRow("ETH", "polygon", "Wrapped Ether", 18, Some("0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619"), false),
    AssetRow("POL", "polygon", "Polygon", 18, None, false),
    AssetRow("BNB", "bsc", "BNB", 18, None, false),
    AssetRow("TRX", "tron", "Tron", 6, None, false),
    AssetRow("SOL", "solana", "Solana", 9, None, false),
    AssetRow("USDT", "tron", TETHER, 6, Some("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"), true),
    AssetRow("USDT", "ethereum", TETHER, 6, Some("0xdAC17F958D2ee523a2206206994597C13D831ec7"), true),
    AssetRow("USDT", "polygon", TETHER, 6, Some("0xc2132D05D31c914a87C6611C10748AEb04B58e8F"), true),
    AssetRow("USDT", "bsc", TETHER, 18, Some("0x55d398326f99059fF775485246999027B3197955"), true),
    AssetRow("USDT", "arbitrum", TETHER, 6, Some("0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"), true),
    AssetRow("USDT", "base", TETHER, 6, Some("0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2"), true),
    AssetRow("USDT", "solana", TETHER, 6, Some("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"), true),
    AssetRow("USDC", "ethereum", USD_COIN, 6, Some("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), true),
    AssetRow("USDC", "polygon", USD_COIN, 6, Some("0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"), true),
    AssetRow("USDC", "bsc", USD_COIN, 18, Some("0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d"), true),
    AssetRow("USDC", "arbitrum", USD_COIN, 6, Some("0xaf88d065e77c8cC2239327C5EDb3A432268e5831"), true),
    AssetRow("USDC", "base", USD_COIN, 6, Some("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"), true),
    AssetRow("USDC", "solana", USD_COIN, 6, Some("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v"), true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_row_is_read() {
        let shipped = Catalog::shipped();
        assert_eq!(shipped.networks().len(), NETWORKS.len());
        assert_eq!(shipped.assets().len(), ASSETS.len());
        for network in shipped.networks() {
            let coin = AssetId { code: network.native, network: network.id };
            assert!(shipped.asset(coin).is_some_and(|asset| asset.contract.is_none()), "{coin}");
        }
    }

    #[test]
    fn the_network_is_inferred_where_there_is_one() {
        let shipped = Catalog::shipped();
        for code in ["BTC", "LTC", "DOGE", "POL", "BNB", "TRX", "SOL", "btc"] {
            assert!(shipped.resolve(code, None).is_ok(), "{code}");
        }
        for code in ["USDT", "USDC", "ETH"] {
            assert!(matches!(shipped.resolve(code, None), Err(PairError::NetworkRequired { .. })), "{code}");
        }
    }

    #[test]
    fn an_unsupported_pair_is_named() {
        let shipped = Catalog::shipped();
        let error = shipped.resolve("BTC", Some("tron")).unwrap_err();
        assert_eq!(error.to_string(), "BTC is not supported on network tron");
        assert!(matches!(shipped.resolve("XMR", None), Err(PairError::UnknownCurrency(_))));
        assert!(matches!(shipped.resolve("$", Some("tron")), Err(PairError::UnknownCurrency(_))));
        assert!(matches!(shipped.resolve("USDT", Some("mars!")), Err(PairError::UnsupportedPair { .. })));
    }

    #[test]
    fn no_unsold_token_can_be_taken_for_one_that_is_sold() {
        let (shipped, unsold) = (Catalog::shipped(), Catalog::unsold());
        assert_eq!(unsold.len(), unsold::ASSETS.len(), "every row is read");
        let lower = |asset: &Asset| (asset.id.network, asset.contract.as_ref().map(|text| text.to_ascii_lowercase()));
        for (place, asset) in unsold.iter().enumerate() {
            assert!(shipped.network(asset.id.network).is_some() && asset.contract.is_some(), "{}", asset.id);
            let others = shipped.assets().iter().chain(unsold.iter().skip(place + 1));
            for other in others {
                assert!(other.id != asset.id && lower(other) != lower(asset), "{} and {}", asset.id, other.id);
            }
        }
    }

    #[test]
    fn tether_has_eighteen_decimals_on_bsc_and_six_elsewhere() {
        for asset in Catalog::shipped().assets().iter().filter(|asset| asset.id.code.as_str() == "USDT") {
            assert_eq!(asset.decimals, if asset.id.network.as_str() == "bsc" { 18 } else { 6 }, "{}", asset.id);
        }
    }
}
