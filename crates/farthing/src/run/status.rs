//! Writing down how the live networks are, for `farthing networks` beside the server.

use super::Stop;
use crate::commands::networks::{SEEN_SETTING, observed};
use farthing_domain::{id::Environment, time::Timestamp};
use farthing_gateway::gateway::Gateway;
use std::{sync::Arc, time::Duration};

/// How often to look.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is written when only heights and counts have changed, in seconds.
const WRITTEN_EVERY_SECONDS: i64 = 60;

pub(super) async fn follow(gateway: Arc<Gateway>, mut stop: Stop) {
    if gateway.environment(Environment::Live).chains.is_empty() {
        return stop.told().await;
    }
    let mut written: Option<(Timestamp, String)> = None;
    while !stop.is_told() {
        let now = gateway.clocks().real();
        let health = observed(&gateway).health;
        let is_news = written.as_ref().is_none_or(|(at, before)| {
            *before != health || !(0..WRITTEN_EVERY_SECONDS).contains(&now.seconds_since(*at))
        });
        if is_news {
            let text = observed(&gateway).object.to_string();
            let kept = gateway.store().decide(move |transaction| transaction.put_setting(SEEN_SETTING, &text)).await;
            match kept {
                Ok(()) => written = Some((now, health)),
                Err(error) => tracing::warn!(%error, "how the networks are was not written down"),
            }
        }
        if stop.within(PAUSE).await {
            return;
        }
    }
}
