//! Public tickers as exchanges write them: which URL to ask, and what its answer says. Pure.
//!
//! What is not understood is left out, never guessed: a symbol that is missing, a crossed book, a number that is none.

use super::price::Price;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A public source of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Market {
    /// kraken.com.
    Kraken,
    /// coinbase.com.
    Coinbase,
    /// binance.com.
    Binance,
    /// coingecko.com.
    CoinGecko,
    /// bitstamp.net.
    Bitstamp,
}

/// What a price is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoted {
    /// US dollars.
    InDollars,
    /// Tether: worth what others say that it is worth.
    InTether,
}

/// One price of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticker {
    /// Of what: a coin's or a currency's code.
    pub symbol: &'static str,
    /// What one of it costs.
    pub price: Price,
    /// In what.
    pub quoted: Quoted,
    /// Its own time in seconds, where the source tells one.
    pub at_seconds: Option<i64>,
}

/// Why an answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its answer is not what its documentation says: {0}")]
pub struct Unreadable(pub String);

impl Market {
    /// Every market.
    pub const ALL: [Self; 5] = [Self::Kraken, Self::Coinbase, Self::Binance, Self::CoinGecko, Self::Bitstamp];

    /// Its name in the configuration and in quotes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kraken => "kraken",
            Self::Coinbase => "coinbase",
            Self::Binance => "binance",
            Self::CoinGecko => "coingecko",
            Self::Bitstamp => "bitstamp",
        }
    }

    /// The market of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|market| market.name() == name)
    }

    /// Where it is.
    #[must_use]
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Kraken => "https://api.kraken.com",
            Self::Coinbase => "https://api.coinbase.com",
            Self::Binance => "https://api.binance.com",
            Self::CoinGecko => "https://api.coingecko.com",
            Self::Bitstamp => "https://www.bitstamp.net",
        }
    }

    /// What to ask, below its URL: one request for everything.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Kraken => {
                "0/public/Ticker?pair=XBTUSD,LTCUSD,XDGUSD,ETHUSD,SOLUSD,TRXUSD,USDTUSD,USDCUSD,EURUSD,GBPUSD,AUDUSD,USDCAD,USDCHF,USDJPY"
            }
            Self::Coinbase => "v2/exchange-rates?currency=USD",
            Self::Binance => {
                "api/v3/ticker/bookTicker?symbols=%5B%22BTCUSDT%22,%22LTCUSDT%22,%22DOGEUSDT%22,%22ETHUSDT%22,%22POLUSDT%22,%22BNBUSDT%22,%22TRXUSDT%22,%22SOLUSDT%22,%22USDCUSDT%22,%22EURUSDT%22%5D"
            }
            Self::CoinGecko => {
                "api/v3/simple/price?ids=bitcoin,litecoin,dogecoin,ethereum,polygon-ecosystem-token,binancecoin,tron,solana,tether,usd-coin&vs_currencies=usd,eur,gbp,jpy,aud,cad,chf,nzd,sek,nok,dkk,sgd,hkd,inr,brl&include_last_updated_at=true"
            }
            Self::Bitstamp => "api/v2/ticker/",
        }
    }

    /// What its answer says.
    ///
    /// # Errors
    /// When it is not what its documentation says. A symbol that is not there is no error.
    pub fn read(self, body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
        let read = match self {
            Self::Kraken => kraken(body),
            Self::Coinbase => coinbase(body),
            Self::Binance => binance(body),
            Self::CoinGecko => coingecko(body),
            Self::Bitstamp => bitstamp(body),
        };
        match read {
            Ok(tickers) if tickers.is_empty() => Err(Unreadable("no known symbol is in it".to_owned())),
            other => other,
        }
    }
}

/// An object whose values are kept as they were written.
type Object<'a> = BTreeMap<String, &'a RawValue>;

fn object(body: &[u8]) -> Result<Object<'_>, Unreadable> {
    serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))
}

fn part<'a>(object: &Object<'a>, key: &str) -> Result<&'a RawValue, Unreadable> {
    object.get(key).copied().ok_or_else(|| Unreadable(format!("there is no {key}")))
}

/// A number in quotes or not.
fn number(raw: &RawValue) -> Option<Price> {
    Price::read(raw.get().trim_matches('"'))
}

fn seconds(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}

/// How far a book's sides may be apart, in basis points: the middle of a wider one is nobody's price.
const BOOK: u32 = 500;

/// The middle of a book that is not crossed and has a price.
fn middle(bid: Option<Price>, ask: Option<Price>) -> Option<Price> {
    let (bid, ask) = (bid?, ask?);
    (bid <= ask && bid.is_near(&ask, BOOK)).then(|| bid.midpoint(&ask))
}

fn in_dollars(symbol: &'static str, price: Price) -> Ticker {
    Ticker { symbol, price, quoted: Quoted::InDollars, at_seconds: None }
}

/// Kraken's names of pairs with the dollar, the dollar's side, and what the other side is.
const KRAKEN: [(&str, bool, &str); 22] = [
    ("XXBTZUSD", false, "BTC"),
    ("XBTUSD", false, "BTC"),
    ("XLTCZUSD", false, "LTC"),
    ("LTCUSD", false, "LTC"),
    ("XDGUSD", false, "DOGE"),
    ("XETHZUSD", false, "ETH"),
    ("ETHUSD", false, "ETH"),
    ("SOLUSD", false, "SOL"),
    ("TRXUSD", false, "TRX"),
    ("USDTZUSD", false, "USDT"),
    ("USDTUSD", false, "USDT"),
    ("USDCUSD", false, "USDC"),
    ("ZEURZUSD", false, "EUR"),
    ("EURUSD", false, "EUR"),
    ("ZGBPZUSD", false, "GBP"),
    ("GBPUSD", false, "GBP"),
    ("AUDUSD", false, "AUD"),
    ("ZUSDZCAD", true, "CAD"),
    ("USDCAD", true, "CAD"),
    ("USDCHF", true, "CHF"),
    ("ZUSDZJPY", true, "JPY"),
    ("USDJPY", true, "JPY"),
];

