//! txn.pro's accounts: what came in, by coin (B.6).

use super::{
    super::{call::KeyCall, failure::Failure},
    document, refused, with_sale,
};
use axum::response::Response;
use farthing_dialects::txnpro::{accounts::Books, errors::Fault, query::ListQuery};

/// `GET /accounts`.
pub(super) async fn list(call: KeyCall) -> Result<Response, Failure> {
    let query = ListQuery::parse(call.call.query())?;
    let shown = with_books(&call, |books| books.list(&query.paging)).await?;
    Ok(document(200, &shown))
}

/// `GET /accounts/:id`.
pub(super) async fn get(call: KeyCall) -> Result<Response, Failure> {
    let id = call.call.parameter("id").to_owned();
    let found = with_books(&call, |books| books.one(&id)).await?;
    Ok(document(200, &found.ok_or_else(|| refused(Fault::NotFound))?))
}

async fn with_books<T>(call: &KeyCall, show: impl FnOnce(&Books<'_>) -> T) -> Result<T, Failure> {
    let owner = call.caller.owner;
    let received = call.call.gateway().store().read(move |reader| reader.received(owner)).await?;
    let received = |asset| received.get(&asset).copied().unwrap_or_default();
    Ok(with_sale(call, |on_sale| show(&Books { owner, on_sale, received: &received })))
}
