//! Reorganisations of EVM chains, 1 to 20 blocks deep: the payment lost, kept, moved or replaced, also across a restart.

use crate::evm_shop::{CONFIRMATIONS, EvmShop, Site, payee};
use alloy_primitives::B256;
use farthing_domain::{invoice::Invoice, standing::Status};
use farthing_peers::anvil::Send;

/// 5 USDT in units of 10^-6.
const DUE: u128 = 5_000_000;
const DEPTHS: std::ops::RangeInclusive<u64> = 1..=20;

/// An invoice that is paid, its payment in the lowest of the last so many blocks. All of it was scanned.
async fn paid_below(shop: &EvmShop, depth: u64) -> (Invoice, B256) {
    let invoice = shop.sell().await;
    let hash = shop.pay_usdt(&invoice, DUE).await;
    shop.mine(depth.saturating_sub(1)).await;
    let expected = if is_final(depth) { Status::Paid } else { Status::Confirming };
    assert_eq!(shop.status(&invoice).await, expected);
    (invoice, hash)
}

const fn is_final(depth: u64) -> bool {
    depth >= CONFIRMATIONS
}

/// After final blocks were replaced the operator looks, and lets credits go on.
async fn resume(shop: &EvmShop, depth: u64) {
    assert_eq!(shop.is_alarmed(shop.site().id()).await, is_final(depth), "an alarm beyond finality, and only there");
    shop.gateway.resume_credits(shop.site().id()).await.unwrap();
}

async fn one_payment(shop: &EvmShop, invoice: &Invoice, status: &str) {
    assert_eq!(shop.payments(invoice).await, [(status.to_owned(), DUE)]);
}

#[tokio::test]
async fn a_payment_that_is_lost_is_taken_back_and_one_below_stays() {
    let mut shop = EvmShop::open(vec![Site::polygon().await]).await;
    for depth in DEPTHS {
        let (kept, _) = paid_below(&shop, 1).await;
        let (lost, _) = paid_below(&shop, depth).await;
        shop.site().purse.node.reorg(depth).await.unwrap();
        if depth % 5 == 0 {
            shop = shop.restart().await;
            shop.begin().await;
        }
        shop.scan().await;
        assert_eq!(shop.status(&lost).await, Status::Pending, "{depth} blocks deep");
        one_payment(&shop, &lost, "reversed").await;
        let told = if is_final(depth) {
            "created payment_detected confirming paid deposit_reversed"
        } else {
            "created payment_detected confirming payment_dropped"
        };
        assert_eq!(shop.events(&lost).await, told, "{depth} blocks deep");
        resume(&shop, depth).await;
        shop.mine(CONFIRMATIONS).await;
        assert_eq!(shop.status(&kept).await, Status::Paid);
        assert_eq!(shop.events(&kept).await, "created payment_detected confirming paid");
    }
    shop.ledger_is_whole().await;
}

#[tokio::test]
async fn a_payment_mined_again_at_its_height_or_above_is_the_same_payment() {
    let mut shop = EvmShop::open(vec![Site::polygon().await]).await;
    for (depth, place) in DEPTHS.flat_map(|depth| [(depth, 0), (depth, depth - 1)]) {
        let (invoice, hash) = paid_below(&shop, depth).await;
        let before = shop.read(invoice.id).await.payments[0].clone();
        shop.site().purse.node.reorg_with(depth, hash, place).await.unwrap();
        if depth % 5 == 0 {
            shop = shop.restart().await;
            shop.begin().await;
        }
        shop.scan().await;
        let after = shop.read(invoice.id).await.payments[0].clone();
        let (was, is) = (before.block.unwrap(), after.block.unwrap());
        assert_ne!(was.hash, is.hash);
        assert_eq!(is.height, was.height + place, "{depth} blocks deep");
        assert_eq!((after.key, after.first_seen), (before.key, before.first_seen));
        // What was final is so again only when the operator has looked.
        assert_eq!(shop.status(&invoice).await, Status::Confirming);
        resume(&shop, depth).await;
        shop.mine(CONFIRMATIONS).await;
        assert_eq!(shop.status(&invoice).await, Status::Paid);
        one_payment(&shop, &invoice, "confirmed").await;
        let told = if is_final(depth) {
            "created payment_detected confirming paid confirming paid"
        } else {
            "created payment_detected confirming paid"
        };
        assert_eq!(shop.events(&invoice).await, told, "{depth} blocks deep");
    }
    shop.ledger_is_whole().await;
}

#[tokio::test]
async fn a_payment_replaced_by_another_of_the_same_nonce_counts_where_it_went() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let node = &shop.site().purse.node;
    for depth in DEPTHS {
        let nonce = node.nonce(node.account(0)).await.unwrap();
        let (first, _) = paid_below(&shop, depth).await;
        let second = shop.sell().await;
        node.rollback(depth).await.unwrap();
        node.call("anvil_dropAllTransactions", serde_json::json!([])).await.unwrap();
        let instead = Send { nonce: Some(nonce), ..shop.site().purse.transfer(payee(&second), DUE) };
        shop.site().purse.run(instead).await.unwrap();
        // A shorter chain shows nothing new until it has grown.
        shop.scan().await;
        shop.mine(depth).await;
        assert_eq!(shop.status(&first).await, Status::Pending, "{depth} blocks deep");
        one_payment(&shop, &first, "reversed").await;
        resume(&shop, depth).await;
        shop.mine(CONFIRMATIONS).await;
        assert_eq!(shop.status(&second).await, Status::Paid, "{depth} blocks deep");
        one_payment(&shop, &second, "confirmed").await;
        assert_eq!(shop.events(&second).await, "created payment_detected confirming paid");
    }
    shop.ledger_is_whole().await;
}

#[tokio::test]
async fn after_final_blocks_were_replaced_new_money_waits_for_the_operator() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    drop(paid_below(&shop, 5).await);
    shop.site().purse.node.reorg(5).await.unwrap();
    shop.scan().await;
    let invoice = shop.sell().await;
    shop.pay_usdt(&invoice, DUE).await;
    shop.mine(2 * CONFIRMATIONS).await;
    assert_eq!(shop.status(&invoice).await, Status::Confirming);
    resume(&shop, 5).await;
    shop.mine(1).await;
    assert_eq!(shop.status(&invoice).await, Status::Paid);
}
