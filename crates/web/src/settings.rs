//! What an operator sets of the HTTP surface.

use crate::edge::Limits;
use metrics_exporter_prometheus::PrometheusHandle;

/// Requests that one address may send to the public lists in a minute (contract, section 2).
const PUBLIC_PER_MINUTE: u32 = 120;

/// Requests that one key may send in a minute (contract, section 2).
const REQUESTS_PER_MINUTE: u32 = 300;

/// Settings of the HTTP surface.
#[derive(Clone)]
pub struct WebSettings {
    /// What connections may take, and which peers are reverse proxies.
    pub limits: Limits,
    /// Requests that one API key may send in a minute; 0: any number.
    pub requests_per_minute: u32,
    /// Requests that one address (one /64 with IPv6) may send to the public lists in a minute; 0: any number.
    pub public_per_minute: u32,
    /// Whether webhook endpoints may have `http://` addresses: where the operator allows private addresses.
    pub allow_http_webhooks: bool,
    /// What `/metrics` shows; `None`: there is no such route's answer but 404.
    pub metrics: Option<PrometheusHandle>,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            requests_per_minute: REQUESTS_PER_MINUTE,
            public_per_minute: PUBLIC_PER_MINUTE,
            allow_http_webhooks: false,
            metrics: None,
        }
    }
}
