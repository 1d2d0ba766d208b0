//! Ids of coins for shops that come from Payhubix with ids of their own: that API names coins by number.

use super::reader::Reader;
use farthing_dialects::payhubix::currencies::MADE_FROM;
use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    name::{AssetCode, NetworkId},
    network::Family,
};
use figment::value::Dict;

/// Reads `[payhubix.currencies]`: an id for each coin that is to have another than the shipped one.
pub(super) fn read_currency_ids(reader: &mut Reader) -> Vec<(AssetId, u32)> {
    reader.known_keys("payhubix", &["currencies"]);
    let mut given: Vec<(AssetId, u32)> = Vec::new();
    let names: Dict = reader.value("payhubix.currencies").unwrap_or_default();
    for name in names.into_keys() {
        let key = format!("payhubix.currencies.{name}");
        let Some(asset) = asset(&name) else {
            reader.problem(&key, "must be a coin and its network, such as \"USDT/tron\"");
            continue;
        };
        let Some(number) = reader.number(&key, 1..=MADE_FROM.saturating_sub(1)) else { continue };
        if given.iter().any(|(_, other)| *other == number) {
            reader.problem(&key, "is another coin's id, too");
        }
        given.push((asset, number));
    }
    given
}

/// A coin by its name. On a network that ships with Farthing it is a shipped one: another name there is a slip, but for tokens
/// that are listed by contract, whose codes nobody else knows.
fn asset(name: &str) -> Option<AssetId> {
    let (code, network) = name.split_once('/')?;
    let network = NetworkId::new(network).ok()?;
    let id = AssetId { code: AssetCode::new(code).ok()?, network };
    let shipped = Catalog::shipped();
    let has_tokens = |family| match family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => false,
        Family::Evm | Family::Tron | Family::Solana => true,
    };
    let may_be_added = shipped.network(network).is_none_or(|network| has_tokens(network.family));
    (may_be_added || shipped.asset(id).is_some()).then_some(id)
}
