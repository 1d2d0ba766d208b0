//! What connects a commit with the lanes that deliver: who was woken with what, and which lanes are in use.
//!
//! All of it is forgotten with the process, and may be: what is due stands in the store.

use farthing_domain::id::{DeliveryId, EndpointId, Owner};
use farthing_store::records::DueDelivery;
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Deliveries handed over for an endpoint that waits for its lane; the lane reads more.
const FRESH_MAX: usize = 16;
/// Deliveries whose attempts are remembered.
const ATTEMPTED_KEPT: usize = 1024;

/// An endpoint that has something to be delivered.
#[derive(Debug)]
pub struct Woken {
    pub(super) endpoint: EndpointId,
    owner: Owner,
    /// Deliveries as the transaction that made them left them, to be sent without being read again.
    pub(super) fresh: Vec<DueDelivery>,
}

impl Woken {
    /// An endpoint whose deliveries stand in the store.
    #[must_use]
    pub const fn new(endpoint: EndpointId, owner: Owner) -> Self {
        Self { endpoint, owner, fresh: Vec::new() }
    }

    /// Which endpoint.
    #[must_use]
    pub const fn endpoint(&self) -> EndpointId {
        self.endpoint
    }

    /// Whose it is.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }
}

/// What is new since it was last asked for. Only a short cut: what is due stands in the store.
#[derive(Default)]
pub(crate) struct Awakened {
    endpoints: Mutex<BTreeMap<EndpointId, Woken>>,
    woken: Notify,
}

impl Awakened {
    /// An endpoint has something in the store.
    pub(crate) fn wake(&self, endpoint: EndpointId, owner: Owner) {
        self.endpoints().entry(endpoint).or_insert_with(|| Woken::new(endpoint, owner));
        self.woken.notify_one();
    }

    /// These deliveries are in the store now. Callbacks keep the order in which they were written, which the store knows: for them
    /// the lane is only woken.
    pub(crate) fn hand_over(&self, fresh: &[DueDelivery]) {
        if fresh.is_empty() {
            return;
        }
        let mut endpoints = self.endpoints();
        for one in fresh {
            let (endpoint, owner) = (one.delivery.endpoint, one.delivery.owner);
            let woken = endpoints.entry(endpoint).or_insert_with(|| Woken::new(endpoint, owner));
            if one.url.is_none() && woken.fresh.len() < FRESH_MAX {
                woken.fresh.push(one.clone());
            }
        }
        drop(endpoints);
        self.woken.notify_one();
    }

    pub(super) async fn next(&self) -> Vec<Woken> {
        self.woken.notified().await;
        self.take()
    }

    pub(super) fn take(&self) -> Vec<Woken> {
        std::mem::take(&mut *self.endpoints()).into_values().collect()
    }

    fn endpoints(&self) -> MutexGuard<'_, BTreeMap<EndpointId, Woken>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Endpoints that are being delivered to: the one server of a data folder runs one lane for each.
#[derive(Default)]
pub(crate) struct Lanes {
    busy: Mutex<HashSet<EndpointId>>,
    /// What was attempted last.
    attempted: Mutex<VecDeque<DeliveryId>>,
    /// Endpoints whose last attempt failed.
    failing: Mutex<HashSet<EndpointId>>,
}

impl Lanes {
    pub(super) fn note_attempt(&self, delivery: DeliveryId) {
        let mut attempted = self.attempted.lock().unwrap_or_else(PoisonError::into_inner);
        if attempted.len() >= ATTEMPTED_KEPT {
            attempted.pop_front();
        }
        attempted.push_back(delivery);
    }

    pub(super) fn has_attempted(&self, delivery: DeliveryId) -> bool {
        self.attempted.lock().unwrap_or_else(PoisonError::into_inner).contains(&delivery)
    }

    pub(super) fn note_outcome(&self, endpoint: EndpointId, is_acknowledged: bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if is_acknowledged {
            failing.remove(&endpoint);
        } else {
            failing.insert(endpoint);
        }
    }

    pub(super) fn is_failing(&self, endpoint: EndpointId) -> bool {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).contains(&endpoint)
    }
}

/// A lane that is in use until this is dropped.
pub(super) struct Lane<'a> {
    lanes: &'a Lanes,
    endpoint: EndpointId,
}

impl<'a> Lane<'a> {
    pub(super) fn enter(lanes: &'a Lanes, endpoint: EndpointId) -> Option<Self> {
        let is_free = lanes.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint);
        is_free.then_some(Self { lanes, endpoint })
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        self.lanes.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.endpoint);
    }
}
