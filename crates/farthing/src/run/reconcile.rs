//! Reconciling balances: soon after an invoice closed, and once a day all recent ones. Then addresses whose time is over end.

use super::Stop;
use farthing_domain::{
    id::{InvoiceId, StaticAddressId},
    time::Timestamp,
};
use farthing_gateway::{gateway::Gateway, reconcile::Reconciled, watch::Watched};
use farthing_store::StoreError;
use std::{sync::Arc, time::Duration};

/// How often to look for invoices that closed.
const PAUSE: Duration = Duration::from_secs(30);
/// Between two parts of the daily round: it takes its time, so that providers' limits are left to the scanner.
const BETWEEN_PARTS: Duration = Duration::from_secs(5);
/// Between two daily rounds, in seconds.
const DAY_SECONDS: i64 = 86_400;
/// When the last daily round was over, in milliseconds.
const SETTING: &str = "reconciled_at";

pub(super) async fn follow(gateway: Arc<Gateway>, watched: Watched, mut stop: Stop) {
    // The latest time by which addresses were given up: at the start when the watch was made.
    let mut given_up_by = gateway.clocks().real();
    while !stop.within(PAUSE).await {
        let round = async {
            let now = gateway.clocks().real();
            if given_up_by.seconds_since(now) > DAY_SECONDS {
                let watching = gateway.rebuild_watch(watched).await?;
                tracing::warn!(watching, "the clock was set back: what it gave up before is watched again");
                given_up_by = now;
            }
            while let Some(round) = gateway.reconcile_closed().await? {
                tell(round);
            }
            if is_due(&gateway).await? && daily(&gateway, &mut stop.clone()).await? {
                given_up_by = gateway.clocks().real().max(given_up_by);
                finish(&gateway, watched).await?;
            }
            Ok::<(), StoreError>(())
        };
        if let Err(error) = round.await {
            tracing::warn!(%error, "balances were not reconciled");
        }
    }
}

async fn last(gateway: &Gateway) -> Result<Option<Timestamp>, StoreError> {
    let text = gateway.store().read(|reader| reader.setting(SETTING)).await?;
    Ok(text.and_then(|text| text.parse().ok()).map(Timestamp::from_milliseconds))
}

async fn is_due(gateway: &Gateway) -> Result<bool, StoreError> {
    let now = gateway.clocks().real();
    // A round that is dated ahead was made by a clock that has been set back since.
    Ok(last(gateway).await?.is_none_or(|last| !(0..DAY_SECONDS).contains(&now.seconds_since(last))))
}

/// One round over the recent invoices and the permanent addresses; answers whether it came to its end.
async fn daily(gateway: &Arc<Gateway>, stop: &mut Stop) -> Result<bool, StoreError> {
    let mut after: Option<InvoiceId> = None;
    loop {
        let (next, round) = gateway.reconcile_recent(after).await?;
        tell(round);
        if next.is_none() {
            break;
        }
        after = next;
        if stop.within(BETWEEN_PARTS).await {
            return Ok(false);
        }
    }
    let mut after: Option<StaticAddressId> = None;
    loop {
        let (next, round) = gateway.reconcile_permanent(after).await?;
        tell(round);
        if next.is_none() {
            return Ok(true);
        }
        after = next;
        if stop.within(BETWEEN_PARTS).await {
            return Ok(false);
        }
    }
}

async fn finish(gateway: &Gateway, watched: Watched) -> Result<(), StoreError> {
    let now = gateway.clocks().real();
    let since = last(gateway).await?.unwrap_or(now.plus_seconds(-DAY_SECONDS));
    let ended = gateway.end_watch(watched, since).await?;
    tracing::info!(ended, "recent balances are reconciled; addresses whose time is over are not watched any more");
    let text = now.milliseconds().to_string();
    gateway.store().decide(move |transaction| transaction.put_setting(SETTING, &text)).await
}

fn tell(round: Reconciled) {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    metrics::counter!("farthing_addresses_reconciled_total").increment(count(round.compared));
    metrics::counter!("farthing_reconciliations_failed_total").increment(count(round.unasked));
}
