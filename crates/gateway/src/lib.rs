//! Farthing's use cases, one file each: what the HTTP surface, the command line, background work and simulations call.
//!
//! A use case reads, decides by the domain's rules, and writes, in one transaction. No HTTP or node call happens inside of
//! one. Nothing here spawns or sleeps; time and randomness are passed in.

pub mod account_use;
pub mod addresses;
pub mod apply_block;
pub mod audit;
mod call_back;
mod catch_up;
pub mod chain_marks;
pub mod change_invoice;
pub mod clock;
pub mod concerns;
pub mod create_invoice;
pub mod credentials;
pub mod deliver;
mod dialect_names;
pub mod endpoints;
pub mod entropy;
pub mod expire;
pub mod gateway;
pub mod keys;
pub mod ledger;
pub mod live_environment;
pub mod outgoing;
pub mod quotes;
pub mod rates;
pub mod read_invoice;
pub mod reconcile;
pub mod reread;
pub mod scan;
mod set_aside;
pub mod static_addresses;
pub mod tasks;
mod tell;
pub mod test_environment;
pub mod test_mode;
pub mod watch;
