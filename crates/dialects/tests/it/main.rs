//! What holds across the APIs, tried on invoices themselves: no HTTP, no store.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

mod money;
mod statuses;
mod story;
