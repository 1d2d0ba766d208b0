//! The contract of `CoinsPaid` v2, line by line, over HTTP against the running program, as a shop that was written for it would.
//!
//! A test is named after the section of the contract that it proves. Nothing here looks inside the program.

mod php;
mod section_13;
mod section_2;
mod section_3;
mod section_4;
mod section_5;
mod section_8;
mod section_8_cancel;
mod section_9;
mod section_9_failures;
pub(crate) mod shop;
