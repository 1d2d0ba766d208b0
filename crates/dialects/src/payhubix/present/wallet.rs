//! Balances and transfers (B12). Money goes to the merchant's own wallet and stays what it was paid in: a balance is what came
//! in, and nothing ever goes out.

use super::number;
use crate::{
    native::moment::rfc3339,
    payhubix::currencies::{currency_id, icon_url},
};
use farthing_domain::{
    catalog::Catalog,
    decimal::Decimal,
    fiat::Fiat,
    money::{Amount, FiatAmount},
    name::AssetCode,
    payment::Payment,
    rate::Rate,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// What came in of one coin, on all of its networks.
#[derive(Debug, Clone)]
pub struct Balance {
    /// The coin.
    pub code: AssetCode,
    /// What came in on each network; at least one.
    pub amounts: Vec<Amount>,
    /// What one coin is worth in the currency that was asked for; `None` while nobody knows.
    pub rate: Option<Rate>,
}

/// Balances, valued in a fiat currency.
#[derive(Debug, Clone, Serialize)]
pub struct AssetsView {
    total_fiat_balance: Box<RawValue>,
    fiat_symbol: String,
    assets: Vec<AssetRow>,
}

#[derive(Debug, Clone, Serialize)]
struct AssetRow {
    symbol: String,
    name: String,
    icon: String,
    balance: Box<RawValue>,
    fiat_balance: Box<RawValue>,
    fiat_symbol: String,
    price: Option<Box<RawValue>>,
}

impl AssetsView {
    /// Shows balances. A coin without a rate counts for nothing in the total, and has no price.
    #[must_use]
    pub fn of(balances: &[Balance], fiat: Fiat, catalog: &Catalog, public_url: &str) -> Self {
        let worths: Vec<FiatAmount> = balances.iter().map(|balance| worth(balance, fiat)).collect();
        let total = worths.iter().fold(0_u128, |sum, worth| sum.saturating_add(worth.minor));
        let row = |(balance, worth): (&Balance, &FiatAmount)| {
            let symbol = balance.code.to_string();
            let named = catalog.assets().iter().find(|asset| asset.id.code == balance.code);
            AssetRow {
                name: named.map_or_else(|| symbol.clone(), |asset| asset.name.clone()),
                icon: icon_url(public_url, &symbol),
                balance: number(sum(&balance.amounts)),
                fiat_balance: number(worth.decimal()),
                fiat_symbol: fiat.to_string(),
                price: balance.rate.as_ref().map(|rate| number(rate.value)),
                symbol,
            }
        };
        Self {
            total_fiat_balance: number(FiatAmount { currency: fiat, minor: total }.decimal()),
            fiat_symbol: fiat.to_string(),
            assets: balances.iter().zip(&worths).map(row).collect(),
        }
    }
}

fn worth(balance: &Balance, fiat: Fiat) -> FiatAmount {
    let worth = |amount: &Amount| balance.rate.as_ref()?.worth(*amount);
    let minor = balance.amounts.iter().filter_map(worth).fold(0_u128, |sum, worth| sum.saturating_add(worth.minor));
    FiatAmount { currency: fiat, minor }
}

/// The sum of one coin over networks that count it with different decimals.
fn sum(amounts: &[Amount]) -> Decimal {
    let places = amounts.iter().map(|amount| amount.decimals).max().unwrap_or_default();
    let units = |amount: &Amount| amount.decimal().units(places).unwrap_or(u128::MAX);
    let sum = amounts.iter().fold(0_u128, |sum, amount| sum.saturating_add(units(amount)));
    Decimal::new(sum, places).unwrap_or(Decimal::ZERO)
}

/// A payment that came in, and what the invoice that it paid is called.
#[derive(Debug, Clone)]
pub struct TransferSeen {
    /// The invoice's link; of an invoice of another API its id.
    pub side_link: String,
    /// The payment.
    pub payment: Payment,
}

/// A row of the list of transfers.
#[derive(Debug, Clone, Serialize)]
pub struct TransferRow {
    index: u64,
    side_link: String,
    side: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    symbol: String,
    amount: Box<RawValue>,
    currency: TransferCurrency,
    created_at: String,
}

#[derive(Debug, Clone, Serialize)]
struct TransferCurrency {
    id: u32,
    name: String,
    symbol: String,
    icon_url: String,
}

impl TransferRow {
    /// Shows a transfer as the row with a number, from 1.
    #[must_use]
    pub fn of(index: u64, seen: &TransferSeen, catalog: &Catalog, public_url: &str) -> Self {
        let asset = seen.payment.asset;
        let symbol = asset.code.to_string();
        let currency = TransferCurrency {
            id: currency_id(asset, catalog),
            name: catalog.asset(asset).map_or_else(|| symbol.clone(), |asset| asset.name.clone()),
            icon_url: icon_url(public_url, &symbol),
            symbol: symbol.clone(),
        };
        Self {
            index,
            side_link: seen.side_link.clone(),
            side: "Invoice",
            kind: "Incoming",
            symbol,
            amount: number(seen.payment.amount().decimal()),
            currency,
            created_at: rfc3339(seen.payment.first_seen),
        }
    }
}
