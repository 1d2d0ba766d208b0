//! The book over stand-ins that answer as the exchanges do, or do not.

use super::*;
use farthing_peers::stand_in::StandIn;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const NOW: Timestamp = Timestamp::from_seconds(1_711_356_300);

/// A stand-in for an exchange, with what it answers.
struct Exchange {
    market: Market,
    answers: Arc<RwLock<(u16, String)>>,
    was_asked: Arc<AtomicBool>,
    stand_in: StandIn,
}

impl Exchange {
    async fn open(market: Market, body: &str) -> Self {
        let answers = Arc::new(RwLock::new((200, body.to_owned())));
        let was_asked = Arc::new(AtomicBool::new(false));
        let (kept, asked) = (Arc::clone(&answers), Arc::clone(&was_asked));
        let stand_in = StandIn::http(move |path| {
            assert_eq!(path.trim_start_matches('/'), market.path(), "asked as documented");
            asked.store(true, Ordering::SeqCst);
            let (status, body) = kept.read().unwrap().clone();
            (status, body.into_bytes())
        });
        Self { market, answers, was_asked, stand_in: stand_in.await.unwrap() }
    }

    fn answers(&self, status: u16, body: &str) {
        *self.answers.write().unwrap() = (status, body.to_owned());
    }

    fn setting(&self) -> (Market, NodeUrl) {
        (self.market, NodeUrl::parse(&self.stand_in.url()).unwrap())
    }
}

fn kraken(bitcoin: &str) -> String {
    format!(
        r#"{{"error":[],"result":{{"XXBTZUSD":{{"a":["{bitcoin}","1","1"],"b":["{bitcoin}","1","1"]}},
        "ZEURZUSD":{{"a":["1.25","1","1"],"b":["1.25","1","1"]}},"USDTZUSD":{{"a":["1","1","1"],"b":["1","1","1"]}}}}}}"#
    )
}

