//! Keeping the high-water marks ahead of the addresses that are handed out.

use super::Stop;
use crate::high_water::{Kept, Key};
use farthing_domain::time::Timestamp;
use farthing_gateway::gateway::Gateway;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How often to look: far more often than a step of indexes is used up.
const PAUSE: Duration = Duration::from_secs(1);
/// How often next indexes are written that moved no mark, in seconds: an older copy of the database is recognised by them.
const WRITTEN_EVERY_SECONDS: i64 = 10;

pub(super) async fn follow(gateway: Arc<Gateway>, marks: Arc<Mutex<Kept>>, mut stop: Stop) {
    let keys: BTreeSet<Key> =
        gateway.chains().map(|chain| (chain.id.environment, chain.account.key_id().to_bytes().to_vec())).collect();
    let mut written_at = Timestamp::from_seconds(0);
    let mut is_ending = stop.is_told();
    loop {
        let now = gateway.clocks().real();
        // A clock that was set back must not keep the next indexes waiting for it.
        let is_time = !(0..WRITTEN_EVERY_SECONDS).contains(&now.seconds_since(written_at));
        // The last ones are written at the end, so that an older copy of the database is recognised however little was sold since.
        let writes_all = is_time || is_ending;
        match raise(&gateway, &marks, &keys, writes_all).await {
            Ok(()) if writes_all => written_at = now,
            Ok(()) => {}
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the high-water marks were not kept");
            }
        }
        if is_ending {
            return;
        }
        is_ending = stop.within(PAUSE).await;
    }
}

/// Accounts that were never sold of have no next index yet, and nothing to reserve.
async fn raise(gateway: &Gateway, marks: &Mutex<Kept>, keys: &BTreeSet<Key>, writes_all: bool) -> anyhow::Result<()> {
    let asked = keys.clone();
    let read = move |reader: &farthing_store::Reader<'_>| {
        let next = asked.into_iter().map(|key| Ok(reader.next_index(key.0, &key.1)?.map(|next| (key, next))));
        next.collect::<Result<Vec<_>, farthing_store::StoreError>>()
    };
    // Taken before the look: an account that is opened meanwhile has its mark already.
    let mut marks = marks.lock().await;
    let next = gateway.store().read(read).await?;
    marks.raise(next.into_iter().flatten().collect(), writes_all).await
}
