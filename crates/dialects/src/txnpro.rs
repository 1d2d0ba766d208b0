//! txn.pro v1 (`contracts/txnpro.md`): its wire forms.
//!
//! Sections are the contract's. What its API has and a gateway without private keys cannot do is refused in its own error form.

pub mod accounts;
pub mod callback;
pub mod channels;
pub mod errors;
mod ids;
pub mod limits;
pub mod networks;
pub mod pairs;
pub mod present;
pub mod query;
pub mod request;
pub mod status;
