//! What can be sold, for everybody to see.

use super::{call::Call, failure::Failure, gate::environment_of_key};
use axum::{http::HeaderValue, response::Response};
use farthing_dialects::native::{
    currencies::{CurrencyView, NetworkNow, currencies},
    envelope::Data,
    forms::{PublicParams, PublicQuery},
};
use farthing_domain::name::NetworkId;

/// How long the list may be kept.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// Lists the currencies, one row for each on each network.
#[utoipa::path(
    get,
    path = "/api/v1/currencies",
    operation_id = "listCurrencies",
    tag = "public",
    params(PublicParams),
    responses((status = 200, description = "Every currency on every network.", body = Data<Vec<CurrencyView>>)),
)]
pub(super) async fn list(call: Call) -> Result<Response, Failure> {
    let query = PublicQuery::parse(call.query(), environment_of_key(&call))?;
    let gateway = call.gateway();
    let setup = gateway.environment(query.environment);
    let now = |network: NetworkId| {
        let chain = setup.chains.get(&network)?;
        Some(NetworkNow { confirmations: chain.confirmations, is_available: gateway.can_sell(chain) })
    };
    let mut rows = currencies(&setup.catalog, &now);
    if let Some(code) = query.currency {
        rows.retain(|row| row.code == code.as_str());
    }
    call.public(rows, CACHED)
}