fn kraken(body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
    let answer = object(body)?;
    let errors: Vec<String> = serde_json::from_str(part(&answer, "error")?.get()).unwrap_or_default();
    if let Some(error) = errors.first() {
        return Err(Unreadable(error.chars().take(100).collect()));
    }
    let pairs = object(part(&answer, "result")?.get().as_bytes())?;
    let read = |(name, is_inverted, symbol): &(&str, bool, &'static str)| {
        let pair = object(pairs.get(*name)?.get().as_bytes()).ok()?;
        let first = |key: &str| {
            let list: Vec<&RawValue> = serde_json::from_str(pair.get(key)?.get()).ok()?;
            number(list.first()?)
        };
        let price = middle(first("b"), first("a"))?;
        Some(in_dollars(symbol, if *is_inverted { price.inverted()? } else { price }))
    };
    Ok(KRAKEN.iter().filter_map(read).collect())
}

/// Units of each symbol for one dollar.
fn coinbase(body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
    let answer = object(body)?;
    let data = object(part(&answer, "data")?.get().as_bytes())?;
    if part(&data, "currency")?.get() != "\"USD\"" {
        return Err(Unreadable("its rates are not for one dollar".to_owned()));
    }
    let rates = object(part(&data, "rates")?.get().as_bytes())?;
    let read = |symbol: &'static str| Some(in_dollars(symbol, number(rates.get(symbol)?)?.inverted()?));
    Ok(super::known_symbols().filter(|symbol| *symbol != "USD").filter_map(read).collect())
}

const BINANCE: [(&str, &str); 10] = [
    ("BTCUSDT", "BTC"),
    ("LTCUSDT", "LTC"),
    ("DOGEUSDT", "DOGE"),
    ("ETHUSDT", "ETH"),
    ("POLUSDT", "POL"),
    ("BNBUSDT", "BNB"),
    ("TRXUSDT", "TRX"),
    ("SOLUSDT", "SOL"),
    ("USDCUSDT", "USDC"),
    ("EURUSDT", "EUR"),
];

fn binance(body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
    let pairs: Vec<Object<'_>> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let read = |pair: &Object<'_>| {
        let name = pair.get("symbol")?.get().trim_matches('"');
        let (_, symbol) = BINANCE.iter().find(|(known, _)| *known == name)?;
        let side = |key: &str| number(pair.get(key)?);
        let price = middle(side("bidPrice"), side("askPrice"))?;
        Some(Ticker { symbol, price, quoted: Quoted::InTether, at_seconds: None })
    };
    Ok(pairs.iter().filter_map(read).collect())
}

const COINGECKO: [(&str, &str); 10] = [
    ("bitcoin", "BTC"),
    ("litecoin", "LTC"),
    ("dogecoin", "DOGE"),
    ("ethereum", "ETH"),
    ("polygon-ecosystem-token", "POL"),
    ("binancecoin", "BNB"),
    ("tron", "TRX"),
    ("solana", "SOL"),
    ("tether", "USDT"),
    ("usd-coin", "USDC"),
];

/// Coins in many currencies. What a currency is worth follows from Bitcoin's price in it and in dollars.
fn coingecko(body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
    let answer = object(body)?;
    let mut tickers = Vec::new();
    for (id, symbol) in COINGECKO {
        let Some(coin) = answer.get(id).and_then(|raw| object(raw.get().as_bytes()).ok()) else { continue };
        let at_seconds = coin.get("last_updated_at").and_then(|raw| seconds(raw));
        let ticker = |symbol, price| Ticker { symbol, price, quoted: Quoted::InDollars, at_seconds };
        let Some(dollars) = coin.get("usd").and_then(|raw| number(raw)) else { continue };
        if symbol == "BTC" {
            let currency = |currency: &'static str| {
                let price = number(coin.get(&currency.to_ascii_lowercase())?)?;
                Some(ticker(currency, dollars.over(&price)?))
            };
            tickers
                .extend(super::FIATS.iter().filter(|(code, _)| *code != "USD").filter_map(|(code, _)| currency(code)));
        }
        tickers.push(ticker(symbol, dollars));
    }
    Ok(tickers)
}

const BITSTAMP: [(&str, &str); 10] = [
    ("BTC/USD", "BTC"),
    ("LTC/USD", "LTC"),
    ("DOGE/USD", "DOGE"),
    ("ETH/USD", "ETH"),
    ("POL/USD", "POL"),
    ("SOL/USD", "SOL"),
    ("USDT/USD", "USDT"),
    ("USDC/USD", "USDC"),
    ("EUR/USD", "EUR"),
    ("GBP/USD", "GBP"),
];

fn bitstamp(body: &[u8]) -> Result<Vec<Ticker>, Unreadable> {
    let pairs: Vec<Object<'_>> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let read = |pair: &Object<'_>| {
        let name = pair.get("pair")?.get().trim_matches('"');
        let (_, symbol) = BITSTAMP.iter().find(|(known, _)| *known == name)?;
        let side = |key: &str| number(pair.get(key)?);
        let at_seconds = pair.get("timestamp").and_then(|raw| seconds(raw));
        Some(Ticker { at_seconds, ..in_dollars(symbol, middle(side("bid"), side("ask"))?) })
    };
    Ok(pairs.iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests;
