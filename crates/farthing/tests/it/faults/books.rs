//! What shops know of a gateway, and what a gateway must show them: a load that is written down, and its comparison.

use super::{
    http::{Answer, Connection},
    receiver::{Received, Receiver},
    server::Server,
};
use farthing_dialects::native::callback::{self, WebhookSecret};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// Every so many invoices a shop's customer pays one.
const PAYS_EVERY: usize = 4;
/// Polls without any news after which the last deliveries are not waited for any more, and the pause between two: an attempt that
/// failed, for want of memory or files, is repeated after a minute and a half at the latest.
const POLLS: usize = 1500;
const PAUSE: Duration = Duration::from_millis(100);
const AMOUNT: &str = "0.5";
pub(super) const SOLD: [(&str, &str); 7] = [
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
/// What each of the endpoints subscribes to; together, everything that this load can cause.
const LANES: [(&str, &[&str]); 3] = [
    ("/created", &["invoice.created"]),
    ("/money", &["invoice.payment_detected", "invoice.confirming", "invoice.paid", "invoice.overpaid"]),
    ("/ended", &["invoice.expired"]),
];

/// What the shops know: what they asked for and what they were answered.
#[derive(Clone, Default)]
pub(super) struct Books {
    pages: Arc<Mutex<Pages>>,
    /// Where each answer is noted down at once.
    marks: Option<Arc<Marks>>,
}

/// Takes a mark for every answer, as soon as it is there.
pub(super) type Marks = dyn Fn(&Value) + Send + Sync;

#[derive(Default)]
struct Pages {
    /// Every request to create an invoice, by its idempotency key.
    asked: BTreeMap<String, Value>,
    /// The invoice's id and address, by the key of the request that was answered.
    acknowledged: BTreeMap<String, (String, String)>,
    /// Payments that were acknowledged: the invoice's id by the transaction's hash.
    paid: BTreeMap<String, String>,
    /// Answers of 503.
    refusals: usize,
    /// Answers that began and did not end.
    cut_answers: usize,
}

impl Books {
    /// Books that note down each answer besides.
    pub(super) fn with_marks(marks: Arc<Marks>) -> Self {
        Self { marks: Some(marks), ..Self::default() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap()
    }

    fn mark(&self, answer: &Value) {
        if let Some(marks) = &self.marks {
            marks(answer);
        }
    }

    fn acknowledge(&self, key: &str, invoice: &Value) {
        let known = (text(invoice, "id"), text(invoice, "deposit_address"));
        self.mark(&json!({"invoice": known.0, "address": known.1, "key": key}));
        let before = self.pages().acknowledged.insert(key.to_owned(), known.clone());
        assert!(before.is_none_or(|before| before == known), "{key} was answered with two invoices");
    }

    /// Asks for one invoice; its answer's status, `None` when the connection ended without one. A 201 is in the books.
    pub(super) async fn create(&self, connection: &mut Connection, key: &str) -> Option<Answer> {
        let number = self.pages().asked.len();
        let (currency, network) = SOLD[number % SOLD.len()];
        let body = json!({"currency": currency, "network": network, "amount": AMOUNT, "idempotency_key": key});
        let body = self.pages().asked.entry(key.to_owned()).or_insert(body).clone();
        let answer = self.count(connection.post("/api/v1/invoices", &body).await)?.expect(&[200, 201, 503]);
        if answer.status != 503 {
            self.acknowledge(key, answer.data());
        }
        Some(answer)
    }

    /// Pays an invoice; like [`Self::create`].
    pub(super) async fn pay(&self, connection: &mut Connection, invoice: &str) -> Option<Answer> {
        let path = format!("/api/v1/test/invoices/{invoice}/payments");
        let answer = self.count(connection.post(&path, &json!({"amount": AMOUNT, "confirmations": 1})).await)?;
        let answer = answer.expect(&[201, 503]);
        if answer.status == 201 {
            let hash = text(answer.data(), "tx_hash");
            self.mark(&json!({"paid": invoice, "hash": hash}));
            self.pages().paid.insert(hash, invoice.to_owned());
        }
        Some(answer)
    }

    /// Repeats what was never answered, and once more: the key makes one invoice of both.
    pub(super) async fn ask_again(&self, server: &Server) {
        let open: Vec<String> = {
            let pages = self.pages();
            pages.asked.keys().filter(|key| !pages.acknowledged.contains_key(*key)).cloned().collect()
        };
        let mut connection = server.connect().await;
        for key in open {
            self.create(&mut connection, &key).await.unwrap().expect(&[200, 201]);
            self.create(&mut connection, &key).await.unwrap().expect(&[200]);
        }
    }

    /// How many requests for an invoice were answered by one.
    pub(super) fn acknowledged(&self) -> usize {
        self.pages().acknowledged.len()
    }

    /// How many payments were answered.
    pub(super) fn paid(&self) -> usize {
        self.pages().paid.len()
    }

    /// How many requests were refused for now.
    pub(super) fn refusals(&self) -> usize {
        self.pages().refusals
    }

    /// How many answers ended before they were whole.
    pub(super) fn cut_answers(&self) -> usize {
        self.pages().cut_answers
    }

    /// The answer, if one came, and whether it was none, half a one, or a refusal in the books.
    fn count(&self, answer: io::Result<Answer>) -> Option<Answer> {
        let mut pages = self.pages();
        match &answer {
            Ok(answer) if answer.status == 503 => pages.refusals += 1,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => pages.cut_answers += 1,
            Ok(_) | Err(_) => {}
        }
        answer.ok()
    }
}

/// What a comparison looked at.
pub(super) struct Found {
    pub(super) invoices: usize,
    events: usize,
    webhooks: usize,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} invoices, {} events, {} webhooks", self.invoices, self.events, self.webhooks)
    }
}

