//! The wire forms of the APIs that Farthing speaks: bodies read into the domain's words, invoices shown, callbacks signed.
//!
//! Pure: no clock, no files, no network. A dialect differs from another by how it names things; it holds no business rule.

pub mod callbacks;
pub mod coinspaid;
pub mod credentials;
pub mod exact_number;
pub mod naming;
pub mod native;
pub mod payhubix;
pub mod returns;
pub mod strict_json;
pub mod txcash;
pub mod txnpro;
