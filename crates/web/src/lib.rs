//! Placeholder.

mod checkout;
pub mod edge;

/// What every route works with.
mod state {
    /// What every route works with.
    #[derive(Clone)]
    pub(crate) struct AppState {
        pub(crate) gateway: std::sync::Arc<farthing_gateway::gateway::Gateway>,
        pub(crate) trusted_proxies: std::sync::Arc<[crate::edge::client_ip::IpNet]>,
    }
}
