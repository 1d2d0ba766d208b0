//! txn.pro's network codes: `<chain>[:<token>]`, with a `t` before them in its sandbox (B.5).
//!
//! A code names a coin on a chain. Which codes an environment takes is decided here; whether it sells the coin is not.

use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    id::Environment,
    name::{AssetCode, NetworkId},
};

/// Code, the network's name, our currency, our network.
const CODES: [(&str, &str, &str, &str); 24] = [
    ("btc", "Bitcoin", "BTC", "bitcoin"),
    ("ltc", "Litecoin", "LTC", "litecoin"),
    ("doge", "Dogecoin", "DOGE", "dogecoin"),
    ("eth", "Ethereum", "ETH", "ethereum"),
    ("arbitrum", "Arbitrum One", "ETH", "arbitrum"),
    ("base", "Base", "ETH", "base"),
    ("polygon:eth", "Polygon (ERC20)", "ETH", "polygon"),
    ("polygon", "Polygon", "POL", "polygon"),
    ("bsc", "Binance Smart Chain", "BNB", "bsc"),
    ("trx", "Tron", "TRX", "tron"),
    ("sol", "Solana", "SOL", "solana"),
    ("trx:usdt", "Tron (TRC20)", "USDT", "tron"),
    ("eth:usdt", "Ethereum (ERC20)", "USDT", "ethereum"),
    ("polygon:usdt", "Polygon (ERC20)", "USDT", "polygon"),
    ("bsc:usdt", "Binance Smart Chain (BEP20)", "USDT", "bsc"),
    ("arbitrum:usdt", "Arbitrum One (ERC20)", "USDT", "arbitrum"),
    ("base:usdt", "Base (ERC20)", "USDT", "base"),
    ("sol:usdt", "Solana (SPL)", "USDT", "solana"),
    ("eth:usdc", "Ethereum (ERC20)", "USDC", "ethereum"),
    ("polygon:usdcv2", "Polygon", "USDC", "polygon"),
    ("bsc:usdc", "Binance Smart Chain (BEP20)", "USDC", "bsc"),
    ("arbitrum:usdc", "Arbitrum One (ERC20)", "USDC", "arbitrum"),
    ("base:usdc", "Base (ERC20)", "USDC", "base"),
    ("sol:usdc", "Solana (SPL)", "USDC", "solana"),
];

/// What the sandbox calls otherwise than by the rule: its code and name for one of ours.
const SANDBOX: [(&str, &str, &str); 2] = [("hterc6dp", "Ethereum (ERC20)", "eth:usdt"), ("tbtc", "BTC Testnet", "btc")];

/// What stands before a code in the sandbox.
const SANDBOX_PREFIX: &str = "t";

/// A network by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodedNetwork {
    row: (&'static str, &'static str, &'static str, &'static str),
    environment: Environment,
}

impl CodedNetwork {
    /// The network that a code means, in any case of letters. A test credential may use the codes of both environments (B.14).
    #[must_use]
    pub fn find(code: &str, environment: Environment) -> Option<Self> {
        let code = code.to_ascii_lowercase();
        let row = |wanted: &str| CODES.into_iter().find(|row| row.0 == wanted);
        let of_sandbox = || {
            let alias = SANDBOX.iter().find(|(known, _, _)| *known == code).map(|(_, _, meant)| *meant);
            row(alias.or_else(|| code.strip_prefix(SANDBOX_PREFIX))?)
        };
        let found = match environment {
            Environment::Live => row(&code),
            Environment::Test => row(&code).or_else(of_sandbox),
        };
        found.map(|row| Self { row, environment })
    }

    /// The network that carries an asset; `None` where this API has no code for it.
    #[must_use]
    pub fn of(asset: AssetId, environment: Environment) -> Option<Self> {
        let is_it = |row: &(&str, &str, &str, &str)| row.2 == asset.code.as_str() && row.3 == asset.network.as_str();
        CODES.into_iter().find(is_it).map(|row| Self { row, environment })
    }

    /// The asset, where the catalogue has it.
    #[must_use]
    pub fn asset(self, catalog: &Catalog) -> Option<&Asset> {
        let (_, _, currency, network) = self.row;
        catalog.asset(AssetId { code: AssetCode::new(currency).ok()?, network: NetworkId::new(network).ok()? })
    }

    /// Its code in its environment, in small letters.
    #[must_use]
    pub fn code(self) -> String {
        match (self.environment, self.of_sandbox()) {
            (Environment::Live, _) => self.row.0.to_owned(),
            (Environment::Test, Some((code, _))) => code.to_owned(),
            (Environment::Test, None) => format!("{SANDBOX_PREFIX}{}", self.row.0),
        }
    }

    /// Its name, as payers read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.environment, self.of_sandbox()) {
            (Environment::Test, Some((_, name))) => name,
            (Environment::Live | Environment::Test, _) => self.row.1,
        }
    }

    fn of_sandbox(self) -> Option<(&'static str, &'static str)> {
        SANDBOX.iter().find(|(_, _, meant)| *meant == self.row.0).map(|(code, name, _)| (*code, *name))
    }
}

/// Every network of a catalogue that has a code, with its asset.
pub fn all(catalog: &Catalog, environment: Environment) -> impl Iterator<Item = (CodedNetwork, &Asset)> {
    CODES.into_iter().filter_map(move |row| {
        let network = CodedNetwork { row, environment };
        Some((network, network.asset(catalog)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str, environment: Environment) -> Option<(String, &'static str, String)> {
        let network = CodedNetwork::find(code, environment)?;
        Some((network.code(), network.name(), network.asset(&Catalog::shipped())?.id.to_string()))
    }

    #[test]
    fn b_5_the_known_codes_of_the_sandbox() {
        for (code, name, asset) in [
            ("TTRX:USDT", "Tron (TRC20)", "USDT on tron"),
            ("ttrx:usdt", "Tron (TRC20)", "USDT on tron"),
            ("hterc6dp", "Ethereum (ERC20)", "USDT on ethereum"),
            ("tpolygon:usdt", "Polygon (ERC20)", "USDT on polygon"),
            ("tbsc:usdt", "Binance Smart Chain (BEP20)", "USDT on bsc"),
            ("tpolygon", "Polygon", "POL on polygon"),
            ("tbtc", "BTC Testnet", "BTC on bitcoin"),
        ] {
            let expected = Some((code.to_lowercase(), name, asset.to_owned()));
            assert_eq!(found(code, Environment::Test), expected, "{code}");
            assert_eq!(found(code, Environment::Live), None, "{code}");
        }
        assert_eq!(found("txrp", Environment::Test), None);
    }

    #[test]
    fn b_14_codes_of_production_mean_simulated_networks_under_a_test_credential() {
        for (code, name, asset) in
            [("trx:usdt", "Tron (TRC20)", "USDT on tron"), ("polygon:usdcv2", "Polygon", "USDC on polygon")]
        {
            assert_eq!(found(code, Environment::Live), Some((code.to_owned(), name, asset.to_owned())));
            assert_eq!(found(code, Environment::Test).unwrap().2, asset);
        }
    }

    #[test]
    fn every_asset_that_ships_has_one_code_in_each_environment_and_is_found_by_it() {
        let catalog = Catalog::shipped();
        for environment in [Environment::Live, Environment::Test] {
            assert_eq!(all(&catalog, environment).count(), catalog.assets().len());
            for asset in catalog.assets() {
                let code = CodedNetwork::of(asset.id, environment).unwrap().code();
                assert_eq!(CodedNetwork::find(&code, environment).unwrap().asset(&catalog), Some(asset), "{code}");
            }
        }
    }
}
