//! Amounts as clients write them, well and badly, through all five APIs: each is the same number in the core, or refused.

use super::merchant::{Merchant, ground, wanted};
use crate::native::{Answer, Shop};
use farthing_domain::{fiat::Fiat, id::InvoiceId, invoice::Invoice, money::FiatAmount, policy::Dialect, price::Price};
use serde_json::Value;

/// What the good bodies ask for, as they write it.
const ASKED: &str = "12.34";
/// USDT's atomic units in a cent, at a dollar a coin.
const UNITS: u128 = 10_000;

/// JSON as it stands that is an amount in no API. No text among them is one either.
const NO_AMOUNTS: &[&str] = &[
    "1e400",
    "\"1e400\"",
    "1E-9",
    "\"1E-9\"",
    "1e-99999",
    "\"1e99999\"",
    "1e",
    "\"1e\"",
    "\"e1\"",
    "\"1e1e1\"",
    "-0",
    "\"-0\"",
    "-1",
    "\"-1\"",
    "-0.01",
    "+1",
    "\"+1\"",
    "01",
    "\"01\"",
    "00.1",
    "\"00.1\"",
    "1_0",
    "\"1_0\"",
    "1,5",
    "\"1,5\"",
    "\"1 000\"",
    "\"1'000\"",
    "NaN",
    "\"NaN\"",
    "Infinity",
    "\"Infinity\"",
    "\"-Infinity\"",
    "\"inf\"",
    "0x10",
    "\"0x10\"",
    "\"1.2.3\"",
    ".5",
    "\".5\"",
    "5.",
    "\"5.\"",
    "\"\\u0663\"",
    "\"٣\"",
    "\"１\"",
    "\"²\"",
    "\"$5\"",
    "\"5 USD\"",
    "0",
    "\"0\"",
    "0.00",
    "\"0.00\"",
    "0e5",
    "true",
    "[]",
    "[12.34]",
    "{}",
    "{\"a\":12.34}",
    "340282366920938463463374607431768211456",
    "\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"",
    "null",
];
/// With more digits than a dollar has.
const TOO_FINE: &[&str] = &["12.345", "\"12.345\"", "0.001", "\"0.001\"", "1.2345e1", "12.3400001", "\"12.339\""];

/// An amount that is one: as it is written, in cents, and who must take it.
struct Row {
    written: &'static str,
    cents: u128,
    taken_by: &'static [Dialect],
}

const TEXT: &[Dialect] = &[Dialect::Native, Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash, Dialect::TxnPro];
/// Those that are documented, or known, to send numbers.
const NUMBER: &[Dialect] = &[Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash, Dialect::TxnPro];
/// The same without the one that has limits of its own.
const LARGE_NUMBER: &[Dialect] = &[Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash];

const AMOUNTS: [Row; 17] = [
    Row { written: "\"12.34\"", cents: 1234, taken_by: TEXT },
    Row { written: "\"12.3\"", cents: 1230, taken_by: TEXT },
    Row { written: "\"12.340\"", cents: 1234, taken_by: NUMBER },
    Row { written: "\"12\"", cents: 1200, taken_by: TEXT },
    Row { written: "12.34", cents: 1234, taken_by: NUMBER },
    Row { written: "1.234e1", cents: 1234, taken_by: NUMBER },
    Row { written: "\"1.234E+1\"", cents: 1234, taken_by: NUMBER },
    Row { written: "\" 12.34\"", cents: 1234, taken_by: NUMBER },
    Row { written: "10.10", cents: 1010, taken_by: NUMBER },
    Row { written: "99999.99", cents: 9_999_999, taken_by: NUMBER },
    // What PHP and JavaScript print of a sum of floats.
    Row { written: "12.339999999999999", cents: 1234, taken_by: NUMBER },
    Row { written: "59.970000000000006", cents: 5997, taken_by: NUMBER },
    // Beyond what a float holds.
    Row { written: "90071992547409.93", cents: 9_007_199_254_740_993, taken_by: LARGE_NUMBER },
    Row { written: "\"90071992547409.93\"", cents: 9_007_199_254_740_993, taken_by: LARGE_NUMBER },
    Row { written: "9007199254740993", cents: 900_719_925_474_099_300, taken_by: LARGE_NUMBER },
    Row { written: "\"0.10\"", cents: 10, taken_by: LARGE_NUMBER },
    Row { written: "0.1000000000000000055", cents: 10, taken_by: LARGE_NUMBER },
];

/// A good body but for the amount.
fn with_amount(dialect: Dialect, written: &str, reference: &str) -> (&'static str, String) {
    let (path, body) = wanted(dialect, ASKED, reference);
    let good = format!("\"{ASKED}\"");
    assert_eq!(body.matches(&good).count(), 1, "{body}");
    (path, body.replace(&good, written))
}

fn is_made(answer: &Answer) -> bool {
    assert!(answer.status < 500, "{answer:?}");
    [200, 201].contains(&answer.status)
}

