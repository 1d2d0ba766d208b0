//! The native API's wire forms: how its requests are read, how its answers, events and webhooks are written.
//!
//! The contract is Halfin's merchant API with Farthing's additions. Nothing here decides what an invoice's status is, and
//! nothing here reads a clock or speaks HTTP.

pub mod addresses;
pub mod api_keys;
pub mod callback;
pub mod currencies;
#[cfg(test)]
mod documented;
pub mod endpoints;
pub mod envelope;
pub mod errors;
pub mod events;
mod form;
pub mod forms;
pub mod moment;
pub mod present;
pub mod rates;
pub mod request;
pub mod test_mode;
pub mod web_address;