fn coinbase(per_dollar: &str) -> String {
    format!(r#"{{"data":{{"currency":"USD","rates":{{"BTC":"{per_dollar}","EUR":"0.8","USDT":"1"}}}}}}"#)
}

fn binance(bitcoin: &str) -> String {
    format!(r#"[{{"symbol":"BTCUSDT","bidPrice":"{bitcoin}","askPrice":"{bitcoin}"}}]"#)
}

fn book(exchanges: &[&Exchange], change: impl FnOnce(&mut BookSettings)) -> RateBook {
    let mut settings = BookSettings {
        markets: exchanges.iter().map(|exchange| exchange.setting()).collect(),
        fixed: BTreeMap::new(),
        file: None,
        max_age_seconds: 300,
        spread_basis_points: 0,
    };
    change(&mut settings);
    RateBook::new(settings).unwrap()
}

fn shown(book: &RateBook, code: &str, currency: &str, now: Timestamp) -> Option<String> {
    Some(book.rate(code.parse().unwrap(), currency.parse().unwrap(), now).ok()?.value.to_string())
}

async fn three() -> (Exchange, Exchange, Exchange) {
    (
        Exchange::open(Market::Kraken, &kraken("50000")).await,
        Exchange::open(Market::Coinbase, &coinbase("0.00002")).await,
        Exchange::open(Market::Binance, &binance("50010")).await,
    )
}

#[tokio::test]
async fn sources_are_crossed_through_the_dollar_and_named_in_the_quote() {
    let (a, b, c) = three().await;
    let book = book(&[&a, &b, &c], |_| {});
    assert_eq!(shown(&book, "BTC", "USD", NOW), None, "nothing is known before the first step");
    book.step(NOW).await;
    let rate = book.rate("BTC".parse().unwrap(), "EUR".parse().unwrap(), NOW).unwrap();
    assert_eq!(rate.value.to_string(), "40000");
    assert_eq!(rate.sources, ["kraken", "coinbase", "binance"]);
    assert_eq!(rate.at, NOW);
    assert!(matches!(book.rate("XMR".parse().unwrap(), Fiat::USD, NOW), Err(NoRate::UnknownPair(..))));
}

#[tokio::test]
async fn while_one_source_answers_sales_go_on_and_when_none_does_they_stop_at_the_age() {
    let (a, b, c) = three().await;
    let book = book(&[&a, &b, &c], |_| {});
    book.step(NOW).await;
    a.answers(500, "oops");
    b.answers(429, "{}");
    c.answers(200, &binance("50500"));
    let later = NOW.plus_seconds(200);
    book.step(later).await;
    let last = later.plus_seconds(200);
    book.step(last).await;
    let alone = book.rate("BTC".parse().unwrap(), Fiat::USD, last).unwrap();
    assert_eq!((alone.value.to_string().as_str(), alone.sources.len()), ("50500", 1));
    c.answers(200, "<html>");
    book.step(last.plus_seconds(250)).await;
    assert!(shown(&book, "BTC", "USD", last.plus_seconds(300)).is_some(), "the last good value, up to its age");
    let refused = book.rate("BTC".parse().unwrap(), Fiat::USD, last.plus_seconds(301));
    assert!(matches!(refused, Err(NoRate::NotCurrent(..))), "{refused:?}");
    let health = book.health();
    assert!(health.iter().all(|source| source.error.is_some()), "{health:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_old_price_young_and_leaves_no_source_alone_for_longer() {
    let (a, b, c) = three().await;
    let book = book(&[&a, &b, &c], |_| {});
    let years_ahead = NOW.plus_seconds(300_000_000);
    c.answers(503, "");
    book.step(years_ahead).await;
    assert!(shown(&book, "BTC", "USD", years_ahead).is_some());
    assert_eq!(shown(&book, "BTC", "USD", NOW), None, "how old it is nobody knows");
    a.answers(500, "");
    b.answers(500, "");
    c.answers(200, &binance("50500"));
    book.step(NOW).await;
    let alone = book.rate("BTC".parse().unwrap(), Fiat::USD, NOW).unwrap();
    assert_eq!((alone.value.to_string().as_str(), alone.at), ("50500", NOW), "what was told before counts for nothing");
}

#[tokio::test]
async fn a_failing_source_is_left_alone_for_a_while() {
    let (a, b, _) = three().await;
    let book = book(&[&a, &b], |_| {});
    a.answers(503, "");
    book.step(NOW).await;
    a.was_asked.store(false, Ordering::SeqCst);
    book.step(NOW.plus_seconds(9)).await;
    assert!(!a.was_asked.load(Ordering::SeqCst));
    book.step(NOW.plus_seconds(10)).await;
    assert!(a.was_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn wrong_prices_never_price() {
    let wrong = ["0", "0.00", "NaN", "-50000", "50000000", "0.00002", "1e400", "", "50,000", "null", "5000"];
    for bitcoin in wrong {
        let (a, b, c) = three().await;
        a.answers(200, &kraken(bitcoin));
        let with_others = book(&[&a, &b, &c], |_| {});
        with_others.step(NOW).await;
        assert_eq!(shown(&with_others, "BTC", "USD", NOW).as_deref(), Some("50005"), "{bitcoin}: the other two agree");
        let alone = book(&[&a], |_| {});
        alone.step(NOW).await;
        let priced = shown(&alone, "BTC", "USD", NOW);
        assert!(priced.is_none() || bitcoin == "5000", "{bitcoin}: {priced:?}");
        let (good, bad) = (Exchange::open(Market::Coinbase, &coinbase("0.00002")).await, a);
        let torn = book(&[&good, &bad], |_| {});
        torn.step(NOW).await;
        let priced = shown(&torn, "BTC", "USD", NOW);
        assert!(priced.as_deref().is_none_or(|price| price == "50000"), "{bitcoin}: {priced:?}");
    }
}

#[tokio::test]
async fn a_price_that_stands_still_on_an_old_time_grows_old() {
    let body = r#"{"bitcoin":{"usd":50000,"last_updated_at":1711356300}}"#;
    let gecko = Exchange::open(Market::CoinGecko, body).await;
    let book = book(&[&gecko], |_| {});
    book.step(NOW).await;
    assert!(shown(&book, "BTC", "USD", NOW).is_some());
    let later = NOW.plus_seconds(301);
    book.step(later).await;
    assert_eq!(shown(&book, "BTC", "USD", later), None, "it answers, but with the same old price");
}

#[tokio::test]
async fn what_the_operator_says_goes_before_the_markets_and_a_spread_is_taken_off() {
    let (a, b, c) = three().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rates.json");
    std::fs::write(&path, r#"{"EUR":"1.6","XYZ":"2"}"#).unwrap();
    let book = book(&[&a, &b, &c], |settings| {
        settings.fixed.insert("DOGE".to_owned(), "0.2".parse().unwrap());
        settings.file = Some(path.clone());
        settings.spread_basis_points = 100;
    });
    let milliseconds =
        std::fs::metadata(&path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let now = Timestamp::from_milliseconds(i64::try_from(milliseconds).unwrap());
    book.step(now).await;
    assert_eq!(shown(&book, "DOGE", "USD", now).as_deref(), Some("0.198"));
    assert_eq!(shown(&book, "DOGE", "EUR", now).as_deref(), Some("0.12375"), "the file's euro");
    assert_eq!(shown(&book, "XYZ", "USD", now).as_deref(), Some("1.98"), "a token that no market knows");
    let old = now.plus_seconds(301);
    book.step(old).await;
    assert_eq!(shown(&book, "XYZ", "USD", old), None, "the file is as old as it is");
    assert_eq!(shown(&book, "DOGE", "EUR", old).as_deref(), Some("0.1584"), "the markets' euro");
}
