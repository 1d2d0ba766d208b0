//! `CoinsPaid` v2 (`contracts/coinspaid.md`): its wire forms.
//!
//! Sections are the contract's. What its API has and a gateway without private keys cannot do is refused in its own error form.

pub mod callback;
pub mod currencies;
pub mod deposits;
pub mod errors;
pub mod lists;
pub mod php_json;
pub mod present;
pub mod request;
pub mod signature;
pub mod status;
