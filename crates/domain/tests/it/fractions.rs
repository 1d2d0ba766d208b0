//! Exact fractions over several quotes: what no single integer comparison shows.

use crate::world;
use farthing_domain::{
    invoice::Invoice,
    settle::{self, Money},
    standing::Status,
};
use num_traits::One;
use proptest::prelude::*;

fn pay(invoice: &mut Invoice, name: &str, payment: &str, units: u128) {
    let asset = world::asset(name).unwrap();
    world::pay_finally(invoice, &asset, payment, units, world::at(1000));
}

fn status_after(payments: &[(&str, u128)]) -> Status {
    let mut invoice = world::invoice_in(world::dollars("50"), &["BTC", "USDT"]);
    for (index, (name, units)) in payments.iter().enumerate() {
        pay(&mut invoice, name, &format!("p{index}"), *units);
    }
    invoice.standing.status
}

#[test]
fn thirds_by_three_quotes_make_exactly_one() {
    let mut invoice = world::invoice_in(world::dollars("50"), &["BTC", "USDT", "ETH"]);
    // 50 dollars: 100,000 satoshi, 50,000,000 millionths, 0.02 ether. None can be cut in three, together they can.
    pay(&mut invoice, "BTC", "a", 33_333);
    pay(&mut invoice, "USDT", "b", 16_666_500);
    assert_eq!(invoice.standing.status, Status::Underpaid);
    pay(&mut invoice, "ETH", "c", 6_666_800_000_000_000);
    assert!(settle::covered(&invoice, &invoice.standing, Money::Final).is_one());
    assert_eq!(invoice.standing.status, Status::Paid);
}

#[test]
fn one_unit_short_in_either_coin_is_short() {
    assert_eq!(status_after(&[("BTC", 50_000), ("USDT", 25_000_000)]), Status::Paid);
    assert_eq!(status_after(&[("BTC", 49_999), ("USDT", 25_000_000)]), Status::Underpaid);
    assert_eq!(status_after(&[("BTC", 50_000), ("USDT", 24_999_999)]), Status::Underpaid);
}

#[test]
fn what_is_still_due_is_rounded_up_to_what_people_can_type() {
    let mut invoice = world::invoice_in(world::dollars("50"), &["USDT@bsc", "BTC"]);
    let usdt = world::asset("USDT@bsc").unwrap();
    pay(&mut invoice, "USDT@bsc", "a", 1);
    let due = settle::still_due(&invoice, usdt.id).unwrap();
    assert_eq!(due.to_string(), "50", "the rest of 50 less one wei");
    let btc = settle::still_due(&invoice, world::asset("BTC").unwrap().id).unwrap();
    assert_eq!(btc.units, 100_000);
    assert_eq!(settle::still_due(&invoice, world::asset("ETH").unwrap().id), None);
}

#[test]
fn what_was_received_is_shown_in_a_coin_rounded_down() {
    let mut invoice = world::invoice_in(world::dollars("50"), &["BTC", "USDT"]);
    pay(&mut invoice, "USDT", "a", 499);
    pay(&mut invoice, "BTC", "b", 7);
    let received =
        |name: &str| settle::received_in(&invoice, world::asset(name).unwrap().id, Money::Final).unwrap().units;
    // 499 millionths are 0.998 satoshi.
    assert_eq!(received("BTC"), 7);
    assert_eq!(received("USDT"), 499 + 3500);
}

proptest! {
    #[test]
    fn the_rest_in_another_coin_always_completes_and_one_step_less_never_does(
        paid in 1_u128..100_000, second in prop::sample::select(vec!["USDT", "USDT@bsc", "ETH"]), cents in 2_u128..10_000_000,
    ) {
        let price = farthing_domain::price::Price::Fiat(farthing_domain::money::FiatAmount {
            currency: farthing_domain::fiat::Fiat::USD, minor: cents,
        });
        let mut invoice = world::invoice_in(price, &["BTC", second]);
        let first_due = invoice.quotes[0].due.units;
        pay(&mut invoice, "BTC", "a", paid.min(first_due - 1));
        let asset = world::asset(second).unwrap();
        let rest = settle::still_due(&invoice, asset.id).unwrap();
        let step = invoice.quotes[1].step;
        let mut short = invoice.clone();
        if rest.units > step {
            pay(&mut short, second, "b", rest.units - step);
            prop_assert_eq!(short.standing.status, Status::Underpaid);
        }
        pay(&mut invoice, second, "b", rest.units);
        prop_assert_eq!(invoice.standing.status, Status::Paid);
    }
}
