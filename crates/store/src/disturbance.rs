//! What a simulation does to a store: the one seam through which failing and slow I/O, unknown commits and crashes come in.
//!
//! Only [`Store::simulated`](crate::Store::simulated) takes one. The program opens its store without, and nothing here runs then.

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A query.
    Read,
    /// A decision with its commit.
    Write,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Works,
    /// The disk fails, or is full, before anything is written.
    Fails,
    /// The commit reports a failure.
    Unknown {
        /// Whether the commit is on disk all the same.
        is_durable: bool,
    },
}

/// Decides over every read and write of a store. Before and after each, the store lets other tasks run, so that a simulation
/// can end the process at any of these moments.
pub trait Disturbance: Send + Sync {
    /// What comes of the next piece of work. A reader takes [`Fate::Unknown`] for [`Fate::Fails`].
    fn fate(&self, work: Work) -> Fate;
}
