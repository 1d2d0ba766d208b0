//! Creating invoices over HTTP, by several clients at the same time, each over one open connection.

use super::{
    numbers::{Line, decimal, hundredths, list, median, microseconds, per_second},
    server::Server,
};
use crate::client::Client;
use anyhow::{Context, Result};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::{task::JoinSet, time::Instant};

/// CPU time of an invoice at most, in microseconds, at 16 clients.
const CPU_MAX: u64 = 200;
/// What is sold in turn.
const SOLD: [(&str, &str); 3] = [("BTC", "bitcoin"), ("USDT", "tron"), ("USDC", "polygon")];
/// Numbers requests over all runs, so that each has an idempotency key of its own.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// What one run showed.
pub(super) struct Run {
    per_second: u64,
    cpu_each: u64,
}

/// A run: so many invoices, shared by so many clients.
pub(super) async fn run(server: &Server, clients: usize, invoices: usize) -> Result<Run> {
    let each = invoices.checked_div(clients).context("no clients")?;
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(server.connect().await?);
    }
    let cpu_before = server.cpu_microseconds()?;
    let began = Instant::now();
    let mut running = JoinSet::new();
    for client in connections {
        running.spawn(create(client, each));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let took = u64::try_from(began.elapsed().as_micros())?;
    let cpu = server.cpu_microseconds()?.saturating_sub(cpu_before);
    let count = each.saturating_mul(clients);
    Ok(Run {
        per_second: per_second(count, took),
        cpu_each: cpu.checked_div(u64::try_from(count)?).unwrap_or_default(),
    })
}

async fn create(mut client: Client, count: usize) -> Result<()> {
    for _ in 0..count {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        client.exchange("POST", "/api/v1/invoices", &body(number), 201).await?;
    }
    Ok(())
}

fn body(number: u64) -> String {
    let sold = number.checked_rem(3).and_then(|turn| SOLD.get(usize::try_from(turn).ok()?));
    let (currency, network) = sold.copied().unwrap_or(("BTC", "bitcoin"));
    format!(
        r#"{{"currency":"{currency}","network":"{network}","amount":"0.5","description":"Order {number}","external_id":"order-{number}","idempotency_key":"bench-{number}","metadata":{{"cart":"9f1c"}}}}"#
    )
}

/// What the runs came to, next to the raw rate.
pub(super) fn lines(clients: usize, runs: &[Run], raw_per_second: u64) -> Vec<Line> {
    let rates: Vec<u64> = runs.iter().map(|run| run.per_second).collect();
    let costs: Vec<u64> = runs.iter().map(|run| run.cpu_each).collect();
    let (rate, cost) = (median(&rates), median(&costs));
    let ratio = hundredths(rate, raw_per_second);
    let name = format!("invoices over HTTP, {clients} clients");
    let speed = format!("{rate}/s, {} of raw (runs: {})", decimal(ratio), list(&rates));
    let cpu = format!("{} each (runs, µs: {})", microseconds(cost), list(&costs));
    let cpu_name = format!("server CPU per invoice, {clients} clients");
    vec![
        match clients {
            64 => Line::with_goal(name, speed, "0.20 of raw or more", ratio >= 20),
            _ => Line::plain(name, speed),
        },
        match clients {
            16 => Line::with_goal(cpu_name, cpu, "0.20 ms or less", cost <= CPU_MAX),
            _ => Line::plain(cpu_name, cpu),
        },
    ]
}

/// How long the body of an invoice's first event is.
pub(super) async fn event_bytes(server: &Server) -> Result<usize> {
    let mut client = server.connect().await?;
    client.exchange("POST", "/api/v1/invoices", &body(NUMBER.fetch_add(1, Ordering::Relaxed)), 201).await?;
    let feed = client.call("GET", "/api/v1/events?limit=1", "", 200).await?;
    let event = feed.pointer("/data/0/data").context("no event in the feed")?;
    Ok(Value::to_string(event).len())
}
