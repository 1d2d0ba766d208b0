//! Waiting for what another process does in its own time.

use std::{thread, time::Duration};

/// How often something is looked for that is to be there within seconds, and the pause between two looks. Who waits in vain has
/// failed anyway.
const LOOKS: u32 = 6000;
const PAUSE: Duration = Duration::from_millis(20);

/// What `look` finds, some time within minutes.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        #[expect(clippy::disallowed_methods, reason = "another process does it in its own time")]
        thread::sleep(PAUSE);
    }
    panic!("{what} did not happen");
}
