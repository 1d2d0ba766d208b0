//! Which background tasks fell over lately: what runs again by itself must still be seen by whoever looks at health.

use crate::gateway::Gateway;
use farthing_domain::time::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

/// How long a task that fell over counts as ailing, in seconds.
const AILING_SECONDS: i64 = 60;

/// When each task fell over last, by real time.
#[derive(Default)]
pub(crate) struct Falls(RwLock<BTreeMap<String, Timestamp>>);

impl Gateway {
    /// A background task ended that should not have, and is started again.
    pub fn note_fall(&self, task: &str) {
        let now = self.clocks().real();
        self.falls.0.write().unwrap_or_else(PoisonError::into_inner).insert(task.to_owned(), now);
    }

    /// Tasks that fell over within the last minute.
    #[must_use]
    pub fn ailing_tasks(&self) -> Vec<String> {
        let now = self.clocks().real();
        let falls = self.falls.0.read().unwrap_or_else(PoisonError::into_inner);
        // One after now was noted by a clock that has been set back since: it says nothing of this minute.
        let recent = falls.iter().filter(|(_, at)| (0..AILING_SECONDS).contains(&now.seconds_since(**at)));
        recent.map(|(task, _)| task.clone()).collect()
    }
}
