//! Permanent addresses (contract, sections 4.4, 4.5 and 5.3): the request for one, the list's query, and how one is shown.
//!
//! The contract calls them static addresses. It allocates no address and knows no merchant.

use super::{
    errors::ApiError,
    form::Form,
    forms::{PageQuery, Query, pair_problem},
    moment::rfc3339,
    request::{self, IDEMPOTENCY_KEY_CHARS_MAX, fingerprint},
};
use farthing_domain::{asset::AssetId, catalog::Catalog, name::AssetCode, static_address::StaticAddress};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// The body of `POST /api/v1/addresses`, for the documentation. Empty texts count as absent.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(example = json!({
    "currency": "BTC",
    "network": "bitcoin",
    "label": "Top-up of account 7",
    "external_id": "account-7",
    "idempotency_key": "account-7-btc"
}))]
pub struct CreateAddressBody {
    /// Currency code such as `BTC`, `ETH`, `USDT`: the one that the address accepts.
    #[schema(value_type = String, max_length = 20, example = "BTC")]
    pub currency: String,
    /// Its network. Required where the currency lives on several (USDT, USDC, ETH); inferred otherwise.
    #[schema(max_length = 30, example = "bitcoin")]
    pub network: Option<String>,
    /// Your note on it. Payers do not see it.
    #[schema(max_length = 1000, example = "Top-up of account 7")]
    pub label: Option<String>,
    /// Your own reference; several addresses may have the same.
    #[schema(max_length = 255, example = "account-7")]
    pub external_id: Option<String>,
    /// The same key with the same request answers the same address; with another request it is refused. The header
    /// `Idempotency-Key` does the same.
    #[schema(max_length = 255, example = "account-7-btc")]
    pub idempotency_key: Option<String>,
}

/// A request for a permanent address, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAddress {
    /// The asset that it is to accept.
    pub asset: AssetId,
    /// The merchant's note.
    pub label: Option<String>,
    /// The merchant's own reference.
    pub external_id: Option<String>,
    /// The key under which a repeated call answers the same address.
    pub idempotency_key: Option<String>,
    /// Equal for two requests that mean the same: hex SHA-256 of the normalised request without its idempotency key.
    pub fingerprint: String,
}

impl CreateAddress {
    /// Reads `POST /api/v1/addresses`. The idempotency key may be in the body or in the `Idempotency-Key` header.
    ///
    /// # Errors
    /// 400 `validation_error` with every wrong field.
    pub fn parse(body: &[u8], idempotency_header: Option<&str>, catalog: &Catalog) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let currency = form.text("currency", 20);
        let network = form.text("network", 30);
        let label = form.text("label", 1000);
        let external_id = form.text("external_id", 255);
        let in_body = form.text("idempotency_key", IDEMPOTENCY_KEY_CHARS_MAX);
        let asset = asset(currency.as_deref(), network.as_deref(), catalog, &mut form);
        let idempotency_key = request::idempotency_key(in_body.as_deref(), idempotency_header, &mut form);
        let asset = form.finish(asset)?;
        let fingerprint = fingerprint::hash(
            "farthing native address 1",
            &[("accepts", Some(asset.to_string())), ("label", label.clone()), ("external_id", external_id.clone())],
        );
        Ok(Self { asset, label, external_id, idempotency_key, fingerprint })
    }
}

/// `None` where a problem was recorded in the form.
fn asset(currency: Option<&str>, network: Option<&str>, catalog: &Catalog, form: &mut Form<'_>) -> Option<AssetId> {
    let Some(code) = currency else {
        form.require("currency", "is required");
        return None;
    };
    // A network that could not be read was told already; inferring another would only confuse.
    if form.is_wrong("network") {
        return None;
    }
    match catalog.resolve(code, network) {
        Ok(asset) => Some(asset.id),
        Err(error) => {
            let (field, problem) = pair_problem(&error);
            form.refuse(field, problem);
            None
        }
    }
}

/// `GET /api/v1/addresses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressListQuery {
    /// In this currency.
    pub currency: Option<AssetCode>,
    /// With this reference of the merchant's.
    pub external_id: Option<String>,
    /// The part of the list.
    pub page: PageQuery,
}

impl AddressListQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut query = Query::parse(query);
        let list = Self { currency: query.currency(), external_id: query.text("external_id", 255), page: query.page() };
        query.finish(list)
    }
}

/// The parameters of the list of permanent addresses, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AddressListParams {
    /// Accepting this currency.
    #[param(max_length = 20, example = "BTC")]
    pub currency: Option<String>,
    /// With this reference of yours.
    #[param(max_length = 255, example = "account-7")]
    pub external_id: Option<String>,
    /// At most so many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// After so many items.
    #[param(minimum = 0, default = 0)]
    pub offset: Option<u64>,
}

/// A permanent address. Fields are null where they do not apply, and never missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StaticAddress)]
pub struct StaticAddressView {
    /// The address's id.
    #[schema(format = "uuid", example = "0197f6a4-5d1e-7c40-9b3f-6a2d8e1c7f05")]
    pub id: String,
    /// Whose it is.
    #[schema(format = "uuid", example = "0197f69f-02aa-7d1c-9a43-0d5a1d6b7c55")]
    pub merchant_id: String,
    /// The one currency that it accepts. Money in another one is recorded as a rejected deposit.
    #[schema(example = "BTC")]
    pub currency: String,
    /// `live` or `test`: the key that made it decides.
    #[schema(example = "test")]
    pub environment: String,
    /// What watches it: the network's slug.
    #[schema(example = "bitcoin")]
    pub gate_id: String,
    /// Where to pay, for ever.
    #[schema(example = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx")]
    pub address: String,
    /// Null: no supported network needs a tag or memo.
    #[schema(required = true, example = json!(null))]
    pub address_tag: Option<String>,
    /// Your note on it.
    #[schema(required = true, example = "Top-up of account 7")]
    pub label: Option<String>,
    /// The final money that it received, in `currency`.
    #[schema(example = "0")]
    pub total_received: String,
    /// How many deposits it had: the number of its invoices, whatever became of them.
    #[schema(example = 0)]
    pub invoice_count: u64,
    /// When it was created.
    #[schema(format = DateTime, example = "2026-03-01T12:00:00Z")]
    pub created_at: String,
    /// The network on which it accepts `currency`.
    #[schema(example = "bitcoin")]
    pub network: String,
    /// Your own reference.
    #[schema(required = true, example = "account-7")]
    pub external_id: Option<String>,
}

impl StaticAddressView {
    /// Shows a permanent address.
    #[must_use]
    pub fn of(address: &StaticAddress) -> Self {
        Self {
            id: address.id.to_string(),
            merchant_id: address.owner.merchant.to_string(),
            currency: address.asset.code.to_string(),
            environment: address.owner.environment.to_string(),
            gate_id: address.asset.network.to_string(),
            address: address.address.clone(),
            address_tag: None,
            label: address.label.clone(),
            total_received: address.received.to_decimal(address.decimals),
            invoice_count: address.invoice_count,
            created_at: rfc3339(address.created_at),
            network: address.asset.network.to_string(),
            external_id: address.external_id.clone(),
        }
    }
}

#[cfg(test)]
pub(in crate::native) mod tests;
