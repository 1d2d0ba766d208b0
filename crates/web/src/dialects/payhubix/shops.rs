//! Payhubix' shops and currencies.

use super::{
    super::{
        call::{Call, KeyCall},
        failure::{Failure, Trouble},
    },
    check_shop, shop, shown,
};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use farthing_dialects::payhubix::{
    currencies::{self, CurrencyView},
    lists::{PageView, ShopsQuery},
    present::{ShopDetail, ShopRow},
};
use farthing_domain::id::Environment;
use serde::Serialize;

/// `GET` of shops (B11): the one that the key belongs to.
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let query = ShopsQuery::parse(call.call.query())?;
    let is_listed = query.is_enabled != Some(false);
    let merchant = shop(gateway, owner).await?;
    let is_here = is_listed && query.page.page == 1;
    let rows = is_here.then(|| ShopRow::of(owner, &merchant.name, merchant.created_at)).into_iter().collect();
    Ok(shown(&PageView { name: "shops", page: query.page, total: u64::from(is_listed), rows }))
}

/// `GET` of one shop (B11).
pub(super) async fn detail(call: KeyCall) -> Result<Response, Failure> {
    check_shop(&call)?;
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let merchant = shop(gateway, owner).await?;
    let catalog = &gateway.environment(owner.environment).catalog;
    let named = (merchant.name.as_str(), merchant.created_at);
    Ok(shown(&ShopDetail::of(owner, named, catalog, gateway.public_url())))
}

/// Every currency with its id (B13): no path of the API's own is known for it.
pub(super) async fn list_currencies(call: KeyCall) -> Result<Response, Failure> {
    #[derive(Serialize)]
    struct Currencies {
        currencies: Vec<CurrencyView>,
    }
    let gateway = call.call.gateway();
    let catalog = &gateway.environment(call.caller.owner.environment).catalog;
    let view = |asset| CurrencyView::of(asset, catalog, gateway.public_url());
    Ok(shown(&Currencies { currencies: catalog.assets().iter().map(view).collect() }))
}

/// `GET` of the icon of a coin or network.
pub(super) async fn icon(call: Call) -> Result<Response, Failure> {
    let catalogs = Environment::ALL.map(|environment| &call.gateway().environment(environment).catalog);
    let symbol = call.parameter("file").strip_suffix(".svg");
    let drawn = symbol.and_then(|symbol| currencies::icon(symbol, &catalogs));
    let drawn = drawn.ok_or(Failure::Trouble(Trouble::NoSuchRoute))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    Ok((headers, drawn).into_response())
}
