//! Reading invoices to be shown. Every address is derived again first: one that does not come out of the account is never shown.

use crate::gateway::Gateway;
use farthing_domain::{
    id::{InvoiceId, Owner},
    invoice::{Invoice, Source},
    network::ChainId,
    planted::{self, Bug},
};
use farthing_networks::address::Address;
use farthing_store::{
    Locked, Reader, StoreError, Transaction,
    records::{Holder, InvoiceFilter, Page},
};
use std::{collections::HashSet, hash::BuildHasher, sync::Arc};

/// Addresses remembered as checked.
const REMEMBERED: usize = 10_000;

/// An address, and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Checked {
    /// What it is said to be bound to.
    pub(crate) holder: Holder,
    /// The address as it is shown. One that somebody changes in the database is another text.
    pub(crate) address: String,
}

/// Addresses that were derived again already, each as its hash under this process's own key: a tenth of what the texts take, and
/// nobody who writes into the database can aim at one.
#[derive(Default)]
pub(crate) struct CheckedAddresses(HashSet<u64>);

impl CheckedAddresses {
    fn remember(&mut self, address: &Checked) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(self.0.hasher().hash_one(address));
    }

    fn contains(&self, address: &Checked) -> bool {
        self.0.contains(&self.0.hasher().hash_one(address))
    }
}

/// Why an invoice or a permanent address is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address in the database is not the account's: somebody changed it. An alarm, never shown.
    #[error("{0} has an address that is not its own")]
    AddressMismatch(Holder),
}

impl ReadError {
    /// Raises the alarm of an address that is not the account's.
    pub(crate) fn mismatch(holder: Holder) -> Self {
        tracing::error!(%holder, "an address in the database is not the account's; it is not shown");
        metrics::counter!("farthing_address_mismatches_total").increment(1);
        Self::AddressMismatch(holder)
    }
}

/// Counts something that is not as it was written, and was refused: for the operator's alarms.
pub(crate) fn note_altered(what: &'static str) {
    metrics::counter!("farthing_altered_refused_total", "what" => what).increment(1);
}

impl Gateway {
    /// One of the owner's invoices.
    ///
    /// # Errors
    /// When the store cannot be read, or an address is not the account's.
    pub async fn invoice(self: &Arc<Self>, owner: Owner, id: InvoiceId) -> Result<Option<Invoice>, ReadError> {
        let found = self.checked_read(move |reader| Ok(reader.invoice(owner, id)?.into_iter().collect()));
        Ok(found.await?.pop())
    }

    /// The invoice whose checkout page has this token.
    ///
    /// # Errors
    /// When the store cannot be read, or an address is not the account's.
    pub async fn invoice_by_token(self: &Arc<Self>, token: String) -> Result<Option<Invoice>, ReadError> {
        let found = self.checked_read(move |reader| Ok(reader.invoice_by_token(&token)?.into_iter().collect()));
        Ok(found.await?.pop())
    }

    /// A page of the owner's invoices, in the filter's order, and how many the whole list has.
    ///
    /// # Errors
    /// When the store cannot be read, or an address is not the account's.
    pub async fn invoices(
        self: &Arc<Self>,
        owner: Owner,
        filter: InvoiceFilter,
        page: Page,
    ) -> Result<(Vec<Invoice>, u64), ReadError> {
        let gateway = Arc::clone(self);
        let (invoices, total, wrong) = self
            .store()
            .read(move |reader| {
                let (invoices, total) = reader.invoices(owner, &filter, page)?;
                let wrong = gateway.first_wrong(reader, &invoices)?;
                Ok((invoices, total, wrong))
            })
            .await?;
        wrong.map_or(Ok((invoices, total)), |id| Err(ReadError::mismatch(Holder::Invoice(id))))
    }

    async fn checked_read(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader<'_>) -> Result<Vec<Invoice>, StoreError> + Send + 'static,
    ) -> Result<Vec<Invoice>, ReadError> {
        let gateway = Arc::clone(self);
        let (invoices, wrong) = self
            .store()
            .read(move |reader| {
                let invoices = read(reader)?;
                let wrong = gateway.first_wrong(reader, &invoices)?;
                Ok((invoices, wrong))
            })
            .await?;
        wrong.map_or(Ok(invoices), |id| Err(ReadError::mismatch(Holder::Invoice(id))))
    }

