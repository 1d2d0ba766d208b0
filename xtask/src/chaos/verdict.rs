//! What must be there at the end, read over the API as a shop reads it: every list in pages, never the database.

use super::{
    SOLD,
    books::{Books, Pages},
    mine,
    receivers::{EVENTS, HEALTHY, Receivers},
};
use crate::{
    client::Client,
    program::{Server, text},
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Polls without any news after which the last webhooks are not waited for any more, and the pause between two: an attempt that
/// failed is repeated after a minute and a half at the latest.
const POLLS: usize = 1500;
const PAUSE: Duration = Duration::from_millis(100);
/// Blocks after which money is final on every simulated network.
const FINAL_BLOCKS: u32 = 1000;

/// How much there was.
pub(super) struct Counts {
    pub(super) invoices: usize,
    pub(super) payments: usize,
    pub(super) reversed: usize,
    pub(super) events: usize,
    pub(super) webhooks: usize,
    pub(super) repeated: usize,
}

/// Mines until everything is final, waits for the last webhooks, and holds all of it against the books.
pub(super) async fn judge(server: &Server, api_key: &str, books: &Books, receivers: &Receivers) -> Result<Counts> {
    let mut client = server.connect(api_key).await?;
    for (_, network) in SOLD {
        mine(&mut client, network, FINAL_BLOCKS).await?;
    }
    let invoices = all(&mut client, "/api/v1/invoices?limit=100&offset=", |_, seen| Some(seen)).await?;
    let (payments, reversed) = invoices_are_as_acknowledged(&invoices, &books.pages())?;
    let feed = all(&mut client, "/api/v1/events?limit=100&after=", |page, _| {
        usize::try_from(page.pointer("/meta/next_after")?.as_u64()?).ok()
    })
    .await?;
    the_feed_is_whole(&feed, &invoices)?;
    every_event_arrived(&feed, receivers).await?;
    let arrived = receivers.arrived();
    ensure!(arrived.values().all(|first| !first.differs), "a webhook came again with other bytes");
    let webhooks = arrived.values().map(|first| first.times).fold(0, usize::saturating_add);
    let repeated = webhooks.saturating_sub(arrived.len());
    Ok(Counts { invoices: invoices.len(), payments, reversed, events: feed.len(), webhooks, repeated })
}

/// Nothing acknowledged is missing, no address and no key serves twice, every payment stands on its invoice. Answers how many
/// payments there are, and how many of them were reversed.
fn invoices_are_as_acknowledged(invoices: &[Value], pages: &Pages) -> Result<(usize, usize)> {
    let (mut by_id, mut addresses, mut keys) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    let mut payments: BTreeMap<String, (String, String)> = BTreeMap::new();
    for invoice in invoices {
        let (id, key) = (text(invoice, "/id")?, text(invoice, "/idempotency_key")?);
        ensure!(addresses.insert(text(invoice, "/deposit_address")?), "an address serves twice: {invoice}");
        ensure!(pages.asked.contains_key(&key), "nobody asked for {invoice}");
        ensure!(keys.insert(key), "one key made two invoices: {invoice}");
        for payment in invoice.get("payments").and_then(Value::as_array).context("an invoice without payments")? {
            let standing = (id.clone(), text(payment, "/status")?);
            let before = payments.insert(text(payment, "/tx_hash")?, standing);
            ensure!(before.is_none(), "a payment stands on two invoices: {payment}");
        }
        by_id.insert(id, invoice);
    }
    for (key, (id, address)) in &pages.acknowledged {
        let invoice = by_id.get(id).with_context(|| format!("invoice {id} of {key} was acknowledged and is lost"))?;
        ensure!(text(invoice, "/deposit_address")? == *address, "{key} has another address now");
    }
    ensure!(pages.acknowledged.len() == by_id.len(), "there are more invoices than were acknowledged");
    for (hash, id) in &pages.paid {
        let (on, status) =
            payments.get(hash).with_context(|| format!("payment {hash} was acknowledged and is lost"))?;
        ensure!(on == id, "payment {hash} of {id} stands on {on}");
        let expected = if pages.dropped.contains(hash) { "reversed" } else { "confirmed" };
        ensure!(status == expected, "payment {hash} of {id} is {status}, not {expected}");
    }
    let unheard = payments.keys().filter(|hash| !pages.paid.contains_key(*hash)).count();
    ensure!(unheard <= pages.unanswered_payments, "there are payments that nobody made");
    Ok((payments.len(), payments.values().filter(|(_, status)| status == "reversed").count()))
}

/// Numbered from 1 without a gap, and each invoice begins once.
fn the_feed_is_whole(feed: &[Value], invoices: &[Value]) -> Result<()> {
    let mut created: BTreeMap<String, usize> = BTreeMap::new();
    for (event, sequence) in feed.iter().zip(1_u64..) {
        ensure!(event.get("sequence").and_then(Value::as_u64) == Some(sequence), "a gap in the feed before {event}");
        if text(event, "/event")? == "invoice.created" {
            let count = created.entry(text(event, "/data/invoice_id")?).or_default();
            *count = count.saturating_add(1);
        }
    }
    for invoice in invoices {
        let count = created.get(&text(invoice, "/id")?).copied().unwrap_or_default();
        ensure!(count == 1, "{count} times invoice.created of {invoice}");
    }
    Ok(())
}

/// Waits until each healthy receiver has every event that it was subscribed to.
async fn every_event_arrived(feed: &[Value], receivers: &Receivers) -> Result<()> {
    let mut expected = BTreeSet::new();
    for event in feed {
        if EVENTS.contains(&text(event, "/event")?.as_str()) {
            let id = text(event, "/id")?;
            expected.extend(HEALTHY.map(|path| (path.to_owned(), id.clone())));
        }
    }
    let mut polls: usize = 0;
    while polls < POLLS {
        let before = expected.len();
        expected.retain(|told| !receivers.arrived().contains_key(told));
        if expected.is_empty() {
            return Ok(());
        }
        polls = if expected.len() < before { 0 } else { polls.saturating_add(1) };
        tokio::time::sleep(PAUSE).await;
    }
    bail!("{} webhooks never arrived, such as {:?}", expected.len(), expected.first());
}

/// All rows of a list, page by page. `next` says where the next page begins, from a page and the number of rows so far.
async fn all(client: &mut Client, path: &str, next: impl Fn(&Value, usize) -> Option<usize>) -> Result<Vec<Value>> {
    let (mut rows, mut from) = (Vec::new(), 0);
    loop {
        let mut page = client.call("GET", &format!("{path}{from}"), "", 200).await?;
        let data = page.get_mut("data").and_then(Value::as_array_mut).map(std::mem::take);
        let data = data.context("a page without data")?;
        if data.is_empty() {
            return Ok(rows);
        }
        rows.extend(data);
        from = next(&page, rows.len()).context("a page that does not say what comes next")?;
    }
}
