//! `networks`: how far each live network is scanned and who answers for it, and letting credits go on after an alarm.
//!
//! Works beside a running server and without one, through the store: the server writes down what it sees.

use crate::{
    cli::{Json, Networks},
    config::Config,
    installation::open_for_command,
    output::{answer, table},
};
use anyhow::bail;
use farthing_domain::{id::Environment, name::NetworkId, network::ChainId, time::Timestamp};
use farthing_gateway::{
    concerns::Acknowledged,
    gateway::{Chain, Gateway},
    ledger,
    quotes::NotSelling,
};
use farthing_networks::provider::ProviderState;
use farthing_store::{
    Reader, StoreError,
    records::{ChainState, Surplus, concern::Concern},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Where a server keeps what it sees of its networks.
pub(crate) const SEEN_SETTING: &str = "networks_seen";

pub(super) async fn execute(config: &Config, command: Networks) -> anyhow::Result<()> {
    match command {
        Networks::Status(json) => status(config, json).await,
        Networks::Acknowledge { network, address, json } => acknowledge(config, network, &address, json).await,
        Networks::Resume { network, json } => resume(config, network, json).await,
    }
}

/// What a server sees of its networks at a moment.
pub(crate) struct Observed {
    /// All of it.
    pub(crate) object: Value,
    /// The part that does not change from block to block.
    pub(crate) health: String,
}

/// What a server sees of its live networks now.
pub(crate) fn observed(gateway: &Gateway) -> Observed {
    let (mut networks, mut health) = (Map::new(), Vec::new());
    for chain in gateway.environment(Environment::Live).chains.values() {
        let providers = chain.providers();
        let not_selling = gateway.sells_nothing_because(chain).map(NotSelling::as_str);
        health.push(format!(
            "{} {not_selling:?} {:?} {:?} {:?}",
            chain.id.network,
            chain.trouble().map(|trouble| trouble.text),
            chain.account_use.unknown_because(),
            providers.iter().map(|provider| (provider.is_available, &provider.quarantine)).collect::<Vec<_>>(),
        ));
        networks.insert(chain.id.network.to_string(), network(chain, not_selling, &providers));
    }
    let at = gateway.clocks().real().milliseconds();
    Observed { object: json!({"at_ms": at, "networks": networks}), health: health.join("\n") }
}

fn network(chain: &Chain, not_selling: Option<&str>, providers: &[ProviderState]) -> Value {
    json!({
        "head": chain.head(),
        "sells": not_selling.is_none(),
        "not_selling_because": not_selling,
        "trouble": chain.trouble().map(|trouble| trouble.text),
        "account_unknown_because": chain.account_use.unknown_because(),
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
    })
}

fn provider(state: &ProviderState) -> Value {
    json!({
        "name": state.name,
        "available": state.is_available,
        "failures_in_row": state.failures_in_row,
        "last_error": state.last_error.as_ref().map(|(class, text)| json!({"class": class, "text": text})),
        "quarantine": state.quarantine,
        "calls": state.usage.calls,
        "requests": state.usage.requests,
        "failures": state.failures,
        "bytes": state.usage.bytes,
    })
}

/// What the store has of the live networks.
struct Kept {
    chains: Vec<(ChainState, Vec<(u64, u64)>)>,
    surpluses: Vec<Surplus>,
    concerns: Vec<Concern>,
    seen: Option<Value>,
}

fn kept(reader: &Reader<'_>) -> Result<Kept, StoreError> {
    let mut chains = Vec::new();
    for state in reader.chains()?.into_iter().filter(|state| state.chain.environment == Environment::Live) {
        let gaps = ledger::gaps(&reader.scanned_ranges(state.chain)?);
        chains.push((state, gaps));
    }
    let seen = reader.setting(SEEN_SETTING)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Kept { chains, surpluses: reader.surpluses()?, concerns: reader.concerns()?, seen })
}

