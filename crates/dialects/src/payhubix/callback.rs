//! What Payhubix v1 tells of an invoice.

use crate::callbacks::{Around, Change};

/// Which callback a change makes; `None` where nothing is told.
#[must_use]
pub const fn told(_: &Change<'_>) -> Option<&'static str> {
    None
}

/// The callback's bytes.
#[must_use]
pub const fn body(_: &Change<'_>, _: &Around<'_>) -> Vec<u8> {
    Vec::new()
}
