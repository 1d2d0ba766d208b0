//! The audit: what is stored, computed anew. Statuses from facts, addresses from accounts, caches, numbers and references from
//! the rows that they repeat.
//!
//! It reads and never repairs. It works beside a running server: what is compared is read in one view. It goes through the rows
//! page by page and keeps nothing but what differs.

mod addresses;
mod secrets;
mod standing;
mod static_addresses;

use crate::gateway::Gateway;
use farthing_domain::{
    id::{Environment, InvoiceId},
    invoice::Invoice,
    network::Family,
};
use farthing_networks::{
    account::Account,
    simulated::accounts::{self as simulated_accounts, SimulatedAccountError},
};
use farthing_store::{StoreError, comparisons};
use std::{collections::BTreeMap, sync::Arc};

/// Rows read at a time.
const PAGE: u32 = 1000;
/// Differences told one by one; more are counted.
const TOLD_MAX: usize = 1000;
/// Differences of one kind that are looked for.
const OF_A_KIND_MAX: u32 = 1000;
const FAMILIES: [Family; 6] =
    [Family::Bitcoin, Family::Litecoin, Family::Dogecoin, Family::Evm, Family::Tron, Family::Solana];

/// Something stored that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `invoice 0199…`.
    pub subject: String,
    /// What is wrong.
    pub detail: String,
}

/// What an audit looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Invoices.
    pub invoices: u64,
    /// Payments.
    pub payments: u64,
    /// Addresses.
    pub addresses: u64,
    /// Of these, those of accounts that are not known here: nothing was derived.
    pub addresses_of_other_accounts: u64,
    /// Events.
    pub events: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// How many more differ.
    pub differences_untold: u64,
}

impl Findings {
    fn differ(&mut self, subject: String, detail: impl Into<String>) {
        if self.differences.len() < TOLD_MAX {
            self.differences.push(Difference { subject, detail: detail.into() });
        } else {
            self.differences_untold = self.differences_untold.saturating_add(1);
        }
    }
}

/// Why there was no audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A simulated account cannot be read.
    #[error(transparent)]
    Account(#[from] SimulatedAccountError),
}

/// An audit under way.
struct Audit {
    gateway: Arc<Gateway>,
    findings: Findings,
}

impl Gateway {
    /// Computes everything stored anew.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit(self: &Arc<Self>) -> Result<Findings, AuditError> {
        let mut audit = Audit { gateway: Arc::clone(self), findings: Findings::default() };
        audit.rows().await?;
        audit.standings().await?;
        let addresses = audit.addresses().await;
        audit.or_unreadable("addresses", addresses)?;
        let secrets = audit.secrets().await;
        audit.or_unreadable("secrets", secrets)?;
        let permanent = audit.static_addresses().await;
        audit.or_unreadable("permanent addresses", permanent)?;
        Ok(audit.findings)
    }
}

impl Audit {
    /// Rows that cannot be read are a finding, and no end of the audit.
    fn or_unreadable(&mut self, what: &str, done: Result<(), AuditError>) -> Result<(), AuditError> {
        match done {
            Err(AuditError::Store(StoreError::Corrupt(why))) => {
                self.findings.differ(what.to_owned(), format!("one cannot be read, and none after it: {why}"));
                Ok(())
            }
            Err(AuditError::Account(error)) => {
                self.findings.differ(what.to_owned(), format!("an account of theirs cannot be read: {error}"));
                Ok(())
            }
            done => done,
        }
    }

    async fn rows(&mut self) -> Result<(), AuditError> {
        let store = self.gateway.store();
        // A closure: the method itself is not general enough in the reader's lifetime.
        #[expect(clippy::redundant_closure_for_method_calls, reason = "the method path does not compile here")]
        let counts = store.read(|reader| reader.row_counts()).await?;
        self.findings.invoices = counts.invoices;
        self.findings.payments = counts.payments;
        self.findings.events = counts.events;
        self.findings.deliveries = counts.deliveries;
        for comparison in 0..comparisons() {
            let read = move |reader: &farthing_store::Reader<'_>| reader.compare_rows(comparison, OF_A_KIND_MAX);
            match store.read(read).await {
                // A row that a statement stumbles over is a finding, and no end of the audit.
                Err(error @ (StoreError::Sqlite(_) | StoreError::Corrupt(_))) if !error.is_disk_failure() => {
                    self.findings.differ("rows".to_owned(), format!("comparison {comparison} cannot be made: {error}"));
                }
                found => found?.into_iter().for_each(|found| self.findings.differ(found.subject, found.detail)),
            }
        }
        Ok(())
    }

    /// Every invoice with its payments, page by page. A page that cannot be read is read one by one.
    async fn standings(&mut self) -> Result<(), AuditError> {
        let mut after = None;
        loop {
            let read = move |reader: &farthing_store::Reader<'_>| reader.all_invoices(after, PAGE);
            let last = match self.gateway.store().read(read).await {
                Err(StoreError::Corrupt(_)) => self.one_standing(after).await?,
                page => self.page_of_standings(&page?),
            };
            if last.is_none() {
                return Ok(());
            }
            after = last;
        }
    }

    fn page_of_standings(&mut self, page: &[Invoice]) -> Option<InvoiceId> {
        for invoice in page {
            for detail in standing::differences(invoice) {
                self.findings.differ(format!("invoice {}", invoice.id), detail);
            }
        }
        page.last().map(|invoice| invoice.id)
    }

    /// The next invoice by itself, which may be one that cannot be read; `None` after the last.
    async fn one_standing(&mut self, after: Option<InvoiceId>) -> Result<Option<InvoiceId>, AuditError> {
        let read = move |reader: &farthing_store::Reader<'_>| {
            let Some(id) = reader.next_invoice(after)? else { return Ok(None) };
            let found = match reader.any_invoice(id) {
                Ok(invoice) => invoice.iter().flat_map(standing::differences).collect(),
                Err(StoreError::Corrupt(why)) => vec![format!("it cannot be read: {why}")],
                Err(error) => return Err(error),
            };
            Ok(Some((id, found)))
        };
        let Some((id, found)) = self.gateway.store().read(read).await? else { return Ok(None) };
        for detail in found {
            self.findings.differ(format!("invoice {id}"), detail);
        }
        Ok(Some(id))
    }

    /// The accounts that are known: those of the configured chains, and the test environment's own.
    async fn accounts(&self) -> Result<BTreeMap<(Environment, Family, [u8; 16]), Arc<Account>>, AuditError> {
        let mut accounts = BTreeMap::new();
        for chain in self.gateway.chains() {
            let key = (chain.id.environment, chain.facts.family, chain.account.key_id().to_bytes());
            accounts.insert(key, Arc::clone(&chain.account));
        }
        for family in FAMILIES {
            let key = crate::test_environment::account_setting(family);
            let Some(text) = self.gateway.store().read(move |reader| reader.setting(&key)).await? else { continue };
            let account = simulated_accounts::read(family, &text)?;
            accounts.insert((Environment::Test, family, account.key_id().to_bytes()), Arc::new(account));
        }
        Ok(accounts)
    }
}
