//! What memory watches: rebuilt from the addresses in the store before anything is scanned, and given up when their time is over.

use crate::gateway::Gateway;
use farthing_domain::{
    id::Environment,
    network::Family,
    planted::{self, Bug},
    time::Timestamp,
};
use farthing_networks::network::Watch;
use farthing_store::{
    Reader, StoreError,
    records::{AddressRow, Holder},
};
use std::{collections::BTreeSet, sync::Arc};

/// Addresses read at a time.
const PAGE: u32 = 10_000;

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;
/// Longer than an invoice takes to come to rest after its address's time, in seconds.
const REST_SECONDS: i64 = 90 * DAY_SECONDS;
/// Before anything was handed out.
const NEVER: Timestamp = Timestamp::from_seconds(0);

/// How long addresses of the live environment are watched. The test environment's always are: its chains cost nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// For so many days after they were handed out, and as long as their invoice is not at rest.
    Days(u32),
    /// Always.
    ForEver,
}

impl Gateway {
    /// Watches every address that was handed out and whose time is not over. Answers how many there are.
    ///
    /// # Errors
    /// When the store cannot be read; then nothing may be scanned.
    pub async fn rebuild_watch(&self, watched: Watched) -> Result<u64, StoreError> {
        let ended = self.ended(watched, None);
        let mut count: u64 = 0;
        if planted::is(Bug::ForgottenAddresses) {
            return Ok(count);
        }
        let mut after: Option<AddressRow> = None;
        loop {
            let from = after.clone();
            let (page, over) = self.store().read(move |reader| page(reader, from.as_ref(), ended)).await?;
            let Some(last) = page.last().cloned() else { return Ok(count) };
            for row in page.iter().filter(|row| !over.contains(&row.bytes)) {
                self.sets(row.environment, row.family).iter().for_each(|set| set.insert(&row.bytes));
                count = count.saturating_add(1);
            }
            after = Some(last);
        }
    }

    /// Stops watching the live addresses that came to their end since `since`. Answers how many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn end_watch(&self, watched: Watched, since: Timestamp) -> Result<u64, StoreError> {
        let ended = self.ended(watched, Some(since));
        let mut count: u64 = 0;
        let mut after: Option<AddressRow> = None;
        loop {
            let from = after.clone();
            let (page, over) = self.store().read(move |reader| page(reader, from.as_ref(), ended)).await?;
            let Some(last) = page.last().cloned() else { return Ok(count) };
            let ended = page.iter().filter(|row| over.contains(&row.bytes));
            count = count.saturating_add(ended.map(|row| self.unwatch(row)).sum());
            after = Some(last);
        }
    }

    /// Gives an address up. One that shares its fingerprint in the set stays until the next start.
    fn unwatch(&self, row: &AddressRow) -> u64 {
        for set in self.sets(row.environment, row.family) {
            let _: bool = set.remove(&row.bytes);
        }
        1
    }

    /// When the addresses were handed out whose time is over: before the first moment, and not before the second. By real time:
    /// the environment's stands still where a clock was set back, and would give up for good what a wrong one has ended.
    fn ended(&self, watched: Watched, since: Option<Timestamp>) -> (Timestamp, Timestamp) {
        let back = |from: Timestamp| match watched {
            Watched::ForEver => NEVER,
            Watched::Days(days) => from.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS).saturating_neg()),
        };
        // An invoice may come to rest after its address's time: looked at again for as long as windows last.
        let since = since.map_or(NEVER, |since| back(since).plus_seconds(REST_SECONDS.saturating_neg()));
        (back(self.clocks().real()), since)
    }

    /// The sets of a family's networks; they may share one.
    fn sets(&self, environment: Environment, family: Family) -> Vec<&Arc<Watch>> {
        let chains = self.environment(environment).chains.values();
        let mut sets: Vec<_> = chains.filter(|chain| chain.facts.family == family).map(|chain| &chain.watch).collect();
        sets.dedup_by(|a, b| Arc::ptr_eq(a, b));
        sets
    }
}

/// A page of addresses, and which of them are over.
fn page(
    reader: &Reader<'_>,
    after: Option<&AddressRow>,
    (before, since): (Timestamp, Timestamp),
) -> Result<(Vec<AddressRow>, BTreeSet<Vec<u8>>), StoreError> {
    let page = reader.addresses(after, PAGE)?;
    let mut over = BTreeSet::new();
    for row in page.iter().filter(|row| row.environment == Environment::Live) {
        if row.created_at < before && row.created_at >= since && is_over(reader, row, before)? {
            over.insert(row.bytes.clone());
        }
    }
    Ok((page, over))
}

/// Permanent addresses are watched for ever.
fn is_over(reader: &Reader<'_>, row: &AddressRow, before: Timestamp) -> Result<bool, StoreError> {
    match row.holder {
        Holder::Invoice(id) => reader.is_at_rest(id, before),
        Holder::StaticAddress(_) => Ok(false),
    }
}
