//! The built program before a provider that does wrong: what it says meanwhile, and that no payment is missed.

use super::{ANVIL_ID, EVM_ACCOUNT, POL, five_pol, pay, polygon, program::Rehearsal};
use crate::contract::http::Ask;
use farthing_peers::{
    anvil::Anvil,
    fault_proxy::{Fault, FaultProxy},
};
use serde_json::Value;
use std::time::Duration;

/// Faults after which the program cannot go on, and a word by which `doctor` tells each.
fn faults() -> Vec<(Fault, &'static str)> {
    vec![
        (Fault::Status(429, Some(1)), "429"),
        (Fault::HtmlPage, "a page of HTML"),
        (Fault::ErrorInside(-32000, "header not found"), "header not found"),
        (Fault::Reset, "the connection broke"),
    ]
}

/// What is wrong by `doctor`, as one text.
fn errors(doctor: &Value) -> String {
    assert_eq!(doctor["ok"], false, "{doctor}");
    let checks = doctor["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["ok"] == false && check["level"] == "error");
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

    // A slow one is only slow.
    proxy.set(Fault::Delay(Duration::from_millis(50)));
    pay(&node, &invoices[0], 5 * POL).await;
    server.until(&key, &invoices[0], "confirming").await;
    assert_eq!(server.metric("farthing_chain_troubled"), Some(0));
    proxy.heal();

    for (fault, words) in faults() {
        let invoice = server.create_when_sold(&key, &five_pol()).await;
        proxy.set(fault);
        pay(&node, &invoice, 5 * POL).await;
        server.until_metric("farthing_chain_troubled", |troubled| troubled == 1).await;
        let told = errors(&shop.doctor());
        assert!(told.contains("networks.polygon.") && told.contains(words), "{words}: {told}");
        server.until(&key, &invoice, "pending").await;
        assert_eq!(Ask::get("/healthz").send(server.host()).status, 200, "the program itself is well");
        proxy.heal();
        server.until(&key, &invoice, "confirming").await;
        invoices.push(invoice);
    }

    // It goes back, and answers nothing of what it has not seen.
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    let cursor = server.metric("farthing_chain_cursor").unwrap();
    proxy.set(Fault::EvmLag(9));
    pay(&node, &invoice, 5 * POL).await;
    server.until_metric("farthing_chain_head", |head| head < cursor).await;
    assert!(server.metric("farthing_chain_cursor").unwrap() >= cursor, "what was scanned stays");
    server.until(&key, &invoice, "pending").await;
    server.until(&key, invoices.last().unwrap(), "confirming").await;
    proxy.heal();
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
    assert!(server.metric("farthing_provider_failures_total") > Some(0));
    assert_eq!(shop.doctor()["ok"], true);
    let log = shop.log();
    assert!(log.contains("was not scanned to its tip") && log.contains("429"), "{log}");
}
