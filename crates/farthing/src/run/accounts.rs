//! Finding out which addresses of a live account are free, before the first of it is sold.

use super::Stop;
use crate::high_water::Kept;
use farthing_domain::id::Environment;
use farthing_gateway::{account_use::GoesOn, gateway::Gateway};
use farthing_networks::account::AccountKeyId;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// The pause between two attempts; a network may come back at any time.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Opens the accounts that need no network for it: those that this database has sold of, those with a `start_index`, and the test
/// environment's, which nobody else can have used.
///
/// # Errors
/// When the store or the marks fail.
pub(crate) async fn recall(gateway: &Gateway, marks: &Mutex<Kept>) -> anyhow::Result<()> {
    for key in gateway.unknown_accounts() {
        let reserved = marks.lock().await.of(&(Environment::Live, key.to_bytes().to_vec()));
        if let Some(goes_on) = gateway.recall_account(key, reserved).await? {
            open(gateway, marks, key, goes_on).await?;
        }
    }
    let chains = gateway.environment(Environment::Test).chains.values();
    let keys: BTreeSet<AccountKeyId> = chains.map(|chain| chain.account.key_id()).collect();
    for key in keys {
        let reserved = marks.lock().await.of(&(Environment::Test, key.to_bytes().to_vec()));
        if let Some(next) = gateway.catch_up_test_account(key, reserved).await? {
            tracing::warn!(account = %key, next, "this database is older than a test account's addresses: it goes on beyond them");
        }
    }
    Ok(())
}

/// Looks into the history of one account until it is known.
pub(super) async fn follow(gateway: Arc<Gateway>, key: AccountKeyId, marks: Arc<Mutex<Kept>>, mut stop: Stop) {
    let mut pause = PAUSE;
    while !stop.is_told() {
        if !gateway.unknown_accounts().contains(&key) {
            return stop.told().await;
        }
        let reserved = marks.lock().await.of(&(Environment::Live, key.to_bytes().to_vec()));
        let opened = match gateway.learn_account(key, reserved).await {
            Ok(goes_on) => open(&gateway, &marks, key, goes_on).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = opened {
            let error = format!("{error:#}");
            tracing::warn!(account = %key, error, "nothing is sold of an account until its history is known");
        }
        if stop.within(pause).await {
            return;
        }
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

/// The mark is on disk before the first address is handed out.
async fn open(gateway: &Gateway, marks: &Mutex<Kept>, key: AccountKeyId, goes_on: GoesOn) -> anyhow::Result<()> {
    let mut marks = marks.lock().await;
    marks.raise(vec![((Environment::Live, key.to_bytes().to_vec()), goes_on.next())], true).await?;
    gateway.open_account(key, goes_on).await?;
    let next = goes_on.next();
    match goes_on {
        GoesOn::WhereItWas(_) => tracing::info!(account = %key, next, "an account goes on where it was"),
        GoesOn::BeyondTheMarks(_) => {
            tracing::warn!(account = %key, next, "this database is older than the account's addresses: it goes on beyond all that may have been handed out");
        }
        GoesOn::AtStartIndex(_) => tracing::info!(account = %key, next, "an account begins at its start_index"),
        GoesOn::BeyondHistory(_) => tracing::info!(account = %key, next, "an account begins beyond its history"),
    }
    Ok(())
}
