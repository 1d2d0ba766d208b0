//! The contract of TX.Cash v1, line by line, over HTTP against the running program, as a shop that was written for it would.
//!
//! A test is named after the section of the contract that it proves. Nothing here looks inside the program.

mod section_2;
mod section_3;
mod section_4;
mod section_5;
mod section_6;
mod section_7;
mod section_8;
mod section_9;
pub(crate) mod shop;
