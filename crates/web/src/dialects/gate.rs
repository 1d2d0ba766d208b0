//! The one gate in front of every dialect's routes: the credential and the limits.

use super::{
    call::{Call, KeyCall},
    failure::{Failure, Trouble},
    route::{Access, Api, Route},
};
use crate::{
    limits::{Limiter, counted},
    state::AppState,
};
use axum::{
    extract::Request,
    http::{HeaderValue, header::RETRY_AFTER},
    response::Response,
};
use farthing_domain::id::ApiKeyId;
use std::{hash::Hash, sync::Arc};

/// Lets a request through to its route, or says why not.
pub(super) async fn pass(api: &'static Api, route: Arc<Route>, state: AppState, request: Request) -> Response {
    match answer(api, &route, state, request).await {
        Ok(response) => response,
        Err(Failure::Told(response)) => *response,
        Err(Failure::Trouble(trouble)) => {
            let mut response = (api.trouble)(trouble);
            if let Some(seconds) = trouble.retry_after_seconds() {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

async fn answer(api: &Api, route: &Route, state: AppState, request: Request) -> Result<Response, Failure> {
    match route.access {
        Access::Public(handle) => {
            check(state.surface.per_address.as_ref(), &counted(state.client(&request)))?;
            handle(Call::take(state, request).await?).await
        }
        Access::Credential(handle) => {
            let call = Call::take(state.clone(), request).await?;
            let caller = (api.authenticate)(&state, &call).await?;
            tracing::debug!(dialect = api.dialect.as_str(), credential = %caller.credential, "called");
            // Credentials and keys are counted by one limiter: their ids are of one kind.
            check(state.surface.per_key.as_ref(), &ApiKeyId(caller.credential.0))?;
            handle(KeyCall { caller, call }).await
        }
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&Limiter<K>>, key: &K) -> Result<(), Failure> {
    let checked = limiter.map_or(Ok(()), |limiter| limiter.check(key));
    checked.map_err(|seconds| Failure::Trouble(Trouble::Limited(seconds)))
}
