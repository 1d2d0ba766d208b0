//! What waits for a block: the mempool's list compared with what was read of it before, and only what is new is read.
//!
//! Memory holds the id of each waiting transaction and the outputs to watched scripts; never a transaction that left.

use super::{
    block::{Hit, Origin},
    range::Reading,
    rules::Rules,
    source::{Source, inconsistent},
    transaction::{Extension, Hash, Transaction, hash_text},
};
use crate::{network::MempoolTransfer, provider::ProviderError};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Transactions read at a time.
const PART: usize = 100;

/// What was read of the mempool so far, of whichever provider: an id means the same with all.
#[derive(Default)]
pub(super) struct Mempool(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Waiting transactions that pay nothing to watched scripts, ascending.
    others: Vec<Hash>,
    /// What pays to watched scripts.
    ours: BTreeMap<Hash, Vec<MempoolTransfer>>,
}

impl Known {
    fn has(&self, id: &Hash) -> bool {
        self.ours.contains_key(id) || self.others.binary_search(id).is_ok()
    }
}

impl Mempool {
    /// Everything that waits in a provider's mempool for watched scripts; `None` where its mempool is too large to be read.
    pub(super) async fn look(
        &self,
        source: &Source,
        reading: Reading<'_>,
    ) -> Result<Option<Vec<MempoolTransfer>>, ProviderError> {
        let Some(mut ids) = source.waiting().await? else { return Ok(None) };
        ids.sort_unstable();
        ids.dedup();
        let unread: Vec<Hash> = self.forget_others_than(&ids);
        for part in unread.chunks(PART) {
            self.read(source, part, reading).await?;
        }
        Ok(Some(self.known().ours.values().flatten().cloned().collect()))
    }

    /// Keeps what still waits, and answers what was not read yet.
    fn forget_others_than(&self, waiting: &[Hash]) -> Vec<Hash> {
        let mut known = self.known();
        let waits = |id: &Hash| waiting.binary_search(id).is_ok();
        known.ours.retain(|id, _| waits(id));
        known.others.retain(waits);
        waiting.iter().filter(|id| !known.has(id)).copied().collect()
    }

    async fn read(&self, source: &Source, ids: &[Hash], reading: Reading<'_>) -> Result<(), ProviderError> {
        let transactions = source.transactions(ids).await?;
        let mut others = Vec::with_capacity(ids.len());
        for (id, bytes) in ids.iter().zip(transactions) {
            // One that left in the meantime is not to be known: it may come back.
            let Some(bytes) = bytes else { continue };
            let mut found = find(id, &bytes, &source.rules, reading)?;
            if found.is_empty() {
                others.push(*id);
                continue;
            }
            let since = source.first_seen(id).await?;
            for transfer in &mut found {
                transfer.since = since;
            }
            self.known().ours.insert(*id, found);
        }
        let mut known = self.known();
        known.others.extend(others);
        known.others.sort_unstable();
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(id: &Hash, bytes: &[u8], rules: &Rules, reading: Reading<'_>) -> Result<Vec<MempoolTransfer>, ProviderError> {
    let extension = if rules.extension_block { Extension::Body } else { Extension::Never };
    let bad = |what: &str| inconsistent(&format!("transaction {}: {what}", hash_text(id)));
    let transaction = Transaction::alone(bytes, extension).ok_or_else(|| bad("the bytes are not one"))?;
    let outputs = transaction.outputs().filter(|output| reading.is_watched(output.script));
    let found: Vec<MempoolTransfer> = outputs
        .map(|output| {
            let origin = Origin::Spent;
            let hit =
                Hit { transaction: *id, output: output.number, units: output.units, script: output.script, origin };
            MempoolTransfer { transfer: reading.transfer(&hit, None), since: None }
        })
        .collect();
    if !found.is_empty() && transaction.id() != *id {
        return Err(bad("the bytes are another one's"));
    }
    Ok(found)
}
