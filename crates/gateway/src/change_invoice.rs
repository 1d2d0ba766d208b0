//! What merchants and payers do to an invoice: activate it, or choose another coin; cancel it.

use crate::{gateway::Gateway, quotes::NoQuote};
use farthing_domain::{
    asset::AssetId,
    event::Event,
    id::{InvoiceId, Owner},
    invoice::{Canceller, Invoice, Refusal},
    time::Timestamp,
};
use farthing_store::{StoreError, Transaction};
use std::sync::Arc;

/// Which invoice, and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The merchant, by id.
    ById(Owner, InvoiceId),
    /// Whoever holds the checkout page's address.
    ByToken(String),
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such invoice, or it is somebody else's.
    #[error("invoice not found")]
    NotFound,
    /// The invoice's reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No quote can be made.
    #[error(transparent)]
    Quote(#[from] NoQuote),
}

impl Gateway {
    /// Sets the asset that an invoice is paid with; the first time, that starts the payer's window.
    ///
    /// # Errors
    /// When there is no such invoice, its state or terms forbid it, or no quote can be made.
    pub async fn activate(self: &Arc<Self>, which: Which, asset: AssetId) -> Result<Invoice, ChangeError> {
        self.change(which, move |gateway, transaction, invoice, now| {
            // What happened before the choice is told before it, and not lost.
            let mut events = invoice.resettle(now);
            invoice.may_activate(asset, now)?;
            let quote = gateway.quote(transaction, invoice, asset, now)?;
            events.extend(invoice.activate(quote, now)?);
            Ok(events)
        })
        .await
    }

    /// Renews the rate of an asset that was quoted, where it has lapsed and the invoice's policy renews it ([`Invoice::may_renew`]).
    ///
    /// # Errors
    /// When there is no such invoice, there is nothing to renew, or no quote can be made.
    pub async fn renew(self: &Arc<Self>, which: Which, asset: AssetId) -> Result<Invoice, ChangeError> {
        self.change(which, move |gateway, transaction, invoice, now| {
            if !invoice.may_renew(asset, now) {
                return Err(Refusal::State { status: invoice.standing.status, action: "renewed" }.into());
            }
            let quote = gateway.quote(transaction, invoice, asset, now)?;
            Ok(invoice.renew(quote, now)?)
        })
        .await
    }

    /// An invoice with its latest rate renewed, where that has lapsed and is to be renewed when looked at; as it is where no
    /// quote can be had now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renewed(self: &Arc<Self>, invoice: Invoice) -> Result<Invoice, StoreError> {
        let now = self.now_for(&invoice);
        let asset = invoice.latest_quote().map(|quote| quote.due.asset);
        let Some(asset) = asset.filter(|asset| invoice.may_renew(*asset, now)) else { return Ok(invoice) };
        match self.renew(Which::ById(invoice.owner, invoice.id), asset).await {
            Ok(renewed) => Ok(renewed),
            Err(ChangeError::Store(error)) => Err(error),
            Err(ChangeError::NotFound | ChangeError::Refused(_) | ChangeError::Quote(_)) => Ok(invoice),
        }
    }

    /// Cancels an invoice.
    ///
    /// # Errors
    /// When there is no such invoice, or its state or policy forbids it.
    pub async fn cancel(self: &Arc<Self>, which: Which) -> Result<Invoice, ChangeError> {
        let by = match which {
            Which::ById(..) => Canceller::Merchant,
            Which::ByToken(_) => Canceller::Payer,
        };
        self.change(which, move |_, _, invoice, now| Ok(invoice.cancel(by, now)?)).await
    }

    async fn change(
        self: &Arc<Self>,
        which: Which,
        mut decide: impl FnMut(&Self, &mut Transaction<'_>, &mut Invoice, Timestamp) -> Result<Vec<Event>, ChangeError>
        + Send
        + 'static,
    ) -> Result<Invoice, ChangeError> {
        let gateway = Arc::clone(self);
        let told = self
            .store()
            .decide(move |transaction| {
                let found = match &which {
                    Which::ById(owner, id) => transaction.lock_invoice(*owner, *id)?,
                    Which::ByToken(token) => transaction.lock_invoice_by_token(token)?,
                };
                let mut invoice = found.ok_or(ChangeError::NotFound)?;
                gateway.refuse_in_doubt(transaction, &invoice)?;
                let now = gateway.now_for(&invoice);
                let events = decide(&gateway, transaction, &mut invoice, now)?;
                Ok::<_, ChangeError>(gateway.save_and_tell(transaction, invoice, &events, None)?)
            })
            .await?;
        self.announce(&told);
        Ok(told.invoice)
    }
}
