//! The only HTTP client that leaves this machine for an address that a merchant named.
//!
//! It connects to public addresses only, each vetted after resolving and before connecting; follows no redirect, uses no proxy,
//! decodes no compression, and bounds time and bytes. Its errors are classes without text: a merchant must not read from them
//! what is on the operator's network, nor the log a URL's secrets.

mod addresses;
mod guard;
mod resolver;

pub use guard::{Guard, UrlRefusal};

use reqwest::{
    Client, ClientBuilder, Response,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use resolver::{LookUp, NameRefusal, VettingResolver};
use std::{error::Error, fmt, io, sync::Arc, time::Duration};

/// How long an idle connection is kept for the next request to the same host.
const IDLE: Duration = Duration::from_secs(20);
/// Idle connections kept per host.
const IDLE_PER_HOST_MAX: usize = 2;
/// Bytes of an answer's body that are kept, to be shown to the merchant.
const FIRST_BYTES: usize = 512;

/// Bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From resolving the name to the answer's last byte.
    pub deadline: Duration,
    /// Bytes of an answer's body that are read; the connection is closed on more.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// What webhooks have (contract, section 7: an endpoint answers within 15 s).
    fn default() -> Self {
        Self { deadline: Duration::from_secs(15), answer_bytes_max: 65_536 }
    }
}

/// What an endpoint answered. Redirects are answers like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The first bytes of the body, at most 512, with a replacement character for what is not UTF-8. As the endpoint wrote it:
    /// never to be shown as markup.
    pub first_bytes: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The URL, or an address of its name, may not be reached.
    #[error("the address may not be reached")]
    ForbiddenAddress,
    /// The name does not resolve.
    #[error("the name does not resolve")]
    Dns,
    /// Nobody accepted the connection.
    #[error("no connection")]
    Connect,
    /// The server's certificate or its TLS is not acceptable.
    #[error("no secure connection")]
    Tls,
    /// There was no answer in time.
    #[error("no answer in time")]
    Timeout,
    /// What came back was not HTTP, or the connection broke.
    #[error("no valid HTTP answer")]
    Protocol,
    /// What was to be sent is not as it was written. It was not sent.
    #[error("what was to be sent is not as it was written")]
    Altered,
    /// There is no secret to sign with. It was not sent.
    #[error("there is no secret to sign with")]
    Unsigned,
}

impl SendError {
    /// Its name in records and in the API.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::ForbiddenAddress => "forbidden_address",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Altered => "altered",
            Self::Unsigned => "unsigned",
        }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct OutgoingError(#[from] reqwest::Error);

/// What stands in for every receiver in a simulation: it gets URL, headers and body. `None`: it never answers, and whoever waits
/// gives up waiting.
pub type SimulatedReceivers =
    Arc<dyn Fn(&str, &[(&str, String)], &[u8]) -> Option<Result<Answer, SendError>> + Send + Sync>;

/// The guarded client. One serves the whole process; it keeps few connections and no cookies.
#[derive(Debug)]
pub struct Outgoing {
    guard: Guard,
    limits: Limits,
    way: Way,
}

/// Where requests go.
enum Way {
    /// Out of this machine.
    Network(Client),
    /// Nowhere: a simulation answers them, without sockets and without time passing.
    Simulated(SimulatedReceivers),
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network(_) => "Network",
            Self::Simulated(_) => "Simulated",
        })
    }
}

