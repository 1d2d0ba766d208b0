//! Providers: the nodes that answer for a chain, several of one network, each with its own health.
//!
//! Shared by every adapter of a real chain. An error is never passed off as an empty answer, and a URL's password, or the key
//! that hosted providers put into its path, never gets into an error, a log or `Debug`.
//!
//! From the bottom: a [`node_url::NodeUrl`] says where a node is, an [`http::HttpNode`] speaks HTTP with it, a
//! [`json_rpc::JsonRpc`] speaks JSON-RPC over that, and a [`pool::Pool`] asks several of them, one after the other.

pub mod http;
pub mod json_rpc;
pub mod node_url;
pub mod pool;

use crate::network::{Identity, NetworkError};
use core::{future::Future, pin::Pin, time::Duration};
use std::collections::BTreeMap;

/// Why one call of one node has no usable answer. The texts are fit for a log and for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody accepted the connection, or the name does not resolve. With the reason.
    #[error("no connection: {0}")]
    Connect(String),
    /// Its certificate or its TLS is not acceptable. With the reason.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// There was no whole answer in time.
    #[error("no whole answer in time")]
    Timeout,
    /// The connection broke before the answer's end.
    #[error("the connection broke before the answer's end")]
    Broken,
    /// The answer is longer than is read.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLarge {
        /// What is read at most.
        bytes_max: usize,
    },
    /// An HTTP status that is no success.
    #[error("HTTP status {status}")]
    Status {
        /// The status.
        status: u16,
        /// How long the node asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer is not what the protocol says: no JSON, another id, a part of a batch missing.
    #[error("not a proper answer: {0}")]
    Malformed(String),
    /// The node's own error, as JSON-RPC tells it.
    #[error("the node says: {message} ({code})")]
    Node {
        /// Its number; 0 where it has none.
        code: i64,
        /// Its words, shortened, without the URL's secrets.
        message: String,
    },
}

impl CallError {
    /// Its name in metrics and health.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge { .. } => "too_large",
            Self::Status { status: 429, .. } => "rate_limited",
            Self::Status { .. } => "status",
            Self::Malformed(_) => "malformed",
            Self::Node { .. } => "node_error",
        }
    }
}

/// Why one provider has no answer to a question; the next one is asked then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It has not seen that far yet. This is no failure: it is asked again as before.
    #[error("it has seen the chain up to block {head} only, and was asked for block {asked}")]
    Lagging {
        /// Its own head.
        head: u64,
        /// The highest block that was asked for.
        asked: u64,
    },
    /// It contradicts itself. With what does not fit.
    #[error("its answer does not fit: {0}")]
    Inconsistent(String),
    /// It answers for another chain than the one that is wanted. With which.
    #[error("it is another chain: {0}")]
    OtherChain(String),
}

impl ProviderError {
    /// Its name in metrics and health.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Call(error) => error.class(),
            Self::Lagging { .. } => "lagging",
            Self::Inconsistent(_) => "inconsistent",
            Self::OtherChain(_) => "other_chain",
        }
    }

    fn named(self, provider: &str) -> NetworkError {
        match self {
            Self::Call(error) => NetworkError::Unreachable(format!("{provider}: {error}")),
            Self::Lagging { head, asked } => NetworkError::Lagging { head, asked },
            Self::Inconsistent(what) => NetworkError::Inconsistent(format!("{provider}: {what}")),
            Self::OtherChain(_) => NetworkError::Inconsistent(format!("{provider}: {self}")),
        }
    }
}

/// What a node is asked, over its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Calls as providers bill them: each of a batch counts.
    pub calls: u64,
    /// HTTP requests.
    pub requests: u64,
    /// Bytes of answers' bodies.
    pub bytes: u64,
}

/// What a node answers: a boxed future, as adapters have them.
pub type NodeAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// A node of a pool.
pub trait Node: Send + Sync {
    /// Its name in logs, the gap ledger and health; without secrets.
    fn name(&self) -> &str;

    /// Which chain it answers for. An adapter that knows which one it wants answers [`ProviderError::OtherChain`] itself.
    fn identity(&self) -> NodeAnswer<'_, Identity>;

    /// What it was asked so far.
    fn usage(&self) -> Usage;
}

/// How a provider is at this moment, for health, metrics and `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderState {
    /// Its name.
    pub name: String,
    /// Whether it would be asked now.
    pub is_available: bool,
    /// Questions in a row that it had no answer to.
    pub failures_in_row: u32,
    /// The last failure's class ([`ProviderError::class`]) and words; kept when it answers again.
    pub last_error: Option<(&'static str, String)>,
    /// Why it is not trusted: it answers for another chain than the others.
    pub quarantine: Option<String>,
    /// What it was asked.
    pub usage: Usage,
    /// Questions to which it had no usable answer, by what was wrong ([`ProviderError::class`]); also an error beside HTTP's 200.
    pub failures: BTreeMap<&'static str, u64>,
}
