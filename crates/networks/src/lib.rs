//! Networks: the operator's account keys, the addresses made from them, and what is watched.
//!
//! Everything here is watch-only. No module of this crate may hold, derive or repeat a private key.

pub mod account;
pub mod address;
pub mod evm;
pub mod inspect;
pub mod network;
pub mod provider;
pub mod simulated;
pub mod utxo;
pub mod watch_set;
