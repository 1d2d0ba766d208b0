//! The scenarios of test mode, each to its end: what the shop hears, and in which order.

use crate::shop::{HALF_BITCOIN, Shop};
use farthing_dialects::native::test_mode::Scenario;
use farthing_domain::{id::Environment, standing::Status};

async fn story(scenario: Scenario) -> (Status, Vec<String>) {
    let shop = Shop::open().await;
    let invoice = shop.create(r#"{"currency":"USDT","network":"tron","amount":"10"}"#).await;
    shop.play(&invoice, scenario).await;
    (shop.status(invoice.id).await, shop.events(invoice.id).await)
}

#[tokio::test]
async fn exact_money_pays() {
    assert_eq!(story(Scenario::Exact).await, (Status::Paid, names("created payment_detected confirming paid")));
}

#[tokio::test]
async fn less_money_leaves_the_invoice_open() {
    let (status, events) = story(Scenario::Underpay).await;
    assert_eq!(status, Status::Underpaid);
    assert_eq!(events, names("created payment_detected confirming"), "underpaid is told only when it is final");
}

#[tokio::test]
async fn more_money_overpays() {
    assert_eq!(
        story(Scenario::Overpay).await,
        (Status::Overpaid, names("created payment_detected confirming overpaid"))
    );
}

#[tokio::test]
async fn money_after_the_window_is_late_and_waits_for_a_decision() {
    let (status, events) = story(Scenario::Late).await;
    assert_eq!(status, Status::Expired);
    assert_eq!(events, names("created expired payment_detected late_deposit"));
}

#[tokio::test]
async fn a_reorganisation_that_keeps_the_money_is_told_as_nothing_lost() {
    assert_eq!(story(Scenario::Reorg).await, (Status::Paid, names("created payment_detected confirming paid")));
}

#[tokio::test]
async fn money_that_vanishes_from_the_mempool_is_told_as_dropped() {
    assert_eq!(
        story(Scenario::DoubleSpend).await,
        (Status::Pending, names("created payment_detected confirming payment_dropped"))
    );
}

#[tokio::test]
async fn another_token_is_told_as_rejected_and_pays_nothing() {
    assert_eq!(story(Scenario::WrongToken).await, (Status::Pending, names("created deposit_rejected")));
}

#[tokio::test]
async fn two_halves_pay_together() {
    assert_eq!(
        story(Scenario::Split).await,
        (Status::Paid, names("created payment_detected confirming payment_detected confirming paid"))
    );
}

#[tokio::test]
async fn an_unpaid_invoice_expires_when_the_clock_passes_its_window() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    shop.world.gateway.advance_test_clock(30 * 60 - 1).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Pending);
    shop.world.gateway.advance_test_clock(1).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Expired);
    assert_eq!(shop.events(invoice.id).await, names("created expired"));
}

#[tokio::test]
async fn money_in_time_that_becomes_final_after_the_window_still_pays() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    shop.pay(&invoice, "0.5", 0).await;
    shop.world.gateway.advance_test_clock(3600).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Confirming);
    shop.world.gateway.mine_test_blocks("bitcoin".parse().unwrap(), 2).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
}

#[tokio::test]
async fn a_window_is_not_over_before_its_network_was_scanned_beyond_it() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    shop.world.clock.move_by_ms(3_600_000);
    let gateway = &shop.world.gateway;
    gateway.expire(Environment::Test, farthing_gateway::expire::Waiting::Now).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Pending, "our own lag never ends a window");
    gateway.scan_all(Environment::Test).await.unwrap();
    gateway.expire(Environment::Test, farthing_gateway::expire::Waiting::Now).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Expired);
}

fn names(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
