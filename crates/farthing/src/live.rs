//! From the configuration to the live environment: which networks and assets are sold, and who answers for them.
//!
//! Nothing is asked of a node here: a server starts although every provider is down.

use crate::config::{Config, Finality, NetworkConfig};
use anyhow::{Context, bail};
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    network::{Family, Network as NetworkFacts},
};
use farthing_gateway::{
    live_environment::LiveNetwork,
    rates::{
        RateSource,
        book::{BookSettings, RateBook},
    },
};
use farthing_networks::{
    account::Account,
    evm::{self, Evm, EvmConfig},
    inspect::Inspect,
    network::Network,
    provider::{node_url::NodeUrl, pool::Patience},
    utxo::{self, Utxo, rules::ChainName},
};
use std::sync::Arc;

/// What stands behind a configured network.
pub(crate) struct Connected {
    pub(crate) adapter: Arc<dyn Network>,
    pub(crate) inspect: Arc<dyn Inspect>,
}

/// Every configured network.
///
/// # Errors
/// When one is of a kind that this version has no adapter for, or its adapter refuses its configuration.
pub(crate) fn networks(config: &Config) -> anyhow::Result<Vec<LiveNetwork>> {
    config.networks.iter().map(|(slug, network)| live_network(slug, network)).collect()
}

/// Where the rates of live sales come from.
///
/// # Errors
/// When a URL cannot be asked.
pub(crate) fn rates(config: &Config) -> anyhow::Result<RateSource> {
    let rates = &config.rates;
    if rates.sources.is_empty() && rates.fixed.is_empty() && rates.file.is_none() {
        return Ok(RateSource::None);
    }
    let mut markets = Vec::new();
    for (market, url) in &rates.sources {
        let url = match url {
            Some(url) => NodeUrl::from_url(url.clone())?,
            None => NodeUrl::parse(market.base_url())?,
        };
        markets.push((*market, url));
    }
    let book = RateBook::new(BookSettings {
        markets,
        fixed: rates.fixed.clone(),
        file: rates.file.clone(),
        max_age_seconds: i64::from(rates.max_age_seconds),
        spread_basis_points: rates.spread_basis_points,
    })?;
    Ok(RateSource::Live(Arc::new(book)))
}

/// One configured network.
///
/// # Errors
/// As [`networks`].
pub(crate) fn live_network(slug: &str, config: &NetworkConfig) -> anyhow::Result<LiveNetwork> {
    if !config.is_supported() {
        bail!("{}", unsupported(slug));
    }
    let assets = assets(config);
    let facts = configured(config.facts.clone(), config);
    let account = Account::parse(facts.family.into(), config.addresses, &config.account)
        .with_context(|| format!("networks.{slug}.account"))?;
    let connected = connect(&facts, &assets, config).with_context(|| format!("networks.{slug}"))?;
    Ok(LiveNetwork {
        facts,
        assets,
        adapter: connected.adapter,
        inspect: connected.inspect,
        account: Arc::new(account),
        start_index: config.start_index,
    })
}

/// What is said of a kind without an adapter.
pub(crate) fn unsupported(slug: &str) -> String {
    format!(
        "networks.{slug}: the {slug} adapter is not part of this version yet; remove [networks.{slug}]; test keys work without it"
    )
}

fn configured(facts: NetworkFacts, config: &NetworkConfig) -> NetworkFacts {
    let confirmations = match config.finality {
        Finality::Confirmations(count) => count,
        Finality::Tag(_) => facts.confirmations,
    };
    let chain_id = facts.chain_id.and(config.chain.parse().ok()).or(facts.chain_id);
    NetworkFacts { confirmations, chain_id, ..facts }
}

/// The network's coin and its tokens: the operator's list, or the shipped one. Shipped contracts are those of the slug's own
/// chain and are not there on another one.
pub(crate) fn assets(config: &NetworkConfig) -> Vec<Asset> {
    let tokens = config.tokens.clone().unwrap_or_else(|| tokens_of(config, Catalog::shipped().assets()));
    core::iter::once(config.coin.clone()).chain(tokens).collect()
}

/// Tokens that are known there and not sold: those that never are, and shipped ones that the operator's list leaves out.
fn unsold(config: &NetworkConfig) -> Vec<Asset> {
    let mut known = tokens_of(config, Catalog::shipped().assets());
    known.extend(tokens_of(config, &Catalog::unsold()));
    let sold = assets(config);
    known.retain(|asset| !sold.contains(asset));
    known
}

