//! Randomness and ids, passed in.

use farthing_domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// Where random bytes come from: the system in the program, a seed in simulations.
pub trait Entropy: Send + Sync {
    /// Fills a buffer with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes ids and secrets.
pub struct Ids {
    entropy: std::sync::Arc<dyn Entropy>,
    /// The last id's time and count: 52 bits of milliseconds, 12 of a count, so that ids of one process only grow.
    last: AtomicU64,
}

impl Ids {
    /// Ids from that randomness.
    #[must_use]
    pub fn new(entropy: std::sync::Arc<dyn Entropy>) -> Self {
        Self { entropy, last: AtomicU64::new(0) }
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A `UUIDv7` of real time `now`, greater than every one before it (RFC 9562, section 6.2, method 1).
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        let milliseconds = u64::try_from(now.milliseconds()).unwrap_or_default();
        let at_least = milliseconds.checked_shl(12).unwrap_or_default();
        let next = |last: u64| last.saturating_add(1).max(at_least);
        let value = match self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last))) {
            Ok(last) | Err(last) => next(last),
        };
        let mut random: [u8; 10] = self.bytes();
        let [.., high, low] = value.to_be_bytes();
        let [first, second, ..] = &mut random;
        *first = high & 0x0f;
        *second = low;
        uuid::Builder::from_unix_timestamp_millis(value.checked_shr(12).unwrap_or_default(), &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn ids_only_grow_even_when_the_clock_goes_back() {
        let ids = Ids::new(Arc::new(Zeros));
        let times = [1_000, 1_000, 999, 5_000, 4_000, 4_000];
        let made: Vec<Uuid> = times.iter().map(|at| ids.uuid(Timestamp::from_milliseconds(*at))).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]), "{made:?}");
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }
}
