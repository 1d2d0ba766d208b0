//! Payhubix' balances and transfers: what came in to the merchant's own wallet, by every API.

use super::{
    super::{call::KeyCall, failure::Failure},
    check_shop, shown,
};
use axum::response::Response;
use farthing_dialects::payhubix::{
    errors::Refused,
    lists::{self, PageView, TransfersQuery},
    present::{AssetsView, Balance, TransferRow, TransferSeen},
};
use farthing_domain::{fiat::Fiat, money::Amount, name::AssetCode};
use farthing_store::records::{Page, TransferFilter, TransferOrder};
use std::collections::BTreeMap;

/// `GET` of balances, valued in the currency that the path names (B12).
pub(super) async fn assets(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let fiat = call.call.parameter("fiat").to_ascii_uppercase().parse::<Fiat>();
    let fiat = fiat.map_err(|_| Refused::missing("There is no such fiat currency."))?;
    let received = gateway.store().read(move |reader| reader.received(owner)).await?;
    let setup = gateway.environment(owner.environment);
    let now = gateway.clocks().of_rates(owner.environment);
    let mut of_code: BTreeMap<AssetCode, Vec<Amount>> = BTreeMap::new();
    for asset in setup.catalog.assets() {
        let units = received.get(&asset.id).copied().unwrap_or_default();
        of_code.entry(asset.id.code).or_default().push(Amount::of(asset, units));
    }
    let balance = |(code, amounts)| Balance { code, amounts, rate: setup.rates.rate(code, fiat, now).ok() };
    let balances: Vec<Balance> = of_code.into_iter().map(balance).collect();
    Ok(shown(&AssetsView::of(&balances, fiat, &setup.catalog, gateway.public_url())))
}

/// The same of a shop that the path names.
pub(super) async fn assets_of_shop(call: KeyCall) -> Result<Response, Failure> {
    check_shop(&call)?;
    assets(call).await
}

/// `GET` of transfers (B12).
pub(super) async fn transfers(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let query = TransfersQuery::parse(call.call.query())?;
    let filter = TransferFilter { code: query.code, order: order(query.order) };
    let page = Page { limit: query.page.per_page, offset: query.page.offset() };
    let (transfers, total) = if query.is_outgoing {
        (Vec::new(), 0)
    } else {
        gateway.store().read(move |reader| reader.transfers(owner, &filter, page)).await?
    };
    let catalog = &gateway.environment(owner.environment).catalog;
    let seen = transfers.into_iter().map(|transfer| TransferSeen {
        side_link: transfer.name.unwrap_or_else(|| transfer.invoice.to_string()),
        payment: transfer.payment,
    });
    let numbered = (query.page.first_index()..).zip(seen);
    let rows = numbered.map(|(index, seen)| TransferRow::of(index, &seen, catalog, gateway.public_url())).collect();
    Ok(shown(&PageView::<TransferRow> { name: "transfers", page: query.page, total, rows }))
}

/// The same of a shop that the path names.
pub(super) async fn transfers_of_shop(call: KeyCall) -> Result<Response, Failure> {
    check_shop(&call)?;
    transfers(call).await
}

const fn order(order: lists::TransferOrder) -> TransferOrder {
    match order {
        lists::TransferOrder::Newest => TransferOrder::Newest,
        lists::TransferOrder::Oldest => TransferOrder::Oldest,
        lists::TransferOrder::Largest => TransferOrder::Largest,
        lists::TransferOrder::Smallest => TransferOrder::Smallest,
    }
}
