//! Farthing's durable state.
//!
//! One central operation: load and lock what a decision needs, decide, and write what changed together with its events and
//! deliveries, in one transaction ([`Store::decide`]). A 2xx answer stands on it: when it answers, the change is on disk.
//! The store decides nothing about money.

#[cfg(test)]
mod conformance;
pub mod disturbance;
pub mod error;
pub mod records;
pub mod sealing;
mod sqlite;
mod store;

pub use error::StoreError;
pub use sqlite::{
    Locked, Reader, Transaction,
    audit::{RowCounts, RowDifference, comparisons},
    engine::{OpenAs, Statistics, Threads},
};
pub use store::Store;
