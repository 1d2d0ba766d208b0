//! Bugs that a run plants in itself, to see that it finds them. None of them is in the product.

use crate::{
    act::{Outcome, unexpected},
    simulation::{Simulation, test_chain},
};
use farthing_domain::{id::EndpointId, network::ChainId, payment::BlockRef, time::Timestamp};
use farthing_networks::network::Network;
use farthing_store::{
    StoreError, Transaction,
    records::{Attempt, ChainState, Delivery, DeliveryStage, ScannedRange},
};
use std::sync::Arc;

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// A process that starts again watches nothing that it had handed out.
    ForgottenAddresses,
    /// The cursor moves before what it passes is recorded, and then the process ends.
    CursorBeforeRows,
    /// A process that starts again takes what it had claimed for delivered.
    ForgottenDeliveries,
}

impl Simulation {
    /// What a planted bug does while the process is down.
    pub(crate) async fn sabotage(&mut self) -> Outcome<()> {
        match self.planted {
            Some(Planted::CursorBeforeRows) => self.move_cursors().await,
            Some(Planted::ForgottenDeliveries) => self.forget_deliveries().await,
            Some(Planted::ForgottenAddresses) | None => Ok(()),
        }
    }

    async fn move_cursors(&self) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        for network in &self.networks {
            let simulated = gateway.simulated(*network).ok_or("no such network")?;
            let Ok(tip) = simulated.tip().await else { continue };
            let (chain, block) = (test_chain(*network), tip.head.block);
            let decision = move |transaction: &mut Transaction<'_>| pass_over(transaction, chain, &block);
            gateway.store().decide(decision).await.map_err(unexpected)?;
        }
        Ok(())
    }

    async fn forget_deliveries(&self) -> Outcome<()> {
        let gateway = Arc::clone(self.gateway()?);
        let now = gateway.clocks().real();
        for endpoint in gateway.due_endpoints().await.map_err(unexpected)? {
            let decision = move |transaction: &mut Transaction<'_>| take_for_delivered(transaction, endpoint, now);
            gateway.store().decide(decision).await.map_err(unexpected)?;
        }
        Ok(())
    }
}

/// Moves a chain's cursor to a block without a look at what is below it.
fn pass_over(transaction: &mut Transaction<'_>, chain: ChainId, block: &BlockRef) -> Result<(), StoreError> {
    let Some(state) = transaction.chain(chain)?.filter(|state| state.cursor.height < block.height) else {
        return Ok(());
    };
    let range = ScannedRange {
        first: state.cursor.height.saturating_add(1),
        last: block.height,
        end_hash: block.hash.clone(),
        provider: "planted".to_owned(),
        scanned_at: state.scanned_through,
    };
    transaction.put_chain(&ChainState { cursor: block.clone(), tip: block.height, ..state })?;
    transaction.add_range(chain, &range)
}

/// Writes everything that is due down as delivered.
fn take_for_delivered(
    transaction: &mut Transaction<'_>,
    endpoint: EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for due in transaction.due_deliveries(endpoint, now, u32::MAX)? {
        let attempt = Attempt {
            number: due.delivery.attempts.saturating_add(1),
            at: now,
            status: None,
            latency_ms: 0,
            error: None,
            answer: String::new(),
        };
        let delivery = Delivery { stage: DeliveryStage::Delivered, ..due.delivery.clone() };
        transaction.finish_attempt(&delivery, due.delivery.due_at, &attempt)?;
    }
    Ok(())
}
