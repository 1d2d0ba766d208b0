//! The store of a simulation: its reads and writes fail, take long, or end in nobody knows what.

use crate::{dice::Dice, world::ManualClock};
use farthing_store::disturbance::{Disturbance, Fate, Work};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often things go wrong, in a hundred pieces of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trouble {
    /// Reads and writes that fail before anything is written.
    pub fails: u64,
    /// Commits that report a failure.
    pub unknown: u64,
    /// Work that takes long.
    pub is_slow: u64,
}

/// The longest that one piece of work takes, in milliseconds.
const SLOW_MS_MAX: u64 = 20_000;

struct State {
    dice: Dice,
    trouble: Trouble,
    hits: u32,
}

/// What goes wrong with a store. Clones share it, over restarts too.
#[derive(Clone)]
pub struct Disturbed {
    clock: Arc<ManualClock>,
    state: Arc<Mutex<State>>,
}

impl Disturbed {
    /// Nothing goes wrong yet.
    #[must_use]
    pub fn new(seed: u64, clock: Arc<ManualClock>) -> Self {
        let state = State { dice: Dice::of(seed.rotate_left(32)), trouble: Trouble::default(), hits: 0 };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// How often things go wrong from now on.
    pub fn set(&self, trouble: Trouble) {
        self.state().trouble = trouble;
    }

    /// Whether anything went wrong since it was counted last.
    #[must_use]
    pub fn has_hit(&self) -> bool {
        self.state().hits > 0
    }

    /// How often something went wrong since this was asked last.
    #[must_use]
    pub fn take_hits(&self) -> u32 {
        std::mem::take(&mut self.state().hits)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disturbance for Disturbed {
    fn fate(&self, work: Work) -> Fate {
        let mut state = self.state();
        let Trouble { fails, unknown, is_slow } = state.trouble;
        if state.dice.percent(is_slow) {
            let milliseconds = state.dice.below(SLOW_MS_MAX);
            self.clock.move_by_ms(i64::try_from(milliseconds).unwrap_or_default());
        }
        let fate = if state.dice.percent(fails) {
            Fate::Fails
        } else if work == Work::Write && state.dice.percent(unknown) {
            Fate::Unknown { is_durable: state.dice.percent(50) }
        } else {
            Fate::Works
        };
        state.hits = state.hits.saturating_add(u32::from(fate != Fate::Works));
        fate
    }
}
