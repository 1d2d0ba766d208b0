//! The contract of Payhubix v1, section by section, over HTTP against the running program, as a shop that was written for it
//! would.
//!
//! A test is named after the section of the contract that it proves. Nothing here looks inside the program.

mod section_1;
mod section_10;
mod section_11;
mod section_12;
mod section_13;
mod section_2;
mod section_3;
mod section_4;
mod section_5;
mod section_6;
mod section_7;
mod section_9;
pub(crate) mod shop;
