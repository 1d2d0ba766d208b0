//! The promises of the networks crate, tried from outside.
#![cfg(test)]

mod account_vectors;
mod addresses;
mod evm_chain;
mod evm_deposits;
mod evm_faults;
mod key_ids;
mod phrase;
mod private_keys;
mod provider;
mod refusals;
mod utxo;
mod watch_set;
