//! EVM networks of the operator's own: any chain that does not ship with Farthing, told by what nobody else can say of it.
//!
//! Nothing is guessed that money depends on: the chain's id, its coin and when money is final must be written.

use super::reader::{Reader, suggestion};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    name::{AssetCode, NetworkId},
    network::{Family, Network},
};
use figment::value::Dict;

/// Keys that only such a network has.
pub(super) const KEYS: [&str; 3] = ["name", "coin", "block_seconds"];
/// Units of an EVM chain's coin: its protocol counts in 10^-18, whatever the coin.
const COIN_DECIMALS: u8 = 18;
/// The longest name of a network or a coin, in characters.
const NAME_MAX: usize = 40;
/// Seconds between blocks, where nothing is written: Ethereum's. For estimates and how often the chain is looked at.
const BLOCK_SECONDS: u32 = 12;
const BLOCK_SECONDS_MAX: u32 = 600;
/// What is shown as the confirmations of a network that is final by its tag: two epochs of Ethereum.
const TAG_CONFIRMATIONS: u32 = 64;

/// The network of a coin that was written in its place, else what is spelt alike.
fn meant(slug: &str, slugs: &[&str], shipped: &Catalog) -> String {
    match shipped.resolve(&slug.to_ascii_uppercase(), None) {
        Ok(asset) => format!("did you mean {}?", asset.id.network),
        Err(_) => suggestion(slug, slugs),
    }
}

/// A network that does not ship, with its coin. `None` when it is none, with the reason among the problems.
pub(super) fn read(reader: &mut Reader, slug: &str, shipped: &Catalog) -> Option<(Network, Asset)> {
    let key = format!("networks.{slug}");
    let written = reader.keys(&key);
    let is_meant = ["chain_id", "coin"].iter().any(|own| written.iter().any(|key| key == own));
    let id = NetworkId::new(slug).ok().filter(|id| id.as_str() == slug);
    if !is_meant || reader.value::<String>(&format!("{key}.kind")).as_deref() != Some("evm") {
        let slugs: Vec<&str> = shipped.networks().iter().map(|network| network.id.as_str()).collect();
        let needs = "an EVM network of your own needs kind = \"evm\", chain_id, coin, and confirmations or finality";
        reader.problem(&key, &format!("there is no such network; {} ({needs})", meant(slug, &slugs, shipped)));
        return None;
    }
    let Some(id) = id else {
        reader.problem(&key, "a network is named by at most 30 small letters, digits, '-' and '_'");
        return None;
    };
    let chain_id = chain_id(reader, &key, shipped);
    let coin = coin(reader, id, shipped)?;
    let name = text(reader, &format!("{key}.name")).unwrap_or_else(|| slug.to_owned());
    let block_seconds = reader.number(&format!("{key}.block_seconds"), 1..=BLOCK_SECONDS_MAX).unwrap_or(BLOCK_SECONDS);
    let is_final_somehow = ["confirmations", "finality"].iter().any(|rule| written.iter().any(|key| key == rule));
    if !is_final_somehow {
        let wanted = "is missing: say when money is final, by confirmations = … or finality = \"finalized\"";
        reader.problem(&format!("{key}.confirmations"), wanted);
    }
    let network = Network {
        id,
        name,
        family: Family::Evm,
        native: coin.id.code,
        chain_id,
        confirmations: TAG_CONFIRMATIONS,
        block_seconds,
    };
    Some((network, coin))
}

/// The chain's id, which must be no shipped network's: that one has a slug by which shops know it.
fn chain_id(reader: &mut Reader, key: &str, shipped: &Catalog) -> Option<u64> {
    let key = format!("{key}.chain_id");
    let chain_id = reader.chain_id(&key);
    let namesake = shipped.networks().iter().find(|network| network.chain_id.is_some() && network.chain_id == chain_id);
    if let Some(namesake) = namesake {
        let message = format!("is {}'s: write [networks.{}] for it", namesake.name, namesake.id);
        reader.problem(&key, &message);
    } else if chain_id.is_none() && !reader.has_problem(&key) {
        reader.problem(&key, "is missing: the number that EIP-155 and `eth_chainId` know the chain by");
    }
    chain_id
}

/// The chain's coin. One whose code is known by another network is called as it is there.
fn coin(reader: &mut Reader, network: NetworkId, shipped: &Catalog) -> Option<Asset> {
    let key = format!("networks.{network}.coin");
    let form = "coin = { code = \"XDAI\" }, with name = \"…\" and decimals = 18 if you like";
    let table: Option<Dict> = reader.value(&key);
    if table.is_none() && !reader.has_problem(&key) {
        reader.problem(&key, &format!("is missing: write {form}"));
    }
    table.as_ref()?;
    reader.known_keys(&key, &["code", "name", "decimals"]);
    let code: Option<String> = reader.value(&format!("{key}.code"));
    let Some(code) = code.and_then(|code| AssetCode::new(&code).ok()) else {
        reader.problem(&format!("{key}.code"), "must be a currency's code such as \"XDAI\"");
        return None;
    };
    let decimals = reader.number(&format!("{key}.decimals"), 0..=u32::from(COIN_DECIMALS));
    let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or(COIN_DECIMALS);
    let name = text(reader, &format!("{key}.name"));
    let id = AssetId { code, network };
    let coin = called(shipped, id, decimals, None);
    Some(Asset { name: name.unwrap_or(coin.name), ..coin })
}

/// An asset that does not ship. What it is called, and whether it is a stablecoin, is known by its code.
pub(super) fn called(shipped: &Catalog, id: AssetId, decimals: u8, contract: Option<String>) -> Asset {
    let known = shipped.assets().iter().find(|asset| asset.id.code == id.code);
    Asset {
        id,
        name: known.map_or_else(|| id.code.to_string(), |known| known.name.clone()),
        decimals,
        contract,
        is_stablecoin: known.is_some_and(|known| known.is_stablecoin),
    }
}

/// A name that pages show.
fn text(reader: &mut Reader, key: &str) -> Option<String> {
    let text: String = reader.value(key)?;
    let is_plain = !text.trim().is_empty() && text.chars().count() <= NAME_MAX && !text.chars().any(char::is_control);
    if !is_plain {
        reader.problem(key, &format!("must have from 1 to {NAME_MAX} characters"));
    }
    is_plain.then_some(text)
}