/// The newest invoice, in the core.
async fn newest(shop: &Shop, merchant: &Merchant) -> Invoice {
    let listed = merchant.native(shop, "GET", "/invoices?limit=1", &Value::Null).await;
    let id = listed.data()[0]["id"].as_str().expect("an id").parse().expect("an id");
    let found = shop.world.gateway.invoice(merchant.owner, InvoiceId(id)).await;
    found.expect("the store reads").expect("it is there")
}

async fn total(shop: &Shop, merchant: &Merchant) -> u64 {
    let listed = merchant.native(shop, "GET", "/invoices?limit=1", &Value::Null).await;
    listed.json["meta"]["pagination"]["total"].as_u64().expect("a total")
}

#[tokio::test]
async fn what_is_no_amount_is_one_in_no_api_and_nothing_is_made_of_it() {
    let (shop, _) = ground(31).await;
    let merchant = Merchant::open(&shop, "https://shop.example/hook").await;
    let digits = "9".repeat(10_000);
    let long = [digits.clone(), format!("\"{digits}\""), format!("0.{digits}"), format!("\"0.{digits}\"")];
    let all = NO_AMOUNTS.iter().chain(TOO_FINE).copied().chain(long.iter().map(String::as_str));
    for (number, written) in all.enumerate() {
        for dialect in Dialect::ALL {
            let (path, body) = with_amount(dialect, written, &format!("order {number}"));
            let answer = merchant.ask(&shop, dialect, ("POST", path), &body).await;
            assert!(!is_made(&answer), "{dialect} takes {written:.60}: {answer:?}");
            // What is JSON is told by the field's name, in whatever form the API has.
            let is_json = serde_json::from_str::<Value>(&body).is_ok();
            assert!(!is_json || answer.text.contains("amount"), "{dialect}: {written:.60}: {answer:?}");
        }
    }
    assert_eq!(total(&shop, &merchant).await, 0);
}

#[tokio::test]
async fn an_amount_is_the_same_to_the_cent_in_every_api_however_it_is_written() {
    let (shop, _) = ground(32).await;
    let merchant = Merchant::open(&shop, "https://shop.example/hook").await;
    let mut made = 0;
    let all = AMOUNTS.iter().enumerate().flat_map(|(number, row)| Dialect::ALL.map(|dialect| (number, row, dialect)));
    for (number, Row { written, cents, taken_by }, dialect) in all {
        shop.world.clock.move_by_ms(1);
        let (path, body) = with_amount(dialect, written, &format!("order {number}"));
        let answer = merchant.ask(&shop, dialect, ("POST", path), &body).await;
        if !is_made(&answer) {
            assert!(!taken_by.contains(&dialect), "{dialect} refuses {written}: {answer:?}");
            continue;
        }
        made += 1;
        let invoice = newest(&shop, &merchant).await;
        let price = Price::Fiat(FiatAmount { currency: Fiat::USD, minor: *cents });
        assert_eq!((invoice.policy.dialect, invoice.terms.price), (dialect, price), "{written}");
        let dues = invoice.quotes.iter().map(|quote| quote.due.units);
        assert!(dues.into_iter().all(|due| due == cents * UNITS), "{dialect}: {written}: {:?}", invoice.quotes);
    }
    assert_eq!(total(&shop, &merchant).await, made);
}

#[tokio::test]
async fn a_form_s_amount_is_read_as_a_text_is() {
    let (shop, _) = ground(33).await;
    let merchant = Merchant::open(&shop, "https://shop.example/hook").await;
    let (key, _) = merchant.shown_to(Dialect::TxCash);
    let bearer = format!("Bearer {key}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    let ask = async |form: String| shop.ask("POST", "/invoice/v1/testnet/invoice", &headers, form).await;
    let texts = NO_AMOUNTS.iter().chain(TOO_FINE).filter_map(|raw| serde_json::from_str::<String>(raw).ok());
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let mut tried = 0;
    for text in texts.chain(["9".repeat(10_000)]) {
        let answer = ask(format!("payment_currencies=eth_usdt&amount={}", encoded(&text))).await;
        assert!(!is_made(&answer) && answer.text.contains("amount"), "{text:.60}: {answer:?}");
        tried += 1;
    }
    assert!(tried >= 30, "{tried}");
    assert_eq!(total(&shop, &merchant).await, 0);
    for (written, cents) in [("12.34", 1234), ("90071992547409.93", 9_007_199_254_740_993)] {
        let answer = ask(format!("amount={written}&payment_currencies=eth_usdt")).await;
        assert!(is_made(&answer), "{answer:?}");
        let price = Price::Fiat(FiatAmount { currency: Fiat::USD, minor: cents });
        assert_eq!(newest(&shop, &merchant).await.terms.price, price);
        shop.world.clock.move_by_ms(1);
    }
}
