//! What tokens and chains do that is neither a payment nor quite nothing: balances without a log, fees on the way, dust by the
//! thousand, a head that goes back. Beside each a payment that counts.

use crate::evm_shop::{CONFIRMATIONS, EvmShop, Site, payee};
use farthing_domain::standing::Status;
use farthing_peers::anvil::{Send, contracts::call};
use farthing_store::records::Surplus;
use serde_json::json;

/// 5 USDT in units of 10^-6.
const DUE: u128 = 5_000_000;

async fn surpluses(shop: &EvmShop) -> Vec<Surplus> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    shop.gateway.store().read(|reader| reader.surpluses()).await.unwrap()
}

#[tokio::test]
async fn a_token_s_balance_without_a_log_is_an_alarm_and_never_money() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (invoice, twin) = (shop.sell().await, shop.sell().await);
    let purse = &shop.site().purse;
    // As a rebasing token does, or one whose contract was retired and passes its calls on to another one.
    let rebase = |units: u128| call("rebase(address,uint256)", &[payee(&invoice).into(), units.into()]);
    shop.pay(Send::call(purse.usdt, rebase(DUE))).await;
    shop.pay_usdt(&twin, DUE).await;
    shop.mine(CONFIRMATIONS).await;
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!((round.compared, round.unexplained), (2, 1));
    let found = surpluses(&shop).await;
    assert_eq!((found[0].balance, found[0].recorded), (DUE, 0));
    assert_eq!(shop.events(&invoice).await, "created");
    assert_eq!((shop.status(&invoice).await, shop.status(&twin).await), (Status::Pending, Status::Paid));
    // Taken back by the issuer, as it was given.
    shop.pay(Send::call(purse.usdt, rebase(0))).await;
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!((round.unexplained, surpluses(&shop).await.len()), (0, 0));
}

#[tokio::test]
async fn a_fee_on_the_way_leaves_the_invoice_short_by_it_and_the_rest_can_be_paid() {
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (invoice, twin) = (shop.sell().await, shop.sell().await);
    let purse = &shop.site().purse;
    let fee = |percent: u128| Send::call(purse.usdt, call("setFee(uint256)", &[percent.into()]));
    shop.pay(fee(10)).await;
    shop.pay_usdt(&invoice, DUE).await;
    shop.pay(fee(0)).await;
    shop.pay_usdt(&twin, DUE).await;
    shop.mine(CONFIRMATIONS).await;
    assert_eq!(shop.payments(&invoice).await, [("confirmed".to_owned(), DUE - DUE / 10)]);
    assert_eq!((shop.status(&invoice).await, shop.status(&twin).await), (Status::Underpaid, Status::Paid));
    shop.pay_usdt(&invoice, DUE / 10).await;
    shop.mine(CONFIRMATIONS).await;
    assert_eq!(shop.status(&invoice).await, Status::Paid);
    let (_, round) = shop.gateway.reconcile_recent(None).await.unwrap();
    assert_eq!(round.unexplained, 0, "balances are what the logs say");
}

#[tokio::test]
async fn a_thousand_parts_come_to_the_amount_and_one_unit_less_does_not() {
    const PARTS: usize = 250;
    let shop = EvmShop::open(vec![Site::polygon().await]).await;
    let (dust, short) = (shop.sell().await, shop.sell().await);
    let purse = &shop.site().purse;
    let to = vec![payee(&dust); PARTS];
    let arguments = [purse.usdt.into(), to[..].into(), (DUE / 1_000).into()];
    for _ in 0..4 {
        shop.pay(purse.payer("transferTokens(address,address[],uint256)", &arguments)).await;
    }
    shop.pay_usdt(&short, DUE - 1).await;
    shop.mine(CONFIRMATIONS).await;
    let payments = shop.payments(&dust).await;
    assert_eq!((payments.len(), payments.iter().map(|(_, units)| units).sum::<u128>()), (1_000, DUE));
    assert_eq!((shop.status(&dust).await, shop.status(&short).await), (Status::Paid, Status::Underpaid));
    shop.pay_usdt(&short, 1).await;
    shop.mine(CONFIRMATIONS).await;
    assert_eq!(shop.status(&short).await, Status::Paid);
}

#[tokio::test]
async fn a_head_that_goes_back_before_its_tag_takes_its_payment_with_it_and_nothing_was_paid() {
    let shop = EvmShop::open(vec![Site::polygon().await.final_by_tag()]).await;
    let (rewound, twin) = (shop.sell().await, shop.sell().await);
    shop.pay_usdt(&twin, DUE).await;
    shop.mine(2).await;
    shop.pay_usdt(&rewound, DUE).await;
    assert_eq!((shop.status(&rewound).await, shop.status(&twin).await), (Status::Confirming, Status::Paid));
    let node = &shop.site().purse.node;
    node.rollback(1).await.unwrap();
    node.call("anvil_dropAllTransactions", json!([])).await.unwrap();
    node.mine(1).await.unwrap();
    shop.scan().await;
    assert_eq!(shop.events(&rewound).await, "created payment_detected confirming payment_dropped");
    assert_eq!(shop.events(&twin).await, "created payment_detected confirming paid");
    shop.pay_usdt(&rewound, DUE).await;
    shop.mine(2).await;
    assert_eq!(shop.status(&rewound).await, Status::Paid);
}
