//! Bitcoin as payers send it, from a real node through the scanner to what the shop hears.

use crate::rehearsal::{BOTH, DUE, Over, Rehearsal, script};
use bitcoin::{Address, Network};
use farthing_domain::standing::Status;

const SMALL: &str = crate::rehearsal::SMALL;

#[tokio::test]
async fn a_payment_is_known_by_its_transaction_and_its_output() {
    let mut all = Rehearsal::open(Over::Core, 1).await;
    let (first, second) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
    let coin = all.purse.coin().unwrap();
    let to = [(script(&first), DUE), (script(&second), DUE)];
    let transaction = all.purse.spend(&coin, &to, 2_000).unwrap();
    all.send(&transaction).await;
    for (invoice, output) in [(first, "0"), (second, "1")] {
        let key = all.shop.read(invoice.id).await.payments[0].key.clone();
        assert_eq!((key.transaction, key.position.as_str()), (transaction.compute_txid().to_string(), output));
    }
}

#[tokio::test]
async fn a_replacement_replaced_again_counts_once() {
    let mut all = Rehearsal::open(Over::Core, 1).await;
    let invoice = all.shop.create(SMALL).await;
    let coin = all.purse.coin().unwrap();
    for fee in [2_000, 20_000, 40_000] {
        all.send(&all.purse.spend(&coin, &[(script(&invoice), DUE)], fee).unwrap()).await;
        assert_eq!(all.shop.status(invoice.id).await, Status::Confirming);
    }
    all.mine(2).await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid, "not overpaid");
    let told = ["reversed", "reversed", "confirmed"].map(|status| (status.to_owned(), 50_000));
    assert_eq!(all.paid_units(&invoice).await, told);
}

#[tokio::test]
async fn a_parent_replaced_in_the_mempool_takes_its_children_with_it() {
    let mut all = Rehearsal::open(Over::Core, 2).await;
    let (child, twin) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
    let coin = all.purse.coin().unwrap();
    let parent = all.purse.spend(&coin, &[], 2_000).unwrap();
    all.core.send(&parent).await.unwrap();
    let change = all.purse.coins_of(&parent)[0].clone();
    all.send(&all.purse.spend(&change, &[(script(&child), DUE)], 2_000).unwrap()).await;
    all.pay(&twin, DUE).await;
    assert_eq!(all.shop.status(child.id).await, Status::Confirming);
    all.send(&all.purse.spend(&coin, &[], 50_000).unwrap()).await;
    assert_eq!(all.shop.status(child.id).await, Status::Pending);
    all.mine(2).await;
    assert_eq!(all.shop.status(twin.id).await, Status::Paid);
}

#[tokio::test]
async fn a_payment_double_spent_by_a_block_is_gone() {
    for over in BOTH {
        let mut all = Rehearsal::open(over, 2).await;
        let (lost, kept) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
        let coin = all.purse.coin().unwrap();
        all.send(&all.purse.spend(&coin, &[(script(&lost), DUE)], 20_000).unwrap()).await;
        let twin = all.pay(&kept, DUE).await;
        let instead = all.purse.spend(&coin, &[], 1_000).unwrap();
        all.mine_exactly(&[&instead, &twin]).await;
        all.mine(1).await;
        assert_eq!(all.shop.status(lost.id).await, Status::Pending);
        assert_eq!(all.shop.status(kept.id).await, Status::Paid);
    }
}

#[tokio::test]
async fn dust_is_recorded_and_nothing_is_rejected() {
    let mut all = Rehearsal::open(Over::Core, 1).await;
    let invoice = all.shop.create(SMALL).await;
    let coin = all.purse.coin().unwrap();
    let to = [1, 0, 49_999].map(|units| (script(&invoice), units));
    all.mine_exactly(&[&all.purse.spend(&coin, &to, 2_000).unwrap()]).await;
    all.mine(1).await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
    let told = [("confirmed", 1), ("rejected", 0), ("confirmed", 49_999)].map(|(told, units)| (told.to_owned(), units));
    assert_eq!(all.paid_units(&invoice).await, told);
}

#[tokio::test]
async fn newly_made_coins_are_final_a_hundred_deep_and_others_two() {
    for over in BOTH {
        let mut all = Rehearsal::open(over, 1).await;
        let (mined, paid) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
        let twin = all.pay(&paid, DUE).await;
        let to = Address::from_script(&script(&mined), Network::Regtest).unwrap().to_string();
        all.core.mine_exactly(&[&twin], &to).await.unwrap();
        all.mine(1).await;
        assert_eq!(all.shop.status(paid.id).await, Status::Paid);
        assert_eq!(all.shop.status(mined.id).await, Status::Confirming);
        all.mine(97).await;
        assert_eq!(all.shop.status(mined.id).await, Status::Confirming, "99 deep");
        all.mine(1).await;
        assert_eq!(all.shop.status(mined.id).await, Status::Overpaid, "100 deep");
    }
}

#[tokio::test]
async fn newly_made_coins_do_not_mature_by_a_long_stop() {
    let mut all = Rehearsal::open(Over::Core, 1).await;
    let (mined, paid) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
    let to = Address::from_script(&script(&mined), Network::Regtest).unwrap().to_string();
    all.core.mine(1, &to).await.unwrap();
    all.pay(&paid, DUE).await;
    all.core.mine(98, &all.nobody()).await.unwrap();
    all.scan().await;
    assert_eq!(all.shop.status(paid.id).await, Status::Paid);
    assert_eq!(all.shop.status(mined.id).await, Status::Confirming);
    all.core.mine(50, &all.nobody()).await.unwrap();
    all.scan().await;
    assert_eq!(all.shop.status(mined.id).await, Status::Overpaid);
}

#[tokio::test]
async fn money_seen_before_the_deadline_counts_when_it_is_mined_after_it() {
    let mut all = Rehearsal::open(Over::Core, 2).await;
    let (seen, late) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
    let window = seen.deadline.unwrap().seconds_since(all.now());
    all.wait(window - 1).await;
    all.pay(&seen, DUE).await;
    all.wait(60).await;
    all.pay(&late, DUE).await;
    all.mine(2).await;
    assert_eq!(all.shop.status(seen.id).await, Status::Paid);
    assert_ne!(all.shop.status(late.id).await, Status::Paid);
    assert!(all.shop.events(late.id).await.contains(&"late_deposit".to_owned()));
}

#[tokio::test]
async fn what_was_paid_while_the_gateway_was_away_is_found_whole() {
    for over in BOTH {
        let mut all = Rehearsal::open(over, 3).await;
        let (mined, waiting) = (all.shop.create(SMALL).await, all.shop.create(SMALL).await);
        let coins = [all.purse.coin().unwrap(), all.purse.coin().unwrap()];
        let first = all.purse.spend(&coins[0], &[(script(&mined), DUE)], 2_000).unwrap();
        all.mine_exactly(&[&first]).await;
        all.core.mine(120, &all.nobody()).await.unwrap();
        all.core.send(&all.purse.spend(&coins[1], &[(script(&waiting), DUE)], 2_000).unwrap()).await.unwrap();
        let all = all.restart().await;
        all.scan().await;
        assert_eq!(all.shop.status(mined.id).await, Status::Paid);
        assert_eq!(all.shop.status(waiting.id).await, Status::Confirming);
    }
}
