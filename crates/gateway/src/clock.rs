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

    /// The time at which rates are looked up for an environment: for live sales the real one, with which prices age. The
    /// environment's own stands still for as long as it was set back, and all prices would be too old until then.
    #[must_use]
    pub fn of_rates(&self, environment: Environment) -> Timestamp {
        match environment {
            Environment::Live => self.real(),
            Environment::Test => self.now(environment),
        }
    }

    /// How far the test environment is ahead of real time, in milliseconds.
    #[must_use]
    pub fn test_offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Lets the test environment's clock run on from what it has shown before, where real time has been set back since.
    pub fn run_on_from(&self, shown: Timestamp) {
        self.set_test_offset_ms(shown.milliseconds().saturating_sub(self.real().milliseconds()));
    }

    /// Moves the test environment's clock to what was stored.
    pub fn set_test_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.fetch_max(offset_ms, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Settable(AtomicI64);
    impl Clock for Settable {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn a_clock_that_was_set_back_between_two_lives_runs_on_from_where_it_was() {
        let real = Arc::new(Settable(AtomicI64::new(1_000)));
        let clocks = Clocks::new(Arc::<Settable>::clone(&real), 0, None);
        clocks.run_on_from(Timestamp::from_seconds(900));
        assert_eq!(clocks.now(Environment::Test), Timestamp::from_seconds(1_000), "nothing was set back");
        clocks.run_on_from(Timestamp::from_seconds(5_000));
        assert_eq!(clocks.now(Environment::Test), Timestamp::from_seconds(5_000));
        real.0.store(1_060, Ordering::SeqCst);
        assert_eq!(clocks.now(Environment::Test), Timestamp::from_seconds(5_060));
        assert_eq!(clocks.now(Environment::Live), Timestamp::from_seconds(1_060));
    }
}
