//! What time alone changes: windows that end, drafts that lapse, grace that runs out.
//!
//! An invoice that is due is settled anew. Whether its window is over is decided only after each of its networks was scanned to a
//! tip that was read after the deadline: our own lag never makes a payment late. An invoice that cannot be relied on holds up no
//! other.

use crate::{gateway::Gateway, read_invoice::note_altered, scan::Progress, tell::Told};
use farthing_domain::{
    id::{Environment, InvoiceId},
    invoice::Invoice,
    network::ChainId,
    time::Timestamp,
};
use farthing_store::{StoreError, Transaction, records::LOOK_AGAIN_SECONDS_MAX};
use std::{collections::BTreeSet, sync::Arc};

/// Invoices settled in one step.
const BATCH: u32 = 100;
/// When to look again at an invoice that waits for a scan, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 2;
/// The same at one that is not as it was written: somebody has to do something first.
const REFUSED_AGAIN_SECONDS: i64 = LOOK_AGAIN_SECONDS_MAX;

/// Whether invoices that wait for a scan are looked at before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Each at its time.
    AtTheirTime,
    /// All now, because everything was just scanned.
    Now,
}

impl Gateway {
    /// Settles invoices of an environment that are due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn expire(self: &Arc<Self>, environment: Environment, waiting: Waiting) -> Result<Progress, StoreError> {
        // What was paid in time must be on the invoice before its time is over.
        self.take_up(environment).await?;
        let now = self.clocks().now(environment);
        let with_waiting = waiting == Waiting::Now;
        let due = self.store().read(move |reader| reader.due_invoices(environment, now, with_waiting, BATCH)).await?;
        if due.is_empty() {
            return Ok(Progress::Idle);
        }
        let is_full = u32::try_from(due.len()).is_ok_and(|count| count >= BATCH);
        let gateway = Arc::clone(self);
        let settled = self.store().decide(move |transaction| gateway.settle_due(transaction, &due, now)).await?;
        let all_wait = settled.iter().all(|told| told.invoice.standing.next_change.is_some_and(|at| at <= now));
        for told in &settled {
            self.announce(told);
            let has_ended = told.invoice.scanned_through.is_some() || told.invoice.standing.next_change.is_none();
            if environment == Environment::Live && has_ended {
                self.just_closed.add(told.invoice.id);
            }
        }
        Ok(if is_full && !all_wait { Progress::More } else { Progress::Idle })
    }

    fn settle_due(
        &self,
        transaction: &mut Transaction<'_>,
        due: &[InvoiceId],
        began: Timestamp,
    ) -> Result<Vec<Told>, StoreError> {
        let ids: BTreeSet<InvoiceId> = due.iter().copied().collect();
        let mut settled = Vec::new();
        for id in ids {
            match transaction.whole_or_not(|transaction| self.settle_one(transaction, id)) {
                Err(StoreError::Corrupt(why)) => {
                    tracing::error!(invoice = %id, why, "a due invoice is refused; the others are settled");
                    note_altered("invoice");
                    transaction.put_off(id, began.plus_seconds(REFUSED_AGAIN_SECONDS))?;
                }
                told => settled.extend(told?),
            }
        }
        Ok(settled)
    }

    fn settle_one(&self, transaction: &mut Transaction<'_>, id: InvoiceId) -> Result<Option<Told>, StoreError> {
        let Some(mut invoice) = self.lock_unaltered(transaction, id)? else { return Ok(None) };
        let now = self.now_for(&invoice);
        let through = invoice.deadline.filter(|deadline| now >= *deadline && self.is_scanned(&invoice, *deadline));
        let events = match through {
            Some(deadline) => invoice.scanned(deadline, now),
            None => invoice.resettle(now),
        };
        let still_due = invoice.standing.next_change.is_some_and(|at| at <= now);
        let retry_at = still_due.then(|| now.plus_seconds(LOOK_AGAIN_SECONDS));
        self.save_and_tell(transaction, invoice, &events, retry_at).map(Some)
    }

    /// Whether every network of an invoice was scanned to a tip that was read at or after `through`.
    fn is_scanned(&self, invoice: &Invoice, through: Timestamp) -> bool {
        let environment = invoice.owner.environment;
        invoice.quotes.iter().all(|quote| {
            let chain = self.chain(ChainId { environment, network: quote.due.asset.network });
            chain.is_some_and(|chain| chain.scanned_through().is_some_and(|scanned| scanned >= through))
        })
    }
}
