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
use farthing_gateway::{
    gateway::{Chain, Gateway},
    ledger,
    quotes::NotSelling,
    rates::RateSource,
};
use farthing_store::{Reader, StoreError, records::ChainState};
use serde::Serialize;
use std::time::Duration;

/// How long the store is waited for before the process counts as ill.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a network that was never reached is waited for after the start.
const CONTACT_PATIENCE: Duration = Duration::from_secs(30);

/// How long looks at a network may fail before it counts as degraded, in seconds.
const STUCK_SECONDS: i64 = 60;

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
    describe_counter!("farthing_invoices_created_total", "Invoices created by any API, by environment.");
    describe_counter!("farthing_webhook_attempts_total", "Webhook attempts, by whether they were acknowledged.");
    describe_counter!(
        "farthing_altered_refused_total",
        "Invoices, payments and deliveries that are not as they were written, each time that they were refused."
    );
    describe_gauge!(
        "farthing_set_aside",
        "What chains showed and cannot be recorded before altered rows are put right; 0 in good order."
    );
    describe_counter!("farthing_store_commits_total", "Commits of the store.");
    describe_counter!("farthing_store_decisions_total", "Decisions that were part of those commits.");
    describe_gauge!("farthing_outbox_waiting", "Webhook deliveries that wait.");
    describe_gauge!("farthing_chain_head", "Height of a network's head as last read.");
    describe_gauge!("farthing_chain_cursor", "Height up to which a network is applied.");
    describe_gauge!("farthing_chain_behind_blocks", "Blocks of a network that are known and not applied yet.");
    describe_gauge!(
        "farthing_chain_gap_blocks",
        "Blocks never scanned although blocks above them were; 0 in good order."
    );
    describe_gauge!("farthing_chain_alarm", "1 while new credits on a network wait for the operator.");
    describe_gauge!("farthing_chain_sells", "1 while invoices can be quoted on a network.");
    describe_gauge!("farthing_chain_troubled", "1 while the last look at a network failed.");
    describe_gauge!("farthing_provider_available", "1 while a network's provider would be asked.");
    describe_counter!("farthing_provider_calls_total", "Calls of a provider, as providers bill them.");
    describe_counter!(
        "farthing_provider_failures_total",
        "Questions to which a provider had no usable answer, by what was wrong."
    );
    describe_gauge!("farthing_rate_source_answers", "1 while a source of exchange rates answers.");
    describe_gauge!(
        "farthing_unexplained_surpluses",
        "Addresses that hold money which no recorded payment explains, as far as nobody acknowledged it."
    );
    describe_gauge!(
        "farthing_address_concerns",
        "Addresses of ours with code, or with a token frozen there or at its payer, as far as nobody acknowledged it."
    );
    describe_counter!(
        "farthing_addresses_reconciled_total",
        "Addresses whose balance was compared with what is recorded."
    );
    describe_counter!("farthing_reconciliations_failed_total", "Comparisons for which a network could not be asked.");
    describe_counter!("farthing_task_restarts_total", "Background tasks that ended and were started again.");
    describe_gauge!("farthing_tasks_ailing", "Background tasks that fell over within the last minute.");
    describe_gauge!("farthing_chain_reached_seconds_ago", "Seconds since a network last answered.");
    describe_counter!(
        "farthing_address_mismatches_total",
        "Stored addresses that were not the account's own; never shown."
    );
    describe_gauge!("farthing_watched_addresses", "Addresses watched; networks of a family may share a set.");
}

#[derive(Serialize)]
struct Health {
    /// `ok`; `degraded`: a background task fell over within the last minute; `failing`: the store.
    status: &'static str,
    store: &'static str,
    /// `ailing` when a background task fell over within the last minute; it runs again. The log and the metrics say which.
    tasks: &'static str,
}

