//! The one gate in front of every route: the key, its limits, its permission.
//!
//! What a key is not told apart by: missing, malformed, unknown and revoked all get the same answer. A key is never logged.

use super::{
    call::{Call, KeyCall, TestCall},
    failure::{self, Failure},
    route::{Access, Answering, Route},
};
use crate::{
    limits::{Limiter, counted},
    observe::RequestId,
    state::AppState,
    whole::to_the_end,
};
use axum::{extract::Request, http::HeaderMap, response::Response};
use farthing_dialects::native::{
    api_keys::{ApiKeySecret, Permission},
    errors::{ApiError, ErrorCode},
};
use farthing_domain::id::Environment;
use farthing_gateway::keys::Caller;
use std::{hash::Hash, sync::Arc};

/// The only place where a key may be.
pub(super) const KEY_HEADER: &str = "x-api-key";

/// The environment of the key that came with a call which needs none. By its form: nothing is looked up.
pub(super) fn environment_of_key(call: &Call) -> Option<Environment> {
    let key: ApiKeySecret = call.header(KEY_HEADER).ok().flatten()?.parse().ok()?;
    Some(key.environment())
}

/// Lets a request through to its route, or says why not.
pub(super) async fn pass(route: Arc<Route>, state: AppState, request: Request) -> Response {
    let id = RequestId::of(request.extensions());
    let answered = match admit(&route, state, request).await {
        Ok(answering) => answering.await,
        Err(failure) => Err(failure),
    };
    answered.unwrap_or_else(|failed| failure::answer(failed.told(), &id))
}

async fn admit(route: &Route, state: AppState, request: Request) -> Result<Answering, Failure> {
    match route.access {
        Access::Public(handle) => {
            check(state.surface.per_address.as_ref(), &counted(state.client(&request)))?;
            Ok(handle(Call::take(route, state, request).await?))
        }
        Access::Key(permission, handle) => {
            let caller = caller(&state, request.headers(), permission).await?;
            Ok(handle(KeyCall { owner: caller.owner, call: Call::take(route, state, request).await? }))
        }
        Access::TestKey(permission, handle) => {
            let caller = caller(&state, request.headers(), permission).await?;
            if caller.owner.environment != Environment::Test {
                let message = "this call works only with a key of the test environment (sk_test_…)";
                return Err(ApiError::new(ErrorCode::Forbidden, message).into());
            }
            let answering = handle(TestCall { owner: caller.owner, call: Call::take(route, state, request).await? });
            Ok(Box::pin(to_the_end(answering)))
        }
    }
}

/// Whose key it is, if it may do that and was not used too often.
async fn caller(state: &AppState, headers: &HeaderMap, permission: Permission) -> Result<Caller, Failure> {
    let secret = sent_key(headers).ok_or_else(ApiError::unauthorized)?;
    let caller = state.gateway.caller(&secret).await?.ok_or_else(ApiError::unauthorized)?;
    check(state.surface.per_key.as_ref(), &caller.key)?;
    if !caller.permissions.contains(&permission) {
        return Err(ApiError::lacks_permission(permission).into());
    }
    Ok(caller)
}

/// The key that was sent, once and well-formed.
fn sent_key(headers: &HeaderMap) -> Option<ApiKeySecret> {
    let mut sent = headers.get_all(KEY_HEADER).iter();
    match (sent.next(), sent.next()) {
        (Some(key), None) => key.to_str().ok()?.parse().ok(),
        (None | Some(_), _) => None,
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&Limiter<K>>, key: &K) -> Result<(), ApiError> {
    limiter.map_or(Ok(()), |limiter| limiter.check(key)).map_err(ApiError::rate_limited)
}
