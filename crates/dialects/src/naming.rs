//! What dialects call an invoice, and what they number.
//!
//! Names are given in the transaction that creates an invoice, and never change. Nothing here knows how they are kept.

use farthing_domain::policy::Dialect;
use std::collections::BTreeMap;

/// The letters and digits of names and keys that are made at random: 32 of them, none easily taken for another.
const ALPHABET: [u8; 32] = *b"abcdefghijkmnpqrstuvwxyz23456789";

/// What a dialect calls an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceName {
    /// Its id.
    Id,
    /// The dialect's next number.
    Number,
    /// The secret of its page's address, because whoever knows the name may act on it.
    Token,
    /// A short public link at random.
    Link,
}

/// What a dialect calls an invoice.
#[must_use]
pub const fn of_invoices(dialect: Dialect) -> InvoiceName {
    match dialect {
        Dialect::Native | Dialect::TxnPro => InvoiceName::Id,
        Dialect::CoinsPaid => InvoiceName::Number,
        Dialect::Payhubix => InvoiceName::Link,
        Dialect::TxCash => InvoiceName::Token,
    }
}

/// Whether the merchant's own reference of an invoice may be used once only.
#[must_use]
pub const fn has_unique_references(dialect: Dialect) -> bool {
    match dialect {
        Dialect::CoinsPaid | Dialect::TxnPro => true,
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => false,
    }
}

/// A link as [`InvoiceName::Link`] has it: `INV-` and eight capitals or digits (40 random bits; it is no secret).
#[must_use]
pub fn link(random: [u8; 8]) -> String {
    format!("INV-{}", random_text(&random).to_ascii_uppercase())
}

/// Random bytes as as many characters, 5 bits each.
#[must_use]
pub fn random_text(random: &[u8]) -> String {
    let character = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or_default();
    random.iter().map(|byte| char::from(character(byte))).collect()
}

/// What a dialect numbers beside invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Numbered {
    /// An address, by its text.
    Address,
    /// A movement of money, by what the dialect makes of it.
    Transaction,
}

/// Numbers that were given, by what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<(Numbered, String), u32>);

impl Numbers {
    /// Remembers a number.
    pub fn insert(&mut self, kind: Numbered, thing: String, number: u32) {
        self.0.insert((kind, thing), number);
    }

    /// The number of a thing; 0 for one that has none, which asking for it by the dialect's own list rules out.
    #[must_use]
    pub fn of(&self, kind: Numbered, thing: &str) -> u32 {
        self.0.get(&(kind, thing.to_owned())).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_its_documented_form() {
        assert_eq!(link([0, 1, 2, 3, 28, 29, 30, 255]), "INV-ABCD6789");
    }
}
