//! Real networks as the scanner meets them: long stops, money that was left out, deep reorganisations, addresses that end.

use crate::live::{LiveShop, POL, polygon};
use farthing_domain::{id::Environment, standing::Status};
use farthing_gateway::{concerns::Acknowledged, reconcile::Reconciled, scan::Progress, watch::Watched};
use farthing_sim::world::START;
use farthing_store::records::Holder;
use futures_util::FutureExt;
use std::sync::atomic::Ordering;

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn after_a_long_stop_several_ranges_are_read_at_once_and_no_payment_is_missed() {
    let shop = LiveShop::open().await;
    let invoices = [shop.sell().await, shop.sell().await, shop.sell().await];
    for (invoice, blocks) in invoices.iter().zip([137_u64, 1, 400]) {
        shop.polygon.mine(blocks, shop.now());
        shop.polygon.pay(invoice, 5 * POL, shop.now());
    }
    shop.polygon.mine(50, shop.now());
    shop.polygon.most_at_once.store(0, Ordering::SeqCst);
    let behind = shop.gateway.scan(polygon()).await.unwrap();
    assert_eq!(behind, Progress::Idle, "59 ranges of ten are four passes");
    assert_eq!(shop.polygon.most_at_once.load(Ordering::SeqCst), 4, "bounded");
    for invoice in &invoices {
        assert_eq!(shop.read(invoice.id).await.standing.status, Status::Paid);
    }
    assert_eq!(shop.chain(polygon()).blocks_behind(), Some(0));
    let ranges = shop.gateway.store().read(|reader| reader.scanned_ranges(polygon())).await.unwrap();
    for pair in ranges.windows(2) {
        assert_eq!(pair[0].first, pair[1].last + 1, "no gap and no overlap: {pair:?}");
    }
}

#[tokio::test]
async fn a_sale_wakes_who_rests_because_nobody_was_expected_to_pay() {
    let shop = LiveShop::open().await;
    let woken = shop.gateway.scanner_woken();
    assert_eq!(shop.gateway.scanner_woken().now_or_never(), None);
    shop.sell().await;
    assert_eq!(woken.now_or_never(), Some(()));
}

#[tokio::test]
async fn money_that_a_provider_left_out_is_found_by_its_balance_and_attributed() {
    let shop = LiveShop::open().await;
    let invoice = shop.sell().await;
    shop.polygon.leaves_out.store(true, Ordering::SeqCst);
    shop.polygon.mine(30, shop.now());
    shop.polygon.pay(&invoice, 5 * POL, shop.now());
    shop.polygon.mine(40, shop.now());
    shop.scan().await;
    assert!(shop.read(invoice.id).await.payments.is_empty(), "the provider left it out");
    shop.polygon.leaves_out.store(false, Ordering::SeqCst);
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round, Reconciled { compared: 1, unexplained: 0, unasked: 0 });
    let read = shop.read(invoice.id).await;
    assert_eq!(read.standing.status, Status::Paid);
    assert_eq!(read.payments.len(), 1);
    let before = shop.cursor(polygon()).await;
    shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(shop.read(invoice.id).await.payments.len(), 1, "and only once");
    assert_eq!(shop.cursor(polygon()).await, before);
}

#[tokio::test]
async fn a_surplus_that_no_transfer_explains_is_an_alarm_until_it_is_explained() {
    let shop = LiveShop::open().await;
    let invoice = shop.sell().await;
    shop.polygon.leaves_out.store(true, Ordering::SeqCst);
    shop.polygon.pay(&invoice, 2 * POL, shop.now());
    shop.polygon.mine(5, shop.now());
    shop.scan().await;
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round.unexplained, 1);
    let found = shop.surpluses().await;
    assert_eq!((found.len(), found[0].balance, found[0].recorded), (1, 2 * POL, 0));
    assert_eq!(found[0].holder, Holder::Invoice(invoice.id));
    assert!(shop.read(invoice.id).await.payments.is_empty(), "a balance is never credited");
    shop.polygon.leaves_out.store(false, Ordering::SeqCst);
    shop.gateway.reconcile_recent(None).await.unwrap();
    assert!(shop.surpluses().await.is_empty());
    assert_eq!(shop.read(invoice.id).await.payments.len(), 1);
}

#[tokio::test]
async fn a_surplus_that_was_acknowledged_is_no_alarm_until_it_grows() {
    let shop = LiveShop::open().await;
    let invoice = shop.sell().await;
    shop.polygon.leaves_out.store(true, Ordering::SeqCst);
    let look = || async {
        shop.polygon.mine(5, shop.now());
        shop.scan().await;
        shop.gateway.reconcile_recent(None).await.unwrap();
        shop.surpluses().await.remove(0)
    };
    shop.polygon.pay(&invoice, 2 * POL, shop.now());
    let found = look().await;
    assert_eq!((found.unexplained(), found.acknowledged_at), (2 * POL, None));
    let acknowledged = shop.gateway.acknowledge(polygon().network, &found.shown).await.unwrap();
    assert_eq!(acknowledged, [Acknowledged::Surplus(found.asset, 2 * POL)]);
    assert!(look().await.acknowledged_at.is_some());
    shop.polygon.pay(&invoice, 1, shop.now());
    let grown = look().await;
    assert_eq!((grown.unexplained(), grown.acknowledged_at), (2 * POL + 1, None));
}

