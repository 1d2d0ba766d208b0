//! Receivers of webhooks, which outlive the server: two healthy ones that keep what arrives, and the bad ones.

use super::books::Books;
use crate::{client::Client, program::text};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::Instant,
};

/// Paths of the healthy receivers.
pub(super) const HEALTHY: [&str; 2] = ["/one", "/two"];
/// How long the slow one takes for an answer.
const SLOW: Duration = Duration::from_secs(4);
/// The longest request that is read.
const REQUEST_MAX: usize = 256 * 1024;
/// Everything that the shops, kills and reorganisations can cause.
pub(super) const EVENTS: [&str; 9] = [
    "invoice.created",
    "invoice.payment_detected",
    "invoice.confirming",
    "invoice.paid",
    "invoice.overpaid",
    "invoice.underpaid",
    "invoice.expired",
    "invoice.late_deposit",
    "invoice.deposit_reversed",
];
const ACKNOWLEDGED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A webhook as it first came.
pub(super) struct First {
    pub(super) at: Instant,
    pub(super) body: Vec<u8>,
    /// How often it came.
    pub(super) times: usize,
    /// Whether it came with other bytes later.
    pub(super) differs: bool,
}

/// By the receiver's path and the event's id.
pub(super) type Arrived = BTreeMap<(String, String), First>;

#[derive(Clone, Copy)]
enum Manner {
    Healthy,
    Slow,
    Silent,
}

/// Where webhooks go.
pub(super) struct Receivers {
    healthy: Vec<String>,
    bad: Vec<String>,
    arrived: Arc<Mutex<Arrived>>,
    /// Has the port of the dead one: the tests beside this would be given one that is free, and hear its webhooks.
    _dead: TcpSocket,
    _running: JoinSet<()>,
}

impl Receivers {
    pub(super) async fn start() -> Result<Self> {
        let arrived = Arc::new(Mutex::new(Arrived::new()));
        // Bound and not listened on: whoever connects is refused.
        let dead = TcpSocket::new_v4()?;
        dead.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let bad = vec![format!("http://{}/", dead.local_addr()?)];
        let mut receivers = Self { healthy: Vec::new(), bad, arrived, _dead: dead, _running: JoinSet::new() };
        let port = receivers.listen(Manner::Healthy).await?;
        receivers.healthy.extend(HEALTHY.map(|path| format!("http://127.0.0.1:{port}{path}")));
        for manner in [Manner::Slow, Manner::Silent] {
            let port = receivers.listen(manner).await?;
            receivers.bad.push(format!("http://127.0.0.1:{port}/"));
        }
        Ok(receivers)
    }

    async fn listen(&mut self, manner: Manner) -> Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        self._running.spawn(accept(listener, manner, Arc::clone(&self.arrived)));
        Ok(port)
    }

    /// Subscribes the healthy ones to everything.
    pub(super) async fn subscribe_healthy(&self, client: &mut Client) -> Result<()> {
        subscribe(client, &self.healthy).await.map(drop)
    }

    /// Subscribes the bad ones to everything; the ids of their endpoints.
    pub(super) async fn subscribe_bad(&self, client: &mut Client) -> Result<Vec<String>> {
        subscribe(client, &self.bad).await
    }

    /// What arrived so far.
    pub(super) fn arrived(&self) -> MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When each invoice was asked for that was answered at once, and how long its webhook took from then on, in microseconds.
    pub(super) fn lags(&self, books: &Books) -> Vec<(Instant, u64)> {
        let pages = books.pages();
        let asked_at: BTreeMap<&str, Instant> = pages
            .acknowledged
            .iter()
            .filter(|(key, _)| !pages.repeated.contains(*key))
            .filter_map(|(key, (id, _))| Some((id.as_str(), *pages.asked.get(key)?)))
            .collect();
        self.arrived()
            .values()
            .filter_map(|first| {
                let body: Value = serde_json::from_slice(&first.body).ok()?;
                let is_created = body.get("event")?.as_str()? == "invoice.created";
                let asked = asked_at.get(body.pointer("/data/invoice_id")?.as_str()?).filter(|_| is_created)?;
                Some((*asked, u64::try_from(first.at.saturating_duration_since(*asked).as_micros()).ok()?))
            })
            .collect()
    }
}

async fn subscribe(client: &mut Client, urls: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for url in urls {
        let body = json!({"url": url, "events": EVENTS}).to_string();
        let endpoint = client.call("POST", "/api/v1/webhook-endpoints", &body, 201).await?;
        ids.push(text(&endpoint, "/data/id")?);
    }
    Ok(ids)
}

async fn accept(listener: TcpListener, manner: Manner, arrived: Arc<Mutex<Arrived>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(receive(stream, manner, Arc::clone(&arrived)));
        while connections.try_join_next().is_some() {}
    }
}

async fn receive(mut stream: TcpStream, manner: Manner, arrived: Arc<Mutex<Arrived>>) {
    let mut buffer = Vec::new();
    while let Ok(Some(request)) = read(&mut stream, &mut buffer).await {
        match manner {
            Manner::Healthy => keep(&arrived, request),
            Manner::Slow => tokio::time::sleep(SLOW).await,
            Manner::Silent => std::future::pending().await,
        }
        if stream.write_all(ACKNOWLEDGED).await.is_err() {
            return;
        }
    }
}

struct Request {
    path: String,
    id: String,
    body: Vec<u8>,
}

fn keep(arrived: &Mutex<Arrived>, request: Request) {
    let Request { path, id, body } = request;
    let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    match arrived.get_mut(&(path.clone(), id.clone())) {
        Some(first) => {
            first.times = first.times.saturating_add(1);
            first.differs = first.differs || first.body != body;
        }
        None => {
            arrived.insert((path, id), First { at: Instant::now(), body, times: 1, differs: false });
        }
    }
}

/// The next whole request; `None` when there is no more.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Request>> {
    loop {
        if let Some((request, length)) = parse(buffer)? {
            buffer.drain(..length.min(buffer.len()));
            return Ok(Some(request));
        }
        if buffer.len() > REQUEST_MAX || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The request at the beginning and its length, if it is whole.
fn parse(buffer: &[u8]) -> Result<Option<(Request, usize)>> {
    let Some(head_length) = buffer.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = buffer.split_at(head_length);
    let head = std::str::from_utf8(head)?;
    let header = |wanted: &str| {
        let mut pairs = head.split("\r\n").filter_map(|line| line.split_once(": "));
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let length: usize = header("content-length").context("a webhook without a length")?.parse()?;
    let Some(body) = rest.get(4..length.saturating_add(4)) else { return Ok(None) };
    let request = Request {
        path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
        id: header("webhook-id").context("a webhook without an id")?.to_owned(),
        body: body.to_vec(),
    };
    Ok(Some((request, head_length.saturating_add(4).saturating_add(length))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_when_it_is_whole() {
        let request = b"POST /one HTTP/1.1\r\nWebhook-Id: 7\r\ncontent-length: 2\r\n\r\n{}POST";
        let (first, length) = parse(request).unwrap().unwrap();
        assert_eq!((first.path.as_str(), first.id.as_str(), first.body.as_slice()), ("/one", "7", &b"{}"[..]));
        assert_eq!(length, request.len() - 4);
        for end in 0..length {
            assert!(parse(&request[..end]).unwrap().is_none());
        }
    }
}
