//! For those who run it: whether it is alive, whether it is ready, and its numbers.
//!
//! `/healthz` and `/readyz` are for load balancers and open to all. `/metrics` tells what a business does, so it answers only a
//! peer on this machine that no proxy speaks for.

use crate::{edge::PeerAddr, native, state::AppState};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use farthing_dialects::native::moment::rfc3339;
use farthing_domain::id::Environment;
use farthing_gateway::gateway::{Chain, Gateway};
use farthing_store::{Reader, StoreError};
use serde::Serialize;
use std::time::Duration;

/// How long the store is waited for before the process counts as ill.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a network that was never reached is waited for after the start.
const CONTACT_PATIENCE: Duration = Duration::from_secs(30);

/// Headers that a proxy adds.
const PROXY_HEADERS: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// The routes.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

/// Says what the metrics are.
pub(crate) fn describe() {
    use metrics::{describe_counter, describe_gauge};
    describe_counter!("farthing_http_requests_total", "Requests answered, by method, route and status.");
    describe_counter!("farthing_http_request_microseconds_total", "Time spent answering requests, by route.");
    describe_counter!("farthing_invoices_created_total", "Invoices created by the native API, by environment.");
    describe_counter!("farthing_webhook_attempts_total", "Webhook attempts, by whether they were acknowledged.");
    describe_counter!("farthing_store_commits_total", "Commits of the store.");
    describe_counter!("farthing_store_decisions_total", "Decisions that were part of those commits.");
    describe_gauge!("farthing_outbox_waiting", "Webhook deliveries that wait.");
    describe_gauge!("farthing_chain_head", "Height of a network's head as last read.");
    describe_gauge!("farthing_chain_cursor", "Height up to which a network is applied.");
    describe_gauge!("farthing_chain_reached_seconds_ago", "Seconds since a network last answered.");
    describe_gauge!("farthing_watched_addresses", "Addresses watched; networks of a family may share a set.");
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    store: &'static str,
}

/// Whether the process answers and the store can be read and has not failed.
async fn healthz(State(state): State<AppState>) -> Response {
    let store = store_state(&state.gateway).await;
    let (code, status) =
        if store == "ok" { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "failing") };
    uncached((code, Json(Health { status, store })))
}

async fn store_state(gateway: &Gateway) -> &'static str {
    if *gateway.store().failed().borrow() {
        return "failed";
    }
    let read = gateway.store().read(|reader| reader.setting("healthz"));
    match tokio::time::timeout(STORE_PATIENCE, read).await {
        Ok(Ok(_)) => "ok",
        Ok(Err(error)) => {
            tracing::error!(%error, "the store cannot be read");
            "unreadable"
        }
        Err(_) => "slow",
    }
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    networks: Vec<NetworkReadiness>,
}

#[derive(Serialize)]
struct NetworkReadiness {
    environment: &'static str,
    network: String,
    /// `ready`, `degraded` (not reached lately), or `waiting` (not reached since the start, and that is a moment ago).
    state: &'static str,
    head: Option<u64>,
    scanned_through: Option<String>,
}

/// Whether every network was contacted once or is marked degraded.
async fn readyz(State(state): State<AppState>) -> Response {
    let has_waited = state.surface.started.elapsed() > CONTACT_PATIENCE;
    let networks: Vec<NetworkReadiness> =
        state.gateway.chains().map(|chain| readiness(&state.gateway, chain, has_waited)).collect();
    let ready = networks.iter().all(|network| network.state != "waiting") && store_state(&state.gateway).await == "ok";
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    uncached((code, Json(Readiness { ready, networks })))
}

fn readiness(gateway: &Gateway, chain: &Chain, has_waited: bool) -> NetworkReadiness {
    let state = match (chain.is_contacted(), gateway.is_offline(chain)) {
        (false, _) if !has_waited => "waiting",
        (true, false) => "ready",
        (true | false, _) => "degraded",
    };
    NetworkReadiness {
        environment: chain.id.environment.as_str(),
        network: chain.id.network.to_string(),
        state,
        head: chain.head(),
        scanned_through: chain.scanned_through().map(rfc3339),
    }
}

/// The numbers, in the Prometheus text form.
async fn metrics(State(state): State<AppState>, request: Request) -> Response {
    let Some(handle) = state.surface.metrics.as_ref().filter(|_| is_local(&request)) else {
        return native::no_such_route(State(state), request).await;
    };
    if let Err(error) = measure(&state.gateway).await {
        tracing::error!(%error, "the store cannot be read for its metrics");
    }
    handle.run_upkeep();
    uncached(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()))
}

/// Whether the request comes from this machine and not through a proxy on it.
fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<PeerAddr>();
    let is_loopback = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    is_loopback && PROXY_HEADERS.iter().all(|name| !request.headers().contains_key(*name))
}

/// Reads what is a state, not a count.
async fn measure(gateway: &Gateway) -> Result<(), StoreError> {
    use metrics::{counter, gauge};
    let (waiting, cursors) =
        gateway.store().read(|reader| Ok((reader.waiting_deliveries()?, Reader::chains(reader)?))).await?;
    gauge!("farthing_outbox_waiting").set(shown(waiting));
    for state in cursors {
        let labels = labels(state.chain.environment, state.chain.network.as_str());
        gauge!("farthing_chain_cursor", &labels).set(shown(state.cursor.height));
    }
    let now = gateway.clocks().real();
    for chain in gateway.chains() {
        let labels = labels(chain.id.environment, chain.id.network.as_str());
        if let (Some(head), Some(at)) = (chain.head(), chain.reached_at()) {
            gauge!("farthing_chain_head", &labels).set(shown(head));
            let seconds = u64::try_from(now.seconds_since(at)).unwrap_or_default();
            gauge!("farthing_chain_reached_seconds_ago", &labels).set(shown(seconds));
        }
        gauge!("farthing_watched_addresses", &labels).set(shown(u64::try_from(chain.watch.len()).unwrap_or(u64::MAX)));
    }
    let statistics = gateway.store().statistics();
    counter!("farthing_store_commits_total").absolute(statistics.commits);
    counter!("farthing_store_decisions_total").absolute(statistics.decisions);
    Ok(())
}

fn labels(environment: Environment, network: &str) -> [(&'static str, String); 2] {
    [("environment", environment.as_str().to_owned()), ("network", network.to_owned())]
}

/// A number as gauges take it; none of these comes near the end.
fn shown(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn uncached(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
