//! A callback that fails while a later one of its invoice is taken is not sent any more: shops take the last word that they hear
//! for the invoice's state, and one that comes an hour after `confirmed` and says `processing` would undo a paid order.

use super::merchant::{Merchant, Named, Receivers, ground};
use crate::native::Shop;
use farthing_domain::policy::Dialect;
use farthing_store::records::{Delivery, DeliveryStage};

const URL: &str = "https://shop.example/hook";
/// Those that tell of more than an end.
const DIALECTS: [Dialect; 3] = [Dialect::CoinsPaid, Dialect::TxCash, Dialect::TxnPro];

async fn shop_of(dialect: Dialect) -> (Shop, Receivers, Merchant, Named) {
    let (shop, receivers) = ground(5).await;
    let merchant = Merchant::open(&shop, URL).await;
    let (named, _) = merchant.order(&shop, dialect, 2500, "order").await;
    (shop, receivers, merchant, named)
}

/// Delivers all that is due; answers how much that was.
async fn deliver(shop: &Shop) -> usize {
    let mut sent = 0;
    for lane in shop.world.gateway.due_endpoints().await.expect("the store reads") {
        sent += shop.world.gateway.deliver_to(lane).await.expect("the store writes");
    }
    sent
}

/// The callbacks, oldest first.
async fn callbacks(shop: &Shop, merchant: &Merchant) -> Vec<Delivery> {
    let owner = merchant.owner;
    let found = shop.world.gateway.store().read(move |reader| reader.callbacks(owner, 10)).await.expect("it reads");
    found.into_iter().rev().map(|(delivery, _)| delivery).collect()
}

fn stages(callbacks: &[Delivery]) -> Vec<DeliveryStage> {
    callbacks.iter().map(|callback| callback.stage).collect()
}

#[tokio::test]
async fn an_earlier_callback_is_not_sent_after_a_later_one_was_taken() {
    for dialect in DIALECTS {
        let (shop, receivers, merchant, named) = shop_of(dialect).await;
        receivers.fail(1);
        merchant.pay(&shop, &named, 25_000_000).await;
        assert_eq!(deliver(&shop).await, 1, "{dialect}");
        merchant.mine(&shop).await;
        assert_eq!(deliver(&shop).await, 1, "{dialect}");
        assert_eq!(shop.world.gateway.next_delivery_due().await.expect("it reads"), None, "{dialect}: nothing waits");
        let told = callbacks(&shop, &merchant).await;
        assert_eq!(stages(&told), [DeliveryStage::Overtaken, DeliveryStage::Delivered], "{dialect}");
        // By hand it can be had all the same.
        shop.world.clock.move_by_ms(1);
        shop.world.gateway.redeliver(merchant.owner, told[0].id).await.expect("it can be repeated");
        assert_eq!(deliver(&shop).await, 1, "{dialect}");
        let came = receivers.at(URL);
        assert_eq!((came.len(), &came[0].2), (3, &came[2].2), "{dialect}");
        assert_ne!(came[0].2, came[1].2, "{dialect}");
    }
}

#[tokio::test]
async fn callbacks_that_became_due_while_the_shop_was_gone_come_in_their_order() {
    for dialect in DIALECTS {
        let (shop, receivers, merchant, named) = shop_of(dialect).await;
        receivers.fail(4);
        merchant.pay(&shop, &named, 25_000_000).await;
        // The earlier one's fourth attempt is due after the later one's second.
        for wait_ms in [400_000, 400_000, 100_000] {
            assert_eq!(deliver(&shop).await, 1, "{dialect}");
            shop.world.clock.move_by_ms(wait_ms);
        }
        merchant.mine(&shop).await;
        assert_eq!(deliver(&shop).await, 1, "{dialect}");
        shop.world.clock.move_by_ms(2_000_000);
        assert_eq!(deliver(&shop).await, 2, "{dialect}");
        assert_eq!(stages(&callbacks(&shop, &merchant).await), [DeliveryStage::Delivered; 2], "{dialect}");
        let came = receivers.at(URL);
        assert_eq!((came.len(), &came[4].2, &came[5].2), (6, &came[0].2, &came[3].2), "{dialect}");
    }
}

#[tokio::test]
async fn another_invoice_s_callback_overtakes_nothing() {
    let (shop, receivers, merchant, named) = shop_of(Dialect::CoinsPaid).await;
    let (other, _) = merchant.order(&shop, Dialect::CoinsPaid, 2500, "other").await;
    receivers.fail(1);
    merchant.pay(&shop, &named, 25_000_000).await;
    assert_eq!(deliver(&shop).await, 1);
    merchant.pay(&shop, &other, 25_000_000).await;
    assert_eq!(deliver(&shop).await, 1);
    let told = callbacks(&shop, &merchant).await;
    assert_eq!(stages(&told), [DeliveryStage::Waiting, DeliveryStage::Delivered]);
    shop.world.clock.move_by_ms(60_000);
    assert_eq!(deliver(&shop).await, 1);
}
