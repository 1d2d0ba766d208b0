//! TX.Cash's coins, `<network>_<coin>`, and the filters that stand for several of them (A3).

use farthing_domain::{
    asset::AssetId,
    name::{AssetCode, NetworkId},
};

/// Code, our currency, our network.
const CODES: [(&str, &str, &str); 6] = [
    ("eth_eth", "ETH", "ethereum"),
    ("eth_usdt", "USDT", "ethereum"),
    ("eth_usdc", "USDC", "ethereum"),
    ("polygon_eth", "ETH", "polygon"),
    ("polygon_usdt", "USDT", "polygon"),
    ("polygon_usdc", "USDC", "polygon"),
];

/// What a filter stands for.
const FILTERS: [(&str, &[&str]); 3] = [
    ("all", &["eth_eth", "eth_usdt", "eth_usdc", "polygon_eth", "polygon_usdt", "polygon_usdc"]),
    ("eth_stables", &["eth_usdt", "eth_usdc"]),
    ("polygon_stables", &["polygon_usdt", "polygon_usdc"]),
];

/// Every coin where nothing is said.
pub const DEFAULT_FILTER: &str = "all";

/// Why filters choose nothing. The texts read on from the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCoins {
    /// There is no such coin or filter.
    #[error("has {0}, which is no coin or filter; known are all, eth_stables, polygon_stables, {known}", known = codes())]
    Unknown(String),
    /// A coin that was named is not on sale.
    #[error("has {0}, which is not on sale here at the moment")]
    NotSold(String),
    /// None of all that it stands for is on sale.
    #[error("chooses nothing that is on sale here at the moment")]
    Nothing,
}

fn codes() -> String {
    CODES.map(|(code, _, _)| code).join(", ")
}

/// The asset that a code means, in whatever case it is written.
#[must_use]
pub fn asset(code: &str) -> Option<AssetId> {
    let (_, currency, network) = CODES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(code))?;
    Some(AssetId { code: AssetCode::new(currency).ok()?, network: NetworkId::new(network).ok()? })
}

/// The code that an asset is shown by; `None` for one that this API has no code for.
#[must_use]
pub fn code(asset: AssetId) -> Option<&'static str> {
    let is_it = |currency: &str, network: &str| asset.code.as_str() == currency && asset.network.as_str() == network;
    CODES.iter().find(|(_, currency, network)| is_it(currency, network)).map(|(code, _, _)| *code)
}

/// The coins that comma-separated filters choose, each once, in the order of the table. A coin that is named must be on sale; of
/// a filter that stands for several, those are chosen that are.
///
/// # Errors
/// Why none can be chosen.
pub fn chosen(filters: &str, is_sold: &dyn Fn(AssetId) -> bool) -> Result<Vec<AssetId>, NoCoins> {
    let mut named: Vec<&str> = Vec::new();
    for token in filters.split(',').map(str::trim).filter(|token| !token.is_empty()) {
        let group = FILTERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(token)).map(|(_, codes)| *codes);
        match (group, asset(token)) {
            (Some(codes), _) => named.extend(codes),
            (None, Some(asset)) if is_sold(asset) => named.extend(code(asset)),
            (None, Some(_)) => return Err(NoCoins::NotSold(token.to_owned())),
            (None, None) => return Err(NoCoins::Unknown(token.chars().take(40).collect())),
        }
    }
    let is_chosen = |asset: &AssetId| code(*asset).is_some_and(|code| named.contains(&code)) && is_sold(*asset);
    let coins: Vec<AssetId> = CODES.iter().filter_map(|(code, _, _)| asset(code)).filter(is_chosen).collect();
    if coins.is_empty() { Err(NoCoins::Nothing) } else { Ok(coins) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::catalog::Catalog;

    fn names(filters: &str) -> Result<String, NoCoins> {
        let coins = chosen(filters, &|_| true)?;
        Ok(coins.into_iter().map(|coin| code(coin).unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_code_is_an_asset_of_the_catalogue_and_back() {
        let catalog = Catalog::shipped();
        for (known, _, _) in CODES {
            let asset = asset(known).unwrap();
            assert!(catalog.asset(asset).is_some(), "{known}");
            assert_eq!(code(asset), Some(known));
        }
    }

    #[test]
    fn filters_are_united_without_duplicates_in_one_order() {
        let all = "eth_eth eth_usdt eth_usdc polygon_eth polygon_usdt polygon_usdc";
        for (filters, coins) in [
            ("all", all),
            ("all,eth_eth", all),
            ("eth_stables", "eth_usdt eth_usdc"),
            ("polygon_stables", "polygon_usdt polygon_usdc"),
            ("polygon_usdc, eth_stables ,polygon_usdc", "eth_usdt eth_usdc polygon_usdc"),
            ("ETH_ETH,", "eth_eth"),
        ] {
            assert_eq!(names(filters).as_deref(), Ok(coins), "{filters}");
        }
        for unknown in ["btc_btc", "eth", "usdt", "polygon_matic", "eth_eth;eth_usdt", "all eth_eth"] {
            assert_eq!(names(unknown), Err(NoCoins::Unknown(unknown.to_owned())));
        }
        assert_eq!(names(" , "), Err(NoCoins::Nothing));
    }

    #[test]
    fn a_group_leaves_out_what_is_not_sold_and_a_named_coin_must_be() {
        let is_sold = |asset: AssetId| asset.network.as_str() == "ethereum";
        assert_eq!(chosen("all", &is_sold).unwrap().len(), 3);
        assert_eq!(chosen("eth_eth,polygon_usdt", &is_sold), Err(NoCoins::NotSold("polygon_usdt".to_owned())));
        assert_eq!(chosen("polygon_stables", &is_sold), Err(NoCoins::Nothing));
    }
}
