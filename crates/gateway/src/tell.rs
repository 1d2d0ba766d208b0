//! Writing what happened to an invoice: the row, its events with their bodies, and their deliveries, in one transaction; and
//! waking, after the commit, whatever waits for it.

use crate::gateway::Gateway;
use farthing_dialects::{callbacks::Change, native::events::event_body};
use farthing_domain::{
    event::Event,
    id::{DeliveryId, EventId},
    invoice::Invoice,
    policy::Dialect,
    standing::Standing,
    time::Timestamp,
};
use farthing_store::{
    Locked, StoreError, Transaction,
    records::{DueDelivery, NewEvent},
};

/// An invoice as a transaction left it.
#[derive(Debug)]
pub(crate) struct Told {
    /// The invoice.
    pub(crate) invoice: Invoice,
    /// What is to be delivered of it.
    pub(crate) fresh: Vec<DueDelivery>,
}

impl Gateway {
    /// Saves a locked invoice and tells its events; to be announced after the commit. The addresses that are told are its own.
    ///
    /// # Errors
    /// When the store cannot be written, or an address is not the invoice's.
    pub(crate) fn save_and_tell(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: Locked<Invoice>,
        events: &[Event],
        retry_at: Option<Timestamp>,
    ) -> Result<Told, StoreError> {
        self.refuse_in_doubt(transaction, &invoice)?;
        let is_native = invoice.policy.dialect == Dialect::Native;
        let before = if is_native { None } else { transaction.saved_standing(invoice.id)? };
        transaction.save_invoice(&invoice, retry_at)?;
        self.tell(transaction, invoice.into_inner(), events, before.as_ref())
    }

    /// Tells an invoice's events, and in its dialect what changed since `before` (`None`: it is new). Event numbers are taken
    /// here, so this comes last in a decision.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn tell(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: Invoice,
        events: &[Event],
        before: Option<&Standing>,
    ) -> Result<Told, StoreError> {
        let at = invoice.standing.settled_at;
        let real_now = self.clocks().real();
        let new_events: Vec<NewEvent> = events
            .iter()
            .map(|event| NewEvent {
                id: EventId(self.ids().uuid(real_now)),
                kind: event.kind,
                invoice: invoice.id,
                created_at: at,
                body: self.with_context(invoice.owner.environment, |context| event_body(event, at, &invoice, context)),
            })
            .collect();
        let delivery_id = || DeliveryId(self.ids().uuid(real_now));
        let mut fresh = transaction.tell(invoice.owner, &new_events, real_now, delivery_id)?;
        fresh.extend(self.call_back(transaction, &Change { before, events, invoice: &invoice })?);
        Ok(Told { invoice, fresh })
    }

    /// After the commit: remembers that its addresses are its own, and wakes the pages that show the invoice, the lanes of its
    /// endpoints, and who looks at live chains.
    pub(crate) fn announce(&self, told: &Told) {
        self.remember_addresses(&told.invoice);
        self.awakened.hand_over(&told.fresh);
        self.wake_scanner(told.invoice.owner.environment);
        // Nobody looking at a page is not an error.
        drop(self.changes.send(told.invoice.id));
    }
}