#[tokio::test]
async fn an_invoice_that_has_just_expired_is_reconciled() {
    let shop = LiveShop::open().await;
    let invoice = shop.sell().await;
    shop.polygon.leaves_out.store(true, Ordering::SeqCst);
    shop.polygon.pay(&invoice, 5 * POL, shop.now());
    shop.polygon.mine(5, shop.now());
    shop.clock.move_by_ms(DAY_MS / 12);
    shop.scan().await;
    shop.gateway.expire(Environment::Live, farthing_gateway::expire::Waiting::Now).await.unwrap();
    assert_eq!(shop.read(invoice.id).await.standing.status, Status::Expired);
    shop.polygon.leaves_out.store(false, Ordering::SeqCst);
    let round = shop.gateway.reconcile_closed().await.unwrap();
    assert_eq!(round, Some(Reconciled { compared: 1, unexplained: 0, unasked: 0 }));
    assert_eq!(shop.read(invoice.id).await.payments.len(), 1, "the payment was mined before the deadline");
    assert_eq!(shop.read(invoice.id).await.standing.status, Status::Paid);
    assert_eq!(shop.gateway.reconcile_closed().await.unwrap(), None);
}

#[tokio::test]
async fn what_the_owner_spent_is_no_finding() {
    let shop = LiveShop::open().await;
    let invoice = shop.sell().await;
    shop.polygon.pay(&invoice, 5 * POL, shop.now());
    shop.polygon.mine(5, shop.now());
    shop.scan().await;
    // The balance is asked for at an old height, where nothing had arrived: as after spending.
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round.unexplained, 0);
}

#[tokio::test]
async fn a_reorganisation_beyond_finality_waits_for_the_operator_s_command_beside_the_server() {
    let shop = LiveShop::open().await;
    let (first, second) = (shop.sell().await, shop.sell().await);
    shop.polygon.pay(&first, 5 * POL, shop.now());
    shop.polygon.mine(10, shop.now());
    shop.scan().await;
    assert_eq!(shop.read(first.id).await.standing.status, Status::Paid);
    shop.polygon.reorganise(11, shop.now());
    shop.scan().await;
    assert_ne!(shop.read(first.id).await.standing.status, Status::Paid, "the reversal is told all the same");
    shop.polygon.pay(&second, 5 * POL, shop.now());
    shop.polygon.mine(10, shop.now());
    shop.scan().await;
    assert_eq!(shop.read(second.id).await.standing.status, Status::Confirming, "new credits wait");
    let command = shop.beside().await;
    command.resume_credits(polygon()).await.unwrap();
    shop.polygon.mine(1, shop.now());
    shop.scan().await;
    for invoice in [first, second] {
        assert_eq!(shop.read(invoice.id).await.standing.status, Status::Paid);
    }
}

#[tokio::test]
async fn addresses_are_watched_for_a_year_after_their_invoice_and_no_longer() {
    let shop = LiveShop::open().await;
    shop.sell().await;
    assert_eq!(shop.chain(polygon()).watch.len(), 1);
    shop.clock.move_by_ms(364 * DAY_MS);
    let shop = shop.restart().await;
    assert_eq!(shop.chain(polygon()).watch.len(), 1);
    shop.scan().await;
    while shop.gateway.expire(Environment::Live, farthing_gateway::expire::Waiting::Now).await.unwrap()
        == Progress::More
    {}
    shop.clock.move_by_ms(2 * DAY_MS);
    assert_eq!(shop.gateway.end_watch(Watched::ForEver, START).await.unwrap(), 0);
    assert_eq!(shop.gateway.end_watch(Watched::Days(365), START).await.unwrap(), 1);
    assert_eq!(shop.chain(polygon()).watch.len(), 0);
    let shop = shop.restart().await;
    assert_eq!(shop.chain(polygon()).watch.len(), 0);
}

#[tokio::test]
async fn what_a_clock_years_ahead_gave_up_is_watched_and_reconciled_again_when_it_is_set_back() {
    let shop = LiveShop::open().await;
    shop.sell().await;
    shop.clock.move_by_ms(3700 * DAY_MS);
    shop.scan().await;
    while shop.gateway.expire(Environment::Live, farthing_gateway::expire::Waiting::Now).await.unwrap()
        == Progress::More
    {}
    assert_eq!(shop.gateway.end_watch(Watched::Days(365), START).await.unwrap(), 1);
    assert_eq!(shop.chain(polygon()).watch.len(), 0);
    shop.clock.move_by_ms(-3700 * DAY_MS);
    assert_eq!(shop.gateway.rebuild_watch(Watched::Days(365)).await.unwrap(), 1);
    assert_eq!(shop.chain(polygon()).watch.len(), 1);
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round.compared, 1, "its balance is looked at though the environment's time stands still");
}
