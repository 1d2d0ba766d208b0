//! The rates of live sales: fetched in the background, kept in memory, read when an invoice is priced.
//!
//! All prices are in US dollars; every other pair is crossed through them. What the operator says himself (fixed prices, a file)
//! goes before what markets say. A source that fails is left alone for a while and stops nobody while another answers; a price
//! that is too old prices nothing.

use super::{
    NoRate,
    consensus::{Agreed, Seen, agree},
    known_symbols,
    price::Price,
    tickers::{Market, Quoted, Ticker},
};
use farthing_domain::{decimal::Decimal, fiat::Fiat, name::AssetCode, rate::Rate, time::Timestamp};
use farthing_networks::provider::{
    CallError,
    http::{ClientError, HttpNode, Limits, NodeClient},
    node_url::NodeUrl,
};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::{Duration, UNIX_EPOCH},
};

/// Bounds of one request: all pairs of an exchange are a few hundred kilobytes.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(5), total: Duration::from_secs(10), answer_bytes_max: 2 << 20 };
/// The shortest and the longest pause between two steps.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// The shortest and the longest time that a failing source is left alone, in seconds.
const LEFT_ALONE: (i64, i64) = (10, 300);
/// For how long Tether's last agreed price stands in for a current one when Binance's prices are read, in seconds.
const TETHER_REMEMBERED: i64 = 86_400;
/// How near Binance's two stablecoins must be for both to be taken as a dollar, in basis points.
const PEGGED: u32 = 100;
/// Bytes of a file of prices that are read.
const FILE_BYTES_MAX: usize = 64 << 10;

/// Where prices come from.
#[derive(Debug, Clone)]
pub struct BookSettings {
    /// Exchanges, and where each is asked.
    pub markets: Vec<(Market, NodeUrl)>,
    /// What the operator says, in US dollars for one; never too old.
    pub fixed: BTreeMap<String, Decimal>,
    /// A JSON object of such prices that something else keeps current: as old as the file.
    pub file: Option<PathBuf>,
    /// How old a price may be, in seconds.
    pub max_age_seconds: i64,
    /// What the merchant takes off a price: the payer pays so many basis points more.
    pub spread_basis_points: u32,
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its name.
    pub name: &'static str,
    /// When it told prices last.
    pub answered_at: Option<Timestamp>,
    /// Why it did not the last time; `None` when it did.
    pub error: Option<String>,
}

struct Source {
    market: Market,
    node: HttpNode,
}

#[derive(Default, Clone)]
struct Turn {
    answered_at: Option<Timestamp>,
    error: Option<String>,
    failures_in_row: u32,
    not_before: Option<Timestamp>,
}

/// A price as a market told it.
type Told = (Price, Quoted, Timestamp);

#[derive(Default)]
struct State {
    told: BTreeMap<(Market, &'static str), Told>,
    agreed: BTreeMap<&'static str, Agreed>,
    doubts: BTreeMap<&'static str, String>,
    file: Option<(BTreeMap<String, Price>, Timestamp)>,
    file_error: Option<String>,
    turns: BTreeMap<Market, Turn>,
}

/// The rates of live sales.
pub struct RateBook {
    sources: Vec<Source>,
    fixed: BTreeMap<String, Price>,
    file: Option<PathBuf>,
    max_age_seconds: i64,
    spread_basis_points: u32,
    state: RwLock<State>,
}

impl std::fmt::Debug for RateBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateBook").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl RateBook {
    /// A book that knows fixed prices only, until its first step.
    ///
    /// # Errors
    /// When there is no HTTP client.
    pub fn new(settings: BookSettings) -> Result<Self, ClientError> {
        let client = NodeClient::new(LIMITS)?;
        let source = |(market, url): (Market, NodeUrl)| Source { market, node: HttpNode::new(client.clone(), url) };
        let fixed = settings.fixed.into_iter().filter_map(|(symbol, price)| Some((symbol, Price::of(price)?)));
        Ok(Self {
            sources: settings.markets.into_iter().map(source).collect(),
            fixed: fixed.collect(),
            file: settings.file,
            max_age_seconds: settings.max_age_seconds,
            spread_basis_points: settings.spread_basis_points,
            state: RwLock::default(),
        })
    }

