//! What `doctor` looks at of each configured network: its providers, its account and where that begins, before going live.

use super::{Check, Level};
use crate::{
    clock::SystemClock,
    config::{Config, NetworkConfig},
    entropy::SystemEntropy,
    high_water::Marks,
    live,
};
use farthing_domain::{id::Environment, network::ChainId};
use farthing_gateway::{
    account_use::{UnknownUse, first_unused},
    clock::Clock,
    entropy::Ids,
    gateway::{Chain, EnvironmentSetup, Gateway},
    live_environment::live_environment,
    rates::RateSource,
};
use farthing_networks::{
    account::AccountKeyId,
    inspect::{self, Inspect},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::timeout;
use url::Host;

/// How long one network may take to be looked at: dead providers are many timeouts.
const PATIENCE: Duration = Duration::from_secs(120);
/// A last block that is older than that, in seconds and in blocks of its network, is worth a look.
const OLD_SECONDS: i64 = 3600;
const OLD_BLOCKS: i64 = 20;
/// Addresses to compare with the wallet's.
const COMPARED: u32 = 3;

/// Looks at every configured network. The store is there unless there is none yet.
pub(super) async fn examine(config: &Config, store: Option<&Gateway>) -> Vec<Check> {
    let (mut checks, mut networks) = (Vec::new(), Vec::new());
    for (slug, network) in &config.networks {
        checks.extend(providers(slug, network));
        match live::live_network(slug, network) {
            Ok(live) => networks.push(live),
            Err(error) => {
                checks.push(Check::new(&format!("networks.{slug}"), Level::Error, false, format!("{error:#}")));
            }
        }
    }
    let ids = Ids::new(Arc::new(SystemEntropy));
    let setup = live_environment(networks, RateSource::None, &ids);
    for chain in setup.chains.values() {
        checks.extend(found(chain).await);
        checks.extend(identity(chain, store).await);
        checks.extend(head(chain, store).await);
        checks.extend(account(chain));
    }
    checks.extend(starts(config, &setup, store).await);
    checks
}

/// What the configuration says of the providers.
fn providers(slug: &str, network: &NetworkConfig) -> Vec<Check> {
    let mut checks = Vec::new();
    let name = format!("networks.{slug}.providers");
    let is_single = network.providers.len() == 1;
    let detail =
        if is_single { "a single provider: nobody audits it, and nothing is sold while it is down" } else { "several" };
    checks.push(Check::new(&name, Level::Warning, !is_single, detail));
    for provider in
        network.providers.iter().filter(|provider| provider.url.scheme() == "http" && !is_local(&provider.url))
    {
        let detail = format!(
            "{} is reached by plain http: whoever is on the way can change its answers",
            provider.url.host_str().unwrap_or_default()
        );
        checks.push(Check::new(&name, Level::Warning, false, detail));
    }
    checks
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What the adapter finds of its providers.
async fn found(chain: &Chain) -> Vec<Check> {
    let prefix = format!("networks.{}", chain.id.network);
    let Some(inspect) = &chain.inspect else { return Vec::new() };
    match timeout(PATIENCE, Inspect::examine(inspect.as_ref())).await {
        Ok(Ok(findings)) => findings
            .into_iter()
            .map(|finding| {
                let level = match finding.level {
                    inspect::Level::Error => Level::Error,
                    inspect::Level::Warning => Level::Warning,
                };
                Check::new(
                    &format!("{prefix}.{}", finding.name.replace(": ", ".").replace(' ', "_")),
                    level,
                    finding.ok,
                    finding.detail,
                )
            })
            .collect(),
        Ok(Err(error)) => vec![Check::new(&prefix, Level::Error, false, error.to_string())],
        Err(_) => vec![Check::new(&prefix, Level::Error, false, "its providers did not answer within two minutes")],
    }
}

/// Whether it is the chain that it was at first contact.
async fn identity(chain: &Chain, store: Option<&Gateway>) -> Option<Check> {
    let id = ChainId { environment: Environment::Live, network: chain.id.network };
    let known = match store?.store().read(move |reader| reader.chain(id)).await {
        Ok(state) => state?.identity,
        Err(error) => return Some(Check::new("store", Level::Error, false, error.to_string())),
    };
    // A network that does not answer was told of already.
    let now = timeout(PATIENCE, chain.adapter.identity()).await.ok()?.ok()?.to_string();
    let is_same = now == known;
    let detail = if is_same {
        "the chain that it was at first contact".to_owned()
    } else {
        format!(
            "another chain than at first contact: it was {known} and is {now}; a chain cannot be exchanged in a data folder that has sold on it"
        )
    };
    Some(Check::new(&format!("networks.{}.identity", id.network), Level::Error, is_same, detail))
}

/// Whether its last block is young, and not below what was scanned before.
async fn head(chain: &Chain, store: Option<&Gateway>) -> Vec<Check> {
    let id = ChainId { environment: Environment::Live, network: chain.id.network };
    let cursor = match store {
        // A store that cannot be read was told of already.
        Some(store) => store.store().read(move |reader| reader.chain(id)).await.ok().flatten(),
        None => None,
    };
    // So was a network that does not answer.
    let Ok(Ok(tip)) = timeout(PATIENCE, chain.adapter.tip()).await else { return Vec::new() };
    let name = format!("networks.{}.head", id.network);
    let (height, scanned) = (tip.head.block.height, cursor.map(|state| state.cursor.height));
    let behind = scanned.filter(|scanned| height < *scanned).map(|scanned| {
        let detail =
            format!("its last block is {height}, below block {scanned} that was scanned: its providers lag behind");
        Check::new(&name, Level::Warning, false, detail)
    });
    let age = SystemClock.now().seconds_since(tip.head.time);
    let is_young = age <= OLD_SECONDS.max(i64::from(chain.facts.block_seconds).saturating_mul(OLD_BLOCKS));
    let detail = format!("block {height}, {} minutes ago", age.checked_div(60).unwrap_or_default());
    let detail = if is_young { detail } else { format!("{detail}: does the chain stand still, or its providers?") };
    behind.into_iter().chain([Check::new(&name, Level::Warning, is_young, detail)]).collect()
}

/// The account's first addresses, for the operator to compare, and what to look at before relying on it.
fn account(chain: &Chain) -> Vec<Check> {
    let prefix = format!("networks.{}", chain.id.network);
    let first: Vec<String> = (0..COMPARED)
        .filter_map(|index| chain.account.address(index).ok().map(|address| format!("{index}: {address}")))
        .collect();
    let detail = format!("{}. These must be the first receiving addresses that your wallet shows", first.join(", "));
    let mut checks = vec![Check::new(&format!("{prefix}.addresses"), Level::Warning, true, detail)];
    let warnings = chain.account.warnings().iter();
    checks.extend(
        warnings.map(|warning| Check::new(&format!("{prefix}.account"), Level::Warning, false, warning.to_string())),
    );
    checks
}

/// Where each account begins or goes on.
async fn starts(config: &Config, setup: &EnvironmentSetup, store: Option<&Gateway>) -> Vec<Check> {
    let mut accounts: BTreeMap<AccountKeyId, Vec<&Chain>> = BTreeMap::new();
    for chain in setup.chains.values() {
        accounts.entry(chain.account.key_id()).or_default().push(chain);
    }
    let marks = match Marks::read(&config.data_dir) {
        Ok(marks) => marks,
        Err(error) => return vec![Check::new("high-water marks", Level::Error, false, format!("{error:#}"))],
    };
    let mut checks = Vec::new();
    for (key, chains) in accounts {
        let id = key.to_bytes();
        let next = match store {
            Some(store) => store.store().read(move |reader| reader.next_index(Environment::Live, &id)).await,
            None => Ok(None),
        };
        let mark = marks.of(&(Environment::Live, id.to_vec())).map(|reserved| reserved.mark);
        let (is_ok, detail) = match next {
            Err(error) => (false, error.to_string()),
            Ok(Some(next)) => (true, format!("goes on at index {next}")),
            Ok(None) => start(&chains, mark).await,
        };
        let names: Vec<&str> = chains.iter().map(|chain| chain.id.network.as_str()).collect();
        checks.push(Check::new(&format!("networks.{}.start", names.join("+")), Level::Error, is_ok, detail));
    }
    checks
}

/// Where an account will begin that nothing was sold of yet.
async fn start(chains: &[&Chain], mark: Option<u32>) -> (bool, String) {
    if let Some(index) = chains.iter().filter_map(|chain| chain.start_index).max() {
        let index = index.max(mark.unwrap_or_default());
        return (true, format!("begins at index {index}, for which start_index vouches"));
    }
    let from = mark.unwrap_or_default();
    let looked = timeout(PATIENCE, first_unused(chains, from)).await;
    match looked {
        Ok(Ok(0)) => (true, "has no history and begins at its first address".to_owned()),
        Ok(Ok(next)) => (true, format!("was used before and begins at index {next}, beyond its history")),
        Ok(Err(UnknownUse::TooMuchHistory(index))) => {
            (false, format!("has used addresses up to index {index} and beyond: set start_index"))
        }
        Ok(Err(error)) => {
            (false, format!("{error}: nothing is sold until its history is known, or start_index is set"))
        }
        Err(_) => (
            false,
            "its history could not be had within two minutes: nothing is sold until it is known, or start_index is set"
                .to_owned(),
        ),
    }
}
