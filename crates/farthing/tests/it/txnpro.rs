//! The contract of txn.pro v1, line by line, over HTTP against the running program, as a shop that was written for it would.
//!
//! A test is named after the section of the contract that it proves. Nothing here looks inside the program.

mod json_api;
mod section_1;
mod section_10;
mod section_11;
mod section_14;
mod section_2;
mod section_4_1;
mod section_4_2;
mod section_4_4;
mod section_4_6;
mod section_4_7;
pub(crate) mod shop;
