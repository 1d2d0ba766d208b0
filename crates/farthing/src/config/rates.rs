//! Where rates of live sales come from: exchanges, and what the operator says himself.

use super::reader::{Reader, suggestion};
use farthing_domain::{decimal::Decimal, name::AssetCode};
use farthing_gateway::rates::tickers::Market;
use figment::value::Value;
use std::{collections::BTreeMap, path::PathBuf};
use url::Url;

/// The oldest rate that may be sold by, in seconds.
const AGE_MAX: u32 = 3600;
/// The most that may be taken off a rate, in basis points: a fifth.
const SPREAD_MAX: u128 = 2000;

/// Where rates of live sales come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RatesConfig {
    /// Which exchanges are asked, and where, if not at their own address.
    pub(crate) sources: Vec<(Market, Option<Url>)>,
    /// How old a rate may be, in seconds.
    pub(crate) max_age_seconds: u32,
    /// What is taken off a rate, in basis points: the payer pays so much more.
    pub(crate) spread_basis_points: u32,
    /// Prices that the operator fixes, in US dollars.
    pub(crate) fixed: BTreeMap<String, Decimal>,
    /// A file of such prices that something else keeps current.
    pub(crate) file: Option<PathBuf>,
}

impl RatesConfig {
    /// No source at all.
    pub(crate) fn none() -> Self {
        Self { sources: Vec::new(), max_age_seconds: 300, spread_basis_points: 0, fixed: BTreeMap::new(), file: None }
    }
}

pub(super) fn read_rates(reader: &mut Reader) -> RatesConfig {
    let default = || Market::ALL.map(|market| (market, None)).to_vec();
    let sources = match reader.value::<Vec<Value>>("rates.sources") {
        Some(entries) => read_sources(reader, &entries),
        None => default(),
    };
    RatesConfig {
        sources,
        max_age_seconds: reader.number("rates.max_age_seconds", 1..=AGE_MAX).unwrap_or(300),
        spread_basis_points: read_spread(reader),
        fixed: read_fixed(reader),
        file: reader.value::<String>("rates.file").map(PathBuf::from),
    }
}

fn read_sources(reader: &mut Reader, entries: &[Value]) -> Vec<(Market, Option<Url>)> {
    let mut sources: Vec<(Market, Option<Url>)> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        match read_source(entry) {
            Ok((market, _)) if sources.iter().any(|(known, _)| *known == market) => {
                reader.problem(&format!("rates.sources[{index}]"), "is listed twice");
            }
            Ok(source) => sources.push(source),
            Err(message) => reader.problem(&format!("rates.sources[{index}]"), &message),
        }
    }
    sources
}

/// A name, or a name with the URL of something that answers as the exchange does.
fn read_source(entry: &Value) -> Result<(Market, Option<Url>), String> {
    let names: Vec<&str> = Market::ALL.iter().map(|market| market.name()).collect();
    let market = |name: &str| {
        Market::from_name(name).ok_or_else(|| format!("there is no source {name}; {}", suggestion(name, &names)))
    };
    if let Some(name) = entry.as_str() {
        return Ok((market(name)?, None));
    }
    let form = || format!("must be one of {}, or {{ kraken = \"https://…\" }}", names.join(", "));
    let mut entries = entry.as_dict().ok_or_else(form)?.iter();
    let (Some((name, url)), None) = (entries.next(), entries.next()) else { return Err(form()) };
    let url = url.as_str().and_then(|text| Url::parse(text).ok());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none());
    Ok((market(name)?, Some(url.ok_or("must be an http or https URL")?)))
}

/// A percentage with at most two digits after the point, as text or as a whole number.
fn read_spread(reader: &mut Reader) -> u32 {
    let key = "rates.spread_percent";
    let Some(value) = reader.value::<Value>(key) else { return 0 };
    let text = value.as_str().map_or_else(|| whole(&value), |text| Some(text.to_owned()));
    let points = text.and_then(|text| text.parse::<Decimal>().ok()?.units(2).ok());
    let points = points.filter(|points| *points <= SPREAD_MAX).and_then(|points| u32::try_from(points).ok());
    points.unwrap_or_else(|| {
        reader.problem(key, "must be from \"0\" to \"20\", with at most two digits after the point");
        0
    })
}

fn read_fixed(reader: &mut Reader) -> BTreeMap<String, Decimal> {
    let mut fixed = BTreeMap::new();
    for symbol in reader.keys("rates.fixed") {
        let key = format!("rates.fixed.{symbol}");
        let price = reader.value::<String>(&key).and_then(|text| text.parse::<Decimal>().ok());
        let is_symbol = AssetCode::new(&symbol).is_ok_and(|code| code.as_str() == symbol);
        match price.filter(|price| is_symbol && !price.is_zero()) {
            Some(price) => {
                fixed.insert(symbol, price);
            }
            None if reader.has_problem(&key) => {}
            None => {
                reader.problem(&key, "must be a code such as BTC or EUR with its price in US dollars: BTC = \"60000\"");
            }
        }
    }
    fixed
}

/// A whole number as text, whether it was read as signed or not.
fn whole(value: &Value) -> Option<String> {
    value.to_i128().map(|number| number.to_string()).or_else(|| value.to_u128().map(|number| number.to_string()))
}
