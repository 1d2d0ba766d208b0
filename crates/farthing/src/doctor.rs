//! `doctor`: everything that could lose money or refuse a sale, looked at without changing anything.

mod networks;
mod rates;

use crate::{
    cli::Json,
    clock::SystemClock,
    commands::Outcome,
    config::{Config, ConfigError},
    installation::open_for_command,
    output,
};
use farthing_dialects::native::moment::rfc3339;
use farthing_domain::{id::Environment, name::NetworkId, time::Timestamp};
use farthing_gateway::{clock::Clock, gateway::Gateway, ledger};
use farthing_store::records::{
    ChainState, Surplus,
    concern::{Concern, What},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-01-01: a clock before this version was written is wrong.
const WRITTEN_AT: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// How far ahead of the clock what was stored may be, in seconds.
const AHEAD_SECONDS_MAX: i64 = 60;
/// How long a webhook may wait before somebody should look, in seconds.
const WAITING_SECONDS_MAX: i64 = 3600;

/// How much a check matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Money could be missed or a sale refused.
    Error,
    /// Worth a look.
    Warning,
}

/// One thing that was looked at.
struct Check {
    name: String,
    level: Level,
    is_ok: bool,
    detail: String,
}

impl Check {
    fn new(name: &str, level: Level, is_ok: bool, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), level, is_ok, detail: detail.into() }
    }

    fn json(&self) -> Value {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        json!({"name": self.name, "level": level, "ok": self.is_ok, "detail": self.detail})
    }

    fn line(&self) -> Vec<String> {
        let mark = match (self.is_ok, self.level) {
            (true, _) => "ok",
            (false, Level::Error) => "ERROR",
            (false, Level::Warning) => "warning",
        };
        vec![mark.to_owned(), self.name.clone(), self.detail.clone()]
    }
}

/// Looks at everything and says it.
///
/// # Errors
/// When nothing can be printed.
pub(crate) async fn execute(config: Result<Config, ConfigError>, json: Json) -> anyhow::Result<Outcome> {
    let checks = match config {
        Ok(config) => examine(&config).await,
        Err(error) => vec![Check::new("configuration", Level::Error, false, error.to_string())],
    };
    let is_ok = checks.iter().all(|check| check.is_ok || check.level == Level::Warning);
    let object = json!({"ok": is_ok, "checks": checks.iter().map(Check::json).collect::<Vec<_>>()});
    let rows: Vec<_> = checks.iter().map(Check::line).collect();
    output::answer(json, &object, &output::table(&rows))?;
    Ok(if is_ok { Outcome::Done } else { Outcome::Failed })
}

async fn examine(config: &Config) -> Vec<Check> {
    let now = SystemClock.now();
    let mut checks = vec![Check::new("configuration", Level::Error, true, "every key is good")];
    checks.push(Check::new(
        "clock",
        Level::Error,
        now >= WRITTEN_AT,
        "the system's time is not before this version was written",
    ));
    checks.extend(configured(config));
    let mut store = None;
    if config.data_dir.join("farthing.db").exists() {
        match open_for_command(config).await {
            Ok(gateway) => {
                checks.extend(stored(&gateway, now).await);
                store = Some(gateway);
            }
            Err(error) => checks.push(Check::new("store", Level::Error, false, format!("{error:#}"))),
        }
    } else {
        let detail = format!("nothing in {} yet; it is made at the first start", config.data_dir.display());
        checks.push(Check::new("store", Level::Error, true, detail));
    }
    checks.extend(networks::examine(config, store.as_deref()).await);
    checks.extend(rates::examine(config, now).await);
    checks
}

/// What the configuration alone says.
fn configured(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    if config.networks.is_empty() {
        checks.push(Check::new("networks", Level::Warning, false, "no network is configured: only test keys sell"));
    }
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let detail = if is_public { "https" } else { "plain http on loopback: payers elsewhere cannot reach it" };
    checks.push(Check::new("public_url", Level::Warning, is_public, detail));
    checks.push(proxies(config, is_public));
    let is_guarded = !config.allow_private_addresses;
    let detail = if is_guarded {
        "webhooks go to public addresses only"
    } else {
        "webhooks may reach this machine's own network"
    };
    checks.push(Check::new("webhooks.allow_private_addresses", Level::Warning, is_guarded, detail));
    checks
}

/// Https means that a proxy stands before it; unless it is listed, everybody seems to come from its address.
fn proxies(config: &Config, is_public: bool) -> Check {
    let is_good = !is_public || !config.trusted_proxies.is_empty();
    let detail = if is_good {
        "payers are told apart by their own addresses"
    } else {
        "no proxy is listed, so all payers count as one address and share its limits: list the proxy that ends TLS, such as trusted_proxies = [\"127.0.0.1\"]"
    };
    Check::new("http.trusted_proxies", Level::Warning, is_good, detail)
}

