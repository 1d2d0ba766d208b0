//! TX.Cash v1 (`contracts/txcash.md`): its wire forms.
//!
//! Sections are the contract's; so are misspelt names, which clients know. What the vendor never published, the header of a key
//! among it, is decided in section A10.

pub mod authorization;
pub mod callback;
pub mod coins;
pub mod errors;
pub mod present;
pub mod request;
pub mod status;
