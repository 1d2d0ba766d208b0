//! HTTP with a node that the operator named: no redirects, no environment proxy, bounded in time and bytes.
//!
//! Unlike the client for webhooks it may reach any address, because nobody but the operator chooses it.

use super::{CallError, Usage, node_url::NodeUrl};
use core::{error::Error, sync::atomic::AtomicU64, time::Duration};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use std::{io, sync::atomic::Ordering};

/// How long an idle connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(60);
/// The longest time that a node may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until somebody accepted the connection, its TLS included.
    pub connect: Duration,
    /// From the start to the answer's last byte.
    pub total: Duration,
    /// Bytes of an answer that are read; a longer one is an error.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// Enough for the largest blocks with their traces over a slow line.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30), answer_bytes_max: 64 << 20 }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// A client for nodes. Clones share its connections.
#[derive(Debug, Clone)]
pub struct NodeClient {
    client: Client,
    limits: Limits,
}

impl NodeClient {
    /// A client with the operating system's trusted roots. Without any, no https node is trusted.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(limits: Limits) -> Result<Self, ClientError> {
        // Several clients may be made in one process; the first installs the provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = || {
            Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .http1_only()
                .user_agent(concat!("Farthing/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(limits.connect)
                .pool_idle_timeout(IDLE)
        };
        let client = match builder().build() {
            Ok(client) => client,
            Err(_) => builder().tls_certs_only(core::iter::empty()).build()?,
        };
        Ok(Self { client, limits })
    }
}

/// An answer's status, head and body, the status being a success or not.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl HttpAnswer {
    pub(super) fn status_error(&self) -> CallError {
        CallError::Status { status: self.status.as_u16(), retry_after: self.retry_after }
    }
}

/// One node, spoken with over HTTP.
#[derive(Debug)]
pub struct HttpNode {
    client: NodeClient,
    url: NodeUrl,
    calls: AtomicU64,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl HttpNode {
    /// The node at a URL. Nothing is sent yet.
    #[must_use]
    pub fn new(client: NodeClient, url: NodeUrl) -> Self {
        let zero = AtomicU64::default;
        Self { client, url, calls: zero(), requests: zero(), bytes: zero() }
    }

    /// Its name, without secrets.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.name()
    }

    /// What it was asked so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Usage { calls: read(&self.calls), requests: read(&self.requests), bytes: read(&self.bytes) }
    }

    /// The body at a path below the node's URL, of an answer with status 200.
    ///
    /// # Errors
    /// Any other status is [`CallError::Status`], also 404.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, CallError> {
        let url = self.url.below(path).ok_or_else(|| CallError::Malformed("the URL takes no path".to_owned()))?;
        let answer = self.send(self.client.client.get(url), 1).await?;
        if answer.status == StatusCode::OK {
            return Ok(answer.body);
        }
        Err(answer.status_error())
    }

    /// Posts JSON that holds so many calls; the answer's status is the caller's to judge.
    pub(super) async fn post(&self, body: Vec<u8>, calls: u64) -> Result<HttpAnswer, CallError> {
        let request = self.client.client.post(self.url.url()).header(CONTENT_TYPE, "application/json").body(body);
        self.send(request, calls).await
    }

    /// A text of the node's without the URL's secrets.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.url.without_secrets(text)
    }

    async fn send(&self, request: RequestBuilder, calls: u64) -> Result<HttpAnswer, CallError> {
        self.calls.fetch_add(calls, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let read = async {
            let response = request.timeout(self.client.limits.total).send().await.map_err(|error| classify(&error))?;
            let (status, retry_after) = (response.status(), retry_after(response.headers()));
            let body = read_body(response, self.client.limits.answer_bytes_max).await?;
            Ok(HttpAnswer { status, retry_after, body })
        };
        let answer: HttpAnswer = read.await?;
        self.bytes.fetch_add(u64::try_from(answer.body.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(answer)
    }
}

async fn read_body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len().saturating_add(chunk.len()) > bytes_max {
            return Err(CallError::TooLarge { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Seconds; the other form, a date, would need a clock and is answered with the caller's own patience.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The class of a failure. The outermost text has the URL; only the innermost cause is repeated.
fn classify(error: &reqwest::Error) -> CallError {
    let causes = || core::iter::successors(inner(error), |cause| inner(*cause));
    let cause = || causes().last().map(ToString::to_string).unwrap_or_default();
    if let Some(tls) = causes().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        CallError::Tls(tls.to_string())
    } else if error.is_timeout() {
        CallError::Timeout
    } else if error.is_connect() {
        CallError::Connect(cause())
    } else {
        CallError::Broken
    }
}

/// What an error wraps. An I/O error hides the one it was made of behind that one's own source.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
