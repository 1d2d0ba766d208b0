//! Farthing's rules: money, invoices, payments, and what they come to.
//!
//! This crate decides; it never acts. It has no clock, no files, no network and no threads (`no_std`), so that everything
//! it says can be computed again from stored rows. Nothing above it decides what an invoice's status is.
#![no_std]
#![deny(clippy::wildcard_enum_match_arm, clippy::default_numeric_fallback)]
extern crate alloc;
#[cfg(any(test, feature = "planted"))]
extern crate std;

pub mod asset;
pub mod catalog;
pub mod decimal;
pub mod event;
pub mod fiat;
pub mod id;
pub mod invoice;
pub mod money;
pub mod name;
pub mod network;
pub mod page_token;
pub mod payment;
pub mod planted;
pub mod policy;
pub mod price;
pub mod quote;
pub mod rate;
pub mod settle;
pub mod standing;
pub mod static_address;
pub mod time;
