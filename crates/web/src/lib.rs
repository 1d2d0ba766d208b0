//! Farthing's HTTP surface.

mod checkout;
pub mod edge;
pub mod state;

use axum::Router;
use state::AppState;

/// All routes.
pub fn router(state: AppState) -> Router {
    checkout::routes().with_state(state)
}
