//! Payhubix v1 (`contracts/payhubix.md`): its wire forms.
//!
//! Sections are the contract's. Both generations of its paths have the same forms; what was never documented is decided in B16.

pub mod callback;
pub mod currencies;
pub mod errors;
pub mod lists;
pub mod present;
pub mod request;
pub mod status;
