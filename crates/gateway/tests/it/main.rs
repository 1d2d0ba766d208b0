#![cfg(test)]
//! The gateway's use cases, step by step, over a real store and the simulated networks.

mod invoices;
mod scanning;
mod shop;
mod static_addresses;
mod stories;
mod webhooks;