impl Outgoing {
    /// A client with the operating system's resolver and trusted roots. Without any roots it is made all the same, logs a
    /// warning, and no HTTPS server is trusted.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(guard: Guard, limits: Limits) -> Result<Self, OutgoingError> {
        Self::resolving_by(guard, limits, resolver::system)
    }

    fn resolving_by(guard: Guard, limits: Limits, look_up: LookUp) -> Result<Self, OutgoingError> {
        // Several clients may be made in one process; the first installs the provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = match builder(guard, look_up).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(%error, "no certificate roots were found on this system: no HTTPS server will be trusted");
                builder(guard, look_up).tls_certs_only(std::iter::empty()).build()?
            }
        };
        Ok(Self { guard, limits, way: Way::Network(client) })
    }

    /// A client whose requests are answered by a simulation and never leave the process. URLs are vetted all the same.
    #[must_use]
    pub fn simulated(guard: Guard, receivers: SimulatedReceivers) -> Self {
        Self { guard, limits: Limits::default(), way: Way::Simulated(receivers) }
    }

    /// Checks a URL that a merchant registers. Its name is resolved and vetted at each request only.
    ///
    /// # Errors
    /// When requests may not go there.
    pub fn vet(&self, url: &str) -> Result<(), UrlRefusal> {
        self.guard.vet(url).map(drop)
    }

    /// Posts a body. The answer's status counts as soon as its head has arrived, however the body ends. Nothing is retried.
    ///
    /// # Errors
    /// When there was no answer; also for a header that cannot be sent.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Answer, SendError> {
        let url = self.guard.vet(url).map_err(|_| SendError::ForbiddenAddress)?;
        let map = header_map(headers).ok_or(SendError::Protocol)?;
        let client = match &self.way {
            Way::Network(client) => client,
            Way::Simulated(receivers) => {
                return match receivers(url.as_str(), headers, &body) {
                    Some(answer) => answer,
                    None => std::future::pending().await,
                };
            }
        };
        let request = client.post(url).timeout(self.limits.deadline).headers(map).body(body);
        let response = request.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let first_bytes = first_bytes(response, self.limits.answer_bytes_max).await;
        Ok(Answer { status, first_bytes })
    }
}

fn builder(guard: Guard, look_up: LookUp) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .http1_only()
        // Some receivers look their headers up by exactly this spelling (CoinsPaid's plugins do).
        .http1_title_case_headers()
        .user_agent(concat!("Farthing/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .dns_resolver(Arc::new(VettingResolver { guard, look_up }))
}

fn header_map(headers: &[(&str, String)]) -> Option<HeaderMap> {
    headers
        .iter()
        .map(|(name, value)| Some((HeaderName::try_from(*name).ok()?, HeaderValue::try_from(value).ok()?)))
        .collect()
}

/// Reads the body up to its end or bound, so that the connection can serve again, and keeps its beginning.
async fn first_bytes(mut response: Response, bytes_max: usize) -> String {
    let mut first = Vec::with_capacity(FIRST_BYTES);
    let mut read = 0_usize;
    // A body that breaks or is late ends the excerpt: the head was the answer.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = FIRST_BYTES.saturating_sub(first.len());
        first.extend(chunk.iter().take(room));
        read = read.saturating_add(chunk.len());
        if read > bytes_max {
            break;
        }
    }
    String::from_utf8_lossy(&first).into_owned()
}

/// The class of a failure, by what is inside of it.
fn classify(error: &reqwest::Error) -> SendError {
    // The outermost text has the URL; the causes do not.
    let causes = || std::iter::successors(inner(error), |cause| inner(*cause));
    let class = if let Some(refusal) = causes().find_map(|cause| cause.downcast_ref()) {
        match refusal {
            NameRefusal::Forbidden => SendError::ForbiddenAddress,
            NameRefusal::Unresolved => SendError::Dns,
        }
    } else if causes().any(<dyn Error>::is::<rustls::Error>) {
        SendError::Tls
    } else if error.is_timeout() {
        SendError::Timeout
    } else if error.is_connect() {
        SendError::Connect
    } else {
        SendError::Protocol
    };
    let cause = causes().last().map(ToString::to_string).unwrap_or_default();
    tracing::debug!(class = class.class(), cause, "a request was not answered");
    class
}

/// What an error wraps. An I/O error hides the one it was made of behind that one's own source.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests;
