//! The bodies of the test-mode API.

use super::*;
use farthing_domain::catalog::Catalog;
use proptest::prelude::*;

fn details<T: fmt::Debug>(read: Result<T, ApiError>) -> Vec<String> {
    let error = read.unwrap_err();
    assert_eq!(error.status(), 400);
    error.details
}

#[test]
fn a_payment_names_an_amount_and_perhaps_the_rest() {
    let paid =
        TestPayment::parse(br#"{"amount":"0.50","confirmations":3,"currency":"USDT","network":"tron"}"#).unwrap();
    assert_eq!((paid.amount.to_string().as_str(), paid.confirmations), ("0.5", 3));
    assert_eq!((paid.currency.as_deref(), paid.network.as_deref()), (Some("USDT"), Some("tron")));
    let least = TestPayment::parse(br#"{"amount":"1"}"#).unwrap();
    assert!(least.confirmations == 0 && least.currency.is_none() && least.network.is_none());
    assert_eq!(details(TestPayment::parse(b"{}")), ["amount: is required"]);
    assert_eq!(details(TestPayment::parse(br#"{"amount":"0"}"#)), ["amount: must be greater than zero"]);
    assert_eq!(details(TestPayment::parse(br#"{"amount":1}"#)), [r#"amount: must be a decimal string, e.g. "10.50""#]);
    assert_eq!(
        details(TestPayment::parse(br#"{"amount":"1","confirmations":1001}"#)),
        ["confirmations: must be from 0 to 1000"]
    );
}

#[test]
fn a_payment_has_no_more_digits_than_the_asset_paid() {
    let catalog = Catalog::shipped();
    let btc = catalog.resolve("BTC", None).unwrap();
    let paid =
        |amount: &str| TestPayment::parse(format!(r#"{{"amount":"{amount}"}}"#).as_bytes()).unwrap().amount_in(btc);
    assert_eq!(paid("0.5").unwrap().units, 50_000_000);
    assert_eq!(details(paid("0.000000001")), ["amount: has more than 8 decimal places"]);
    let view = TestPaymentView::of("ab".to_owned(), paid("0.50").unwrap(), 2);
    let expected = serde_json::json!({ "tx_hash": "ab", "amount": "0.5", "currency": "BTC", "network": "bitcoin", "confirmations": 2 });
    assert_eq!(serde_json::to_value(view).unwrap(), expected);
}

#[test]
fn every_scenario_has_its_name() {
    for scenario in Scenario::ALL {
        assert_eq!(Scenario::parse(format!(r#"{{"scenario":"{scenario}"}}"#).as_bytes()), Ok(scenario));
    }
    assert!(
        details(Scenario::parse(br#"{"scenario":"win"}"#))[0].starts_with("scenario: must be one of exact, underpay")
    );
    assert_eq!(details(Scenario::parse(b"{}")), ["scenario: is required"]);
    assert_eq!(details(Scenario::parse(br#"{"scenario":[]}"#)), ["scenario: must be a string"]);
}

#[test]
fn blocks_depths_and_seconds_are_bounded() {
    assert_eq!(
        (Mine::parse(b""), Mine::parse(br#"{"count":10000}"#)),
        (Ok(Mine { count: 1 }), Ok(Mine { count: 10_000 }))
    );
    for wrong in ["0", "10001", "-1"] {
        let body = format!(r#"{{"count":{wrong}}}"#);
        assert_eq!(details(Mine::parse(body.as_bytes())), ["count: must be from 1 to 10000"]);
    }
    let reorg = Reorg::parse(br#"{"depth":2,"drop":["ab","cd"]}"#).unwrap();
    assert_eq!((reorg.depth, reorg.drop), (2, vec!["ab".to_owned(), "cd".to_owned()]));
    assert_eq!(details(Reorg::parse(b"{}")), ["depth: is required"]);
    assert_eq!(details(Reorg::parse(br#"{"depth":101}"#)), ["depth: must be from 1 to 100"]);
    assert_eq!(AdvanceClock::parse(br#"{"seconds":60}"#), Ok(AdvanceClock { seconds: 60 }));
    assert_eq!(details(AdvanceClock::parse(b"{}")), ["seconds: is required"]);
    assert_eq!(details(AdvanceClock::parse(br#"{"seconds":-5}"#)), ["seconds: must be from 1 to 31622400"]);
}

proptest! {
    #[test]
    fn no_body_panics(body: Vec<u8>) {
        drop(TestPayment::parse(&body));
        drop(Scenario::parse(&body));
        drop(Mine::parse(&body));
        drop(Reorg::parse(&body));
        drop(AdvanceClock::parse(&body));
    }
}