/// The tokens of the network among those that are known; none on another chain than the slug's own.
fn tokens_of(config: &NetworkConfig, known: &[Asset]) -> Vec<Asset> {
    let facts = &config.facts;
    let is_own_chain = facts.chain_id.is_none_or(|own| own.to_string() == config.chain);
    let is_there = |asset: &&Asset| is_own_chain && asset.id.network == facts.id && asset.contract.is_some();
    known.iter().filter(is_there).cloned().collect()
}

/// The adapter of a network's kind.
fn connect(facts: &NetworkFacts, assets: &[Asset], config: &NetworkConfig) -> anyhow::Result<Connected> {
    let native = assets.iter().find(|asset| asset.contract.is_none()).context("the network has no coin")?.clone();
    match facts.family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => connect_utxo(facts, native, config),
        Family::Evm => connect_evm(facts, native, assets, config),
        Family::Tron | Family::Solana => bail!("{}", unsupported(facts.id.as_str())),
    }
}

fn connect_utxo(facts: &NetworkFacts, native: Asset, config: &NetworkConfig) -> anyhow::Result<Connected> {
    let mut providers = Vec::new();
    for (provider, url) in config.providers.iter().zip(urls(config)?) {
        let protocol = match provider.protocol.as_str() {
            "core" => utxo::Protocol::Core,
            "esplora" => utxo::Protocol::Esplora,
            other => bail!("providers speak core or esplora, not {other}"),
        };
        providers.push(utxo::Provider { protocol, url });
    }
    let chain = ChainName::from_name(&config.chain).with_context(|| format!("there is no chain {}", config.chain))?;
    let adapter = Arc::new(Utxo::new(utxo::Config {
        network: facts.id,
        family: facts.family,
        chain,
        native,
        confirmations: facts.confirmations,
        providers,
        patience: Patience::default(),
        stale_after: utxo::STALE_AFTER,
    })?);
    Ok(Connected { adapter: Arc::<Utxo>::clone(&adapter), inspect: adapter })
}

fn connect_evm(
    facts: &NetworkFacts,
    native: Asset,
    assets: &[Asset],
    config: &NetworkConfig,
) -> anyhow::Result<Connected> {
    let chain_id = facts.chain_id.context("the network has no chain id")?;
    let tokens: Vec<Asset> = assets.iter().filter(|asset| asset.contract.is_some()).cloned().collect();
    let finality = match config.finality {
        Finality::Confirmations(_) => evm::Finality::Confirmations,
        Finality::Tag("safe") => evm::Finality::Safe,
        Finality::Tag(_) => evm::Finality::Finalized,
    };
    let settings = EvmConfig::new(facts.id, chain_id, native, tokens, urls(config)?);
    let adapter = Arc::new(Evm::new(EvmConfig { finality, unsold: unsold(config), ..settings })?);
    Ok(Connected { adapter: Arc::<Evm>::clone(&adapter), inspect: adapter })
}

/// Where the providers are; those on one host get names of their own.
fn urls(config: &NetworkConfig) -> anyhow::Result<Vec<NodeUrl>> {
    let mut urls: Vec<NodeUrl> = Vec::new();
    for provider in &config.providers {
        let url = NodeUrl::from_url(provider.url.clone())?;
        let namesakes = urls.iter().filter(|other| other.name().split('#').next() == Some(url.name())).count();
        let name = match namesakes {
            0 => url.name().to_owned(),
            count => format!("{}#{}", url.name(), count.saturating_add(1)),
        };
        urls.push(url.named(name));
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    const XPUB: &str = "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";

    /// The codes of what is sold on polygon, and of what is known there besides.
    fn codes(more: &str) -> [Vec<String>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farthing.toml");
        let network = "[networks.polygon]\nkind = \"evm\"\nproviders = [{ rpc = \"https://rpc.example\" }]\n";
        std::fs::write(&path, format!("{network}account = \"{XPUB}\"\n{more}")).unwrap();
        let polygon = Config::load(Some(&path)).unwrap().networks["polygon"].clone();
        [assets(&polygon), unsold(&polygon)].map(|all| all.iter().map(|asset| asset.id.code.to_string()).collect())
    }

    #[test]
    fn what_a_list_leaves_out_is_known_on_the_slugs_own_chain_and_nothing_on_another() {
        assert_eq!(codes(""), [vec!["POL", "ETH", "USDT", "USDC"], vec!["WPOL", "USDC-E", "DAI"]]);
        let list = "[[networks.polygon.tokens]]\ncode = \"USDC\"\ncontract = \"0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359\"\ndecimals = 6\n";
        assert_eq!(codes(list), [vec!["POL", "USDC"], vec!["ETH", "USDT", "WPOL", "USDC-E", "DAI"]]);
        assert_eq!(codes("chain_id = 31337\n"), [vec!["POL"], vec![]]);
    }
}
