//! `GET /api/v1/currencies`: what can be sold, one row for each currency on a network.

use farthing_domain::catalog::Catalog;
use farthing_domain::name::NetworkId;
use serde::Serialize;
use utoipa::ToSchema;

/// A currency on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Currency)]
pub struct CurrencyView {
    /// The currency's code.
    #[schema(example = "USDT")]
    pub code: String,
    /// The network's slug.
    #[schema(example = "tron")]
    pub network: String,
    /// The currency's name.
    #[schema(example = "Tether USD")]
    pub name: String,
    /// The network's name.
    #[schema(example = "Tron")]
    pub network_name: String,
    /// Digits after the point that amounts may have.
    #[schema(example = 6)]
    pub decimals: u8,
    /// The token's contract or mint; null for a network's own coin.
    #[schema(required = true, example = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")]
    pub contract: Option<String>,
    /// Whether it stands for fiat money.
    #[schema(example = true)]
    pub is_stablecoin: bool,
    /// Whether `network` must be sent with it, because several carry it.
    #[schema(example = true)]
    pub network_required: bool,
    /// After how many confirmations money usually is final.
    #[schema(example = 19)]
    pub required_confirmations: u32,
    /// Whether invoices can be made now.
    #[schema(example = true)]
    pub available: bool,
}

/// What the currencies list needs to know of a network at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkNow {
    /// After how many confirmations money is final.
    pub confirmations: u32,
    /// Whether invoices can be made on it.
    pub is_available: bool,
}

/// Every asset of a catalogue, in its order. `now` answers `None` for a network that is not served: it is shown as unavailable.
#[must_use]
pub fn currencies(catalog: &Catalog, now: &dyn Fn(NetworkId) -> Option<NetworkNow>) -> Vec<CurrencyView> {
    let rows = catalog.assets().iter().filter_map(|asset| {
        let network = catalog.network(asset.id.network)?;
        let state = now(network.id);
        Some(CurrencyView {
            code: asset.id.code.to_string(),
            network: network.id.to_string(),
            name: asset.name.clone(),
            network_name: network.name.clone(),
            decimals: asset.decimals,
            contract: asset.contract.clone(),
            is_stablecoin: asset.is_stablecoin,
            network_required: catalog.resolve(asset.id.code.as_str(), None).is_err(),
            required_confirmations: state.map_or(network.confirmations, |state| state.confirmations),
            available: state.is_some_and(|state| state.is_available),
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_8_every_pair_is_shown_with_what_a_shop_needs_to_ask_for_it() {
        let catalog = Catalog::shipped();
        let now = |network: NetworkId| {
            (network.as_str() == "tron").then_some(NetworkNow { confirmations: 5, is_available: true })
        };
        let shown = currencies(&catalog, &now);
        assert_eq!(shown.len(), catalog.assets().len());
        let find =
            |code: &str, network: &str| shown.iter().find(|row| row.code == code && row.network == network).unwrap();
        let usdt = find("USDT", "tron");
        assert!(usdt.network_required && usdt.available && usdt.required_confirmations == 5);
        let btc = find("BTC", "bitcoin");
        assert!(!btc.network_required && !btc.available && btc.contract.is_none());
        assert_eq!(find("USDT", "bsc").decimals, 18);
    }
}
