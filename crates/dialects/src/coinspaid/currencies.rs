//! `CoinsPaid`'s currency codes: the network of a token is part of its code (A.12).

use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    name::{AssetCode, NetworkId},
};

/// Code, our currency, our network. The place in the table is the currency's number: rows are added at the end only. The first code of an asset is the one that is shown; later ones are older names for it.
const CODES: [(&str, &str, &str); 21] = [
    ("BTC", "BTC", "bitcoin"),
    ("LTC", "LTC", "litecoin"),
    ("DOGE", "DOGE", "dogecoin"),
    ("ETH", "ETH", "ethereum"),
    ("ETHA", "ETH", "arbitrum"),
    ("ETHBASE", "ETH", "base"),
    ("BNB", "BNB", "bsc"),
    ("BNB-BSC", "BNB", "bsc"),
    ("POL", "POL", "polygon"),
    ("TRX", "TRX", "tron"),
    ("SOL", "SOL", "solana"),
    ("USDTE", "USDT", "ethereum"),
    ("USDTT", "USDT", "tron"),
    ("USDTB", "USDT", "bsc"),
    ("USDCE", "USDC", "ethereum"),
    ("USDC", "USDC", "ethereum"),
    ("USDCA", "USDC", "arbitrum"),
    ("USDCBASE", "USDC", "base"),
    ("USDCS", "USDC", "solana"),
    ("USDTS", "USDT", "solana"),
    ("USDTA", "USDT", "arbitrum"),
];

/// The asset that a code means, where it is in the catalogue.
#[must_use]
pub fn asset<'c>(code: &str, catalog: &'c Catalog) -> Option<&'c Asset> {
    let (_, currency, network) = CODES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(code))?;
    catalog.asset(AssetId { code: AssetCode::new(currency).ok()?, network: NetworkId::new(network).ok()? })
}

/// The code that an asset is shown by; `None` for one that this API has no code for.
#[must_use]
pub fn code(asset: AssetId) -> Option<&'static str> {
    let is_it = |currency: &str, network: &str| asset.code.as_str() == currency && asset.network.as_str() == network;
    CODES.iter().find(|(_, currency, network)| is_it(currency, network)).map(|(code, _, _)| *code)
}

/// Whether a code, in any case of letters, is one of an asset's.
#[must_use]
pub fn means(code: &str, asset: AssetId) -> bool {
    let rows = CODES
        .iter()
        .filter(|(_, currency, network)| asset.code.as_str() == *currency && asset.network.as_str() == *network);
    rows.into_iter().any(|(known, _, _)| known.eq_ignore_ascii_case(code))
}

/// Every code in the order of its number, which never changes: new ones are added at the end.
pub fn numbered() -> impl Iterator<Item = &'static str> {
    CODES.iter().map(|(code, _, _)| *code)
}

/// Every asset of the catalogue that has a code, in the order of the codes.
pub fn assets(catalog: &Catalog) -> impl Iterator<Item = (&'static str, &Asset)> {
    CODES.iter().filter_map(move |(known, _, _)| {
        let asset = asset(known, catalog)?;
        (code(asset.id) == Some(*known)).then_some((*known, asset))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_asset_that_ships_and_is_shown_by_one_code() {
        let catalog = Catalog::shipped();
        for (known, _, _) in CODES {
            let found = asset(known, &catalog).unwrap_or_else(|| panic!("{known}"));
            assert!(code(found.id).is_some(), "{known}");
        }
        let shown: Vec<&str> = assets(&catalog).map(|(code, _)| code).collect();
        assert_eq!(shown.len(), CODES.len() - 2);
        assert!(!shown.contains(&"BNB-BSC") && !shown.contains(&"USDC"));
    }

    #[test]
    fn old_names_mean_the_same_and_case_does_not_matter() {
        let catalog = Catalog::shipped();
        assert_eq!(asset("USDC", &catalog), asset("usdce", &catalog));
        assert_eq!(asset("BNB-BSC", &catalog), asset("BNB", &catalog));
        assert_eq!(asset("USDT", &catalog), None);
    }
}
