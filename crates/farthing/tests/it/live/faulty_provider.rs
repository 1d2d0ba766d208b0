//! The built program before a provider that does wrong: what it says meanwhile, and that no payment is missed.

use super::{
    ANVIL_ID, EVM_ACCOUNT, POL, bitcoin, five_pol, half_a_bitcoin, pay, pay_half_a_bitcoin, polygon,
    program::{Rehearsal, Running},
};
use crate::contract::http::Ask;
use farthing_peers::{
    anvil::Anvil,
    bitcoin_core::{BitcoinCore, purse::Purse},
    fault_proxy::{Fault, FaultProxy},
};
use serde_json::Value;
use std::time::Duration;

/// A fault, a word by which `doctor` tells it, and its class in the metrics.
struct Wrong(Fault, &'static str, &'static str);

/// Faults after which the program cannot go on.
fn faults() -> Vec<Wrong> {
    vec![
        Wrong(Fault::Status(429, Some(1)), "429", "rate_limited"),
        Wrong(Fault::Status(500, None), "500", "status"),
        Wrong(Fault::HtmlPage, "a page of HTML", "malformed"),
        Wrong(Fault::ErrorInside(-32000, "header not found"), "header not found", "node_error"),
        Wrong(Fault::Reset, "the connection broke", "broken"),
        Wrong(Fault::Truncate, "the connection broke", "broken"),
    ]
}

