//! The configured networks: what each kind needs, and accounts that are public keys.

use super::{
    own_network,
    reader::{Reader, suggestion},
};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    name::{AssetCode, NetworkId},
    network::{Family, Network},
};
use farthing_networks::{
    account::Account,
    address::{Address, Chain},
};
use figment::value::Dict;
use std::{collections::BTreeMap, fmt};
use url::Url;

/// Blocks that may be asked for before money is final.
const CONFIRMATIONS_MAX: u32 = 10_000;
/// Address indexes end here (BIP-32).
const INDEX_MAX: u32 = (1 << 31) - 1;
/// Digits after the point that a token may have.
const DECIMALS_MAX: u32 = 36;
/// Providers of one network.
const PROVIDERS_MAX: usize = 10;

impl NetworkConfig {
    /// Whether this version has an adapter for it.
    pub(crate) fn is_supported(&self) -> bool {
        self.kind == BITCOIN.name || self.kind == EVM.name
    }

    /// Whether both are one EVM chain under two names.
    fn is_of_chain(&self, other: &Self) -> bool {
        self.kind == EVM.name && other.kind == EVM.name && self.chain == other.chain
    }
}

/// When money is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finality {
    /// After so many blocks, the payment's own included.
    Confirmations(u32),
    /// By the network's own tag.
    Tag(&'static str),
}

/// A provider: its protocol and where it is. The URL may hold a password and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// `core`, `esplora`, `rpc` or `api`.
    pub(crate) protocol: String,
    /// Where it is.
    pub(crate) url: Url,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.protocol, self.url.host_str().unwrap_or_default())
    }
}

/// A network without problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkConfig {
    /// What ships of it, or what the operator says of a network of his own; the slug's own chain and confirmations.
    pub(crate) facts: Network,
    /// Its coin.
    pub(crate) coin: Asset,
    /// `bitcoin`, `evm`, `tron` or `solana`.
    pub(crate) kind: String,
    /// Which of the network's chains.
    pub(crate) chain: String,
    /// Who answers for it.
    pub(crate) providers: Vec<Provider>,
    /// The account's public text.
    pub(crate) account: String,
    /// How the account is written, and its addresses.
    pub(crate) addresses: Chain,
    /// When money is final.
    pub(crate) finality: Finality,
    /// The first address index, where the operator vouches for it.
    pub(crate) start_index: Option<u32>,
    /// Tokens in place of the shipped ones.
    pub(crate) tokens: Option<Vec<Asset>>,
}

/// What a kind of network has: its name, its protocols, the names of its chains with the addresses they use.
struct KindFacts {
    name: &'static str,
    protocols: &'static [&'static str],
    chains: &'static [(&'static str, Chain)],
}

const BITCOIN: KindFacts = KindFacts {
    name: "bitcoin",
    protocols: &["core", "esplora"],
    chains: &[
        ("mainnet", Chain::Mainnet),
        ("testnet4", Chain::Testnet),
        ("testnet", Chain::Testnet),
        ("signet", Chain::Testnet),
        ("regtest", Chain::Regtest),
    ],
};
const EVM: KindFacts = KindFacts { name: "evm", protocols: &["rpc"], chains: &[] };
const TRON: KindFacts = KindFacts {
    name: "tron",
    protocols: &["api"],
    chains: &[("mainnet", Chain::Mainnet), ("nile", Chain::Testnet), ("shasta", Chain::Testnet)],
};
const SOLANA: KindFacts = KindFacts {
    name: "solana",
    protocols: &["rpc"],
    chains: &[("mainnet", Chain::Mainnet), ("devnet", Chain::Testnet), ("testnet", Chain::Testnet)],
};

const fn kind_of(family: Family) -> &'static KindFacts {
    match family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => &BITCOIN,
        Family::Evm => &EVM,
        Family::Tron => &TRON,
        Family::Solana => &SOLANA,
    }
}

/// A network being read.
struct Section<'a> {
    reader: &'a mut Reader,
    key: String,
    shipped: &'a Catalog,
    facts: &'a Network,
    coin: &'a Asset,
    kind: &'static KindFacts,
}

