//! Time, passed in: real time, and the test environment's own clock.

use farthing_domain::{id::Environment, time::Timestamp};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// Where real time comes from: the system's clock in the program, an invented one in simulations.
pub trait Clock: Send + Sync {
    /// Real time.
    fn now(&self) -> Timestamp;
}

/// Both environments' clocks. Live follows real time; test is ahead of it by what was advanced, and neither ever goes back.
pub struct Clocks {
    real: Arc<dyn Clock>,
    offset_ms: AtomicI64,
    latest_ms: [AtomicI64; 2],
}

impl Clocks {
    /// Clocks over real time, the test environment's being at `test_latest` or later.
    #[must_use]
    pub fn new(real: Arc<dyn Clock>, test_offset_ms: i64, test_latest: Option<Timestamp>) -> Self {
        let latest = test_latest.map_or(i64::MIN, Timestamp::milliseconds);
        Self {
            real,
            offset_ms: AtomicI64::new(test_offset_ms),
            latest_ms: [AtomicI64::new(i64::MIN), AtomicI64::new(latest)],
        }
    }

    /// Real time: what retries, signatures and rate limits follow.
    #[must_use]
    pub fn real(&self) -> Timestamp {
        self.real.now()
    }

    /// The environment's time: what windows, graces and the times shown follow. It never goes back.
    #[must_use]
    pub fn now(&self, environment: Environment) -> Timestamp {
        let real = self.real.now().milliseconds();
        let [live, test] = &self.latest_ms;
        let (latest, now) = match environment {
            Environment::Live => (live, real),
            Environment::Test => (test, real.saturating_add(self.offset_ms.load(Ordering::SeqCst))),
        };
        let before = latest.fetch_max(now, Ordering::SeqCst);
        Timestamp::from_milliseconds(before.max(now))
    }

    /// How far the test environment is ahead of real time, in milliseconds.
    #[must_use]
    pub fn test_offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves the test environment's clock to what was stored.
    pub fn set_test_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.fetch_max(offset_ms, Ordering::SeqCst);
    }
}