/// What is wrong by `doctor` at a level, as one text.
fn told(doctor: &Value, level: &str) -> String {
    let checks = doctor["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["ok"] == false && check["level"] == level);
    failed.map(|check| format!("{}: {}\n", check["name"], check["detail"])).collect()
}

fn readiness(host: &str) -> (u16, Value) {
    let answer = Ask::get("/readyz").send(host);
    let rows = answer.json()["networks"].as_array().unwrap().clone();
    let live = rows.into_iter().find(|row| row["network"] == "polygon" && row["environment"] == "live");
    (answer.status, live.unwrap())
}

/// What was told so far: an event's name, and of which invoice.
fn feed(host: &str, key: &str) -> impl Iterator<Item = (String, Value)> + use<> {
    let events = Ask::get("/api/v1/events?limit=100&after=0").key(key).send(host).json();
    let events = events["data"].as_array().unwrap().clone();
    events.into_iter().map(|event| (event["event"].as_str().unwrap().to_owned(), event["data"]["invoice_id"].clone()))
}

/// An invoice that is paid while this goes wrong: what the program says meanwhile, and that the payment is found after it.
async fn paid_through(wrong: &Wrong, shop: (&Rehearsal, &Running<'_>, &str), chain: (&Anvil, &FaultProxy)) -> Value {
    let (Wrong(fault, words, class), (shop, server, key), (node, proxy)) = (wrong, shop, chain);
    let invoice = server.create_when_sold(key, &five_pol()).await;
    let before = server.failures(class);
    proxy.set(fault.clone());
    pay(node, &invoice, 5 * POL).await;
    server.until_failures(class, before).await;
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
    server.until_metric("farthing_provider_available", |available| available == 0).await;
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], false, "{words}");
    let told = told(&doctor, "error");
    assert!(told.contains("networks.polygon.") && told.contains(words), "{words}: {told}");
    let trouble = |network: &Value| network["seen_by_server"]["trouble"].as_str().map(str::to_owned);
    server.networks_status_when(|network| trouble(network).is_some_and(|trouble| trouble.contains(words))).await;
    server.until(key, &invoice, "pending").await;
    assert_eq!(Ask::get("/healthz").send(server.host()).status, 200, "the program itself is well");
    proxy.heal();
    server.until(key, &invoice, "confirming").await;
    invoice
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_provider_does_the_operator_is_told_and_every_payment_is_found_once() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let shop = Rehearsal::new(&polygon(&proxy.url(), EVM_ACCOUNT));
    let key = shop.live_key();

    // From the start.
    proxy.set(Fault::HtmlPage);
    let server = shop.serve().await;
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
    assert_eq!(server.metric("farthing_chain_sells"), Some(0));
    let (status, network) = readiness(server.host());
    assert_eq!((status, network["state"].as_str()), (503, Some("waiting")), "{network}");
    let refused = Ask::post("/api/v1/invoices", &five_pol()).key(&key).send(server.host());
    assert_eq!((refused.status, refused.json()["error"]["code"].as_str()), (503, Some("gate_offline")));
    proxy.heal();
    let mut invoices = vec![server.create_when_sold(&key, &five_pol()).await];
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 0).await;
    assert_eq!(readiness(server.host()).0, 200);

    // A slow one is only slow, and one that answers a batch in another order does no wrong.
    for harmless in [Fault::Delay(Duration::from_millis(50)), Fault::ShuffledBatch] {
        let before = proxy.faulted();
        proxy.set(harmless);
        let invoice = invoices.last().unwrap();
        pay(&node, invoice, 5 * POL).await;
        server.until(&key, invoice, "confirming").await;
        assert_eq!(server.metric("farthing_chain_troubled"), Some(0));
        assert!(proxy.faulted() > before);
        proxy.heal();
        invoices.push(server.create_when_sold(&key, &five_pol()).await);
    }
    pay(&node, invoices.last().unwrap(), 5 * POL).await;

    for wrong in faults() {
        invoices.push(paid_through(&wrong, (&shop, &server, &key), (&node, &proxy)).await);
    }

    // It goes back, and answers nothing of what it has not seen.
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    let cursor = server.metric("farthing_chain_cursor").unwrap();
    proxy.set(Fault::EvmLag(9));
    pay(&node, &invoice, 5 * POL).await;
    server.until_metric("farthing_chain_head", |head| head < cursor).await;
    assert!(server.metric("farthing_chain_cursor").unwrap() >= cursor, "what was scanned stays");
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
    let behind = told(&shop.doctor(), "warning");
    assert!(behind.contains("that was scanned: its providers lag behind"), "{behind}");
    server.until(&key, &invoice, "pending").await;
    server.until(&key, invoices.last().unwrap(), "confirming").await;
    proxy.heal();
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 0).await;
    invoices.push(invoice);

    node.mine(3).await.unwrap();
    for invoice in &invoices {
        server.until(&key, invoice, "paid").await;
        let names: Vec<_> =
            feed(server.host(), &key).filter(|(_, of)| *of == invoice["id"]).map(|(name, _)| name).collect();
        let told = ["created", "payment_detected", "confirming", "paid"].map(|name| format!("invoice.{name}"));
        assert_eq!(names, told, "each once, and nothing taken back");
    }
    server.until_metric("farthing_chain_behind_blocks", |behind| behind == 0).await;
    assert_eq!(server.metric("farthing_chain_gap_blocks"), Some(0));
    assert_eq!(server.metric("farthing_chain_troubled"), Some(0));
    assert_eq!(shop.doctor()["ok"], true);
    let log = shop.log();
    assert!(log.contains("was not scanned to its tip") && log.contains("429"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_of_another_chain_is_told_and_not_believed_again_before_minutes_or_the_next_start() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let shop = Rehearsal::new(&polygon(&proxy.url(), EVM_ACCOUNT));
    let key = shop.live_key();
    let server = shop.serve().await;
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    proxy.set(Fault::EvmChainId(1));
    pay(&node, &invoice, 5 * POL).await;
    server.until_failures("other_chain", 0).await;
    server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
    let doctor = shop.doctor();
    let words = "its chain id is 1, not 31337";
    assert!(doctor["ok"] == false && told(&doctor, "error").contains(words), "{doctor}");
    let quarantine = |network: &Value| network["seen_by_server"]["providers"][0]["quarantine"].clone();
    let status = server.networks_status_when(|network| !quarantine(network).is_null()).await;
    assert_eq!(quarantine(&status), words);
    server.until(&key, &invoice, "pending").await;
    proxy.heal();
    drop(server);
    let server = shop.serve().await;
    server.until(&key, &invoice, "confirming").await;
    node.mine(3).await.unwrap();
    server.until(&key, &invoice, "paid").await;
    assert_eq!(server.metric("farthing_chain_troubled"), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_bitcoin_core_does_the_operator_is_told_and_what_waits_is_seen_after_it() {
    let node = BitcoinCore::start().await.unwrap();
    let mut purse = Purse::filled(&node, 7, 4).await.unwrap();
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    // The proxy passes the node's credentials on.
    let shop = Rehearsal::new(&bitcoin(&proxy.url().replace("http://", "http://test:test@")));
    let key = shop.live_key();
    let server = shop.serve().await;
    let mut invoices = Vec::new();
    for Wrong(fault, words, class) in [
        Wrong(Fault::HtmlPage, "a page of HTML", "malformed"),
        Wrong(Fault::ErrorInside(-28, "Loading block index"), "Loading block index", "node_error"),
        Wrong(Fault::Truncate, "the connection broke", "broken"),
    ] {
        let invoice = server.create_when_sold(&key, &half_a_bitcoin()).await;
        proxy.set(fault);
        pay_half_a_bitcoin(&node, &mut purse, &invoice).await;
        server.until_failures(class, 0).await;
        server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
        let told = told(&shop.doctor(), "error");
        assert!(told.contains("networks.bitcoin.") && told.contains(words) && !told.contains("test:test"), "{told}");
        server.until(&key, &invoice, "pending").await;
        proxy.heal();
        server.until(&key, &invoice, "confirming").await;
        server.until_metric("farthing_chain_troubled", |troubled| troubled == 0).await;
        invoices.push(invoice);
    }
    node.mine(2, &purse.address()).await.unwrap();
    for invoice in &invoices {
        server.until(&key, invoice, "paid").await;
    }
    assert_eq!(shop.doctor()["ok"], true);
}