pub(super) fn read_networks(reader: &mut Reader) -> BTreeMap<String, NetworkConfig> {
    let shipped = Catalog::shipped();
    let mut networks: BTreeMap<String, NetworkConfig> = BTreeMap::new();
    reader.known_keys("networks", &reader.keys("networks").iter().map(String::as_str).collect::<Vec<_>>());
    for slug in reader.keys("networks") {
        let found = ships(&shipped, &slug).or_else(|| own_network::read(reader, &slug, &shipped));
        let Some((facts, coin)) = &found else { continue };
        let (key, kind) = (format!("networks.{slug}"), kind_of(facts.family));
        let section = Section { reader, key: key.clone(), shipped: &shipped, facts, coin, kind };
        let Some(network) = section.read() else { continue };
        let twin = networks.iter().find(|(_, other)| network.is_of_chain(other)).map(|(twin, _)| twin);
        if let Some(twin) = twin {
            let message = format!("is the chain of [networks.{twin}] too: money on it would count twice");
            reader.problem(&format!("{key}.chain_id"), &message);
        }
        networks.insert(slug, network);
    }
    networks
}

/// A network that ships, and its coin.
fn ships(shipped: &Catalog, slug: &str) -> Option<(Network, Asset)> {
    let id = NetworkId::new(slug).ok().filter(|id| id.as_str() == slug)?;
    let facts = shipped.network(id)?;
    let coin = shipped.asset(AssetId { code: facts.native, network: id })?;
    Some((facts.clone(), coin.clone()))
}

