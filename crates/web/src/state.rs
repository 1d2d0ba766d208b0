//! What every route works with.

use crate::edge::client_ip::IpNet;
use farthing_gateway::gateway::Gateway;
use std::sync::Arc;

/// What every route works with.
#[derive(Clone)]
pub struct AppState {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) trusted_proxies: Arc<[IpNet]>,
}

impl AppState {
    /// Routes over this gateway.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, trusted_proxies: Arc::from([]) }
    }
}
