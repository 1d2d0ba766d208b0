//! The first use of an account: an address that was used or handed out before is never handed out again.

use crate::live::{FIVE_POL, LiveShop, address, ethereum, key, polygon};
use farthing_gateway::{
    account_use::{GoesOn, Reserved, SKIPPED, UnknownUse},
    create_invoice::CreateError,
    quotes::NoQuote,
};
use std::sync::atomic::Ordering;

fn is_offline(error: &CreateError) -> bool {
    matches!(error, CreateError::Quote(NoQuote::NetworkOffline(_)))
}

#[tokio::test]
async fn an_account_without_history_begins_at_its_first_address() {
    let shop = LiveShop::open().await;
    let (first, second) = (shop.sell().await, shop.sell().await);
    assert_eq!((shop.index_of(&first), shop.index_of(&second)), (0, 1));
}

#[tokio::test]
async fn an_empty_database_begins_beyond_the_history_that_any_chain_of_the_account_shows() {
    let shop = LiveShop::closed(None).await;
    shop.polygon.used.lock().unwrap().extend([0, 7].map(address));
    // Beyond the first twenty, but within twenty of the last used one; and on the other network.
    shop.ethereum.used.lock().unwrap().insert(address(26));
    shop.scan().await;
    assert_eq!(shop.learn(None).await.unwrap(), GoesOn::BeyondHistory(27));
    let invoice = shop.sell().await;
    assert_eq!(shop.index_of(&invoice), 27);
}

#[tokio::test]
async fn without_knowing_the_history_nothing_is_sold() {
    let shop = LiveShop::closed(None).await;
    assert!(is_offline(&shop.try_create(FIVE_POL).await.unwrap_err()), "it was never contacted");
    shop.scan().await;
    assert!(is_offline(&shop.try_create(FIVE_POL).await.unwrap_err()), "its history is unknown");
    shop.ethereum.switch(false);
    assert!(matches!(shop.learn(None).await, Err(UnknownUse::Network { .. })));
    let refused = shop.try_create(FIVE_POL).await.unwrap_err();
    assert!(is_offline(&refused), "an address used on ethereum would be sold on polygon");
    let reason = shop.chain(polygon()).account_use.unknown_because().unwrap();
    assert!(reason.contains("ethereum"), "{reason}");
    shop.ethereum.switch(true);
    shop.learn(None).await.unwrap();
    shop.sell().await;
}

#[tokio::test]
async fn a_network_that_was_never_reached_leaves_the_account_unknown() {
    let shop = LiveShop::closed(None).await;
    shop.gateway.scan_to_tip(polygon()).await.unwrap();
    assert!(matches!(shop.learn(None).await, Err(UnknownUse::NotReached(network)) if network == ethereum().network));
}

#[tokio::test]
async fn with_a_start_index_the_operator_vouches_and_no_history_is_asked_for() {
    let shop = LiveShop::closed(Some(300)).await;
    shop.polygon.used.lock().unwrap().insert(address(300));
    assert_eq!(shop.gateway.recall_account(key(), None).await.unwrap(), Some(GoesOn::AtStartIndex(300)));
    shop.learn(None).await.unwrap();
    assert!(is_offline(&shop.try_create(FIVE_POL).await.unwrap_err()), "payments are looked for from first contact on");
    shop.scan().await;
    let invoice = shop.sell().await;
    assert_eq!(shop.index_of(&invoice), 300);
}

#[tokio::test]
async fn a_lost_database_goes_on_beyond_the_marks_beside_it_and_beyond_history() {
    let shop = LiveShop::open().await;
    shop.sell().await;
    let shop = shop.lose_database().await;
    shop.polygon.used.lock().unwrap().insert(address(1000 + SKIPPED + 3));
    shop.scan().await;
    let reserved = Reserved { mark: 1000, seen: Some(1) };
    assert_eq!(shop.learn(Some(reserved)).await.unwrap(), GoesOn::BeyondTheMarks(1000 + SKIPPED + 4));
}

#[tokio::test]
async fn an_old_copy_of_the_database_is_recognised_and_skips_ahead() {
    let shop = LiveShop::open().await;
    shop.sell().await;
    let shop = shop.restart().await;
    let same = Reserved { mark: 1000, seen: Some(1) };
    assert_eq!(shop.gateway.recall_account(key(), Some(same)).await.unwrap(), Some(GoesOn::WhereItWas(1)));
    let newer = Reserved { mark: 2000, seen: Some(700) };
    assert_eq!(shop.gateway.recall_account(key(), Some(newer)).await.unwrap(), None);
    shop.scan().await;
    assert_eq!(shop.learn(Some(newer)).await.unwrap(), GoesOn::BeyondTheMarks(2000 + SKIPPED));
    let invoice = shop.sell().await;
    assert_eq!(shop.index_of(&invoice), 2000 + SKIPPED);
}

#[tokio::test]
async fn a_restart_sells_at_once_although_no_provider_answers_and_stops_after_ten_minutes() {
    let shop = LiveShop::open().await;
    shop.sell().await;
    let shop = shop.restart().await;
    for chain in [&shop.polygon, &shop.ethereum] {
        chain.switch(false);
    }
    shop.learn(Some(Reserved { mark: 1000, seen: Some(1) })).await.unwrap();
    assert!(shop.gateway.scan_to_tip(polygon()).await.is_err());
    assert!(shop.chain(polygon()).trouble().unwrap().text.contains("polygon"));
    shop.sell().await;
    shop.clock.move_by_ms(601_000);
    assert!(is_offline(&shop.try_create(FIVE_POL).await.unwrap_err()));
}

#[tokio::test]
async fn nothing_is_sold_on_a_chain_that_is_another_one_than_at_first_contact() {
    let shop = LiveShop::open().await;
    let shop = shop.restart().await;
    shop.learn(None).await.unwrap();
    shop.polygon.is_another.store(true, Ordering::SeqCst);
    assert!(shop.gateway.scan_to_tip(polygon()).await.is_err());
    assert!(is_offline(&shop.try_create(FIVE_POL).await.unwrap_err()));
    let ether = r#"{"currency":"ETH","network":"ethereum","amount":"1"}"#;
    shop.try_create(ether).await.unwrap();
}
