//! A shop's webhook receiver, which outlives the gateway: it keeps everything that arrives whole and acknowledges it.

use super::http::{self, Message};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// A webhook as it came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("a webhook without {name}"), |(_, value)| value.as_str())
    }
}

/// Where webhooks go.
pub(super) struct Receiver {
    port: u16,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

/// What all of its connections share.
struct Shared {
    received: Mutex<Vec<Received>>,
    /// Is told each webhook when it has arrived, before it is acknowledged.
    told: Box<dyn Fn(&Received) + Send + Sync>,
    /// How many have arrived.
    count: watch::Sender<usize>,
    /// Whether acknowledgements are held back.
    holding: watch::Sender<bool>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        Self::telling(|_| ()).await
    }

    /// One that tells each webhook at once.
    pub(super) async fn telling(told: impl Fn(&Received) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            told: Box::new(told),
            count: watch::Sender::new(0),
            holding: watch::Sender::new(false),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, _accepting: accepting }
    }

    /// Holds acknowledgements back, or lets them go.
    pub(super) fn hold(&self, holds: bool) {
        self.shared.holding.send_replace(holds);
    }

    /// Waits until so many have arrived, ever.
    pub(super) async fn arrived(&self, count: usize) {
        self.shared.count.subscribe().wait_for(|arrived| *arrived >= count).await.unwrap();
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Looks at everything that arrived so far, in its order.
    pub(super) fn look<T>(&self, look: impl FnOnce(&[Received]) -> T) -> T {
        look(&self.shared.received.lock().unwrap())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(receive(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

async fn receive(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(Message { first_line, headers, body })) = http::read(&mut stream).await {
        let path = first_line.split(' ').nth(1).unwrap_or_default().to_owned();
        let got = Received { path, headers, body };
        (shared.told)(&got);
        shared.received.lock().unwrap().push(got);
        shared.count.send_modify(|count| *count += 1);
        let is_free = shared.holding.subscribe().wait_for(|holds| !holds).await.is_ok();
        if !is_free || stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}
