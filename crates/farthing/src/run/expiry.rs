//! Settling what time changes, in one environment, every second.

use super::Stop;
use farthing_domain::id::Environment;
use farthing_gateway::{expire::Waiting, gateway::Gateway, scan::Progress};
use std::{sync::Arc, time::Duration};

/// How often to look.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn follow(gateway: Arc<Gateway>, environment: Environment, mut stop: Stop) {
    while !stop.is_told() {
        match gateway.expire(environment, Waiting::AtTheirTime).await {
            Ok(Progress::More) => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Progress::Idle) => {}
            Err(error) => tracing::warn!(%environment, %error, "invoices that are due were not settled"),
        }
        if stop.within(PAUSE).await {
            return;
        }
    }
}
