//! The built program stopped for minutes, with its clock: it was paid meanwhile, and the windows ended.

use super::{ANVIL_ID, EVM_ACCOUNT, POL, pay, polygon, program::Rehearsal};
use crate::{contract::http::Ask, faults::rounds};
use farthing_peers::anvil::Anvil;
use serde_json::{Value, json};

/// How often it is stopped.
const STOPS: usize = 2;
/// The shortest and the longest stop: all are longer than the windows.
const MINUTES: [i64; 2] = [2, 30];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_while_it_was_stopped_beyond_the_window_is_paid_and_the_rest_expires_once() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let (shop, clock) = Rehearsal::with_clock(&polygon(&node.url(), EVM_ACCOUNT));
    let key = shop.live_key();
    let asked = json!({"currency": "POL", "network": "polygon", "amount": "5", "expiry_minutes": 1});
    let [shortest, longest] = MINUTES;
    let stops = rounds("FARTHING_STOPS", STOPS);
    for (stop, minutes) in (0..stops).zip((shortest..=longest).cycle().step_by(7)) {
        // The next life begins with the right time, behind what the one before had seen.
        clock.to(0);
        let server = shop.serve().await;
        let paid = server.create_when_sold(&key, &asked).await;
        let unpaid = server.create_when_sold(&key, &asked).await;
        server.signal("STOP");
        pay(&node, &paid, 5 * POL).await;
        node.mine(4).await.unwrap();
        clock.to(minutes * 60_000);
        server.signal("CONT");
        server.until(&key, &unpaid, "expired").await;
        server.until(&key, &paid, "paid").await;
        assert_eq!(told(server.host(), &key, &unpaid), ["invoice.created", "invoice.expired"], "stop {stop}");
        let of_paid = told(server.host(), &key, &paid);
        assert!(!of_paid.contains(&"invoice.expired".to_owned()), "stop {stop}, {minutes} minutes: {of_paid:?}");
        assert_eq!(of_paid.iter().filter(|kind| *kind == "invoice.paid").count(), 1, "{of_paid:?}");
    }
    println!("stopped {stops} times for {shortest} to {longest} minutes: what was paid is paid, the rest expired once");
}

/// What was told of an invoice, in this order.
fn told(host: &str, key: &str, invoice: &Value) -> Vec<String> {
    let (mut after, mut kinds) = (0, Vec::new());
    loop {
        let page = Ask::get(&format!("/api/v1/events?limit=100&after={after}")).key(key).send(host).json();
        let events = page["data"].as_array().unwrap().clone();
        if events.is_empty() {
            return kinds;
        }
        let of_it = events.iter().filter(|event| event["data"]["invoice_id"] == invoice["id"]);
        kinds.extend(of_it.map(|event| event["event"].as_str().unwrap().to_owned()));
        after = page["meta"]["next_after"].as_u64().unwrap();
    }
}
