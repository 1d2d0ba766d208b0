//! Every parser that reads what somebody else wrote, as a function of bytes that panics when the parser breaks a promise.
//!
//! A target asserts more than "it does not panic": what is read is written again the same, two ways to say one thing are one
//! thing, and what is accepted is acceptable to an independent reader. The tests run each target over changes of its seeds;
//! `cargo xtask fuzz` runs them for long, led by coverage. No target keeps state or does I/O.
#![expect(clippy::panic, reason = "a panic is how a target says that a promise is broken")]

pub mod driver;
pub mod targets;

/// One parser under test.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Feeds it; panics when a promise is broken.
    pub feed: fn(&[u8]),
    /// Inputs to begin with: good ones, near misses, and every input that ever broke it.
    pub seeds: &'static [&'static [u8]],
}
