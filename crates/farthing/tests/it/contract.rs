//! The contract of the native API, line by line, over HTTP against the running program, as a merchant and a payer would.
//!
//! A test is named after the section and line of the contract that it proves. Nothing here looks inside the program.
#![expect(clippy::arithmetic_side_effects, reason = "tests count bytes and seconds, and an overflow fails them")]

mod bad_bytes;
mod bad_input;
mod bad_requests;
mod documentation;
mod documented;
pub(crate) mod http;
mod private_addresses;
pub(crate) mod receiver;
mod section_1;
mod section_11;
mod section_2;
mod section_2_idempotency;
mod section_2_limits;
mod section_3;
mod section_4_1;
mod section_4_1_amounts;
mod section_4_2;
mod section_4_4;
mod section_4_5;
mod section_5;
mod section_6;
mod section_6_late;
mod section_7_delivery;
mod section_7_endpoints;
mod section_7_events;
mod section_8;
mod section_9;
pub(crate) mod server;
pub(crate) mod shop;
