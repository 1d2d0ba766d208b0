#![cfg(test)]
//! The gateway's use cases, step by step, over a real store and the simulated networks.

mod altered;
mod bitcoin_faults;
mod bitcoin_money;
mod bitcoin_reorganisations;
mod cases;
mod contradiction;
mod counter;
mod dialects;
mod evm_forgeries;
mod evm_money;
mod evm_reorganisations;
mod evm_shop;
mod invoices;
mod live;
mod live_accounts;
mod live_chains;
mod receiver;
mod rehearsal;
mod scanning;
mod shop;
mod static_addresses;
mod stories;
mod webhooks;
