//! Money that cannot be recorded when it is seen, since the invoice or the address that it belongs to is not as it was written:
//! it is set aside, the scan goes on, and it is recorded as of the moment when it was seen as soon as that can be relied on again.
//!
//! Nothing is built on the altered row meanwhile, and nothing is decided of its invoice until all that waits is recorded.

use crate::{apply_block::Payee, gateway::Gateway, read_invoice::note_altered, static_addresses::Deposit, tell::Told};
use farthing_domain::{
    id::{Environment, InvoiceId, StaticAddressId},
    network::ChainId,
    payment::{Observation, PaymentKey},
    planted::{self, Bug},
    time::Timestamp,
};
use farthing_store::{Reader, StoreError, Transaction, records::set_aside::SetAside};
use std::{collections::BTreeMap, sync::Arc};

/// What one batch shows of what cannot be relied on.
pub(crate) struct Aside {
    pub(crate) chain: ChainId,
    /// Where the batch's transfers went.
    pub(crate) addresses: BTreeMap<PaymentKey, Vec<u8>>,
    /// What was seen, whose it is as far as that can be told, and why it cannot be recorded.
    pub(crate) seen: Vec<(Option<InvoiceId>, Vec<Observation>, String)>,
}

impl Aside {
    pub(crate) fn add(&mut self, invoice: Option<InvoiceId>, seen: Vec<Observation>, why: &str) {
        self.seen.push((invoice, seen, why.to_owned()));
    }
}

/// Who something that waits is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum For {
    Invoice(InvoiceId),
    /// A deposit by this transfer's first number: each makes an invoice of its own.
    Deposit(StaticAddressId, i64),
}

impl Gateway {
    /// Sets aside what could not be recorded; what was before says nothing new.
    pub(crate) fn set_aside(&self, transaction: &mut Transaction<'_>, aside: Aside) -> Result<(), StoreError> {
        let Aside { chain, addresses, seen } = aside;
        if planted::is(Bug::NothingSetAside) {
            return Ok(());
        }
        let now = self.clocks().now(chain.environment);
        for (invoice, seen, why) in seen {
            let mut is_new = false;
            for one in &seen {
                let address = addresses.get(one.key()).map(Vec::as_slice);
                is_new |= transaction.set_aside_seen(chain, one, (invoice, address), now)?;
            }
            if is_new {
                let invoice = invoice.map_or_else(|| "unknown".to_owned(), |invoice| invoice.to_string());
                tracing::error!(network = %chain.network, invoice, why, "money to an address of ours cannot be recorded; it is set aside");
                note_altered("payment");
            }
        }
        Ok(())
    }

