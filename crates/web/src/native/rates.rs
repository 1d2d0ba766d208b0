//! What coins cost in fiat money, for everybody to see.

use super::{call::Call, failure::Failure, gate::environment_of_key};
use axum::{http::HeaderValue, response::Response};
use farthing_dialects::native::{
    envelope::Data,
    forms::{PublicParams, PublicQuery},
    rates::RateView,
};
use farthing_domain::{
    fiat::{Fiat, NATIVE},
    name::AssetCode,
};

/// How long the list may be kept.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=30");

/// Lists the rates: of every currency in every fiat currency.
///
/// The test environment's are a fixed table, so that tests can be repeated.
#[utoipa::path(
    get,
    path = "/api/v1/rates",
    operation_id = "listRates",
    tag = "public",
    params(PublicParams),
    responses((status = 200, description = "Every rate that is known.", body = Data<Vec<RateView>>)),
)]
pub(super) async fn list(call: Call) -> Result<Response, Failure> {
    let query = PublicQuery::parse(call.query(), environment_of_key(&call))?;
    let gateway = call.gateway();
    let setup = gateway.environment(query.environment);
    let now = gateway.clocks().of_rates(query.environment);
    let mut codes: Vec<AssetCode> = Vec::new();
    for asset in setup.catalog.assets() {
        let is_wanted = query.currency.is_none_or(|wanted| wanted == asset.id.code);
        if is_wanted && !codes.contains(&asset.id.code) {
            codes.push(asset.id.code);
        }
    }
    let fiats: Vec<Fiat> = NATIVE.iter().filter_map(|code| code.parse().ok()).collect();
    let pairs = codes.iter().flat_map(|code| fiats.iter().map(move |fiat| (*code, *fiat)));
    // A pair without a rate is not on the list: it cannot be priced.
    let rates: Vec<RateView> = pairs
        .filter_map(|(code, fiat)| setup.rates.rate(code, fiat, now).ok().map(|rate| RateView::of(code, &rate)))
        .collect();
    call.public(rates, CACHED)
}
