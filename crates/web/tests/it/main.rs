//! The web crate over real sockets.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

mod checkout;
mod dialects;
mod edge;
mod edge_client_ip;
mod edge_framing;
mod edge_limits;
mod native;
mod native_addresses;
mod native_authorisation;
mod native_bad_input;
mod native_documents;
mod native_errors;
mod native_hostile;
mod native_invoices;
mod native_limits;
mod native_lists;
mod native_test_mode;
mod native_webhooks;
mod operate;
