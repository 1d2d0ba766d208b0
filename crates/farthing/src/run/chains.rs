//! Following one chain: to its tip, then a pause, then again.

use super::{Stop, wait};
use core::future::pending;
use farthing_domain::{
    id::Environment,
    network::{ChainId, Family},
};
use farthing_gateway::{gateway::Gateway, scan::Progress};
use farthing_store::{Reader, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The pause at the tip: what happens on a chain is visible within about a second. Mempools are looked into as often.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause at the tip of a live network without a mempool, where blocks are rare.
const BETWEEN_BLOCKS_MAX: Duration = Duration::from_secs(5);
/// The pause at the tip of a live network while nobody is expected to pay: every look is a call that somebody bills. A sale
/// ends it.
const IDLE: Duration = Duration::from_secs(15);
/// The longest pause after failures.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How often the progress of catching up is told.
const TOLD_EVERY: Duration = Duration::from_secs(10);

pub(super) async fn follow(gateway: Arc<Gateway>, id: ChainId, mut stop: Stop) {
    let mut pause = PAUSE;
    let mut told = Told::default();
    while !stop.is_told() {
        match gateway.scan(id).await {
            Ok(Progress::More) => {
                told.behind(&gateway, id);
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Progress::Idle) => {
                pause = PAUSE;
                told.at_the_tip(&gateway, id);
                if rest_at_the_tip(&gateway, id, &mut stop).await {
                    return;
                }
                continue;
            }
            Err(error) => {
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
                tracing::warn!(environment = %id.environment, network = %id.network, %error, pause_seconds = pause.as_secs(), "a chain was not scanned to its tip");
            }
        }
        if wait(&mut stop, pause, pending()).await {
            return;
        }
    }
}

/// Rests until the next look is due; whether the program is told to end.
async fn rest_at_the_tip(gateway: &Gateway, id: ChainId, stop: &mut Stop) -> bool {
    let Some(chain) = gateway.chain(id).filter(|_| id.environment == Environment::Live) else {
        return wait(stop, PAUSE, pending()).await;
    };
    // Listened to before the question, so that no sale falls between the two.
    let woken = gateway.scanner_woken();
    // Not knowing is no reason to look less often.
    if !gateway.store().read(expects_money).await.unwrap_or(true) {
        return wait(stop, IDLE, woken).await;
    }
    let has_mempool = match chain.facts.family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => true,
        Family::Evm | Family::Tron | Family::Solana => false,
    };
    let half_a_block = Duration::from_secs(u64::from(chain.facts.block_seconds) / 2);
    let rest = if has_mempool { PAUSE } else { half_a_block.clamp(PAUSE, BETWEEN_BLOCKS_MAX) };
    wait(stop, rest, pending()).await
}

fn expects_money(reader: &Reader<'_>) -> Result<bool, StoreError> {
    reader.expects_live_money()
}

/// What was said of catching up.
#[derive(Default)]
struct Told {
    last: Option<Instant>,
}

impl Told {
    fn behind(&mut self, gateway: &Gateway, id: ChainId) {
        if self.last.is_some_and(|last| last.elapsed() < TOLD_EVERY) {
            return;
        }
        let Some(chain) = gateway.chain(id) else { return };
        let (Some(cursor), Some(head)) = (chain.cursor(), chain.head()) else { return };
        let behind = head.saturating_sub(cursor);
        tracing::info!(environment = %id.environment, network = %id.network, cursor, head, behind, "catching up");
        self.last = Some(Instant::now());
    }

    fn at_the_tip(&mut self, gateway: &Gateway, id: ChainId) {
        if self.last.take().is_some() {
            let cursor = gateway.chain(id).and_then(farthing_gateway::gateway::Chain::cursor);
            tracing::info!(environment = %id.environment, network = %id.network, cursor, "caught up");
        }
    }
}
