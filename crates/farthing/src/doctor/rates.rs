//! What `doctor` looks at of the exchange rates: who answers, and whether everything sold can be priced.

use super::{Check, Level};
use crate::{config::Config, live};
use farthing_domain::{fiat::Fiat, name::AssetCode, time::Timestamp};
use farthing_gateway::rates::RateSource;
use std::collections::BTreeSet;

/// Asks every source once. Nothing here is an error: prices in the asset itself need no rate.
pub(super) async fn examine(config: &Config, now: Timestamp) -> Vec<Check> {
    if config.networks.is_empty() {
        return Vec::new();
    }
    let book = match live::rates(config) {
        Ok(RateSource::Live(book)) => book,
        Ok(RateSource::OfflineTable | RateSource::None) => {
            let detail = "no source of rates: live prices must be in the asset itself";
            return vec![Check::new("rates", Level::Warning, false, detail)];
        }
        Err(error) => return vec![Check::new("rates", Level::Warning, false, format!("{error:#}"))],
    };
    book.step(now).await;
    let health = book.health();
    let mut checks: Vec<Check> = health
        .iter()
        .map(|source| {
            let detail = source.error.clone().unwrap_or_else(|| "answers".to_owned());
            Check::new(&format!("rates.{}", source.name), Level::Warning, source.error.is_none(), detail)
        })
        .collect();
    let refused: Vec<String> = sold(config)
        .into_iter()
        .filter_map(|code| book.rate(code, Fiat::USD, now).err().map(|error| error.to_string()))
        .collect();
    let detail = if refused.is_empty() { "everything sold has a price".to_owned() } else { refused.join("; ") };
    checks.push(Check::new("rates", Level::Warning, refused.is_empty(), detail));
    checks
}

/// The codes of everything on sale.
fn sold(config: &Config) -> BTreeSet<AssetCode> {
    config.networks.values().flat_map(live::assets).map(|asset| asset.id.code).collect()
}
