//! `kill -9` at full load, twenty times: what was acknowledged is there, no address serves twice, every event is delivered.
//!
//! The built program runs on one data folder, shops create and pay invoices as fast as they can, and the process is killed at
//! a random moment. What a shop did not hear an answer to it asks again, with the same key, as shops do. At the end everything
//! that was ever answered is compared with what is there. It never looks into the database.

mod http;
mod receiver;
mod server;

use self::{
    http::{Answer, Connection},
    receiver::{Received, Receiver},
    server::{Installation, Server},
};
use farthing_dialects::native::callback::{self, WebhookSecret};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::task::JoinSet;

const ROUNDS: usize = 20;
/// Shops that create and pay at the same time, each over its own connection.
const SHOPS: usize = 6;
/// A round's load lasts at least and at most so many milliseconds before the kill.
const LOAD_MS: (u64, u64) = (40, 700);
/// Every so many invoices a shop's customer pays one.
const PAYS_EVERY: usize = 4;
/// Polls for the last deliveries, and the pause between two.
const POLLS: usize = 600;
const PAUSE: Duration = Duration::from_millis(100);
const AMOUNT: &str = "0.5";
const SOLD: [(&str, &str); 7] = [
    ("BTC", "bitcoin"),
    ("LTC", "litecoin"),
    ("USDT", "tron"),
    ("USDC", "polygon"),
    ("DOGE", "dogecoin"),
    ("ETH", "arbitrum"),
    ("SOL", "solana"),
];
/// Blocks after which money is final on every simulated network.
const FINAL_BLOCKS: u32 = 1000;
/// What each of the two endpoints subscribes to; together, everything that this test can cause.
const LANES: [(&str, &[&str]); 2] = [
    ("/created", &["invoice.created"]),
    ("/money", &["invoice.payment_detected", "invoice.confirming", "invoice.paid", "invoice.overpaid"]),
];

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_twenty_times_at_full_load() {
    let seed = RandomState::new().build_hasher().finish();
    println!("seed of the moments of the kills: {seed}");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(twenty_kills(Chance(seed)));
}

async fn twenty_kills(mut chance: Chance) {
    let receiver = Receiver::start().await;
    let installation = Installation::new();
    let books = Books::default();
    let mut endpoints = Vec::new();
    for round in 0..ROUNDS {
        let server = installation.start().await;
        if endpoints.is_empty() {
            endpoints = subscribe(&server, &receiver).await;
        }
        ask_again(&server, &books).await;
        let mut shops = JoinSet::new();
        for shop in 0..SHOPS {
            shops.spawn(trade(server.connect().await, books.clone(), format!("{round}-{shop}")));
        }
        tokio::time::sleep(Duration::from_millis(chance.between(LOAD_MS))).await;
        server.kill();
        drop(shops.join_all().await);
    }
    let server = installation.start().await;
    ask_again(&server, &books).await;
    for (_, network) in SOLD {
        let path = format!("/api/v1/test/networks/{network}/blocks");
        server.connect().await.post(&path, &json!({"count": FINAL_BLOCKS})).await.unwrap().expect(&[200, 201]);
    }
    let invoices = everything_acknowledged_is_there(&server, &books).await;
    let feed = the_feed_has_no_gap(&server, &invoices).await;
    every_event_arrives(&endpoints, &receiver, &feed).await;
    installation.audit_finds_nothing();
    let deliveries = receiver.look(<[_]>::len);
    println!("{} invoices, {} events, {deliveries} webhooks, {ROUNDS} kills", invoices.len(), feed.len());
    assert!(invoices.len() > ROUNDS, "there was no load");
}

/// Random numbers of a seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low.saturating_add((mixed ^ (mixed >> 31)).checked_rem(high.saturating_sub(low)).unwrap_or_default())
    }
}

/// What the shops know: what they asked for and what they were answered.
#[derive(Clone, Default)]
struct Books(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    /// Every request to create an invoice, by its idempotency key.
    asked: BTreeMap<String, Value>,
    /// The invoice's id and address, by the key of the request that was answered.
    acknowledged: BTreeMap<String, (String, String)>,
    /// Payments that were acknowledged: the invoice's id by the transaction's hash.
    paid: BTreeMap<String, String>,
}