    /// Asks every source whose turn it is, and finds anew what they agree on.
    pub async fn step(&self, now: Timestamp) {
        let is_due = |source: &&Source| {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let not_before = state.turns.get(&source.market).and_then(|turn| turn.not_before);
            // Nobody is left alone for longer than that: a time further ahead was set by a clock that has been set back since.
            not_before.is_none_or(|at| at <= now || at > now.plus_seconds(LEFT_ALONE.1))
        };
        let due: Vec<&Source> = self.sources.iter().filter(is_due).collect();
        let answers = join_all(due.into_iter().map(|source| async move { (source.market, fetch(source).await) })).await;
        let file = match &self.file {
            Some(path) => Some(read_file(path).await),
            None => None,
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (market, answer) in answers {
            state.take(market, answer, now);
        }
        match file {
            Some(Ok(file)) => (state.file, state.file_error) = (Some(file), None),
            Some(Err(error)) => state.file_error = Some(error),
            None => {}
        }
        state.settle(now, self.max_age_seconds, self.sources.len());
    }

    /// What one coin costs in a currency now.
    ///
    /// # Errors
    /// When there is no current, plausible price of one of the two.
    pub fn rate(&self, code: AssetCode, currency: Fiat, now: Timestamp) -> Result<Rate, NoRate> {
        let doubt = |doubt| NoRate::NotCurrent(code, currency, doubt);
        let unknown = || NoRate::UnknownPair(code, currency);
        let coin = self.dollars(code.as_str(), now).ok_or_else(unknown)?.map_err(doubt)?;
        let fiat = match currency.code() {
            "USD" => Agreed { price: Price::one(), at: now, sources: Vec::new(), by_several: None },
            other => self.dollars(other, now).ok_or_else(unknown)?.map_err(doubt)?,
        };
        let crossed = coin.price.over(&fiat.price).and_then(|price| price.less(self.spread_basis_points));
        let value = crossed.and_then(|price| price.decimal()).ok_or_else(|| doubt("it fits no number".to_owned()))?;
        let mut sources: Vec<String> = Vec::new();
        for source in coin.sources.into_iter().chain(fiat.sources) {
            if !sources.iter().any(|known| known == source) {
                sources.push(source.to_owned());
            }
        }
        Ok(Rate::fixed(value, currency, coin.at.min(fiat.at), sources)?)
    }

    /// Dollars for one of a symbol; `None` where no source can know it.
    fn dollars(&self, symbol: &str, now: Timestamp) -> Option<Result<Agreed, String>> {
        if let Some(price) = self.fixed.get(symbol) {
            return Some(Ok(Agreed { price: price.clone(), at: now, sources: vec!["fixed"], by_several: None }));
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let is_young = |at: Timestamp| is_young(at, now, self.max_age_seconds);
        let listed = state.file.as_ref().filter(|(_, at)| is_young(*at));
        if let Some((price, at)) = listed.and_then(|(prices, at)| Some((prices.get(symbol)?.clone(), *at))) {
            return Some(Ok(Agreed { price, at, sources: vec!["file"], by_several: None }));
        }
        let doubt =
            || state.doubts.get(symbol).cloned().unwrap_or_else(|| "no source tells a current price".to_owned());
        let in_file = state.file.as_ref().is_some_and(|(prices, _)| prices.contains_key(symbol));
        if !in_file && !known_symbols().any(|known| known == symbol) {
            return None;
        }
        Some(state.agreed.get(symbol).filter(|agreed| is_young(agreed.at)).cloned().ok_or_else(doubt))
    }

    /// How long to wait between two steps: several fit into the age that a price may have.
    #[must_use]
    pub fn pause(&self) -> Duration {
        let seconds = u64::try_from(self.max_age_seconds).unwrap_or_default().checked_div(5).unwrap_or_default();
        Duration::from_secs(seconds).clamp(PAUSES.0, PAUSES.1)
    }

    /// How every source is.
    #[must_use]
    pub fn health(&self) -> Vec<SourceHealth> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let market = |source: &Source| {
            let turn = state.turns.get(&source.market).cloned().unwrap_or_default();
            SourceHealth { name: source.market.name(), answered_at: turn.answered_at, error: turn.error }
        };
        let mut health: Vec<SourceHealth> = self.sources.iter().map(market).collect();
        if self.file.is_some() {
            let answered_at = state.file.as_ref().map(|(_, at)| *at);
            health.push(SourceHealth { name: "file", answered_at, error: state.file_error.clone() });
        }
        health
    }
}

/// Whether a price of that time is current. One from far ahead is as old as the clock that it was noted by was wrong.
fn is_young(at: Timestamp, now: Timestamp, max_age_seconds: i64) -> bool {
    (max_age_seconds.saturating_neg()..=max_age_seconds).contains(&now.seconds_since(at))
}

async fn fetch(source: &Source) -> Result<Vec<Ticker>, (String, Option<Duration>)> {
    let body = source.node.get(source.market.path()).await.map_err(|error| {
        let wait = match &error {
            CallError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        (error.to_string(), wait)
    })?;
    source.market.read(&body).map_err(|error| (error.to_string(), None))
}

/// Prices that something else keeps current: they are as old as the file.
async fn read_file(path: &Path) -> Result<(BTreeMap<String, Price>, Timestamp), String> {
    let text = |error: std::io::Error| format!("the file of prices cannot be read: {error}");
    let changed = tokio::fs::metadata(path).await.and_then(|file| file.modified()).map_err(text)?;
    let milliseconds = changed.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_millis()).ok());
    let at = Timestamp::from_milliseconds(milliseconds.unwrap_or_default());
    let body = tokio::fs::read(path).await.map_err(text)?;
    if body.len() > FILE_BYTES_MAX {
        return Err("the file of prices is too long".to_owned());
    }
    let prices: BTreeMap<String, String> = serde_json::from_slice(&body)
        .map_err(|error| format!("the file of prices must be an object such as {{\"BTC\":\"60000\"}}: {error}"))?;
    let read = |(symbol, text): (String, String)| match Price::read(&text) {
        Some(price) => Ok((symbol, price)),
        None => Err(format!("the file of prices has no usable price of {symbol}")),
    };
    Ok((prices.into_iter().map(read).collect::<Result<_, _>>()?, at))
}

