//! What somebody tries who has no business with an invoice, and what an operator changes.

use super::{Outcome, done, unexpected};
use crate::{simulation::Simulation, world::Configuration};
use farthing_domain::id::{InvoiceId, Owner};
use farthing_gateway::change_invoice::{ChangeError, Which};
use std::sync::Arc;

impl Simulation {
    /// A shop asks for another shop's invoice, and wants it cancelled.
    pub(super) async fn snoop(&mut self, owner: Owner, invoice: InvoiceId) -> Outcome<String> {
        let gateway = Arc::clone(self.gateway()?);
        if gateway.invoice(owner, invoice).await.map_err(unexpected)?.is_some() {
            return Err(format!("isolation: {} was shown the invoice {invoice} of another shop", owner.merchant));
        }
        match gateway.cancel(Which::ById(owner, invoice)).await {
            Err(ChangeError::NotFound) => Ok("refused: not found".to_owned()),
            Err(ChangeError::Store(error)) => Err(unexpected(error)),
            answer => Err(format!("isolation: {} cancelled {invoice} of another shop: {answer:?}", owner.merchant)),
        }
    }

    /// The operator changes the configuration, and starts again.
    pub(crate) async fn reconfigure(&mut self, configuration: Configuration) -> Outcome<String> {
        for (network, confirmations) in &configuration.confirmations {
            let lowest = self.memory.lowest_confirmations.entry(*network).or_insert(*confirmations);
            *lowest = (*lowest).min(*confirmations);
        }
        self.configuration = configuration;
        self.restart().await?;
        done()
    }
}
