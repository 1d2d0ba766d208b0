//! Writing what happened to an invoice: the row, its events with their bodies, and their deliveries, in one transaction.

use crate::gateway::Gateway;
use farthing_dialects::native::events::event_body;
use farthing_domain::{
    event::Event,
    id::{DeliveryId, EventId},
    invoice::Invoice,
    time::Timestamp,
};
use farthing_store::{Locked, StoreError, Transaction, records::NewEvent};

impl Gateway {
    /// Saves a locked invoice and tells its events.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn save_and_tell(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: &Locked<Invoice>,
        events: &[Event],
        retry_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        transaction.save_invoice(invoice, retry_at)?;
        self.tell(transaction, invoice, events)?;
        Ok(())
    }

    /// Tells an invoice's events. Event numbers are taken here, so this comes last in a decision. Answers whether there is
    /// anything to deliver.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn tell(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: &Invoice,
        events: &[Event],
    ) -> Result<bool, StoreError> {
        let at = invoice.standing.settled_at;
        let real_now = self.clocks().real();
        let new_events: Vec<NewEvent> = events
            .iter()
            .map(|event| NewEvent {
                id: EventId(self.ids().uuid(real_now)),
                kind: event.kind,
                invoice: invoice.id,
                created_at: at,
                body: self.with_context(invoice.owner.environment, |context| event_body(event, at, invoice, context)),
            })
            .collect();
        let delivery_id = || DeliveryId(self.ids().uuid(real_now));
        transaction.tell(invoice.owner, &new_events, real_now, delivery_id)
    }

    /// After a commit: wakes what waits for it.
    pub(crate) fn announce(&self, invoice: &Invoice) {
        self.announce_with(invoice, true);
    }

    /// The same, where it is known whether there is anything to deliver: most invoices are created without any webhook.
    pub(crate) fn announce_with(&self, invoice: &Invoice, has_deliveries: bool) {
        // Nobody looking at a page is not an error.
        drop(self.changes.send(invoice.id));
        if has_deliveries {
            self.wake_outbox.notify_one();
        }
    }
}
