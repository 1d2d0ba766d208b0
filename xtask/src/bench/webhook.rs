//! From a payment that a scanner can see to the webhook that tells of it.
//!
//! What is timed is a test-mode payment, from sending the request to the webhook's arrival here. Before the payment can be
//! seen, the request must be read, the invoice looked up and the simulated chain's change committed, which is the chain's work
//! and not the gateway's: as much as reading the same invoice over the same connection takes, and one commit, are taken off.
//! What is left is a scan, the transaction that records the payment, finding the delivery, and sending it.
//!
//! It is told as so many durable commits. Those are made in turn with the payments: a machine that was doing nothing a moment ago
//! takes longer for anything than one in the middle of a loop.

use super::{
    numbers::{Line, decimal, hundredths, median, microseconds},
    raw::SingleCommits,
    server::Server,
};
use crate::client::Client;
use anyhow::{Context, Result};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

const PAYMENTS: usize = 120;
/// Payments that are not counted: connections open and caches fill.
const WARM_UP: usize = 20;
/// How long a webhook is waited for before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The goal, in hundredths of a commit.
const RATIO_MAX: u64 = 300;

/// Measures, with single commits to a store in `folder` beside it.
pub(super) async fn lines(server: &Server, folder: &Path) -> Result<Vec<Line>> {
    let mut single = SingleCommits::open(folder)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let (arrivals, mut arrived) = mpsc::unbounded_channel();
    let mut receiving = JoinSet::new();
    receiving.spawn(receive(listener, arrivals));
    let mut client = server.connect().await?;
    delete_endpoints(&mut client).await?;
    let body = format!(r#"{{"url":"http://127.0.0.1:{port}/","events":["invoice.confirming"]}}"#);
    let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &body, 201).await?;
    let endpoint = text(&endpoint, "/data/id")?;
    let (mut totals, mut reads, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PAYMENTS {
        let commit = single.one().await?;
        let id = invoice(&mut client, number).await?;
        let began = Instant::now();
        client.exchange("GET", &format!("/api/v1/invoices/{id}"), "", 200).await?;
        let read = began.elapsed();
        let began = Instant::now();
        let path = format!("/api/v1/test/invoices/{id}/payments");
        client.exchange("POST", &path, r#"{"amount":"0.5","confirmations":0}"#, 201).await?;
        let at = timeout(PATIENCE, arrived.recv()).await.context("no webhook came")?.context("no receiver")?;
        if number >= WARM_UP {
            totals.push(u64::try_from(at.saturating_duration_since(began).as_micros())?);
            reads.push(u64::try_from(read.as_micros())?);
            commits.push(commit);
        }
        // The next payment waits alone in the mempool, as this one did.
        client.exchange("POST", "/api/v1/test/networks/bitcoin/blocks", "", 201).await?;
    }
    client.exchange("DELETE", &format!("/api/v1/webhook-endpoints/{endpoint}"), "", 204).await?;
    let (total, read, commit) = (median(&totals), median(&reads), median(&commits));
    let seen_to_sent = total.saturating_sub(read).saturating_sub(commit);
    let ratio = hundredths(seen_to_sent, commit);
    let measured = format!("{}, {} commits", microseconds(seen_to_sent), decimal(ratio));
    let goal = "3 commits or less";
    Ok(vec![
        Line::plain("one durable commit, median", microseconds(commit)),
        Line::plain(
            "test payment's request to webhook received, median",
            format!("{} (of which reading the request: {})", microseconds(total), microseconds(read)),
        ),
        Line::with_goal("payment seen to webhook sent", measured, goal, ratio <= RATIO_MAX),
    ])
}

/// The demo's shop has an endpoint of its own, at which nobody listens here: the shop that is measured has one endpoint.
async fn delete_endpoints(client: &mut Client) -> Result<()> {
    let endpoints = client.call("GET", "/api/v1/webhook-endpoints", "", 200).await?;
    for endpoint in endpoints.pointer("/data").and_then(Value::as_array).context("no list of endpoints")? {
        let path = format!("/api/v1/webhook-endpoints/{}", text(endpoint, "/id")?);
        client.exchange("DELETE", &path, "", 204).await?;
    }
    Ok(())
}

async fn invoice(client: &mut Client, number: usize) -> Result<String> {
    let body = format!(r#"{{"currency":"BTC","amount":"0.5","external_id":"webhook-{number}"}}"#);
    text(&client.call("POST", "/api/v1/invoices", &body, 201).await?, "/data/id")
}

fn text(answer: &Value, pointer: &str) -> Result<String> {
    Ok(answer.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {answer}"))?.to_owned())
}

/// Answers every webhook, one connection after another, and says when it arrived.
async fn receive(listener: TcpListener, arrivals: mpsc::UnboundedSender<Instant>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(acknowledge(stream, arrivals.clone()));
    }
}

async fn acknowledge(mut stream: TcpStream, arrivals: mpsc::UnboundedSender<Instant>) {
    let mut buffer = Vec::new();
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        // A body of ours ends with its outermost brace; only whole requests do.
        if !buffer.ends_with(b"}") {
            continue;
        }
        let at = Instant::now();
        buffer.clear();
        let is_over = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err();
        if is_over || arrivals.send(at).is_err() {
            return;
        }
    }
}
