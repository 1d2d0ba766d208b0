//! A timer for one moment at a time, cheap to move later.
//!
//! Deadlines mostly move into the future and are rarely reached, so a timer is left where it is until it fires and is then set
//! again. It never fires before the moment that was asked for last.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Set by the first [`Deadline::poll`] after a [`Deadline::clear`].
#[derive(Debug, Default)]
pub(super) struct Deadline {
    due: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// What was waited for came.
    pub(super) fn clear(&mut self) {
        self.due = None;
    }

    /// Ready when `allowed` has passed since the first call.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, allowed: Duration) -> Poll<()> {
        let due = match self.due {
            Some(due) => due,
            None => {
                let now = Instant::now();
                // A deadline beyond what the clock can say is none.
                let Some(due) = now.checked_add(allowed) else {
                    return Poll::Pending;
                };
                *self.due.insert(due)
            }
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }
}
