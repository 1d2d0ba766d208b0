//! What txn.pro v1 tells (B.11): the document of the matching read, on every change of an invoice's or a deposit's status.

use super::{
    channels,
    present::{self, Detail},
    status::{DepositStatus, Triple},
};
use crate::callbacks::{Around, Change};
use farthing_domain::invoice::Source;

/// Which callback a change makes. Creation is no change, and its caller has the answer; of a deposit nobody knows before.
#[must_use]
pub fn told(change: &Change<'_>) -> Option<&'static str> {
    let now = &change.invoice.standing;
    match change.invoice.source {
        Source::Api(_) => {
            let then = Triple::of(change.invoice, change.before?);
            (then != Triple::of(change.invoice, now)).then_some("invoice")
        }
        Source::StaticAddress(_) => {
            let then = change.before.map(DepositStatus::of);
            (then != Some(DepositStatus::of(now))).then_some("channel_transaction")
        }
    }
}

/// The callback's bytes.
#[must_use]
pub fn body(change: &Change<'_>, around: &Around<'_>) -> Vec<u8> {
    let invoice = change.invoice;
    match invoice.source {
        Source::Api(_) => present::invoice(invoice, around.context, Detail::Whole).told(),
        Source::StaticAddress(_) => present::told(channels::deposit(invoice, around.context)),
    }
}
