//! Numbers of coins and networks. The vendor's are published nowhere (B13), so these are our own, and never change: shops
//! keep them.
//!
//! An operator whose shops know other numbers may give those to coins (B16). A token that an operator added has no row; its number is made of its name, so that it is the same on every installation.

use super::present::NOTHING;
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    name::{AssetCode, NetworkId},
};
use serde::Serialize;

/// Number, code, network. Only ever appended to.
const CURRENCIES: [(u32, &str, &str); 24] = [
    (1, "BTC", "bitcoin"),
    (2, "LTC", "litecoin"),
    (3, "DOGE", "dogecoin"),
    (4, "ETH", "ethereum"),
    (5, "TRX", "tron"),
    (6, "BNB", "bsc"),
    (7, "POL", "polygon"),
    (8, "SOL", "solana"),
    (9, "USDT", "tron"),
    (10, "USDT", "ethereum"),
    (11, "USDT", "bsc"),
    (12, "USDT", "polygon"),
    (13, "USDT", "arbitrum"),
    (14, "USDT", "base"),
    (15, "USDT", "solana"),
    (16, "USDC", "ethereum"),
    (17, "USDC", "bsc"),
    (18, "USDC", "polygon"),
    (19, "USDC", "arbitrum"),
    (20, "USDC", "base"),
    (21, "USDC", "solana"),
    (22, "ETH", "arbitrum"),
    (23, "ETH", "base"),
    (24, "ETH", "polygon"),
];

/// Number, our slug, symbol. Only ever appended to.
const NETWORKS: [(u32, &str, &str); 10] = [
    (1, "bitcoin", "BTC"),
    (2, "litecoin", "LTC"),
    (3, "dogecoin", "DOGE"),
    (4, "ethereum", "ETH"),
    (5, "tron", "TRX"),
    (6, "bsc", "BSC"),
    (7, "polygon", "POL"),
    (8, "solana", "SOL"),
    (9, "arbitrum", "ARB"),
    (10, "base", "BASE"),
];

/// Numbers of what has no row begin here; an operator gives smaller ones.
pub const MADE_FROM: u32 = 100_000;
/// There are so many of them: clients keep numbers in 32 bits with a sign.
const MADE_COUNT: u32 = 2_000_000_000;

/// An asset's number: what the operator gave it, else its row's, else one made of its name, also where the row's was given to
/// another.
#[must_use]
pub fn currency_id(asset: AssetId, catalog: &Catalog) -> u32 {
    if let Some(given) = catalog.number_given(asset) {
        return given;
    }
    let is_it = |code: &str, network: &str| asset.code.as_str() == code && asset.network.as_str() == network;
    let row = CURRENCIES.iter().find(|(_, code, network)| is_it(code, network));
    let own = row.map(|(number, ..)| *number).filter(|number| !catalog.is_given(*number));
    own.unwrap_or_else(|| made(&format!("{}/{}", asset.code, asset.network)))
}

/// The asset with a number, where it is in the catalogue.
#[must_use]
pub fn currency(number: u32, catalog: &Catalog) -> Option<&Asset> {
    let row = CURRENCIES.iter().find(|(known, ..)| *known == number);
    let of_row = row.and_then(|(_, code, network)| {
        catalog.asset(AssetId { code: AssetCode::new(code).ok()?, network: NetworkId::new(network).ok()? })
    });
    // Most often it is the row's; an operator's number, or one that is made, is any asset's.
    of_row.into_iter().chain(catalog.assets()).find(|asset| currency_id(asset.id, catalog) == number)
}

fn network_row(network: NetworkId) -> Option<&'static (u32, &'static str, &'static str)> {
    NETWORKS.iter().find(|(_, slug, _)| *slug == network.as_str())
}

/// A network's number.
#[must_use]
pub fn network_id(network: NetworkId) -> u32 {
    network_row(network).map_or_else(|| made(network.as_str()), |(number, ..)| *number)
}

/// A network's symbol.
#[must_use]
pub fn network_symbol(network: NetworkId) -> String {
    network_row(network).map_or_else(|| network.as_str().to_ascii_uppercase(), |(_, _, symbol)| (*symbol).to_owned())
}

/// FNV-1a, 32 bits, brought above all rows.
fn made(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.checked_rem(MADE_COUNT).and_then(|rest| rest.checked_add(MADE_FROM)).unwrap_or(MADE_FROM)
}

/// The icon of a symbol, drawn by this server.
#[must_use]
pub fn icon_url(public_url: &str, symbol: &str) -> String {
    format!("{}/v1/icons/{symbol}.svg", public_url.trim_end_matches('/'))
}

