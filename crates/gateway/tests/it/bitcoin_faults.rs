//! Bitcoin providers that do wrong, before a gateway: nothing is taken back, nothing is missed, nothing is told twice.

use crate::rehearsal::{DUE, Rehearsal, SMALL, chain, names, script};
use farthing_domain::standing::Status;
use farthing_gateway::scan::ScanError;
use farthing_peers::fault_proxy::{Edit, Fault};
use serde_json::json;
use std::sync::Arc;

fn faults() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::Truncate,
        Fault::HalfBody,
        Fault::Status(429, Some(0)),
        Fault::Status(500, None),
        Fault::HtmlPage,
        Fault::EmptyBody,
        Fault::ErrorInside(-28, "Loading block index..."),
        Fault::WrongId,
        Fault::ShortBatch,
        Fault::ShuffledBatch,
    ]
}

#[tokio::test]
async fn with_a_third_of_all_requests_failing_every_payment_is_told_once() {
    let mut all = Rehearsal::behind_proxies(2, 8).await;
    for (seed, proxy) in (1..).zip(&all.proxies) {
        proxy.set_random(30, seed, faults());
    }
    let mut invoices = Vec::new();
    for _ in 0..8 {
        let invoice = all.shop.create(SMALL).await;
        let coin = all.purse.coin().unwrap();
        all.core.send(&all.purse.spend(&coin, &[(script(&invoice), DUE)], 2_000).unwrap()).await.unwrap();
        all.scan_until_it_works().await;
        all.core.mine(1, &all.nobody()).await.unwrap();
        all.scan_until_it_works().await;
        invoices.push(invoice);
    }
    assert!(all.proxies.iter().all(|proxy| proxy.faulted() > 0));
    all.proxies.iter().for_each(farthing_peers::fault_proxy::FaultProxy::heal);
    all.mine(2).await;
    for invoice in &invoices {
        assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
        assert_eq!(all.shop.events(invoice.id).await, names("created payment_detected confirming paid"));
    }
}

#[tokio::test]
async fn another_provider_takes_over_without_a_word() {
    let mut all = Rehearsal::behind_proxies(2, 2).await;
    let invoice = all.shop.create(SMALL).await;
    all.pay(&invoice, DUE).await;
    for turn in 0..6_usize {
        all.proxies[turn % 2].set(Fault::Reset);
        all.proxies[(turn + 1) % 2].heal();
        all.scan_until_it_works().await;
        all.core.mine(1, &all.nobody()).await.unwrap();
        all.scan_until_it_works().await;
    }
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
    assert_eq!(all.shop.events(invoice.id).await, names("created payment_detected confirming paid"));
}

/// The node as it was some blocks ago, with the mempool of today.
fn stale(hash: String) -> Fault {
    let edit: Edit = Arc::new(move |method, _, result| {
        if method == "getbestblockhash" {
            *result = json!(hash);
        }
    });
    Fault::Edit(edit)
}

#[tokio::test]
async fn a_provider_that_falls_back_takes_nothing_back() {
    let mut all = Rehearsal::behind_proxies(1, 2).await;
    let invoice = all.shop.create(SMALL).await;
    let height = all.core.height().await.unwrap();
    let behind = all.core.hash_at(height).await.unwrap().to_string();
    all.pay(&invoice, DUE).await;
    all.mine(2).await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
    all.proxies[0].set_for("getbestblockhash", stale(behind));
    for _ in 0..3 {
        all.try_scan().await.unwrap();
    }
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
    all.proxies[0].heal();
    all.mine(1).await;
    assert_eq!(all.shop.events(invoice.id).await, names("created payment_detected confirming paid"));
}

#[tokio::test]
async fn a_provider_that_becomes_another_chain_is_not_scanned() {
    let mut all = Rehearsal::behind_proxies(1, 2).await;
    let invoice = all.shop.create(SMALL).await;
    let edit: Edit = Arc::new(|method, params, result| match method {
        "getblockhash" if params[0] == json!(0) => *result = json!("11".repeat(32)),
        _ => {}
    });
    all.proxies[0].set_for("getblockhash", Fault::Edit(edit));
    all = all.restart_with_new_adapter().await;
    let coin = all.purse.coin().unwrap();
    all.core.send(&all.purse.spend(&coin, &[(script(&invoice), DUE)], 2_000).unwrap()).await.unwrap();
    assert!(matches!(all.try_scan().await, Err(ScanError::OtherChain { .. })));
    assert_eq!(all.shop.status(invoice.id).await, Status::Pending);
    all.proxies[0].heal();
    all = all.restart_with_new_adapter().await;
    all.mine(2).await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
}

#[tokio::test]
async fn a_gateway_starts_without_any_provider_and_catches_up() {
    let mut all = Rehearsal::behind_proxies(1, 2).await;
    let invoice = all.shop.create(SMALL).await;
    all.proxies[0].set(Fault::Reset);
    all = all.restart_with_new_adapter().await;
    assert!(all.try_scan().await.is_err());
    assert!(!all.shop.world.gateway.chain(chain()).unwrap().is_contacted());
    let coin = all.purse.coin().unwrap();
    all.core.send(&all.purse.spend(&coin, &[(script(&invoice), DUE)], 2_000).unwrap()).await.unwrap();
    all.core.mine(60, &all.nobody()).await.unwrap();
    all.proxies[0].heal();
    all.scan().await;
    assert_eq!(all.shop.status(invoice.id).await, Status::Paid);
}
