//! The targets, one file for each kind of input.

mod accounts;
mod addresses;
mod dialects;
mod forms;
mod heads;
mod json;
mod numbers;
mod queries;
mod secrets;
mod urls;

use crate::Target;

/// Every target.
pub const ALL: [Target; 17] = [
    numbers::DECIMAL,
    numbers::AMOUNT,
    numbers::DUE,
    json::STRICT,
    forms::INVOICE,
    forms::OTHERS,
    queries::QUERIES,
    secrets::SECRETS,
    addresses::ADDRESSES,
    accounts::ACCOUNTS,
    urls::URLS,
    heads::HEADS,
    dialects::COINSPAID,
    dialects::PAYHUBIX,
    dialects::TXCASH,
    dialects::TXNPRO,
    dialects::QUERIES,
];

/// The input as text; whatever is not UTF-8 is cut off.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default(),
    }
}
