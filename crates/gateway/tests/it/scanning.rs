//! The scanner under reorganisations, lag and restarts.

use crate::shop::{HALF_BITCOIN, Shop};
use farthing_domain::{id::Environment, name::NetworkId, network::ChainId, payment::BlockRef, standing::Status};
use farthing_gateway::scan::ScanError;
use farthing_networks::simulated::Faults;
use farthing_sim::world::{Around, ManualClock, START, World};
use farthing_store::{StoreError, records::ChainState};
use std::sync::Arc;

fn bitcoin() -> NetworkId {
    NetworkId::new("bitcoin").unwrap()
}

fn chain() -> ChainId {
    ChainId { environment: Environment::Test, network: bitcoin() }
}

#[tokio::test]
async fn a_payment_lost_with_its_block_is_reversed_and_one_that_comes_back_counts_again() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let gateway = &shop.world.gateway;
    shop.pay(&invoice, "0.5", 1).await;
    let hash = shop.read(invoice.id).await.payments[0].key.transaction.clone();
    gateway.reorganise_test_network(bitcoin(), 1, vec![hash]).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Pending);
    assert_eq!(shop.events(invoice.id).await, ["created", "payment_detected", "confirming", "payment_dropped"]);
}

#[tokio::test]
async fn a_final_payment_lost_beyond_finality_is_reversed_and_told() {
    let shop = Shop::open().await;
    let (first, second) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
    let gateway = &shop.world.gateway;
    shop.pay(&first, "0.5", 2).await;
    assert_eq!(shop.status(first.id).await, Status::Paid);
    let hash = shop.read(first.id).await.payments[0].key.transaction.clone();
    gateway.reorganise_test_network(bitcoin(), 2, vec![hash]).await.unwrap();
    assert_eq!(shop.status(first.id).await, Status::Pending);
    assert_eq!(shop.events(first.id).await.last().map(String::as_str), Some("deposit_reversed"));
    shop.pay(&second, "0.5", 2).await;
    assert_eq!(shop.status(second.id).await, Status::Paid, "in test mode the caller is the operator");
}

#[tokio::test]
async fn while_an_alarm_stands_nothing_new_becomes_final() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let gateway = &shop.world.gateway;
    let alarm = |text: Option<&'static str>| {
        gateway.store().decide(move |transaction| {
            let state = transaction.chain(chain())?.unwrap();
            transaction.put_chain(&ChainState { alarm: text.map(str::to_owned), ..state })
        })
    };
    let raised: Result<(), StoreError> = alarm(Some("final blocks were replaced")).await;
    raised.unwrap();
    shop.pay(&invoice, "0.5", 5).await;
    assert_eq!(shop.status(invoice.id).await, Status::Confirming);
    gateway.resume_credits(chain()).await.unwrap();
    gateway.mine_test_blocks(bitcoin(), 1).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
}

#[tokio::test]
async fn a_lagging_provider_takes_nothing_back_and_catches_up() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let gateway = &shop.world.gateway;
    gateway.mine_test_blocks(bitcoin(), 5).await.unwrap();
    shop.pay(&invoice, "0.5", 2).await;
    let simulated = gateway.simulated(bitcoin()).unwrap();
    simulated.set_faults(Faults { lag: 2, ..Faults::default() });
    gateway.scan_to_tip(chain()).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
    simulated.set_faults(Faults::default());
    gateway.mine_test_blocks(bitcoin(), 1).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
}

#[tokio::test]
async fn what_was_paid_while_the_gateway_was_away_is_found_after_its_start() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let gateway = &shop.world.gateway;
    let simulated = gateway.simulated(bitcoin()).unwrap().clone();
    simulated.set_faults(Faults { unreachable: true, ..Faults::default() });
    let due = invoice.quotes[0].due;
    let paid = gateway.pay_test_invoice(&invoice, due, 2).await;
    assert!(paid.is_err(), "the provider does not answer");
    let Shop { world, owner } = shop;
    let shop = Shop { world: world.restart().await.unwrap(), owner };
    shop.world.gateway.mine_test_blocks(bitcoin(), 2).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
}

#[tokio::test]
async fn scanning_twice_tells_nothing_twice() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    shop.pay(&invoice, "0.5", 1).await;
    let before = shop.events(invoice.id).await;
    for _ in 0..3 {
        shop.world.gateway.scan_to_tip(chain()).await.unwrap();
    }
    assert_eq!(shop.events(invoice.id).await, before);
}

#[tokio::test]
async fn a_chain_that_is_another_one_than_at_first_contact_is_not_scanned() {
    let clock = Arc::new(ManualClock::at(START));
    let world = World::simulated(1, clock, Around::default()).await.unwrap();
    let gateway = &world.gateway;
    let kept: Result<(), StoreError> = gateway
        .store()
        .decide(|transaction| {
            transaction.put_chain(&ChainState {
                chain: chain(),
                identity: "another chain".to_owned(),
                cursor: BlockRef { height: 0, hash: "00".to_owned() },
                tip: 0,
                final_height: None,
                scanned_through: START,
                alarm: None,
            })
        })
        .await;
    kept.unwrap();
    let scanned = gateway.scan_to_tip(chain()).await;
    assert!(matches!(scanned, Err(ScanError::OtherChain { .. })), "{scanned:?}");
    assert_eq!(gateway.chain(chain()).unwrap().scanned_through(), None);
    let tron = ChainId { network: "tron".parse().unwrap(), ..chain() };
    gateway.scan_to_tip(tron).await.unwrap();
}
