//! Deterministic simulation of the whole gateway under faults, and the small world that tests of other crates stand in.
//!
//! The real gateway, store and scanner code runs here over simulated chains, on one thread, with a clock and randomness that a
//! seed decides. A failing seed replays. Nothing here prints, and nothing here is part of the program.

pub mod act;
pub mod check;
pub mod dice;
pub mod disturbed;
pub mod isolation;
pub mod memory;
pub mod oracle;
pub mod plan;
pub mod planting;
pub mod quiet;
pub mod racing;
pub mod receivers;
pub mod simulation;
pub mod trace;
pub mod world;
