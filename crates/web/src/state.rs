//! What every route works with.

use crate::{
    edge::{PeerAddr, client_ip::IpNet, client_ip::client_ip},
    limits::Limiter,
    settings::WebSettings,
};
use axum::extract::Request;
use farthing_dialects::native::web_address::PlainHttp;
use farthing_domain::id::ApiKeyId;
use farthing_gateway::gateway::Gateway;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use tokio::time::Instant;

/// What every route works with; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The use cases.
    pub(crate) gateway: Arc<Gateway>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Arc<[IpNet]>,
    /// The rest.
    pub(crate) surface: Arc<Surface>,
}

/// What requests share.
pub(crate) struct Surface {
    /// Requests by key.
    pub(crate) per_key: Option<Limiter<ApiKeyId>>,
    /// Requests for the public lists by address.
    pub(crate) per_address: Option<Limiter<IpAddr>>,
    /// Where webhooks may go without TLS.
    pub(crate) plain_http: PlainHttp,
    /// What `/metrics` shows.
    pub(crate) metrics: Option<PrometheusHandle>,
    /// When the routes were made: about when the process started.
    pub(crate) started: Instant,
}

impl AppState {
    pub(crate) fn new(gateway: Arc<Gateway>, settings: WebSettings) -> Self {
        let plain_http = if settings.allow_http_webhooks { PlainHttp::Everywhere } else { PlainHttp::Never };
        Self {
            gateway,
            trusted_proxies: settings.limits.trusted_proxies.into(),
            surface: Arc::new(Surface {
                per_key: Limiter::per_minute(settings.requests_per_minute),
                per_address: Limiter::per_minute(settings.public_per_minute),
                plain_http,
                metrics: settings.metrics,
                started: Instant::now(),
            }),
        }
    }

    /// The client's address, looked up through the listed proxies.
    pub(crate) fn client(&self, request: &Request) -> IpAddr {
        let peer = request.extensions().get::<PeerAddr>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        client_ip(peer, request.headers(), &self.trusted_proxies)
    }
}
