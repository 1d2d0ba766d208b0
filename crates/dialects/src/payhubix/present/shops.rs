//! Shops (B11): every merchant has one, itself.

use super::{MERCHANT, NOTHING};
use crate::{native::moment::rfc3339, payhubix::currencies::CurrencyView};
use farthing_domain::{
    catalog::Catalog,
    id::{Environment, Owner},
    time::Timestamp,
};
use serde::Serialize;

/// The shop of an invoice (B5): always an object (B16).
#[derive(Debug, Clone, Serialize)]
pub struct ShopView {
    name: String,
    website: Option<String>,
    shop_id: String,
    transfer_fee_by: &'static str,
    service_fee_by: &'static str,
    logo_url: Option<String>,
}

impl ShopView {
    /// Shows a merchant.
    #[must_use]
    pub fn of(owner: Owner, merchant: &str) -> Self {
        Self {
            name: merchant.to_owned(),
            website: None,
            shop_id: owner.merchant.to_string(),
            transfer_fee_by: MERCHANT,
            service_fee_by: MERCHANT,
            logo_url: None,
        }
    }
}

/// A row of the list of shops.
#[derive(Debug, Clone, Serialize)]
pub struct ShopRow {
    name: String,
    is_sandbox: bool,
    status: &'static str,
    shop_id: String,
    website: Option<String>,
    logo_url: Option<String>,
    pos_url: Option<String>,
    created_at: String,
}

impl ShopRow {
    /// Shows a merchant.
    #[must_use]
    pub fn of(owner: Owner, merchant: &str, created_at: Timestamp) -> Self {
        Self {
            name: merchant.to_owned(),
            is_sandbox: owner.environment == Environment::Test,
            status: "Enable",
            shop_id: owner.merchant.to_string(),
            website: None,
            logo_url: None,
            pos_url: None,
            created_at: rfc3339(created_at),
        }
    }
}

/// A shop by itself.
#[derive(Debug, Clone, Serialize)]
pub struct ShopDetail {
    shop_id: String,
    name: String,
    status: &'static str,
    scope: Option<String>,
    description: Option<String>,
    website: Option<String>,
    logo_url: Option<String>,
    transfer_fee_by: &'static str,
    service_fee_by: &'static str,
    service_fee_percent: u8,
    auto_confirmation: u8,
    is_hidden: bool,
    is_sandbox: bool,
    pos_url: Option<String>,
    created_at: String,
    currencies: Vec<CurrencyView>,
}

impl ShopDetail {
    /// Shows a merchant with everything that its environment sells.
    #[must_use]
    pub fn of(owner: Owner, (name, created_at): (&str, Timestamp), catalog: &Catalog, public_url: &str) -> Self {
        Self {
            shop_id: owner.merchant.to_string(),
            name: name.to_owned(),
            status: "Enable",
            scope: None,
            description: None,
            website: None,
            logo_url: None,
            transfer_fee_by: MERCHANT,
            service_fee_by: MERCHANT,
            service_fee_percent: NOTHING,
            auto_confirmation: NOTHING,
            is_hidden: false,
            is_sandbox: owner.environment == Environment::Test,
            pos_url: None,
            created_at: rfc3339(created_at),
            currencies: catalog.assets().iter().map(|asset| CurrencyView::of(asset, catalog, public_url)).collect(),
        }
    }
}