impl Section<'_> {
    fn read(mut self) -> Option<NetworkConfig> {
        let chain_key = if self.facts.family == Family::Evm { "chain_id" } else { "chain" };
        let section = self.key.clone();
        let known = ["kind", chain_key, "providers", "account", "confirmations", "finality", "start_index", "tokens"];
        let own = if self.shipped.network(self.facts.id).is_some() { &[][..] } else { &own_network::KEYS[..] };
        self.reader.known_keys(&section, &[&known[..], own].concat());
        let kind = self.kind();
        let (chain, addresses) = self.chain();
        let providers = self.providers();
        let account = self.account(addresses);
        let finality = self.finality();
        let start_index = self.reader.number(&self.at("start_index"), 0..=INDEX_MAX);
        let tokens = self.tokens(addresses);
        Some(NetworkConfig {
            facts: self.facts.clone(),
            coin: self.coin.clone(),
            kind: kind?,
            chain,
            providers: providers?,
            account: account.as_ref()?.0.clone(),
            addresses: account?.1,
            finality: finality?,
            start_index,
            tokens,
        })
    }

    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.key)
    }

    fn problem(&mut self, key: &str, message: &str) {
        let key = self.at(key);
        self.reader.problem(&key, message);
    }

    fn required<T: serde::de::DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let path = self.at(key);
        let value = self.reader.value(&path);
        if value.is_none() && !self.reader.has_problem(&path) {
            self.problem(key, &format!("is missing: {wanted}"));
        }
        value
    }

    fn kind(&mut self) -> Option<String> {
        let kind: String = self.required("kind", &format!("write kind = \"{}\"", self.kind.name))?;
        if kind == self.kind.name {
            return Some(kind);
        }
        self.problem("kind", &format!("must be \"{}\" for {}", self.kind.name, self.facts.id));
        None
    }

    /// The chain's name or number, and how its addresses are written.
    fn chain(&mut self) -> (String, Chain) {
        if self.facts.family == Family::Evm {
            let chain_id = self.reader.chain_id(&self.at("chain_id"));
            let own = self.facts.chain_id;
            let addresses = if chain_id.is_some() && chain_id != own { Chain::Testnet } else { Chain::Mainnet };
            return (chain_id.or(own).unwrap_or_default().to_string(), addresses);
        }
        let Some(name) = self.reader.value::<String>(&self.at("chain")) else {
            return ("mainnet".to_owned(), Chain::Mainnet);
        };
        let found = self.kind.chains.iter().find(|(known, _)| *known == name).map(|(_, chain)| *chain);
        if found.is_none() {
            let names: Vec<&str> = self.kind.chains.iter().map(|(known, _)| *known).collect();
            self.problem("chain", &format!("must be one of {}", names.join(", ")));
        }
        (name, found.unwrap_or(Chain::Mainnet))
    }

    fn providers(&mut self) -> Option<Vec<Provider>> {
        let form = format!("providers = [{{ {} = \"https://…\" }}]", self.kind.protocols.join(" or "));
        let tables: Vec<Dict> = self.required("providers", &format!("write {form}"))?;
        if tables.is_empty() || tables.len() > PROVIDERS_MAX {
            self.problem("providers", &format!("must name from 1 to {PROVIDERS_MAX}: {form}"));
            return None;
        }
        let mut providers = Vec::new();
        for (index, table) in tables.iter().enumerate() {
            match self.provider(table) {
                Ok(provider) => providers.push(provider),
                Err(message) => self.problem(&format!("providers[{index}]"), &message),
            }
        }
        (providers.len() == tables.len()).then_some(providers)
    }

    fn provider(&self, table: &Dict) -> Result<Provider, String> {
        let form = format!("must be {{ {} = \"https://…\" }}", self.kind.protocols.join(" or "));
        let mut entries = table.iter();
        let (Some((protocol, value)), None) = (entries.next(), entries.next()) else { return Err(form) };
        if !self.kind.protocols.contains(&protocol.as_str()) {
            return Err(form);
        }
        let url = value.as_str().and_then(|text| Url::parse(text).ok());
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        Ok(Provider { protocol: protocol.clone(), url: url.ok_or("must be an http or https URL")? })
    }

    /// The account's text, and for which chain it is written.
    fn account(&mut self, chain: Chain) -> Option<(String, Chain)> {
        let text: String = self.required("account", "`farthing keys new` makes one, any wallet shows its own")?;
        // An xpub says nothing of the chain on EVM networks and Tron: a rehearsal may use the real one.
        let chains = if self.facts.family == Family::Evm || self.facts.family == Family::Tron {
            vec![Chain::Mainnet, Chain::Testnet]
        } else {
            vec![chain]
        };
        let family = self.facts.family.into();
        let readable = chains.iter().find(|chain| Account::parse(family, **chain, &text).is_ok());
        if let Some(chain) = readable {
            return Some((text, *chain));
        }
        if let Err(error) = Account::parse(family, *chains.first()?, &text) {
            self.problem("account", &error.to_string());
        }
        None
    }

    fn finality(&mut self) -> Option<Finality> {
        let confirmations = self.reader.number(&self.at("confirmations"), 1..=CONFIRMATIONS_MAX);
        let tag: Option<String> = self.reader.value(&self.at("finality"));
        match (tag.as_deref(), confirmations) {
            (None, count) => Some(Finality::Confirmations(count.unwrap_or(self.facts.confirmations))),
            (Some(_), Some(_)) => {
                self.problem("finality", "stands beside confirmations: keep one of the two");
                None
            }
            (Some("finalized"), None) if self.facts.family == Family::Evm => Some(Finality::Tag("finalized")),
            (Some("safe"), None) if self.facts.family == Family::Evm => Some(Finality::Tag("safe")),
            (Some(_), None) if self.facts.family == Family::Evm => {
                self.problem("finality", "must be finalized or safe");
                None
            }
            (Some(_), None) => {
                self.problem("finality", "is for EVM networks; write confirmations = … here");
                None
            }
        }
    }

    fn tokens(&mut self, chain: Chain) -> Option<Vec<Asset>> {
        let path = self.at("tokens");
        let tables: Vec<Dict> = self.reader.value(&path)?;
        if self.kind.name == BITCOIN.name {
            self.problem("tokens", "this network has none");
            return None;
        }
        let mut tokens: Vec<Asset> = Vec::new();
        for (index, table) in tables.iter().enumerate() {
            let Some(token) = self.token(index, table, chain) else { continue };
            if tokens.iter().any(|other| other.id == token.id || other.contract == token.contract) {
                self.problem(&format!("tokens[{index}]"), "is listed twice");
            }
            if token.id == self.coin.id {
                self.problem(
                    &format!("tokens[{index}].code"),
                    "is the network's own coin, which is sold without a contract",
                );
            }
            tokens.push(token);
        }
        Some(tokens)
    }

    fn token(&mut self, index: usize, table: &Dict, chain: Chain) -> Option<Asset> {
        let at = |key: &str| format!("tokens[{index}].{key}");
        let known = ["code", "contract", "decimals"];
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problem(&at(key), &format!("there is no such key; {}", suggestion(key, &known)));
        }
        let text = |key: &str| table.get(key).and_then(|value| value.as_str());
        let code = text("code").and_then(|code| AssetCode::new(code).ok());
        if code.is_none() {
            self.problem(&at("code"), "must be a currency's code such as \"USDC\"");
        }
        let family = self.facts.family.into();
        let contract = text("contract").and_then(|contract| Address::parse(family, chain, contract).ok());
        if contract.is_none() {
            self.problem(&at("contract"), &format!("must be a contract's address on {}", self.facts.name));
        }
        let decimals = table.get("decimals").and_then(|value| value.deserialize::<u32>().ok());
        let decimals = decimals.filter(|number| *number <= DECIMALS_MAX).and_then(|number| u8::try_from(number).ok());
        if decimals.is_none() {
            self.problem(&at("decimals"), &format!("must be from 0 to {DECIMALS_MAX}"));
        }
        let id = AssetId { code: code?, network: self.facts.id };
        Some(own_network::called(self.shipped, id, decimals?, Some(contract?.text().to_owned())))
    }
}