/// Whether the process answers, the store can be read and has not failed, and no background task keeps falling over.
async fn healthz(State(state): State<AppState>) -> Response {
    let store = store_state(&state.gateway).await;
    let tasks = if state.gateway.ailing_tasks().is_empty() { "ok" } else { "ailing" };
    let (code, status) = match (store, tasks) {
        ("ok", "ok") => (StatusCode::OK, "ok"),
        ("ok", _) => (StatusCode::SERVICE_UNAVAILABLE, "degraded"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
    };
    uncached((code, Json(Health { status, store, tasks })))
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
    /// `ready`, `degraded` (it sells nothing, or was not reached lately), or `waiting` (not reached since the start, and that is a
    /// moment ago).
    state: &'static str,
    /// Why it is degraded: `never_reached`, `offline`, `other_chain`, `account_unknown`, `not_scanned`.
    reason: Option<&'static str>,
    head: Option<u64>,
    /// Blocks that are known and not applied yet.
    behind: Option<u64>,
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
    let refusal = gateway.sells_nothing_because(chain).map(NotSelling::as_str);
    let reason = refusal.or_else(|| is_stuck(gateway, chain).then_some("not_scanned"));
    let state = match (chain.is_contacted(), reason) {
        (false, _) if !has_waited => "waiting",
        (true, None) => "ready",
        (true | false, _) => "degraded",
    };
    NetworkReadiness {
        environment: chain.id.environment.as_str(),
        network: chain.id.network.to_string(),
        state,
        reason: reason.filter(|_| state == "degraded"),
        head: chain.head(),
        behind: chain.blocks_behind(),
        scanned_through: chain.scanned_through().map(rfc3339),
    }
}

/// Whether a network could not be scanned for a minute although it may have been reached.
fn is_stuck(gateway: &Gateway, chain: &Chain) -> bool {
    let now = gateway.clocks().real();
    chain.trouble().is_some_and(|trouble| now.seconds_since(trouble.since) > STUCK_SECONDS)
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
    let stored = gateway.store().read(stored).await?;
    gauge!("farthing_outbox_waiting").set(shown(stored.waiting));
    gauge!("farthing_set_aside").set(shown(stored.set_aside));
    gauge!("farthing_unexplained_surpluses").set(counted(stored.surpluses));
    gauge!("farthing_address_concerns").set(counted(stored.concerns));
    gauge!("farthing_tasks_ailing").set(counted(gateway.ailing_tasks().len()));
    for (state, gap_blocks) in stored.chains {
        let labels = labels(state.chain.environment, state.chain.network.as_str());
        gauge!("farthing_chain_cursor", &labels).set(shown(state.cursor.height));
        gauge!("farthing_chain_gap_blocks", &labels).set(shown(gap_blocks));
        gauge!("farthing_chain_alarm", &labels).set(flag(state.alarm.is_some()));
    }
    let now = gateway.clocks().real();
    for chain in gateway.chains() {
        let labels = labels(chain.id.environment, chain.id.network.as_str());
        if let (Some(head), Some(at)) = (chain.head(), chain.reached_at()) {
            gauge!("farthing_chain_head", &labels).set(shown(head));
            let seconds = u64::try_from(now.seconds_since(at)).unwrap_or_default();
            gauge!("farthing_chain_reached_seconds_ago", &labels).set(shown(seconds));
        }
        gauge!("farthing_watched_addresses", &labels).set(counted(chain.watch.len()));
        gauge!("farthing_chain_sells", &labels).set(flag(gateway.can_sell(chain)));
        gauge!("farthing_chain_troubled", &labels).set(flag(chain.trouble().is_some()));
        if let Some(behind) = chain.blocks_behind() {
            gauge!("farthing_chain_behind_blocks", &labels).set(shown(behind));
        }
        measure_providers(chain);
    }
    if let RateSource::Live(book) = &gateway.environment(Environment::Live).rates {
        for source in book.health() {
            gauge!("farthing_rate_source_answers", "source" => source.name).set(flag(source.error.is_none()));
        }
    }
    let statistics = gateway.store().statistics();
    counter!("farthing_store_commits_total").absolute(statistics.commits);
    counter!("farthing_store_decisions_total").absolute(statistics.decisions);
    Ok(())
}

/// What the store says.
struct Stored {
    waiting: u64,
    set_aside: u64,
    surpluses: usize,
    concerns: usize,
    chains: Vec<(ChainState, u64)>,
}

fn stored(reader: &Reader<'_>) -> Result<Stored, StoreError> {
    let mut chains = Vec::new();
    for state in reader.chains()? {
        let gap_blocks = ledger::blocks(&ledger::gaps(&reader.scanned_ranges(state.chain)?));
        chains.push((state, gap_blocks));
    }
    let surpluses = reader.surpluses()?.iter().filter(|surplus| surplus.acknowledged_at.is_none()).count();
    let concerns = reader.concerns()?.iter().filter(|concern| concern.acknowledged_at.is_none()).count();
    let (waiting, set_aside) = (reader.waiting_deliveries()?, reader.count_set_aside()?);
    Ok(Stored { waiting, set_aside, surpluses, concerns, chains })
}

fn measure_providers(chain: &Chain) {
    use metrics::{counter, gauge};
    for provider in chain.providers() {
        let labels = [("network", chain.id.network.to_string()), ("provider", provider.name.clone())];
        gauge!("farthing_provider_available", &labels).set(flag(provider.is_available));
        counter!("farthing_provider_calls_total", &labels).absolute(provider.usage.calls);
        for (class, failures) in provider.failures {
            let (network, provider) = (chain.id.network.to_string(), provider.name.clone());
            counter!("farthing_provider_failures_total", "network" => network, "provider" => provider, "class" => class)
                .absolute(failures);
        }
    }
}

fn labels(environment: Environment, network: &str) -> [(&'static str, String); 2] {
    [("environment", environment.as_str().to_owned()), ("network", network.to_owned())]
}

/// A number as gauges take it; none of these comes near the end.
fn shown(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn counted(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn flag(is_set: bool) -> u32 {
    u32::from(is_set)
}

fn uncached(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The names of metrics in a text.
    fn names(text: &str) -> BTreeSet<&str> {
        let is_part = |character: char| character.is_ascii_lowercase() || character == '_';
        let words = text.split(|character| !is_part(character));
        words.filter(|word| word.starts_with("farthing_") && word.matches('_').count() > 1).collect()
    }

    #[test]
    fn the_operator_s_page_names_every_metric_and_none_that_is_not() {
        let described =
            include_str!("operate.rs").split("fn describe()").nth(1).unwrap().split("\n}\n").next().unwrap();
        let (described, page) = (names(described), names(include_str!("../../../docs/operations.md")));
        assert_eq!(described, page);
        assert!(described.len() > 20);
    }
}
