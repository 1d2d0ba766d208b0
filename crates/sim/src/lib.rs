//! Deterministic simulation of the whole gateway under faults, and the small world that tests of other crates stand in.
//!
//! The real gateway, store and scanner code runs here over simulated chains, on one thread, with a clock and randomness that a
//! seed decides. A failing seed replays.

pub mod world;
