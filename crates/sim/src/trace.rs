//! What happened in a run, as a hash over every line and the last lines themselves.

use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Lines that are kept to be shown with a failure.
const LINES_KEPT: usize = 2_000;

/// The trace of a run. Two runs of one seed have the same hash.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    hash: Sha256,
    lines: VecDeque<String>,
    count: u64,
}

impl Trace {
    /// Adds a line to the hash only: what there is too much of to be shown.
    pub fn weigh(&mut self, line: &str) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
    }

    /// Adds a line.
    pub fn note(&mut self, line: &str) {
        self.count = self.count.saturating_add(1);
        self.weigh(line);
        if self.lines.len() >= LINES_KEPT {
            self.lines.pop_front();
        }
        tracing::trace!(line = self.count, "{line}");
        self.lines.push_back(format!("{:>5}  {line}", self.count));
    }

    /// The hash of all lines so far, in hex.
    #[must_use]
    pub fn hash(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The last lines, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}
