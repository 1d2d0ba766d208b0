//! Accounts (B.6): one for each coin. What is in it is what ever came in and became final: what the merchant's own wallet pays
//! out is not known here.

use super::{
    ids::derived,
    networks,
    pairs::{coins, network_resource},
    present::{document, not_included},
    query::Paging,
    request::OnSale,
};
use farthing_domain::{
    asset::{Asset, AssetId},
    decimal::power_of_ten,
    id::Owner,
    static_address::Total,
};
use serde_json::{Value, json};

/// The places in which money of one coin on several networks is added: no network has more.
const PLACES: u8 = 18;

/// Whose accounts, and what came in.
pub struct Books<'a> {
    /// Whose.
    pub owner: Owner,
    /// What is on sale to them.
    pub on_sale: &'a OnSale<'a>,
    /// The final money that they received in an asset, in atomic units.
    pub received: &'a dyn Fn(AssetId) -> u128,
}

impl Books<'_> {
    /// A part of the list of accounts.
    #[must_use]
    pub fn list(&self, paging: &Paging) -> Value {
        let all = coins(self.on_sale);
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let before = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
        let page = all.iter().skip(before).take(usize::try_from(paging.limit()).unwrap_or_default());
        let data = page.map(|(code, _)| self.account(code, not_included())).collect();
        document(&Value::Array(data), Vec::new(), &paging.meta(total))
    }

    /// One account, with its networks; `None` where there is none of this id.
    #[must_use]
    pub fn one(&self, id: &str) -> Option<Value> {
        let (code, _) = coins(self.on_sale).into_iter().find(|(code, _)| self.id(code) == id)?;
        let networks: Vec<Value> =
            self.carriers(&code).map(|(network, asset)| network_resource(network, asset)).collect();
        let linked: Vec<Value> =
            networks.iter().map(|network| json!({ "type": "network", "id": network.get("id") })).collect();
        Some(document(&self.account(&code, json!({ "data": linked })), networks, &json!({})))
    }

    fn id(&self, code: &str) -> String {
        let Owner { merchant, environment } = self.owner;
        derived("accounts", &[&merchant.to_string(), environment.as_str(), code]).to_string()
    }

    fn carriers(&self, code: &str) -> impl Iterator<Item = (networks::CodedNetwork, &Asset)> {
        let all = networks::all(self.on_sale.catalog, self.on_sale.environment);
        all.filter(move |(_, asset)| asset.id.code.as_str() == code)
    }

    fn account(&self, code: &str, networks: Value) -> Value {
        let balance = self.balance(code);
        json!({
            "id": self.id(code),
            "type": "accounts",
            "attributes": {
                "currencyCode": code,
                "currencyType": "crypto",
                "balance": balance,
                "totalBalance": balance,
                "master": true,
                "label": null,
                "bankReference": null,
                "bankDepositAvailable": false,
                "bankWithdrawalAvailable": false,
                "transferAvailable": false,
            },
            "relationships": { "company": not_included(), "networks": networks },
        })
    }

    /// What came in on all networks; `None` for more than can be added, which no coin has.
    fn balance(&self, code: &str) -> Option<String> {
        let mut total = Total::default();
        for (_, asset) in self.carriers(code) {
            let factor = power_of_ten(PLACES.checked_sub(asset.decimals)?)?;
            total = total.replaced(0, (self.received)(asset.id).checked_mul(factor)?)?;
        }
        Some(total.to_decimal(PLACES))
    }
}
