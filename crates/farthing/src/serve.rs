//! `serve`: the gateway, until it is told to end.

use crate::{
    commands::Outcome,
    config::Config,
    descriptors,
    installation::open_for_server,
    run::{KeptState, Running, Web},
};
use anyhow::Context;
use farthing_gateway::{gateway::Gateway, watch::Watched};
use farthing_web::{edge, settings::WebSettings};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Runs the gateway.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn serve(config: &Config) -> anyhow::Result<Outcome> {
    let started = start(config).await?;
    tracing::info!(address = %started.address, public_url = started.gateway.public_url(), "serving");
    Ok(started.running.until_told().await)
}

/// A gateway that serves.
pub(crate) struct Started {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
}

/// Listens, opens the installation, and starts everything.
///
/// # Errors
/// When the address is in use, or the installation cannot be opened.
pub(crate) async fn start(config: &Config) -> anyhow::Result<Started> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "listen: {} cannot be listened on; another program may have it, or the port may need more rights",
            config.listen
        )
    })?;
    let address = listener.local_addr()?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let (gateway, marks) = open_for_server(config, public_url).await?;
    let settings = web_settings(config);
    let limits = settings.limits.clone();
    let web = Web { listener, router: farthing_web::router(Arc::clone(&gateway), settings), limits };
    let running =
        Running::start(Arc::clone(&gateway), KeptState { marks, watched: Watched::Days(config.watched_days) }, web)?;
    Ok(Started { gateway, running, address })
}

fn web_settings(config: &Config) -> WebSettings {
    let default = WebSettings::default();
    WebSettings {
        limits: edge::Limits {
            trusted_proxies: config.trusted_proxies.clone(),
            connections_max: descriptors::connections_max(default.limits.connections_max),
            ..default.limits
        },
        requests_per_minute: config.requests_per_minute,
        // No limit for keys is no limit at all.
        public_per_minute: if config.requests_per_minute == 0 { 0 } else { default.public_per_minute },
        allow_http_webhooks: config.allow_private_addresses,
        metrics: record_metrics(),
    }
}

/// Starts recording metrics; `None` when they are recorded already.
fn record_metrics() -> Option<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok().map(|()| handle)
}