async fn status(config: &Config, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let kept = gateway.store().read(kept).await?;
    let now = gateway.clocks().real().milliseconds();
    let seen_seconds_ago = kept
        .seen
        .as_ref()
        .and_then(|seen| seen.get("at_ms")?.as_i64())
        .map(|at| now.saturating_sub(at).checked_div(1000).unwrap_or_default());
    let slugs: BTreeSet<String> = config
        .networks
        .keys()
        .cloned()
        .chain(kept.chains.iter().map(|(state, _)| state.chain.network.to_string()))
        .collect();
    let objects: Vec<Value> = slugs.iter().map(|slug| object(config, &kept, slug)).collect();
    let text = if objects.is_empty() {
        "No network is configured: only test keys sell.".to_owned()
    } else {
        shown(&objects, seen_seconds_ago)
    };
    Ok(answer(json, &json!({"networks": objects, "seen_by_server_seconds_ago": seen_seconds_ago}), &text)?)
}

fn object(config: &Config, kept: &Kept, slug: &str) -> Value {
    let chain = kept.chains.iter().find(|(state, _)| state.chain.network.as_str() == slug);
    let state = chain.map(|(state, _)| state);
    let gaps: Vec<Value> =
        chain.into_iter().flat_map(|(_, gaps)| gaps).map(|(first, last)| json!([first, last])).collect();
    let surpluses: Vec<Value> =
        kept.surpluses.iter().filter(|surplus| surplus.asset.network.as_str() == slug).map(surplus).collect();
    let of_network = kept.concerns.iter().filter(|concern| concern.network.as_str() == slug);
    let concerns: Vec<Value> = of_network.map(concern).collect();
    json!({
        "network": slug,
        "configured": config.networks.contains_key(slug),
        "chain": state.map(|state| state.identity.clone()),
        "tip": state.map(|state| state.tip),
        "cursor": state.map(|state| state.cursor.height),
        "behind": state.map(|state| state.tip.saturating_sub(state.cursor.height)),
        "final_height": state.and_then(|state| state.final_height),
        "gaps": gaps,
        "alarm": state.and_then(|state| state.alarm.clone()),
        "unexplained_surpluses": surpluses,
        "address_concerns": concerns,
        "seen_by_server": kept.seen.as_ref().and_then(|seen| seen.get("networks")?.get(slug)),
    })
}

fn surplus(surplus: &Surplus) -> Value {
    json!({
        "asset": surplus.asset.to_string(),
        "address": surplus.shown,
        "holder": surplus.holder.to_string(),
        "balance_units": surplus.balance.to_string(),
        "recorded_units": surplus.recorded.to_string(),
        "acknowledged_at_ms": surplus.acknowledged_at.map(Timestamp::milliseconds),
    })
}

fn concern(concern: &Concern) -> Value {
    json!({
        "address": concern.shown,
        "holder": concern.holder.to_string(),
        "what": concern.what.to_string(),
        "found_at_ms": concern.found_at.milliseconds(),
        "acknowledged_at_ms": concern.acknowledged_at.map(Timestamp::milliseconds),
    })
}

fn shown(objects: &[Value], seen_seconds_ago: Option<i64>) -> String {
    let mut rows =
        vec![["network", "tip", "scanned to", "final", "sells", "what is wrong"].map(str::to_owned).to_vec()];
    let mut providers = Vec::new();
    for object in objects {
        let number = |key: &str| object.get(key).and_then(Value::as_u64).map_or("-".to_owned(), |n| n.to_string());
        let slug = object.get("network").and_then(Value::as_str).unwrap_or_default().to_owned();
        let seen = object.get("seen_by_server");
        let sells = match seen.and_then(|seen| seen.get("sells")?.as_bool()) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        let columns = [number("tip"), number("cursor"), number("final_height"), sells.to_owned(), wrong(object)];
        rows.push([vec![slug.clone()], columns.to_vec()].concat());
        let of_network = seen.and_then(|seen| seen.get("providers")?.as_array()).into_iter().flatten();
        providers.extend(of_network.map(|provider| provider_row(&slug, provider)));
    }
    let when = match seen_seconds_ago {
        Some(seconds) => format!("As the server saw it {seconds} seconds ago."),
        None => "No server has run with these networks yet.".to_owned(),
    };
    [table(&rows), String::new(), table(&providers), when].join("\n")
}