/// Asks again what was never answered, lets all money become final, and compares everything with the shops' books.
pub(super) async fn compare(
    server: &Server,
    books: &Books,
    endpoints: &[(&str, WebhookSecret)],
    receiver: &Receiver,
) -> Found {
    books.ask_again(server).await;
    let mut connection = server.connect().await;
    make_final(&mut connection).await;
    let invoices = everything_acknowledged_is_there(server, books).await;
    let feed = the_feed_has_no_gap(server, &invoices).await;
    every_event_arrives(endpoints, receiver, &feed).await;
    Found { invoices: invoices.len(), events: feed.len(), webhooks: receiver.look(<[_]>::len) }
}

/// Lets all money become final that was paid so far.
pub(super) async fn make_final(connection: &mut Connection) {
    for (_, network) in SOLD {
        let path = format!("/api/v1/test/networks/{network}/blocks");
        connection.post(&path, &json!({"count": FINAL_BLOCKS})).await.unwrap().expect(&[200, 201]);
    }
}

/// Creates invoices, and pays some, until the server is gone.
pub(super) async fn trade(mut connection: Connection, books: Books, name: String) {
    for number in 0_usize.. {
        let Some(answer) = books.create(&mut connection, &format!("{name}-{number}")).await else { return };
        let pays = answer.status == 201 && number.is_multiple_of(PAYS_EVERY);
        if pays && books.pay(&mut connection, &text(answer.data(), "id")).await.is_none() {
            return;
        }
    }
}

/// An endpoint a lane at the receiver; answers their paths and secrets.
pub(super) async fn subscribe(server: &Server, receiver: &Receiver) -> Vec<(&'static str, WebhookSecret)> {
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

/// All events, numbered from 1 without a gap: one `invoice.created` each, one `invoice.paid` for each that is paid, one
/// `invoice.expired` for each that expired.
pub(super) async fn the_feed_has_no_gap(server: &Server, invoices: &BTreeMap<String, Value>) -> Vec<Value> {
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
        assert_eq!(count("invoice.expired"), usize::from(invoice["status"] == "expired"), "{invoice}");
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
    let missing = || {
        receiver.look(|received| {
            let arrived: BTreeSet<_> =
                received.iter().map(|got| (got.path.as_str(), got.header("webhook-id"))).collect();
            expected.keys().filter(|(lane, id)| !arrived.contains(&(*lane, id.as_str()))).count()
        })
    };
    let (mut before, mut polls) = (missing(), 0);
    while before > 0 && polls < POLLS {
        tokio::time::sleep(PAUSE).await;
        let now = missing();
        polls = if now < before { 0 } else { polls + 1 };
        before = now;
    }
    assert_eq!(before, 0, "events that never arrived");
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
pub(super) async fn all(server: &Server, path: &str, next: impl Fn(&Value, usize) -> usize) -> Vec<Value> {
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

pub(super) fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("no text {field} in {object}")).to_owned()
}
