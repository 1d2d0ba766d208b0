//! Telling a dialect's callback: rendered once, in the transaction of the change, and queued for the host it goes to.

use crate::gateway::Gateway;
use farthing_dialects::{
    callbacks::{self, Around, Change},
    naming::{Numbered, Numbers},
};
use farthing_domain::{
    id::{DeliveryId, EndpointId, EventId},
    invoice::Invoice,
    planted::{self, Bug},
};
use farthing_store::{
    StoreError, Transaction,
    records::{Credential, Delivery, DeliveryStage, DueDelivery, Endpoint, NameKind},
};
use url::Url;

impl Gateway {
    /// Queues the callback that a change makes in the invoice's dialect, and answers it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn call_back(
        &self,
        transaction: &mut Transaction<'_>,
        change: &Change<'_>,
    ) -> Result<Option<DueDelivery>, StoreError> {
        let Some(kind) = callbacks::told(change) else { return Ok(None) };
        let Some(foreign) = &change.invoice.terms.foreign else { return Ok(None) };
        let missing = || StoreError::Corrupt(format!("the credential of invoice {} is missing", change.invoice.id));
        let mut credential = transaction.any_credential(foreign.credential)?.ok_or_else(missing)?;
        if planted::is(Bug::OtherOwnersCallback) {
            credential.callback_url = planted_first_url(transaction, &credential)?;
        }
        let Some(url) = foreign.callback_url.as_ref().or(credential.callback_url.as_ref()) else { return Ok(None) };
        let body = self.in_its_dialect(transaction, change.invoice, |around| callbacks::body(change, around))?;
        let endpoint = self.host_of(transaction, &credential, url)?;
        let now = self.clocks().real();
        let delivery = Delivery {
            id: DeliveryId(self.ids().uuid(now)),
            endpoint,
            owner: credential.owner,
            event: EventId(self.ids().uuid(now)),
            kind: kind.to_owned(),
            created_at: now,
            stage: DeliveryStage::Waiting,
            attempts: 0,
            due_at: now,
        };
        transaction.insert_callback(delivery, body, (url, change.invoice.id)).map(Some)
    }

    /// Shows an invoice with everything that its dialect needs beside it. What has no number yet gets one.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn in_its_dialect<T>(
        &self,
        transaction: &mut Transaction<'_>,
        invoice: &Invoice,
        show: impl FnOnce(&Around<'_>) -> T,
    ) -> Result<T, StoreError> {
        let numbers = numbers(transaction, invoice)?;
        let merchant = transaction.merchant(invoice.owner.merchant)?.map(|merchant| merchant.name).unwrap_or_default();
        let environment = invoice.owner.environment;
        let now = self.clocks().now(environment);
        let due = |asset| self.due_now(invoice, asset);
        Ok(self.with_context(environment, |context| {
            show(&Around { context, merchant: &merchant, numbers: &numbers, now, due: &due })
        }))
    }

    /// The endpoint of the host of an address: each host has a lane of its own.
    fn host_of(
        &self,
        transaction: &mut Transaction<'_>,
        credential: &Credential,
        url: &str,
    ) -> Result<EndpointId, StoreError> {
        let now = self.clocks().real();
        let host = Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization());
        let new = Endpoint {
            id: EndpointId(self.ids().uuid(now)),
            owner: credential.owner,
            url: host,
            events: Vec::new(),
            secrets: Vec::new(),
            created_at: now,
            credential: Some(credential.id),
            is_whole: true,
        };
        transaction.callback_endpoint(&new, credential.dialect)
    }
}

/// [`Bug::OtherOwnersCallback`]: where the callbacks of the first credential of that dialect go, whoever has it.
fn planted_first_url(transaction: &Transaction<'_>, credential: &Credential) -> Result<Option<String>, StoreError> {
    for merchant in transaction.merchants()? {
        let of_merchant = transaction.credentials(merchant.id)?;
        if let Some(first) = of_merchant.into_iter().find(|first| first.dialect == credential.dialect) {
            return Ok(first.callback_url);
        }
    }
    Ok(None)
}

fn numbers(transaction: &mut Transaction<'_>, invoice: &Invoice) -> Result<Numbers, StoreError> {
    let (owner, dialect) = (invoice.owner, invoice.policy.dialect);
    let mut numbers = Numbers::default();
    for (kind, thing) in callbacks::numbered(invoice) {
        let row = match kind {
            Numbered::Address => NameKind::Address,
            Numbered::Transaction => NameKind::Transaction,
        };
        let number = transaction.number_of(owner, dialect, row, &thing)?;
        numbers.insert(kind, thing, number);
    }
    Ok(numbers)
}