fn provider_row(slug: &str, provider: &Value) -> Vec<String> {
    let text = |key: &str| provider.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_available = provider.get("available").and_then(Value::as_bool).unwrap_or_default();
    let calls = provider.get("calls").and_then(Value::as_u64).unwrap_or_default();
    let error = provider.get("last_error").and_then(|error| error.get("text")?.as_str());
    let state = match (text("quarantine"), is_available) {
        (Some(why), _) => format!("not trusted: {why}"),
        (None, true) => "answers".to_owned(),
        (None, false) => format!("left alone: {}", error.unwrap_or("it failed")),
    };
    vec![slug.to_owned(), text("name").unwrap_or_default(), format!("{calls} calls"), state]
}

/// Everything that is wrong with a network, in one line.
fn wrong(object: &Value) -> String {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let seen = |key: &str| object.get("seen_by_server").and_then(|seen| seen.get(key)?.as_str()).map(str::to_owned);
    let count = |key: &str| object.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    let mut found: Vec<String> = Vec::new();
    found.extend(text("alarm").map(|alarm| format!("ALARM: {alarm}")));
    found.extend(seen("trouble"));
    found.extend(seen("account_unknown_because"));
    if count("gaps") > 0 {
        found.push(format!("{} gaps in what was scanned", count("gaps")));
    }
    let alarms = |key: &str| {
        let all = object.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter(|one| one.get("acknowledged_at_ms").is_none_or(Value::is_null)).count()
    };
    if alarms("unexplained_surpluses") > 0 {
        found.push(format!("{} addresses hold money that no payment explains", alarms("unexplained_surpluses")));
    }
    if alarms("address_concerns") > 0 {
        found.push(format!("something is wrong with {} addresses: see doctor", alarms("address_concerns")));
    }
    let behind = object.get("behind").and_then(Value::as_u64).unwrap_or_default();
    if behind > 0 {
        found.push(format!("{behind} blocks behind"));
    }
    if object.get("configured").and_then(Value::as_bool) == Some(false) {
        found.push("not configured any more".to_owned());
    }
    if found.is_empty() { "-".to_owned() } else { found.join("; ") }
}

async fn acknowledge(config: &Config, network: NetworkId, address: &str, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let ended: Vec<String> = gateway.acknowledge(network, address).await?.iter().map(told).collect();
    if ended.is_empty() {
        bail!("there is no alarm about {address} on {network}; `farthing doctor` shows what there is");
    }
    let text = format!("Acknowledged at {address}: {}. It comes back when there is more.", ended.join(", "));
    let object = json!({"network": network.to_string(), "address": address, "acknowledged": ended});
    Ok(answer(json, &object, &text)?)
}

fn told(acknowledged: &Acknowledged) -> String {
    match acknowledged {
        Acknowledged::Concern(what) => what.to_string(),
        Acknowledged::Surplus(asset, units) => format!("{units} unexplained units of {asset}"),
    }
}

async fn resume(config: &Config, network: NetworkId, json: Json) -> anyhow::Result<()> {
    let gateway = open_for_command(config).await?;
    let id = ChainId { environment: Environment::Live, network };
    let Some(state) = gateway.store().read(move |reader| reader.chain(id)).await? else {
        bail!("{network} was never contacted; `farthing networks status` shows the networks");
    };
    let Some(alarm) = state.alarm else {
        bail!("there is no alarm on {network}: nothing waits");
    };
    gateway.resume_credits(id).await?;
    let text = format!("Resumed. There was: {alarm}\nWhat waited on {network} becomes final with its next block.");
    Ok(answer(json, &json!({"network": network.to_string(), "resumed": true, "alarm": alarm}), &text)?)
}