impl Books {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap()
    }

    fn acknowledge(&self, key: &str, invoice: &Value) {
        let known = (text(invoice, "id"), text(invoice, "deposit_address"));
        let before = self.pages().acknowledged.insert(key.to_owned(), known.clone());
        assert!(before.is_none_or(|before| before == known), "{key} was answered with two invoices");
    }
}

/// Creates invoices, and pays some, until the server is gone.
async fn trade(mut connection: Connection, books: Books, name: String) {
    for (number, (currency, network)) in SOLD.into_iter().cycle().enumerate() {
        let key = format!("{name}-{number}");
        let body = json!({"currency": currency, "network": network, "amount": AMOUNT, "idempotency_key": key});
        books.pages().asked.insert(key.clone(), body.clone());
        let Ok(answer) = connection.post("/api/v1/invoices", &body).await else { return };
        let answer = answer.expect(&[201, 503]);
        if answer.status != 201 {
            continue;
        }
        books.acknowledge(&key, answer.data());
        if number.is_multiple_of(PAYS_EVERY) && !pay(&mut connection, &books, &text(answer.data(), "id")).await {
            return;
        }
    }
}

async fn pay(connection: &mut Connection, books: &Books, invoice: &str) -> bool {
    let path = format!("/api/v1/test/invoices/{invoice}/payments");
    let Ok(answer) = connection.post(&path, &json!({"amount": AMOUNT, "confirmations": 1})).await else { return false };
    let answer = answer.expect(&[201, 503]);
    if answer.status == 201 {
        books.pages().paid.insert(text(answer.data(), "tx_hash"), invoice.to_owned());
    }
    true
}

/// Repeats what was never answered, and once more: the key makes one invoice of both.
async fn ask_again(server: &Server, books: &Books) {
    let open: Vec<(String, Value)> = {
        let pages = books.pages();
        let open = pages.asked.iter().filter(|(key, _)| !pages.acknowledged.contains_key(*key));
        open.map(|(key, body)| (key.clone(), body.clone())).collect()
    };
    let mut connection = server.connect().await;
    for (key, body) in open {
        let first = connection.post("/api/v1/invoices", &body).await.unwrap().expect(&[200, 201]);
        books.acknowledge(&key, first.data());
        let second = connection.post("/api/v1/invoices", &body).await.unwrap().expect(&[200]);
        books.acknowledge(&key, second.data());
    }
}

/// Two endpoints at the receiver; answers their paths and secrets.
async fn subscribe(server: &Server, receiver: &Receiver) -> Vec<(&'static str, WebhookSecret)> {
    let mut endpoints = Vec::new();
    for (path, events) in LANES {
        let body = json!({"url": receiver.url(path), "events": events});
        let answer = server.connect().await.post("/api/v1/webhook-endpoints", &body).await.unwrap().expect(&[201]);
        endpoints.push((path, text(answer.data(), "secret").parse().unwrap()));
    }
    endpoints
}

