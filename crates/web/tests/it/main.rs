//! The web crate over real sockets.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

mod checkout;
mod edge;
mod edge_client_ip;
mod edge_framing;
mod edge_limits;
