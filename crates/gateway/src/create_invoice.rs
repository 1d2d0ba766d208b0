//! Creating an invoice: once per idempotency key, with its address and its first event, in one transaction.

use crate::{addresses::NoAddress, gateway::Gateway, quotes::NoQuote, tell::Told};
use farthing_domain::{
    event::{Event, EventKind},
    id::{InvoiceId, Owner},
    invoice::{Choice, Invoice, NewInvoice, Source, Terms},
    page_token::page_token,
    planted::{self, Bug},
    policy::Policy,
};
use farthing_store::{StoreError, Transaction};
use std::sync::Arc;

/// What to create.
#[derive(Debug, Clone)]
pub struct CreateInvoice {
    /// Whose it is.
    pub owner: Owner,
    /// The rules it follows.
    pub policy: Policy,
    /// Where it comes from.
    pub source: Source,
    /// What the merchant asks for.
    pub terms: Terms,
    /// A hash of the normalised request: what an idempotency key is compared by.
    pub fingerprint: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Created {
    /// A new invoice.
    New(Invoice),
    /// The invoice that the same request made before, as it is now.
    Replayed(Invoice),
}

/// Why nothing was created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyMismatch,
    /// The dialect lets a reference be used once, and it was.
    #[error("the reference was used before")]
    ReferenceTaken,
    /// No quote can be made.
    #[error(transparent)]
    Quote(#[from] NoQuote),
}

impl From<NoAddress> for CreateError {
    fn from(error: NoAddress) -> Self {
        Self::Quote(NoQuote::from(error))
    }
}

/// What the transaction came to.
enum Decided {
    New(Told),
    Replayed(Invoice),
}

impl Gateway {
    /// Creates an invoice, or answers the one that the same idempotency key made.
    ///
    /// # Errors
    /// When the key was used for another request, no quote can be made, or the store fails. Then nothing is stored.
    pub async fn create_invoice(self: &Arc<Self>, command: CreateInvoice) -> Result<Created, CreateError> {
        let gateway = Arc::clone(self);
        match self.store().decide(move |transaction| gateway.decide_create(transaction, &command)).await? {
            Decided::New(told) => {
                self.planted_second_transaction(&told.invoice).await?;
                self.announce(&told);
                Ok(Created::New(told.invoice))
            }
            Decided::Replayed(invoice) => Ok(Created::Replayed(invoice)),
        }
    }

    /// [`Bug::EventInSecondTransaction`]: the creation is told when it is committed already.
    async fn planted_second_transaction(self: &Arc<Self>, invoice: &Invoice) -> Result<(), StoreError> {
        if !planted::is(Bug::EventInSecondTransaction) {
            return Ok(());
        }
        let (gateway, invoice) = (Arc::clone(self), invoice.clone());
        let events = [Event::of(EventKind::Created)];
        self.store()
            .decide(move |transaction| gateway.tell(transaction, invoice.clone(), &events, None))
            .await
            .map(drop)
    }

    fn decide_create(
        &self,
        transaction: &mut Transaction<'_>,
        command: &CreateInvoice,
    ) -> Result<Decided, CreateError> {
        if let Some(key) = &command.terms.idempotency_key
            && let Some((fingerprint, id)) = transaction.idempotent(command.owner, key)?
        {
            let invoice = replay(transaction, command, &fingerprint, id)?;
            self.refuse_in_doubt(transaction, &invoice)?;
            return Ok(Decided::Replayed(invoice));
        }
        let now = self.clocks().now(command.owner.environment);
        let id = InvoiceId(self.ids().uuid(self.clocks().real()));
        let mut new = NewInvoice {
            id,
            owner: command.owner,
            policy: command.policy.clone(),
            source: command.source,
            token: page_token(id, self.ids().bytes()),
            terms: command.terms.clone(),
            quote: None,
        };
        if !self.name_in_its_dialect(transaction, &mut new)? {
            return Err(CreateError::ReferenceTaken);
        }
        if let (Choice::Fixed(asset), false) = (command.terms.choice, command.terms.is_deferred) {
            let (draft, _) = Invoice::open(new.clone(), now);
            new.quote = Some(self.quote(transaction, &draft, asset, now)?);
        }
        let (invoice, events) = Invoice::open(new, now);
        transaction.insert_invoice(&invoice, &command.fingerprint)?;
        let events = if planted::is(Bug::EventInSecondTransaction) { Vec::new() } else { events };
        Ok(Decided::New(self.tell(transaction, invoice, &events, None)?))
    }
}

fn replay(
    transaction: &Transaction<'_>,
    command: &CreateInvoice,
    fingerprint: &str,
    id: InvoiceId,
) -> Result<Invoice, CreateError> {
    if fingerprint != command.fingerprint && !planted::is(Bug::NoFingerprint) {
        return Err(CreateError::KeyMismatch);
    }
    let invoice = transaction.invoice(command.owner, id)?;
    invoice.ok_or_else(|| StoreError::Corrupt(format!("invoice {id} of an idempotency key is missing")).into())
}