    pub(crate) fn first_wrong(
        &self,
        reader: &Reader<'_>,
        invoices: &[Invoice],
    ) -> Result<Option<InvoiceId>, StoreError> {
        for invoice in invoices {
            if !self.has_its_own_addresses(reader, invoice)? {
                return Ok(Some(invoice.id));
            }
        }
        Ok(None)
    }

    /// Whether each address of an invoice was handed out to it and comes out of the account at its index. Of a network that
    /// is not configured any more there is nothing to derive from; its invoices stay readable.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_its_own_addresses(&self, reader: &Reader<'_>, invoice: &Invoice) -> Result<bool, StoreError> {
        for quote in invoice.quotes.iter().filter(|_| !planted::is(Bug::AddressNotDerived)) {
            let chain = ChainId { environment: invoice.owner.environment, network: quote.due.asset.network };
            let bound = Checked { holder: Holder::of(invoice), address: quote.address.clone() };
            if !self.is_own(reader, chain, &bound)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Refuses an invoice that has an address which is not its own, with the alarm, or one whose address money waits for that could
    /// not be recorded yet: before it is changed, or answered by a change.
    pub(crate) fn refuse_in_doubt(&self, reader: &Reader<'_>, invoice: &Invoice) -> Result<(), StoreError> {
        if !self.has_its_own_addresses(reader, invoice)? {
            return Err(StoreError::Corrupt(ReadError::mismatch(Holder::of(invoice)).to_string()));
        }
        // Deposits to one permanent address do not wait for each other.
        if matches!(invoice.source, Source::Api(_)) && self.has_money_waiting(reader, invoice)? {
            return Err(StoreError::Corrupt(format!("money of invoice {} waits to be recorded", invoice.id)));
        }
        Ok(())
    }

    fn has_money_waiting(&self, reader: &Reader<'_>, invoice: &Invoice) -> Result<bool, StoreError> {
        for quote in &invoice.quotes {
            let chain = ChainId { environment: invoice.owner.environment, network: quote.due.asset.network };
            let Some(account) = self.chain(chain).map(|chain| &chain.account) else { continue };
            let Ok(address) = Address::parse(account.family(), account.chain(), &quote.address) else { continue };
            if reader.waits_at(chain.environment, address.bytes())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Remembers the addresses of an invoice that was just committed: they came out of the account, or were derived again.
    pub(crate) fn remember_addresses(&self, invoice: &Invoice) {
        let Ok(mut checked) = self.checked.write() else { return };
        for quote in &invoice.quotes {
            checked.remember(&Checked { holder: Holder::of(invoice), address: quote.address.clone() });
        }
    }

    /// Locks an invoice of any owner that is as it was written and has its own addresses. Nothing is written by a refusal.
    ///
    /// # Errors
    /// When the store cannot be read, or the invoice is refused: [`StoreError::Corrupt`].
    pub(crate) fn lock_unaltered(
        &self,
        transaction: &mut Transaction<'_>,
        id: InvoiceId,
    ) -> Result<Option<Locked<Invoice>>, StoreError> {
        let found = transaction.lock_any_invoice(id)?;
        if let Some(invoice) = &found {
            self.refuse_in_doubt(transaction, invoice)?;
        }
        Ok(found)
    }

    /// Whether an address was handed out to its holder and comes out of the chain's account at its index.
    pub(crate) fn is_own(&self, reader: &Reader<'_>, chain: ChainId, bound: &Checked) -> Result<bool, StoreError> {
        if self.checked.read().is_ok_and(|checked| checked.contains(bound)) {
            return Ok(true);
        }
        let is_own = self.derives(reader, chain, bound)?;
        if is_own && let Ok(mut checked) = self.checked.write() {
            checked.remember(bound);
        }
        Ok(is_own)
    }

    fn derives(&self, reader: &Reader<'_>, id: ChainId, bound: &Checked) -> Result<bool, StoreError> {
        let Some(chain) = self.chain(id) else { return Ok(true) };
        let Ok(address) = Address::parse(chain.account.family(), chain.account.chain(), &bound.address) else {
            return Ok(false);
        };
        let row = reader.address_of(id.environment, chain.facts.family, address.bytes())?;
        let Some(row) = row.filter(|row| row.holder == bound.holder) else { return Ok(false) };
        if row.account != chain.account.key_id().to_bytes() {
            // Handed out by an account that was configured before.
            return Ok(true);
        }
        Ok(chain.account.address(row.index).is_ok_and(|derived| derived.text() == bound.address))
    }
}
