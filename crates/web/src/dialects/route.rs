//! An API's table: its routes, who may call them, and how it tells what is wrong.

use super::{
    call::{Call, KeyCall},
    failure::{Failure, Trouble},
};
use crate::state::AppState;
use axum::{response::Response, routing::MethodFilter};
use farthing_domain::policy::Dialect;
use farthing_gateway::credentials::DialectCaller;
use std::{future::Future, pin::Pin};

/// What a route answers, some time.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send>>;

/// Who a call comes from, some time.
pub(super) type Authenticating<'a> = Pin<Box<dyn Future<Output = Result<DialectCaller, Failure>> + Send + 'a>>;

/// An API.
pub(super) struct Api {
    /// Which.
    pub(super) dialect: Dialect,
    /// Where its paths begin.
    pub(super) prefix: &'static str,
    /// Its routes.
    pub(super) routes: fn() -> Vec<Route>,
    /// Finds out who a call comes from, in the order of checks that the API documents, and in its own words.
    pub(super) authenticate: for<'a> fn(&'a AppState, &'a Call) -> Authenticating<'a>,
    /// How it tells what is wrong outside of its routes. Times to come again are added by the gate.
    pub(super) trouble: fn(Trouble) -> Response,
}

/// Who may call a route, and what is then called. A route that needs a credential cannot be called without its owner.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Anybody, so many times a minute.
    Public(fn(Call) -> Answering),
    /// A credential of this API.
    Credential(fn(KeyCall) -> Answering),
}

/// A route.
pub(super) struct Route {
    /// Its method, as it is mounted.
    pub(super) method: MethodFilter,
    /// Its method's name.
    pub(super) verb: &'static str,
    /// Its path's template below the prefix, without a slash at its end.
    pub(super) path: &'static str,
    /// Who may call it, and what that does.
    pub(super) access: Access,
}

/// A row of a table: `route!(POST "/invoices/create" Credential(create))`.
macro_rules! route {
    ($method:ident $path:literal $access:ident($call:path)) => {
        crate::dialects::route::Route {
            method: axum::routing::MethodFilter::$method,
            verb: stringify!($method),
            path: $path,
            access: crate::dialects::route::Access::$access(|call| Box::pin($call(call))),
        }
    };
}
pub(super) use route;
