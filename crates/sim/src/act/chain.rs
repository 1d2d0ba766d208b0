//! What happens on chains, and what the gateway's own steps make of it.

use super::{Outcome, done, unexpected};
use crate::{
    racing::Lie,
    simulation::{Simulation, TEST, test_chain},
};
use farthing_domain::{name::NetworkId, time::Timestamp};
use farthing_gateway::{
    expire::Waiting,
    scan::{Progress, ScanError},
    test_mode::TestModeError,
};
use farthing_networks::simulated::{
    Simulated,
    chain::{ChainError, Change, Output},
};
use std::sync::Arc;

/// Steps of expiry after which it is taken to have no end.
const EXPIRE_STEPS_MAX: u32 = 1_000;

impl Simulation {
    pub(super) async fn pay(&mut self, network: NetworkId, outputs: Vec<Output>) -> Outcome<String> {
        let salt = self.dice.salt();
        self.change(network, |chain, now| chain.prepare_pay(outputs, now, salt)).await
    }

    pub(super) async fn replace(
        &mut self,
        network: NetworkId,
        transaction: &str,
        outputs: Option<Vec<Output>>,
    ) -> Outcome<String> {
        let salt = self.dice.salt();
        self.change(network, |chain, now| match outputs {
            Some(outputs) => chain.prepare_replace(transaction, outputs, now, salt),
            None => Ok((chain.prepare_drop(transaction)?, String::new())),
        })
        .await
    }

    pub(crate) async fn mine(&mut self, network: NetworkId, count: u64) -> Outcome<String> {
        let salt = self.dice.salt();
        self.change(network, |chain, now| {
            let (change, height) = chain.prepare_mine(count, now, salt)?;
            Ok((change, format!("height {height}")))
        })
        .await
    }

    pub(super) async fn reorganise(
        &mut self,
        network: NetworkId,
        depth: u64,
        drop: &[String],
        to_mempool: bool,
    ) -> Outcome<String> {
        let salt = self.dice.salt();
        self.change(network, |chain, now| {
            let (change, height) = if to_mempool {
                chain.prepare_reorg_to_mempool(depth, drop, now, salt)?
            } else {
                chain.prepare_reorg(depth, drop, now, salt)?
            };
            Ok((change, format!("height {height}")))
        })
        .await
    }

    /// Changes a chain. Its miners' clock never goes back.
    async fn change(
        &self,
        network: NetworkId,
        prepare: impl FnOnce(&Simulated, Timestamp) -> Result<(Change, String), ChainError>,
    ) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        let simulated = gateway.simulated(network).ok_or("no such network")?;
        let head = simulated.with_chain(|chain| chain.header(chain.height()));
        let now = gateway.clocks().now(TEST).max(head.map_or(Timestamp::from_seconds(0), |head| head.time));
        let (change, answer) = prepare(simulated, now).map_err(unexpected)?;
        self.keep(network, &change).await?;
        simulated.apply(change);
        Ok(answer)
    }

    async fn keep(&self, network: NetworkId, change: &Change) -> Outcome<()> {
        let rows = change.rows().map_err(unexpected)?;
        let write = move |transaction: &mut farthing_store::Transaction<'_>| {
            transaction.change_simulated(network, rows.cut_from, &rows.blocks, &rows.mempool)
        };
        self.gateway()?.store().decide(write).await.map_err(unexpected)
    }

    pub(super) async fn scan(&mut self, network: NetworkId) -> Outcome<String> {
        let scanned = self.gateway()?.scan(test_chain(network)).await;
        self.scanned(scanned.map(|progress| format!("{progress:?}")))
    }

    pub(crate) async fn scan_all(&mut self) -> Outcome<String> {
        let scanned = self.gateway()?.scan_all(TEST).await;
        self.scanned(scanned.map(|()| "all read".to_owned()))
    }

    pub(crate) async fn advance(&mut self, seconds: i64) -> Outcome<String> {
        match self.gateway()?.advance_test_clock(seconds).await {
            Ok(now) => Ok(format!("{now:?}")),
            Err(TestModeError::Scan(error)) => self.scanned(Err(error)),
            Err(error) => Err(unexpected(error)),
        }
    }

    /// A scan may fail only where a provider misbehaves, or where the chain moved while it was read.
    pub(super) fn scanned(&self, scanned: Result<String, ScanError>) -> Outcome<String> {
        let misbehaves = |network: NetworkId| {
            let faults = self.gateway().ok()?.simulated(network)?.faults();
            Some(faults.unreachable || faults.lag > 0 || self.races.lie(network).is_some())
        };
        match scanned {
            Ok(answer) => Ok(answer),
            Err(ScanError::Network { network, error }) if misbehaves(network) == Some(true) => {
                Ok(format!("refused: {network}: {error}"))
            }
            Err(ScanError::Network { network, error }) if self.races.has_made(network) => {
                Ok(format!("refused: {network} moved: {error}"))
            }
            Err(ScanError::OtherChain { network, now, .. })
                if self.races.lie(network) == Some(Lie::OtherChain) && now.starts_with("another") =>
            {
                Ok(format!("refused: {network} is another chain"))
            }
            Err(ScanError::NoSuchChain(network)) if self.configuration.removed.contains(&network) => {
                Ok(format!("refused: {network} is not configured"))
            }
            Err(error) => Err(unexpected(error)),
        }
    }

    pub(crate) async fn expire(&mut self) -> Outcome<String> {
        let waiting = if self.dice.percent(50) { Waiting::Now } else { Waiting::AtTheirTime };
        self.expire_all(waiting).await
    }

    pub(crate) async fn expire_all(&self, waiting: Waiting) -> Outcome<String> {
        for _ in 0..EXPIRE_STEPS_MAX {
            if self.gateway()?.expire(TEST, waiting).await.map_err(unexpected)? == Progress::Idle {
                return done();
            }
        }
        Err("expiry never comes to an end".to_owned())
    }
}
