//! Peers for tests: real nodes started on loopback, and a proxy that puts faults before them.
//!
//! Knows nothing of Farthing's own crates, so that the tests of every one of them can use it. Nothing here is part of the
//! program; a peer that is not installed is an error that says how to install it.

pub mod anvil;
pub mod bitcoin_core;
pub mod esplora;
pub mod fault_proxy;
pub mod stand_in;
mod wire;
