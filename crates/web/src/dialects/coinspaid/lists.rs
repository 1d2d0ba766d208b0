//! `CoinsPaid`'s lists: currencies, pairs and rates, accounts.

use super::{
    super::{call::KeyCall, failure::Failure},
    success,
};
use axum::response::Response;
use farthing_dialects::coinspaid::{
    currencies as codes,
    lists::{self, Pair},
    request::{PairFilter, fields, visible},
};

/// `POST /currencies/list`
pub(super) async fn currencies(call: KeyCall) -> Result<Response, Failure> {
    let visible = visible(&fields(&call.call.body)?)?;
    let setup = call.call.gateway().environment(call.caller.owner.environment);
    Ok(success(200, lists::currencies(&setup.catalog, visible)))
}

/// `POST /currencies/pairs` and `POST /currencies/rates`
pub(super) async fn pairs(call: KeyCall) -> Result<Response, Failure> {
    let gateway = call.call.gateway();
    let environment = call.caller.owner.environment;
    let setup = gateway.environment(environment);
    let is_known = |code: &str| lists::is_currency(code, &setup.catalog);
    let filter = PairFilter::read(&fields(&call.call.body)?, &is_known)?;
    let now = gateway.clocks().of_rates(environment);
    let of_coin = |asset| {
        let rates = lists::fiats().filter_map(move |fiat| setup.rates.rate(code_of(asset), fiat, now).ok());
        rates.map(move |rate| Pair { asset, rate })
    };
    let known: Vec<Pair<'_>> = codes::assets(&setup.catalog).flat_map(|(_, asset)| of_coin(asset)).collect();
    Ok(success(200, lists::pairs(&known, &filter)))
}

const fn code_of(asset: &farthing_domain::asset::Asset) -> farthing_domain::name::AssetCode {
    asset.id.code
}

/// `POST /accounts/list`: what became final, in each coin.
pub(super) async fn accounts(call: KeyCall) -> Result<Response, Failure> {
    fields(&call.call.body)?;
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let received = gateway.store().read(move |reader| reader.received(owner)).await?;
    let catalog = &gateway.environment(owner.environment).catalog;
    Ok(success(200, lists::accounts(catalog, &|asset| received.get(&asset).copied().unwrap_or_default())))
}
