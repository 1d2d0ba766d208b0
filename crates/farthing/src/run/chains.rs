//! Following one chain: to its tip, then a pause, then again.

use super::{Stop, wait};
use farthing_domain::network::ChainId;
use farthing_gateway::{gateway::Gateway, scan::Progress};
use std::{sync::Arc, time::Duration};

/// The pause at the tip: what happens on a chain is visible within about a second.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(30);

pub(super) async fn follow(gateway: Arc<Gateway>, id: ChainId, mut stop: Stop) {
    let mut pause = PAUSE;
    while !stop.is_told() {
        match gateway.scan(id).await {
            Ok(Progress::More) => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Progress::Idle) => pause = PAUSE,
            Err(error) => {
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
                tracing::warn!(environment = %id.environment, network = %id.network, %error, pause_seconds = pause.as_secs(), "a chain was not scanned to its tip");
            }
        }
        if wait(&mut stop, pause, gateway.scanner_woken()).await {
            return;
        }
    }
}
