//! The APIs that are served beside the native one: one table of routes each, one gate in front of all of them.
//!
//! A route is what its table says, and cannot be mounted without saying who may call it. Whatever goes wrong below an API's
//! prefix is answered in that API's own form: a bad body, key or signature, an unknown path or method, a fault of ours.

mod call;
mod coinspaid;
mod create;
mod failure;
mod gate;
mod payhubix;
mod route;
mod txcash;
mod txnpro;

use crate::{native, state::AppState};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header::CONTENT_TYPE},
    response::Response,
    routing::on,
};
use failure::Trouble;
use farthing_domain::policy::Dialect;
use http_body_util::BodyExt;
use route::{Access, Api, Route};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Every API.
static APIS: [&Api; 4] = [&coinspaid::API, &payhubix::API, &txcash::API, &txnpro::API];

/// A route of one of these APIs, for whoever has to try all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// Whose it is.
    pub dialect: Dialect,
    /// Its method, as requests spell it.
    pub method: &'static str,
    /// Its path's template, whole, without a slash at its end.
    pub path: String,
    /// Whether it needs no credential.
    pub is_public: bool,
}

/// Every route of these APIs, by their tables. Those of the native API are in its document.
#[must_use]
pub fn mounted() -> Vec<Mounted> {
    let of_api = |api: &&'static Api| {
        let (dialect, prefix) = (api.dialect, api.prefix);
        (api.routes)().into_iter().map(move |route| Mounted {
            dialect,
            method: route.verb,
            path: format!("{prefix}{}", route.path),
            is_public: matches!(route.access, Access::Public(_)),
        })
    };
    APIS.iter().flat_map(of_api).collect()
}

/// All routes of all APIs, each with and without a slash at its end, which clients are not agreed on.
pub(crate) fn routes() -> Router<AppState> {
    APIS.iter().map(|api| routes_of(api)).fold(Router::new(), Router::merge)
}

fn routes_of(api: &'static Api) -> Router<AppState> {
    let mut router = Router::new();
    for route in (api.routes)() {
        let path = format!("{}{}", api.prefix, route.path);
        let (method, route) = (route.method, Arc::new(route));
        let gate = move |State(state): State<AppState>, request: Request| enter(api, route, state, request);
        router = router.route(&path, on(method, gate.clone())).route(&format!("{path}/"), on(method, gate));
    }
    router.method_not_allowed_fallback(move || async move { (api.trouble)(Trouble::NoSuchMethod) })
}

/// Through the API's own gate, unless it is the native API that is meant.
async fn enter(api: &'static Api, route: Arc<Route>, state: AppState, request: Request) -> Response {
    if means_native(api, request.headers()) {
        return native::no_such_route(State(state), request).await;
    }
    gate::pass(api, route, state, request).await
}

/// The answer to a path below an API's prefix that none of its routes has; `None` for a path that is nobody's, and for who
/// means the native API.
pub(crate) fn no_such_route(request: &Request) -> Option<Response> {
    let api = api_of(request.uri().path()).filter(|api| !means_native(api, request.headers()))?;
    Some((api.trouble)(Trouble::NoSuchRoute))
}

/// Whether a call is one of the native API whose base lost its `/api`: it has a native key, which no dialect takes.
fn means_native(api: &Api, headers: &HeaderMap) -> bool {
    let key = headers.get("x-api-key").map_or(&b""[..], HeaderValue::as_bytes);
    api.prefix == "/v1" && (key.starts_with(b"sk_live_") || key.starts_with(b"sk_test_"))
}

/// The answer to a request below an API's prefix whose route panicked; `None` for a path that is nobody's.
pub(crate) fn panicked(path: &str) -> Option<Response> {
    api_of(path).map(|api| (api.trouble)(Trouble::Internal))
}

/// Media type and body of the answer to a request below an API's prefix whose head could not be read; `None` for a path that is
/// nobody's.
pub(crate) fn refused_at_the_edge(path: &str, is_too_large: bool) -> Option<(String, Vec<u8>)> {
    let trouble = if is_too_large { Trouble::TooLarge } else { Trouble::Broken };
    let (head, body) = (api_of(path)?.trouble)(trouble).into_parts();
    let content_type = head.headers.get(CONTENT_TYPE)?.to_str().ok()?.to_owned();
    // Such a body is there as a whole: nothing has to be waited for.
    match pin!(body.collect()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(whole)) => Some((content_type, whole.to_bytes().to_vec())),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

fn api_of(path: &str) -> Option<&'static Api> {
    let is_below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    APIS.into_iter().find(|api| is_below(api.prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The only routes that anybody may call, by method and path.
    const PUBLIC: [&str; 3] =
        ["/api/v2/ping", "/v1/icons/{file}", "/invoice/v1/{network}/invoice/{id}/payment/address"];

    #[test]
    fn every_route_is_there_once_and_only_the_listed_ones_are_public() {
        let mut seen = BTreeSet::new();
        let mut public = Vec::new();
        for Mounted { dialect, method, path, is_public } in mounted() {
            assert!(seen.insert(format!("{method} {path}")), "{path}");
            assert!(!path.ends_with('/') && api_of(&path).is_some_and(|found| found.dialect == dialect), "{path}");
            public.extend(is_public.then_some(path));
        }
        assert_eq!(public, PUBLIC);
    }

    #[test]
    fn a_path_belongs_to_the_api_whose_prefix_it_has() {
        let dialect = |path| api_of(path).map(|api| api.dialect.as_str());
        assert_eq!(dialect("/api/v2"), Some("coinspaid"));
        assert_eq!(dialect("/api/v2/nothing"), Some("coinspaid"));
        assert_eq!(dialect("/v1/invoices/"), Some("payhubix"));
        assert_eq!(dialect("/invoice/v1/testnet/invoice"), Some("txcash"));
        assert_eq!(dialect("/api/public/v1/invoices"), Some("txnpro"));
        assert_eq!(dialect("/api/v20"), None);
        assert_eq!(dialect("/api/v1/invoices"), None);
    }
}
