//! How often a callback that nobody takes is tried, through each API: its documented schedule from the first attempt to the
//! last, the same bytes each time, and all of it again when the callback is repeated by hand.

use super::merchant::{Came, Merchant, ground};
use crate::native::Shop;
use farthing_domain::policy::Dialect;
use farthing_store::records::{Delivery, DeliveryStage};
use std::collections::BTreeSet;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
/// Nobody is there.
const URL: &str = "https://dead.example/hook";

/// Seconds from each attempt to the next, as the contracts have them: `CoinsPaid` A.9.1 (2026), TX.Cash and Payhubix the
/// native schedule (A10, B16), txn.pro B.11.
fn waits(dialect: Dialect) -> Vec<i64> {
    match dialect {
        Dialect::CoinsPaid => [1, 5, 15, 30, 60, 90, 120, 180, 240, 240, 240, 240].map(|wait| wait * MINUTE).to_vec(),
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => (0..9).map(|power| MINUTE << power).collect(),
        Dialect::TxnPro => vec![5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
    }
}

/// Chance that is added to a wait, at most.
fn chance(dialect: Dialect) -> i64 {
    match dialect {
        Dialect::CoinsPaid | Dialect::TxnPro => 0,
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => 30,
    }
}

/// The header that is the same on every attempt, and the one that is not.
fn headers(dialect: Dialect) -> Option<(&'static str, &'static str)> {
    match dialect {
        // The body alone is signed; it has the id that shops tell repetitions by.
        Dialect::CoinsPaid => None,
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => Some(("webhook-id", "webhook-timestamp")),
        Dialect::TxnPro => Some(("svix-id", "svix-timestamp")),
    }
}

/// Delivers until nothing waits any more; answers the seconds between the attempts.
async fn exhausted(shop: &Shop) -> Vec<i64> {
    let gateway = &shop.world.gateway;
    let mut waits = Vec::new();
    loop {
        for lane in gateway.due_endpoints().await.expect("the store reads") {
            gateway.deliver_to(lane).await.expect("the store writes");
        }
        let Some(due) = gateway.next_delivery_due().await.expect("the store reads") else { return waits };
        let wait = due.seconds_since(gateway.clocks().real());
        waits.push(wait);
        // Nothing is sent before its time.
        shop.world.clock.move_by_ms(wait * 1000 - 1);
        assert_eq!(gateway.due_endpoints().await.expect("the store reads"), []);
        shop.world.clock.move_by_ms(1);
    }
}

fn are_documented(dialect: Dialect, seen: &[i64]) {
    let documented = waits(dialect);
    assert_eq!(seen.len(), documented.len(), "{dialect}: {seen:?}");
    for (seen, documented) in seen.iter().zip(documented) {
        assert!((documented..=documented + chance(dialect)).contains(seen), "{dialect}: {seen} for {documented}");
    }
}

async fn callback(shop: &Shop, merchant: &Merchant) -> Delivery {
    let owner = merchant.owner;
    let all = shop.world.gateway.store().read(move |reader| reader.callbacks(owner, 10)).await.expect("it reads");
    let [(delivery, url)] = &all[..] else { panic!("{all:?}") };
    assert_eq!(url, URL);
    delivery.clone()
}

fn is_one_callback(dialect: Dialect, came: &[Came]) {
    let distinct = |of: &dyn Fn(&Came) -> String| came.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&|(_, _, body)| String::from_utf8_lossy(body).into_owned()), 1, "{dialect}: the same bytes");
    let Some((same, fresh)) = headers(dialect) else { return };
    let header = |name: &'static str| {
        move |(_, headers, _): &Came| {
            let found = headers.iter().find(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("{name}: {headers:?}")).1.clone()
        }
    };
    assert_eq!(distinct(&header(same)), 1, "{dialect}: the same id");
    assert_eq!(distinct(&header(fresh)), came.len(), "{dialect}: each at its own time");
}

#[tokio::test]
async fn each_api_s_callbacks_are_tried_as_often_as_documented_and_as_often_again_when_repeated() {
    for dialect in [Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash, Dialect::TxnPro] {
        let (shop, receivers) = ground(3).await;
        let merchant = Merchant::open(&shop, URL).await;
        let (named, _) = merchant.order(&shop, dialect, 2500, "order").await;
        if dialect == Dialect::Payhubix {
            // It tells of an end only.
            merchant.advance(&shop, 901).await;
        } else {
            merchant.pay(&shop, &named, 25_000_000).await;
        }
        are_documented(dialect, &exhausted(&shop).await);
        let attempts = waits(dialect).len() + 1;
        let given_up = callback(&shop, &merchant).await;
        assert_eq!(
            (given_up.stage, usize::try_from(given_up.attempts).unwrap()),
            (DeliveryStage::GivenUp, attempts),
            "{dialect}"
        );
        shop.world.clock.move_by_ms(1000);
        shop.world.gateway.redeliver(merchant.owner, given_up.id).await.expect("it can be repeated");
        are_documented(dialect, &exhausted(&shop).await);
        let again = callback(&shop, &merchant).await;
        assert_eq!(
            (again.stage, usize::try_from(again.attempts).unwrap()),
            (DeliveryStage::GivenUp, 2 * attempts),
            "{dialect}"
        );
        let came = receivers.at(URL);
        assert_eq!(came.len(), 2 * attempts, "{dialect}");
        is_one_callback(dialect, &came);
    }
}
