//! What Payhubix v1 tells of an invoice (B7): its end, once, with what its detail endpoint shows.
//!
//! Shops of this API send the payer's browser to the same address and read the order's fate from it; one that hears of a state
//! in between marks the order as failed (B6). So nothing is told before an end.

use super::{
    present::{InvoiceView, bytes},
    status::InvoiceStatus,
};
use crate::callbacks::{Around, Change};

/// Which callback a change makes; `None` where nothing is told.
#[must_use]
pub fn told(change: &Change<'_>) -> Option<&'static str> {
    let now = InvoiceStatus::of(change.invoice, &change.invoice.standing);
    let then = InvoiceStatus::of(change.invoice, change.before?);
    (now != then && now.is_final()).then_some("invoice")
}

/// The callback's bytes.
#[must_use]
pub fn body(change: &Change<'_>, around: &Around<'_>) -> Vec<u8> {
    bytes(&InvoiceView::of(change.invoice, around.context, around.merchant))
}
