//! Answers in the forms that the exchanges' documentation shows, and what is refused of others.

use super::*;

fn read(market: Market, body: &str) -> BTreeMap<&'static str, String> {
    let tickers = market.read(body.as_bytes()).unwrap();
    tickers.into_iter().map(|ticker| (ticker.symbol, ticker.price.decimal().unwrap().to_string())).collect()
}

const KRAKEN_ANSWER: &str = r#"{"error":[],"result":{
    "XXBTZUSD":{"a":["30300.10000","1","1.000"],"b":["30300.00000","1","1.000"],"c":["30303.20000","0.00067643"],
        "v":["4083.67001100","4412.73601799"],"p":["30706.77771","30689.13205"],"t":[34619,38907],
        "l":["29868.30000","29868.30000"],"h":["31631.00000","31631.00000"],"o":"30502.80000"},
    "USDTZUSD":{"a":["1.00010","1","1.000"],"b":["0.99990","1","1.000"],"c":["1.0","1"]},
    "ZUSDZJPY":{"a":["160","1","1.000"],"b":["160","1","1.000"],"c":["160","1"]},
    "ETHUSD":{"a":["1999","1","1"],"b":["2001","1","1"]}}}"#;

#[test]
fn kraken_is_read_at_the_middle_of_its_book_and_from_either_side_of_the_dollar() {
    let read = read(Market::Kraken, KRAKEN_ANSWER);
    assert_eq!(read["BTC"], "30300.05");
    assert_eq!(read["USDT"], "1");
    assert_eq!(read["JPY"], "0.00625");
    assert!(!read.contains_key("ETH"), "its book is crossed");
}

#[test]
fn kraken_says_errors_with_status_200() {
    let error = Market::Kraken.read(br#"{"error":["EQuery:Unknown asset pair"]}"#).unwrap_err();
    assert!(error.to_string().contains("Unknown asset pair"), "{error}");
}

#[test]
fn coinbase_tells_units_for_a_dollar() {
    let body = r#"{"data":{"currency":"USD","rates":{"AED":"3.67","BTC":"0.00002","EUR":"0.8","USDC":"1.0","SEK":"10","USD":"1.0"}}}"#;
    let read = read(Market::Coinbase, body);
    assert_eq!((read["BTC"].as_str(), read["EUR"].as_str(), read["SEK"].as_str()), ("50000", "1.25", "0.1"));
    assert!(!read.contains_key("AED") && !read.contains_key("USD"));
    let inverted = br#"{"data":{"currency":"BTC","rates":{"USD":"50000"}}}"#;
    assert!(Market::Coinbase.read(inverted).is_err());
}

#[test]
fn binance_quotes_in_tether() {
    let body = r#"[{"symbol":"BTCUSDT","bidPrice":"49990.00000000","bidQty":"431.0","askPrice":"50010.00000000","askQty":"9.0"},
        {"symbol":"SOLUSDT","bidPrice":"1.00","bidQty":"1","askPrice":"300.00","askQty":"1"},
        {"symbol":"DOGEUSDT","bidPrice":"0.00000000","bidQty":"0","askPrice":"0.00000000","askQty":"0"},
        {"symbol":"LTCBTC","bidPrice":"4.00000000","bidQty":"1","askPrice":"4.00000200","askQty":"1"}]"#;
    let tickers = Market::Binance.read(body.as_bytes()).unwrap();
    assert_eq!(tickers.len(), 1, "an empty book and one that is wide open are no prices: {tickers:?}");
    assert_eq!((tickers[0].symbol, tickers[0].quoted), ("BTC", Quoted::InTether));
    assert_eq!(tickers[0].price, Price::read("50000").unwrap());
}

#[test]
fn coingecko_s_currencies_follow_from_bitcoin_and_its_times_are_kept() {
    let body = r#"{"bitcoin":{"usd":67187.5,"eur":53750,"jpy":1.075e7,"last_updated_at":1711356300},
        "dogecoin":{"usd":1.25e-01,"last_updated_at":1711356200},"tether":{"usd":null}}"#;
    let read = read(Market::CoinGecko, body);
    assert_eq!((read["BTC"].as_str(), read["EUR"].as_str(), read["JPY"].as_str()), ("67187.5", "1.25", "0.00625"));
    assert_eq!(read["DOGE"], "0.125");
    assert!(!read.contains_key("USDT"));
    let tickers = Market::CoinGecko.read(body.as_bytes()).unwrap();
    assert!(tickers.iter().any(|ticker| ticker.symbol == "DOGE" && ticker.at_seconds == Some(1_711_356_200)));
}

#[test]
fn bitstamp_tells_all_pairs_with_their_times() {
    let body = r#"[{"timestamp":"1643640186","open":"2211.00","high":"2811.00","low":"2188.97","last":"2211.00","volume":"213.26",
        "vwap":"2189.80","bid":"2188.00","ask":"2212.00","side":"0","open_24":"2211.00","percent_change_24":"13.57","pair":"BTC/USD"},
        {"timestamp":"1643640186","bid":"1.24","ask":"1.26","pair":"EUR/USD"}]"#;
    let read = read(Market::Bitstamp, body);
    assert_eq!((read["BTC"].as_str(), read["EUR"].as_str()), ("2200", "1.25"));
}

#[test]
fn what_is_no_such_answer_is_refused() {
    for body in ["", "<html>busy</html>", "null", "[]", "{}", r#"{"error":[],"result":{}}"#, r#"{"data":{}}"#, "[1]"] {
        for market in Market::ALL {
            assert!(market.read(body.as_bytes()).is_err(), "{} {body}", market.name());
        }
    }
}
