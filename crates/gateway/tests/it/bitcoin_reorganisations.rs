//! Blocks that are replaced, on a real node: money kept, moved, replaced and lost, also across a restart.

use crate::rehearsal::{BOTH, DUE, Over, Rehearsal, SMALL, chain, names, script};
use bitcoin::Transaction;
use farthing_domain::{invoice::Invoice, standing::Status};

const DEPTHS: std::ops::RangeInclusive<u64> = 1..=20;
/// Payments of one depth.
const EACH: u64 = 4;

/// What becomes of four payments of a block that is replaced.
struct Fates {
    kept: (Invoice, Transaction),
    moved: (Invoice, Transaction),
    replaced: (Invoice, Transaction, Transaction),
    lost: (Invoice, Transaction, Transaction),
}

async fn fates(all: &mut Rehearsal) -> Fates {
    let mut invoices = Vec::new();
    for _ in 0..4 {
        invoices.push(all.shop.create(SMALL).await);
    }
    let [kept, moved, replaced, lost] = invoices.try_into().unwrap_or_else(|_| panic!("four"));
    let mut paying = |invoice: &Invoice| {
        let coin = all.purse.coin().unwrap();
        let pays = all.purse.spend(&coin, &[(script(invoice), DUE)], 2_000).unwrap();
        let again = all.purse.spend(&coin, &[(script(invoice), DUE)], 9_000).unwrap();
        let not = all.purse.spend(&coin, &[], 9_000).unwrap();
        (pays, again, not)
    };
    let (kept_pays, _, _) = paying(&kept);
    let (moved_pays, _, _) = paying(&moved);
    let (replaced_pays, again, _) = paying(&replaced);
    let (lost_pays, _, not) = paying(&lost);
    Fates {
        kept: (kept, kept_pays),
        moved: (moved, moved_pays),
        replaced: (replaced, replaced_pays, again),
        lost: (lost, lost_pays, not),
    }
}

/// Takes the last blocks away and puts one more in their place.
async fn reorganise(all: &Rehearsal, fork: u64, depth: u64, fates: &Fates) {
    all.core.invalidate(all.core.hash_at(fork.saturating_add(1)).await.unwrap()).await.unwrap();
    all.mine_exactly(&[&fates.kept.1, &fates.replaced.2, &fates.lost.2]).await;
    all.mine_exactly(&[&fates.moved.1]).await;
    for _ in 1..depth {
        all.mine_exactly(&[]).await;
    }
}

/// Every depth on one chain, one after the other.
async fn play_all(over: Over, restarts: bool) {
    let mut all = Rehearsal::open(over, EACH.saturating_mul(*DEPTHS.end())).await;
    for depth in DEPTHS {
        all = play(all, depth, restarts).await;
    }
}

async fn play(mut all: Rehearsal, depth: u64, restarts: bool) -> Rehearsal {
    let fates = fates(&mut all).await;
    let fork = all.core.height().await.unwrap();
    all.mine_exactly(&[&fates.kept.1, &fates.moved.1, &fates.replaced.1, &fates.lost.1]).await;
    all.mine(depth.saturating_sub(1)).await;
    all.scan().await;
    let was_final = depth >= 2;
    let before = if was_final { Status::Paid } else { Status::Confirming };
    assert_eq!(all.shop.status(fates.lost.0.id).await, before);

    reorganise(&all, fork, depth, &fates).await;
    if restarts {
        all = all.restart().await;
    }
    all.scan().await;
    all.mine(2).await;

    for paid in [&fates.kept.0, &fates.moved.0, &fates.replaced.0] {
        assert_eq!(all.shop.status(paid.id).await, Status::Paid, "depth {depth}");
        let good: Vec<_> = all.paid_units(paid).await.into_iter().filter(|(told, _)| told == "confirmed").collect();
        assert_eq!(good, [("confirmed".to_owned(), 50_000)], "depth {depth}");
    }
    assert_eq!(all.shop.status(fates.lost.0.id).await, Status::Pending, "depth {depth}");
    assert_eq!(all.paid_units(&fates.lost.0).await, [("reversed".to_owned(), 50_000)]);
    let told = all.shop.events(fates.lost.0.id).await;
    let last = if was_final { "deposit_reversed" } else { "payment_dropped" };
    assert_eq!(told.last().map(String::as_str), Some(last), "depth {depth}: {told:?}");
    let told = all.shop.events(fates.kept.0.id).await;
    assert_eq!(told.iter().filter(|name| *name == "payment_dropped" || *name == "deposit_reversed").count(), 0);
    let before = all.shop.events(fates.replaced.0.id).await;
    all.scan().await;
    assert_eq!(all.shop.events(fates.replaced.0.id).await, before, "told once");
    all
}

#[tokio::test]
async fn money_is_right_after_reorganisations_of_1_to_20_blocks() {
    play_all(Over::Core, false).await;
}

#[tokio::test]
async fn money_is_right_after_reorganisations_that_an_esplora_server_shows() {
    play_all(Over::Esplora, false).await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_reorganisation_changes_nothing() {
    play_all(Over::Core, true).await;
}

#[tokio::test]
async fn a_payment_that_waits_again_after_its_block_is_lost_is_told_as_nothing_lost() {
    for over in BOTH {
        let mut all = Rehearsal::open(over, 1).await;
        let invoice = all.shop.create(SMALL).await;
        all.pay(&invoice, DUE).await;
        all.mine(1).await;
        let tip = all.core.height().await.unwrap();
        all.core.invalidate(all.core.hash_at(tip).await.unwrap()).await.unwrap();
        // The other branch is one longer and empty: the payment waits in the mempool.
        all.mine_exactly(&[]).await;
        all.mine_exactly(&[]).await;
        all.scan().await;
        assert_eq!(all.paid_units(&invoice).await, [("detected".to_owned(), 50_000)]);
        all.mine(2).await;
        assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
        assert_eq!(all.shop.events(invoice.id).await, names("created payment_detected confirming paid"));
    }
}

#[tokio::test]
async fn two_tips_in_turn_tell_nothing_twice() {
    let mut all = Rehearsal::open(Over::Core, 1).await;
    let invoice = all.shop.create(SMALL).await;
    let transaction = all.pay(&invoice, DUE).await;
    let fork = all.core.height().await.unwrap();
    for _ in 0..6 {
        all.mine_exactly(&[&transaction]).await;
        all.scan().await;
        assert_eq!(all.paid_units(&invoice).await, [("confirming".to_owned(), 50_000)]);
        all.core.invalidate(all.core.hash_at(fork + 1).await.unwrap()).await.unwrap();
        all.mine_exactly(&[]).await;
        all.scan().await;
        assert_eq!(all.paid_units(&invoice).await, [("detected".to_owned(), 50_000)]);
        all.core.invalidate(all.core.hash_at(fork + 1).await.unwrap()).await.unwrap();
    }
    all.mine_exactly(&[&transaction]).await;
    all.mine(1).await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
    assert_eq!(all.shop.events(invoice.id).await, names("created payment_detected confirming paid"));
    assert_eq!(all.shop.world.gateway.chain(chain()).unwrap().head(), Some(fork + 2));
}
