//! A running edge with a few routes, and a client that writes bytes.

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use bytes::Bytes;
use farthing_web::edge::{
    Drained, Limits, PeerAddr,
    body::{BodyError, read_body},
    serve,
};
use hyper::body::Frame;
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};

/// Nothing here takes so long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Deadlines short enough for a test, and long enough for what a client here does in time although others are busy.
pub(crate) fn short() -> Limits {
    let short = Duration::from_secs(1);
    Limits {
        head_deadline: short,
        body_deadline: short,
        idle_deadline: short,
        write_stall_deadline: short,
        drain_deadline: short,
        ..Limits::default()
    }
}

/// What routes tell a test and wait for.
#[derive(Default)]
pub(crate) struct Signals {
    /// A request reached `/hold`.
    pub(crate) held: Notify,
    /// Lets it be answered.
    pub(crate) release: Notify,
    /// An event stream was dropped.
    pub(crate) left: Notify,
}

/// A server on a port of its own.
pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
    pub(crate) signals: Arc<Signals>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Drained>,
}

impl Edge {
    pub(crate) async fn start(limits: Limits) -> Edge {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let signals = Arc::new(Signals::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let app = routes(Arc::clone(&signals));
        let shutdown = async move { drop(stopped.await) };
        let serving = start(serve(listener, app, limits, shutdown));
        Edge { address, signals, stop, serving }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.expect("connected"), unread: Vec::new() }
    }

    /// Sends the bytes on a new connection and returns all that comes until the server closes it.
    pub(crate) async fn talk(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    pub(crate) fn begin_stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).expect("running");
        self.serving
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's server needs a task of its own")]
fn start(serving: impl Future<Output = Drained> + Send + 'static) -> JoinHandle<Drained> {
    tokio::spawn(serving)
}

/// Waits for what will surely come.
pub(crate) async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, coming).await.expect("came in time")
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// A peer that is refused may close before all was sent; the answer says what happened.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.stream.write_all(bytes.as_ref()).await);
    }

    /// All that comes until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.unread);
        soon(self.stream.read_to_end(&mut bytes)).await.expect("closed in order");
        String::from_utf8(bytes).expect("text")
    }

    /// The status and the body of the next answer, which has a length.
    pub(crate) async fn answer(&mut self) -> (u16, String) {
        let head_end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.unread.drain(..head_end).collect()).expect("text").to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a length"));
        while self.unread.len() < length {
            self.more().await;
        }
        let body = String::from_utf8(self.unread.drain(..length).collect()).expect("text");
        let status = head.split(' ').nth(1).expect("a status line");
        (status.parse().expect("a status"), body)
    }

    /// At least one more byte.
    pub(crate) async fn more(&mut self) {
        let read = soon(self.stream.read_buf(&mut self.unread)).await.expect("open");
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&self.unread));
    }

    pub(crate) fn unread(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}

fn routes(signals: Arc<Signals>) -> Router {
    Router::new()
        .route("/echo", any(echo))
        .route("/ignore", any(|| async { (StatusCode::UNAUTHORIZED, "no") }))
        .route("/peer", get(|Extension(PeerAddr(peer)): Extension<PeerAddr>| async move { peer.to_string() }))
        .route("/hold", get(hold))
        .route("/events", get(events))
        .route("/endless", get(|| async { Body::new(Endless) }))
        .with_state(signals)
}

async fn echo(request: Request) -> Response {
    match read_body(request).await {
        Ok(body) => body.into_response(),
        Err(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT.into_response(),
        Err(BodyError::Broken) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn hold(State(signals): State<Arc<Signals>>) -> &'static str {
    signals.held.notify_one();
    signals.release.notified().await;
    "released"
}

async fn events(State(signals): State<Arc<Signals>>) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send("data: first\n\n").expect("room");
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(Events { receiver, _sender: sender, signals }))
        .into_response()
}

/// One event, and then none for ever.
struct Events {
    receiver: mpsc::Receiver<&'static str>,
    _sender: mpsc::Sender<&'static str>,
    signals: Arc<Signals>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.signals.left.notify_one();
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>>;

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        self.receiver
            .poll_recv(cx)
            .map(|event| event.map(|event| Ok(Frame::data(Bytes::from_static(event.as_bytes())))))
    }
}

/// More than anybody reads.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 65536])))))
    }
}