/// What the store says.
async fn stored(gateway: &Arc<Gateway>, now: Timestamp) -> Vec<Check> {
    let read = gateway
        .store()
        .read(|reader| {
            let mut chains = Vec::new();
            for state in reader.chains()? {
                let gaps = ledger::gaps(&reader.scanned_ranges(state.chain)?);
                chains.push((state, gaps));
            }
            let wrong = (reader.surpluses()?, reader.concerns()?);
            let due = reader.deliveries_due()?.map(|(next, _)| next);
            Ok((chains, wrong, reader.waiting_deliveries()?, due, reader.merchants()?.len()))
        })
        .await;
    let (chains, (surpluses, concerns), waiting, due, merchants) = match read {
        Ok(read) => read,
        Err(error) => return vec![Check::new("store", Level::Error, false, error.to_string())],
    };
    let mut checks =
        vec![Check::new("store", Level::Error, true, format!("readable, {merchants} merchants, its key is there"))];
    let live = chains.iter().map(|(state, _)| state).filter(|state| state.chain.environment == Environment::Live);
    let latest = live.map(|state| state.scanned_through).max();
    let is_ahead = latest.is_some_and(|latest| latest > now.plus_seconds(AHEAD_SECONDS_MAX));
    checks.push(Check::new("clock.stored", Level::Error, !is_ahead, "nothing stored is ahead of the system's time"));
    checks.extend(chains.iter().map(|(state, gaps)| chain_check(state, gaps)));
    checks.extend(surpluses.iter().map(surplus_check));
    checks.extend(concerns.iter().map(concern_check));
    let is_late = waiting > 0 && due.is_some_and(|due| now.seconds_since(due) > WAITING_SECONDS_MAX);
    let detail = format!(
        "{waiting} wait{}",
        if is_late { ", the oldest for more than an hour: is the gateway running?" } else { "" }
    );
    checks.push(Check::new("webhooks.waiting", Level::Warning, !is_late, detail));
    checks
}

fn chain_check(state: &ChainState, gaps: &[(u64, u64)]) -> Check {
    let name = format!("chain.{}.{}", state.chain.environment, state.chain.network);
    let level = match state.chain.environment {
        Environment::Live => Level::Error,
        Environment::Test => Level::Warning,
    };
    if let Some(alarm) = &state.alarm {
        let detail = format!("{alarm}; then: farthing networks resume {}", state.chain.network);
        return Check::new(&name, level, false, detail);
    }
    if let Some((first, last)) = gaps.first() {
        let blocks = ledger::blocks(gaps);
        return Check::new(
            &name,
            level,
            false,
            format!("{blocks} blocks were never scanned, the first {first} to {last}"),
        );
    }
    let behind = state.tip.saturating_sub(state.cursor.height);
    Check::new(&name, level, behind == 0, format!("scanned to block {} of {}", state.cursor.height, state.tip))
}

/// An address that is not as it should be.
fn concern_check(concern: &Concern) -> Check {
    let Concern { network, shown, holder, what, acknowledged_at, .. } = concern;
    let detail = match what {
        What::Code => format!(
            "{shown} ({holder}) has code: unless it was you, somebody who has its key put it there (EIP-7702). Spend what the account holds, and sell with another account"
        ),
        What::Frozen(code) => format!(
            "{shown} ({holder}) holds {code} that its issuer has frozen there: it cannot be spent until the issuer lets it go"
        ),
        What::PayerFrozen(code) => format!(
            "{shown} ({holder}) was paid {code} by somebody whom its issuer has frozen since: the issuer may freeze what was paid, too. Look into the payment before you rely on it"
        ),
    };
    // Money that has arrived and may be spent: worth a look, and nothing is lost yet.
    let level = if matches!(what, What::PayerFrozen(_)) { Level::Warning } else { Level::Error };
    let detail = format!("{detail}{}", acknowledgement(*acknowledged_at, *network, shown));
    Check::new(&format!("address.{network}"), level, acknowledged_at.is_some(), detail)
}

/// That an alarm about an address is acknowledged, or how to do that.
fn acknowledgement(at: Option<Timestamp>, network: NetworkId, shown: &str) -> String {
    match at {
        Some(at) => format!(" (acknowledged {})", rfc3339(at)),
        None => format!("; when you have: farthing networks acknowledge {network} {shown}"),
    }
}

/// Money that nothing explains: a payment may be missed.
fn surplus_check(surplus: &Surplus) -> Check {
    let Surplus { asset, shown, holder, balance, recorded, acknowledged_at, .. } = surplus;
    let detail = format!(
        "{shown} ({holder}) holds {balance} units of {asset}, of which payments explain {recorded}: look for the transaction in an explorer{}",
        acknowledgement(*acknowledged_at, asset.network, shown)
    );
    Check::new(&format!("balance.{}", asset.network), Level::Error, acknowledged_at.is_some(), detail)
}
