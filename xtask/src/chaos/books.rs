//! What the shops know: what they asked for, and what they were answered. The server's word is held against it at the end.

use anyhow::{Result, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// All shops' books.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Mutex<Pages>>);

/// Their pages.
#[derive(Default)]
pub(super) struct Pages {
    /// When an invoice was asked for, by its idempotency key.
    pub(super) asked: BTreeMap<String, Instant>,
    /// Keys that were not answered at the first time: how long those took says nothing about webhooks.
    pub(super) repeated: BTreeSet<String>,
    /// The invoice's id and address, by the key of the request that was answered.
    pub(super) acknowledged: BTreeMap<String, (String, String)>,
    /// Payments that were acknowledged: the invoice's id by the transaction's hash.
    pub(super) paid: BTreeMap<String, String>,
    /// Payments that were asked for and never answered: each is there or not.
    pub(super) unanswered_payments: usize,
    /// Payments that a reorganisation left out for good.
    pub(super) dropped: BTreeSet<String>,
    /// The last acknowledged payment, by network.
    last_on: BTreeMap<String, String>,
}

impl Books {
    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a request was answered by an invoice.
    pub(super) fn acknowledge(&self, key: &str, id: String, address: String) -> Result<()> {
        let known = (id, address);
        let before = self.pages().acknowledged.insert(key.to_owned(), known.clone());
        ensure!(before.is_none_or(|before| before == known), "{key} was answered with two invoices");
        Ok(())
    }

    /// When invoices were asked for.
    pub(super) fn asked_at(&self) -> Vec<Instant> {
        self.pages().asked.values().copied().collect()
    }

    pub(super) fn paid(&self, hash: String, invoice: String, network: &str) {
        let mut pages = self.pages();
        pages.last_on.insert(network.to_owned(), hash.clone());
        pages.paid.insert(hash, invoice);
    }

    pub(super) fn last_payment_on(&self, network: &str) -> Option<String> {
        self.pages().last_on.remove(network)
    }

    pub(super) fn drop_payment(&self, hash: &str) {
        self.pages().dropped.insert(hash.to_owned());
    }
}