    /// Records what was set aside and belongs to what can be relied on again.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn take_up(self: &Arc<Self>, environment: Environment) -> Result<(), StoreError> {
        let gateway = Arc::clone(self);
        // Most of the time nothing waits, and what does waits for somebody to do something: neither costs a write.
        let ready = self.store().glance(move |reader| gateway.ready(reader, environment)).await?;
        if ready.is_empty() {
            return Ok(());
        }
        let gateway = Arc::clone(self);
        let recorded = self.store().decide(move |transaction| gateway.record_ready(transaction, environment)).await?;
        for told in &recorded {
            tracing::info!(invoice = %told.invoice.id, "money that was set aside is recorded");
            self.announce(told);
        }
        Ok(())
    }

    fn record_ready(
        &self,
        transaction: &mut Transaction<'_>,
        environment: Environment,
    ) -> Result<Vec<Told>, StoreError> {
        let mut recorded = Vec::new();
        for (to, waiting) in self.ready(transaction, environment)? {
            match transaction.whole_or_not(|transaction| self.record_late(transaction, to, &waiting)) {
                Err(StoreError::Corrupt(why)) => tracing::error!(?to, why, "money goes on waiting to be recorded"),
                told => recorded.extend(told?),
            }
        }
        Ok(recorded)
    }

    /// What waits for an invoice or an address that is as it was written.
    fn ready(&self, reader: &Reader<'_>, environment: Environment) -> Result<Vec<(For, Vec<SetAside>)>, StoreError> {
        let mut payments: BTreeMap<(ChainId, PaymentKey), Vec<SetAside>> = BTreeMap::new();
        for row in reader.set_aside(environment)? {
            payments.entry((row.chain, row.key.clone())).or_default().push(row);
        }
        let mut all: BTreeMap<For, Vec<SetAside>> = BTreeMap::new();
        for ((chain, key), rows) in payments {
            if let Some(to) = self.who_waits(reader, chain, &key, &rows)? {
                all.entry(to).or_default().extend(rows);
            }
        }
        let mut ready = Vec::new();
        for (to, mut rows) in all {
            rows.sort_by_key(|row| row.number);
            let is_whole = rows.iter().all(|row| row.observation.is_some());
            if is_whole && self.can_be_relied_on(reader, to)? {
                ready.push((to, rows));
            }
        }
        Ok(ready)
    }

    /// Whose the money of a payment is, by what can be read now.
    fn who_waits(
        &self,
        reader: &Reader<'_>,
        chain: ChainId,
        key: &PaymentKey,
        rows: &[SetAside],
    ) -> Result<Option<For>, StoreError> {
        let Some(first) = rows.first() else { return Ok(None) };
        let Some(address) = rows.iter().find_map(|row| row.address.as_deref()) else {
            return Ok(first.invoice.map(For::Invoice));
        };
        Ok(match self.whose(reader, chain, address, key)? {
            Payee::Unknown => None,
            Payee::Invoice(id) => Some(For::Invoice(id)),
            Payee::StaticAddress(id) => Some(For::Deposit(id, first.number)),
        })
    }

    fn can_be_relied_on(&self, reader: &Reader<'_>, to: For) -> Result<bool, StoreError> {
        let found = match to {
            For::Invoice(id) => reader
                .any_invoice(id)
                .and_then(|found| found.map_or(Ok(false), |invoice| self.has_its_own_addresses(reader, &invoice))),
            For::Deposit(id, _) => reader
                .any_static_address(id)
                .and_then(|found| found.map_or(Ok(false), |address| self.is_own_static_address(reader, &address))),
        };
        match found {
            Err(StoreError::Corrupt(_)) => Ok(false),
            found => found,
        }
    }

    fn record_late(
        &self,
        transaction: &mut Transaction<'_>,
        to: For,
        waiting: &[SetAside],
    ) -> Result<Option<Told>, StoreError> {
        transaction.take_from_aside(waiting)?;
        let seen: Vec<(Observation, Timestamp)> =
            waiting.iter().filter_map(|row| Some((row.observation.clone()?, row.seen_at))).collect();
        match to {
            For::Invoice(id) => self.record_late_on(transaction, id, seen),
            For::Deposit(id, _) => {
                let Some(deposit) = deposit_of(seen) else { return Ok(None) };
                self.open_deposit(transaction, id, deposit).map(Some)
            }
        }
    }

    fn record_late_on(
        &self,
        transaction: &mut Transaction<'_>,
        id: InvoiceId,
        seen: Vec<(Observation, Timestamp)>,
    ) -> Result<Option<Told>, StoreError> {
        let Some(mut invoice) = self.lock_unaltered(transaction, id)? else { return Ok(None) };
        let now = self.now_for(&invoice);
        let before = invoice.payments.clone();
        let current_quote = self.current_quote(&invoice, seen.iter().map(|(seen, _)| seen), now);
        let events = invoice.observe_late(seen, current_quote.as_ref(), now);
        if events.is_empty() && invoice.payments == before {
            return Ok(None);
        }
        self.save_and_tell(transaction, invoice, &events, None).map(Some)
    }
}

/// A deposit as it was seen; `None` when only its end was.
fn deposit_of(seen: Vec<(Observation, Timestamp)>) -> Option<Deposit> {
    let first = seen.iter().find_map(|(seen, _)| match seen {
        Observation::Seen(sighting) => Some(sighting.clone()),
        Observation::Final(_) | Observation::Gone(_) => None,
    })?;
    Some(Deposit { first, seen: seen.into_iter().map(|(seen, _)| seen).collect() })
}