/// The icon of a symbol: its first letters in a circle. `None` for one that no coin or network of the catalogues has.
#[must_use]
pub fn icon(symbol: &str, catalogs: &[&Catalog]) -> Option<String> {
    let is_known = |catalog: &&Catalog| {
        catalog.assets().iter().any(|asset| asset.id.code.as_str() == symbol)
            || catalog.networks().iter().any(|network| network_symbol(network.id) == symbol)
    };
    // Symbols are letters, digits, hyphens and underscores, so nothing in them is markup.
    let letters: String = symbol.chars().take(4).collect();
    catalogs.iter().any(is_known).then(|| {
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="{symbol}"><circle cx="32" cy="32" r="32" fill="#1f2a44"/><text x="32" y="38" fill="#fff" font-family="sans-serif" font-size="18" font-weight="700" text-anchor="middle">{letters}</text></svg>"##
        )
    })
}

/// A coin on a network (B5).
#[derive(Debug, Clone, Serialize)]
pub struct CurrencyView {
    currency_id: u32,
    currency_name: String,
    currency_status: &'static str,
    currency_symbol: String,
    currency_type: &'static str,
    currency_icon_url: String,
    network_id: u32,
    network_symbol: String,
    network_status: &'static str,
    network_name: String,
    network_icon_url: String,
    fee_withdraw: u8,
    fee_payment: u8,
    minimum_withdraw: u8,
    precision: u8,
    withdrawable: bool,
    paymentable: bool,
}

impl CurrencyView {
    /// Shows an asset. Nothing is withdrawn here, and nobody takes a fee (B16).
    #[must_use]
    pub fn of(asset: &Asset, catalog: &Catalog, public_url: &str) -> Self {
        let network = asset.id.network;
        let (symbol, network_symbol) = (asset.id.code.to_string(), network_symbol(network));
        let network_name = catalog.network(network).map_or_else(|| network.to_string(), |network| network.name.clone());
        Self {
            currency_id: currency_id(asset.id, catalog),
            currency_name: asset.name.clone(),
            currency_status: "Enable",
            currency_icon_url: icon_url(public_url, &symbol),
            currency_symbol: symbol,
            currency_type: "Crypto",
            network_id: network_id(network),
            network_icon_url: icon_url(public_url, &network_symbol),
            network_symbol,
            network_status: "Enable",
            network_name,
            fee_withdraw: NOTHING,
            fee_payment: NOTHING,
            minimum_withdraw: NOTHING,
            precision: asset.decimals,
            withdrawable: false,
            paymentable: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::name::AssetCode;
    use std::collections::BTreeSet;

    #[test]
    fn every_shipped_coin_and_network_has_a_row_of_its_own() {
        let catalog = Catalog::shipped();
        let numbers: BTreeSet<u32> = catalog.assets().iter().map(|asset| currency_id(asset.id, &catalog)).collect();
        assert_eq!(numbers, (1..=24).collect());
        let networks: BTreeSet<u32> = catalog.networks().iter().map(|network| network_id(network.id)).collect();
        assert_eq!(networks, (1..=10).collect());
        for asset in catalog.assets() {
            assert_eq!(currency(currency_id(asset.id, &catalog), &catalog), Some(asset));
        }
        assert_eq!(currency(0, &catalog), None);
    }

    #[test]
    fn an_added_token_has_one_number_for_ever() {
        let added = AssetId { code: AssetCode::new("DAI").unwrap(), network: NetworkId::new("ethereum").unwrap() };
        let catalog = Catalog::shipped();
        assert_eq!(currency_id(added, &catalog), 1_120_662_947);
        let elsewhere = AssetId { network: NetworkId::new("base").unwrap(), ..added };
        assert_ne!(currency_id(added, &catalog), currency_id(elsewhere, &catalog));
    }

    #[test]
    fn an_operator_s_number_is_the_coin_s_and_nobody_else_s() {
        let shipped = Catalog::shipped();
        let id = |code, network| shipped.resolve(code, Some(network)).unwrap().id;
        let (bitcoin, tether) = (id("BTC", "bitcoin"), id("USDT", "tron"));
        let catalog = shipped.clone().with_numbers(vec![(tether, 1), (id("TRX", "tron"), 777)]);
        assert_eq!(currency_id(tether, &catalog), 1);
        assert_eq!(currency(1, &catalog).map(|asset| asset.id), Some(tether));
        assert_eq!(currency(777, &catalog).map(|asset| asset.id), Some(id("TRX", "tron")));
        // Its row's number is free, and bitcoin's was given away.
        assert_eq!((currency(9, &catalog), currency(5, &catalog)), (None, None));
        assert!(currency_id(bitcoin, &catalog) >= MADE_FROM);
        let numbers: BTreeSet<u32> = catalog.assets().iter().map(|asset| currency_id(asset.id, &catalog)).collect();
        assert_eq!(numbers.len(), catalog.assets().len());
    }

    #[test]
    fn icons_are_drawn_for_known_symbols_only() {
        let catalog = Catalog::shipped();
        assert!(icon("USDT", &[&catalog]).unwrap().contains(">USDT</text>"));
        assert!(icon("ARB", &[&catalog]).is_some());
        assert_eq!(icon("<script>", &[&catalog]), None);
        assert_eq!(icon("", &[&catalog]), None);
    }
}