impl State {
    fn take(&mut self, market: Market, answer: Result<Vec<Ticker>, (String, Option<Duration>)>, now: Timestamp) {
        let turn = self.turns.entry(market).or_default();
        match answer {
            Ok(tickers) => {
                *turn = Turn { answered_at: Some(now), ..Turn::default() };
                for ticker in tickers {
                    let at = ticker.at_seconds.map_or(now, |at| Timestamp::from_seconds(at).min(now));
                    self.told.insert((market, ticker.symbol), (ticker.price, ticker.quoted, at));
                }
            }
            Err((error, wait)) => {
                tracing::warn!(source = market.name(), error, "a source of rates has no answer");
                let (least, most) = LEFT_ALONE;
                let doubled = least.checked_shl(turn.failures_in_row.min(10)).unwrap_or(most).min(most);
                let asked = wait.and_then(|wait| i64::try_from(wait.as_secs()).ok()).unwrap_or_default().min(most);
                turn.failures_in_row = turn.failures_in_row.saturating_add(1);
                turn.not_before = Some(now.plus_seconds(doubled.max(asked)));
                turn.error = Some(error);
            }
        }
    }

    /// Finds what is agreed on now. What was agreed stays until it is too old, where there is no agreement any more.
    fn settle(&mut self, now: Timestamp, max_age_seconds: i64, markets: usize) {
        // Tether first: others are quoted in it.
        self.settle_one("USDT", None, now, max_age_seconds);
        let tether = self.tether(now, markets);
        for symbol in known_symbols().filter(|symbol| !matches!(*symbol, "USD" | "USDT")) {
            self.settle_one(symbol, tether.as_ref(), now, max_age_seconds);
        }
    }

    fn settle_one(&mut self, symbol: &'static str, tether: Option<&Price>, now: Timestamp, max_age_seconds: i64) {
        let young =
            self.told.iter().filter(|((_, told), (_, _, at))| *told == symbol && is_young(*at, now, max_age_seconds));
        let seen = young.filter_map(|((market, _), (price, quoted, at))| {
            let price = match quoted {
                Quoted::InDollars => price.clone(),
                Quoted::InTether => price.times(tether?)?,
            };
            Some(Seen { source: market.name(), price, at: *at })
        });
        match agree(symbol, seen.collect(), self.agreed.get(symbol), now) {
            Ok(agreed) => {
                self.doubts.remove(symbol);
                self.agreed.insert(symbol, agreed);
            }
            Err(doubt) => drop(self.doubts.insert(symbol, doubt)),
        }
    }

    /// What Tether is worth for reading prices in it: what is agreed on, or was within a day. Where it is not known, the two
    /// stablecoins of the market that quotes in it must be worth the same; with that market alone nothing else can be asked.
    fn tether(&self, now: Timestamp, markets: usize) -> Option<Price> {
        let agreed = self.agreed.get("USDT").filter(|agreed| now.seconds_since(agreed.at) <= TETHER_REMEMBERED);
        if let Some(agreed) = agreed {
            return Some(agreed.price.clone());
        }
        let other = self.told.get(&(Market::Binance, "USDC")).map(|(price, _, _)| price);
        let is_pegged = other.map_or(markets == 1, |price| price.is_near(&Price::one(), PEGGED));
        is_pegged.then(Price::one)
    }
}

#[cfg(test)]
mod tests;
