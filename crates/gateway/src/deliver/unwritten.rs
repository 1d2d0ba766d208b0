//! Attempts that were made and are not written down yet. A process that ends before they are makes them again.

use farthing_store::records::{Attempt, Delivery, DeliveryStage};

/// How long failed attempts may wait to be written down together, in milliseconds: an endpoint that refuses at once must not keep
/// everybody's disk busy with its refusals.
const WRITTEN_AFTER_MS: u64 = 1000;

/// What came of an attempt, and where its delivery stands then.
pub(super) struct Finished {
    pub(super) delivery: Delivery,
    /// How often it had been asked for again when it was read.
    pub(super) repeats: u32,
    pub(super) attempt: Attempt,
}

/// What came of one endpoint's attempts.
#[derive(Default)]
pub(super) struct Unwritten {
    finished: Vec<Finished>,
    took_ms: u64,
}

impl Unwritten {
    /// Adds one; answers whether it is time to write. What was acknowledged is written at once: it must not be sent again.
    pub(super) fn add(&mut self, finished: Finished) -> bool {
        self.took_ms = self.took_ms.saturating_add(finished.attempt.latency_ms);
        let is_acknowledged = finished.delivery.stage == DeliveryStage::Delivered;
        self.finished.push(finished);
        is_acknowledged || self.took_ms >= WRITTEN_AFTER_MS
    }

    /// All of them, to be written now.
    pub(super) fn take(&mut self) -> Vec<Finished> {
        self.took_ms = 0;
        std::mem::take(&mut self.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::{
        id::{DeliveryId, EndpointId, Environment, EventId, MerchantId, Owner},
        time::Timestamp,
    };
    use uuid::Uuid;

    fn finished(stage: DeliveryStage, latency_ms: u64) -> Finished {
        let at = Timestamp::from_seconds(1);
        let attempt = Attempt { number: 1, at, status: None, latency_ms, error: None, answer: String::new() };
        let delivery = Delivery {
            id: DeliveryId(Uuid::nil()),
            endpoint: EndpointId(Uuid::nil()),
            owner: Owner { merchant: MerchantId(Uuid::nil()), environment: Environment::Test },
            event: EventId(Uuid::nil()),
            kind: "test".to_owned(),
            created_at: at,
            stage,
            attempts: 1,
            due_at: at,
        };
        Finished { delivery, repeats: 0, attempt }
    }

    #[test]
    fn what_was_acknowledged_is_written_at_once_and_failures_after_a_second() {
        let mut unwritten = Unwritten::default();
        assert!(!unwritten.add(finished(DeliveryStage::Waiting, 3)));
        assert!(unwritten.add(finished(DeliveryStage::Delivered, 3)));
        assert_eq!(unwritten.take().len(), 2);
        assert!(!unwritten.add(finished(DeliveryStage::Waiting, 600)));
        assert!(unwritten.add(finished(DeliveryStage::GivenUp, 600)));
    }
}
