//! What an invoice came to in each coin.

use crate::world;
use farthing_domain::{
    invoice::{Choice, Invoice},
    policy::{Dialect, Policy},
    settle::by_coin::{ByCoin, by_coin, price_left},
    standing::Status,
};
use proptest::prelude::*;

fn open() -> Invoice {
    let terms = world::terms(world::dollars("50"), Choice::Any);
    Invoice::open(world::new_invoice(Policy::of(Dialect::Payhubix), terms, None), world::START).0
}

fn choose(invoice: &mut Invoice, name: &str, rate: &str, milliseconds: i64) {
    let (asset, at) = (world::asset(name).unwrap(), world::at(milliseconds));
    let quote = world::quote(invoice.terms.price, &asset, rate, at, invoice.quote_end(at));
    invoice.activate(quote, at).unwrap();
}

fn pay(invoice: &mut Invoice, name: &str, payment: &str, units: u128, milliseconds: i64) {
    world::pay_finally(invoice, &world::asset(name).unwrap(), payment, units, world::at(milliseconds));
}

/// Price asked and left, due, received, left and needed.
fn numbers(coin: &ByCoin<'_>) -> [u128; 6] {
    let needed = coin.needed().units;
    [coin.price, coin.price_left, coin.due.units, coin.received.units, coin.left.units, needed]
}

#[test]
fn a_coin_that_is_chosen_after_a_part_was_paid_is_asked_for_the_rest() {
    let mut invoice = open();
    choose(&mut invoice, "BTC", "50000", 0);
    pay(&mut invoice, "BTC", "a", 50_000, 1000);
    choose(&mut invoice, "USDT", "1", 2000);
    let coins = by_coin(&invoice);
    assert_eq!(numbers(&coins[0]), [5000, 2500, 100_000, 50_000, 50_000, 100_000]);
    assert_eq!(numbers(&coins[1]), [2500, 2500, 25_000_000, 0, 25_000_000, 25_000_000]);
    pay(&mut invoice, "USDT", "b", 25_000_000, 3000);
    assert_eq!(invoice.standing.status, Status::Paid);
    let coins = by_coin(&invoice);
    assert_eq!(numbers(&coins[0]), [5000, 0, 100_000, 50_000, 0, 50_000]);
    assert_eq!(numbers(&coins[1]), [2500, 0, 25_000_000, 25_000_000, 0, 25_000_000]);
}

#[test]
fn a_renewed_rate_moves_what_is_left_and_not_what_came() {
    let mut invoice = open();
    choose(&mut invoice, "BTC", "50000", 0);
    pay(&mut invoice, "BTC", "a", 50_000, 1000);
    choose(&mut invoice, "BTC", "40000", 2000);
    let coins = by_coin(&invoice);
    assert_eq!(coins.len(), 1);
    assert_eq!(coins[0].chosen_at, world::START);
    assert_eq!(numbers(&coins[0]), [5000, 2500, 125_000, 50_000, 62_500, 112_500]);
}

#[test]
fn too_much_leaves_nothing() {
    let mut invoice = open();
    choose(&mut invoice, "BTC", "50000", 0);
    pay(&mut invoice, "BTC", "a", 300_000, 1000);
    assert_eq!(numbers(&by_coin(&invoice)[0]), [5000, 0, 100_000, 300_000, 0, 100_000]);
    assert_eq!(price_left(&invoice), 0);
}

proptest! {
    #[test]
    fn what_is_needed_less_what_came_is_what_is_left(
        payments in prop::collection::vec((any::<bool>(), 1_u128..60_000), 0..4),
    ) {
        let mut invoice = open();
        choose(&mut invoice, "BTC", "50000", 0);
        choose(&mut invoice, "USDT", "1", 1);
        for (index, (is_bitcoin, units)) in payments.iter().enumerate() {
            let (name, units) = if *is_bitcoin { ("BTC", *units) } else { ("USDT", units * 500) };
            pay(&mut invoice, name, &format!("p{index}"), units, 1000);
        }
        for coin in by_coin(&invoice) {
            prop_assert_eq!(coin.needed().units.saturating_sub(coin.received.units), coin.left.units);
            prop_assert_eq!(coin.price_left == 0, coin.left.units == 0);
            prop_assert_eq!(coin.price_left, price_left(&invoice));
        }
    }
}