/// All invoices by id, after comparing them with the shops' books.
async fn everything_acknowledged_is_there(server: &Server, books: &Books) -> BTreeMap<String, Value> {
    let invoices = all(server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
    let pages = books.pages();
    let (mut by_id, mut addresses, mut keys) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let mut payments = BTreeMap::new();
    for invoice in invoices {
        let (id, key) = (text(&invoice, "id"), text(&invoice, "idempotency_key"));
        assert!(addresses.insert(text(&invoice, "deposit_address")), "an address serves twice: {invoice}");
        assert!(pages.asked.contains_key(&key), "nobody asked for {invoice}");
        assert!(keys.insert(key), "one key made two invoices: {invoice}");
        for payment in invoice["payments"].as_array().unwrap() {
            assert_eq!(payment["amount"], AMOUNT);
            assert!(payments.insert(text(payment, "tx_hash"), id.clone()).is_none(), "attributed twice: {payment}");
        }
        by_id.insert(id, invoice);
    }
    assert_eq!(pages.acknowledged.len(), pages.asked.len(), "something was never answered");
    for (key, (id, address)) in &pages.acknowledged {
        let invoice = by_id.get(id).unwrap_or_else(|| panic!("invoice {id} of {key} was acknowledged and is lost"));
        assert_eq!(invoice["deposit_address"], **address, "{key}");
    }
    for (hash, id) in &pages.paid {
        assert_eq!(payments.get(hash), Some(id), "payment {hash} was acknowledged");
        assert_eq!(by_id[id]["status"], "paid", "{}", by_id[id]);
    }
    assert_eq!(by_id.len(), pages.asked.len());
    by_id
}

/// All events, numbered from 1 without a gap: one `invoice.created` each, one `invoice.paid` for each that is paid.
async fn the_feed_has_no_gap(server: &Server, invoices: &BTreeMap<String, Value>) -> Vec<Value> {
    let feed = all(server, "/api/v1/events?limit=100&after=", |page, _| {
        usize::try_from(page["meta"]["next_after"].as_u64().unwrap_or_default()).unwrap()
    })
    .await;
    let mut told: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for (event, sequence) in feed.iter().zip(1_u64..) {
        assert_eq!(event["sequence"], sequence, "a gap in the feed");
        told.entry((text(event, "event"), text(&event["data"], "invoice_id"))).or_default().push(event);
    }
    for (id, invoice) in invoices {
        let count = |kind: &str| told.get(&(kind.to_owned(), id.clone())).map_or(0, Vec::len);
        assert_eq!(count("invoice.created"), 1, "{invoice}");
        assert_eq!(count("invoice.paid"), usize::from(invoice["status"] == "paid"), "{invoice}");
    }
    feed
}

/// Waits until every event of the feed has arrived where it was subscribed to, and checks every webhook that ever came.
async fn every_event_arrives(endpoints: &[(&str, WebhookSecret)], receiver: &Receiver, feed: &[Value]) {
    let lane_of = |kind: &str| LANES.iter().find(|(_, events)| events.contains(&kind)).map(|(path, _)| *path);
    let expected: BTreeMap<(&str, String), &Value> = feed
        .iter()
        .map(|event| {
            let kind = text(event, "event");
            let lane = lane_of(&kind).unwrap_or_else(|| panic!("{kind} was not expected"));
            ((lane, text(event, "id")), event)
        })
        .collect();
    let mut missing = expected.len();
    for _ in 0..POLLS {
        missing = receiver.look(|received| {
            let arrived: BTreeSet<_> =
                received.iter().map(|got| (got.path.as_str(), got.header("webhook-id"))).collect();
            expected.keys().filter(|(lane, id)| !arrived.contains(&(*lane, id.as_str()))).count()
        });
        if missing == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(missing, 0, "events that never arrived");
    receiver.look(|received| every_webhook_is_good(endpoints, received, &expected));
}

/// Each is signed as the contract says, tells an event of the feed, and is the same bytes every time.
fn every_webhook_is_good(
    endpoints: &[(&str, WebhookSecret)],
    received: &[Received],
    expected: &BTreeMap<(&str, String), &Value>,
) {
    let mut bodies: BTreeMap<(&str, String), &[u8]> = BTreeMap::new();
    for got in received {
        let (lane, secret) = endpoints.iter().find(|(path, _)| *path == got.path).unwrap();
        let attempt = callback::Attempt {
            id: got.header("webhook-id"),
            event: got.header("x-halfin-event"),
            timestamp_seconds: got.header("webhook-timestamp").parse().unwrap(),
            body: &got.body,
        };
        for (name, value) in callback::headers(std::slice::from_ref(secret), &attempt) {
            assert_eq!(got.header(name), value, "{name}");
        }
        let told = (*lane, got.header("webhook-id").to_owned());
        let event = expected.get(&told).unwrap_or_else(|| panic!("{told:?} is not in the feed"));
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        assert_eq!((&body["event"], &body["data"]), (&event["event"], &event["data"]));
        let first = bodies.entry(told).or_insert(&got.body);
        assert_eq!(*first, got.body, "the bytes of a repeated webhook differ");
    }
}

/// All rows of a list, page by page. `next` says where the next page begins, from a page and the number of rows so far.
async fn all(server: &Server, path: &str, next: impl Fn(&Value, usize) -> usize) -> Vec<Value> {
    let mut connection = server.connect().await;
    let (mut rows, mut from) = (Vec::new(), 0);
    loop {
        let Answer { body, .. } = connection.get(&format!("{path}{from}")).await.unwrap().expect(&[200]);
        let page = body["data"].as_array().unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page.iter().cloned());
        from = next(&body, rows.len());
    }
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no text {field} in {object}")).to_owned()
}
