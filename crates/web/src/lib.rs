//! Farthing's HTTP surface: who may ask what, and how requests become use cases and answers.
//!
//! It knows HTTP and nothing of money: what is read is handed to `farthing_gateway`, what is shown is named by
//! `farthing_dialects`. Nothing here decides what an invoice's status is.

mod checkout;
pub mod dialects;
mod docs;
pub mod edge;
mod limits;
mod native;
mod observe;
mod operate;
pub mod settings;
mod state;
mod whole;

use axum::Router;
use farthing_gateway::gateway::Gateway;
use std::{future::Future, sync::Arc};
use tokio::net::TcpListener;

use edge::Drained;
use settings::WebSettings;
use state::AppState;

/// All routes over a gateway.
///
/// # Panics
/// When two routes have one path and method, which the tests of the route table rule out.
pub fn router(gateway: Arc<Gateway>, settings: WebSettings) -> Router {
    operate::describe();
    let document = native::document(gateway.public_url());
    let state = AppState::new(gateway, settings);
    Router::new()
        .merge(native::routes())
        .merge(docs::routes(&document))
        .merge(operate::routes())
        .method_not_allowed_fallback(native::method_not_allowed)
        .merge(dialects::routes())
        .merge(checkout::routes())
        .fallback(native::no_such_route)
        .layer(axum::middleware::from_fn_with_state(state.clone(), observe::observe))
        .with_state(state)
}

/// Serves all routes on `listener` until `shutdown` is ready, then lets open requests end.
pub async fn serve(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    settings: WebSettings,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let limits = settings.limits.clone();
    edge::serve(listener, router(gateway, settings), limits, shutdown).await
}
