//! Rebuilding what memory watches from the addresses in the store: once, before anything is scanned.

use crate::gateway::Gateway;
use farthing_domain::{id::Environment, network::Family};
use farthing_store::{StoreError, records::AddressRow};

/// Addresses read at a time.
const PAGE: u32 = 10_000;

impl Gateway {
    /// Watches every address that was ever handed out. Answers how many there are.
    ///
    /// # Errors
    /// When the store cannot be read; then nothing may be scanned.
    pub async fn rebuild_watch(&self) -> Result<u64, StoreError> {
        let mut count: u64 = 0;
        let mut after: Option<AddressRow> = None;
        loop {
            let from = after.clone();
            let page = self.store().read(move |reader| reader.addresses(from.as_ref(), PAGE)).await?;
            let Some(last) = page.last().cloned() else { return Ok(count) };
            for row in &page {
                self.watch(row.environment, row.family, &row.bytes);
                count = count.saturating_add(1);
            }
            after = Some(last);
        }
    }

    /// Watches an address in every set of its family; networks of a family may share one.
    fn watch(&self, environment: Environment, family: Family, address: &[u8]) {
        let chains = self.environment(environment).chains.values();
        let mut sets: Vec<_> = chains.filter(|chain| chain.facts.family == family).map(|chain| &chain.watch).collect();
        sets.dedup_by(|a, b| std::sync::Arc::ptr_eq(a, b));
        for set in sets {
            set.insert(address);
        }
    }
}
