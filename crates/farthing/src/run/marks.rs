//! Keeping the high-water marks ahead of the addresses that are handed out.

use super::Stop;
use crate::high_water::{Key, Marks};
use farthing_gateway::gateway::Gateway;
use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

/// How often to look: far more often than a step of indexes is used up.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn follow(gateway: Arc<Gateway>, folder: PathBuf, mut stop: Stop) {
    let mut marks = match Marks::read(&folder) {
        Ok(marks) => marks,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the high-water marks begin anew");
            Marks::default()
        }
    };
    let keys: BTreeSet<Key> =
        gateway.chains().map(|chain| (chain.id.environment, chain.account.key_id().to_bytes().to_vec())).collect();
    while !stop.is_told() {
        if let Err(error) = raise(&gateway, &folder, &mut marks, &keys).await {
            tracing::error!(error = format!("{error:#}"), "the high-water marks were not kept");
        }
        if stop.within(PAUSE).await {
            return;
        }
    }
}

async fn raise(
    gateway: &Gateway,
    folder: &std::path::Path,
    marks: &mut Marks,
    keys: &BTreeSet<Key>,
) -> anyhow::Result<()> {
    let asked = keys.clone();
    let read = move |reader: &farthing_store::Reader<'_>| {
        let next = asked.into_iter().map(|key| Ok((reader.next_index(key.0, &key.1)?.unwrap_or_default(), key)));
        next.collect::<Result<Vec<_>, _>>()
    };
    let mut raised = marks.clone();
    for (next, key) in gateway.store().read(read).await? {
        let (environment, account) = (key.0, hex::encode(&key.1));
        if let Some(mark) = raised.raise(key, next) {
            tracing::info!(%environment, account, next, mark, "addresses of an account are reserved up to this index");
        }
    }
    if raised != *marks {
        let (written, folder) = (raised.clone(), folder.to_owned());
        tokio::task::spawn_blocking(move || written.write(&folder)).await??;
        *marks = raised;
    }
    Ok(())
}
