//! What TX.Cash tells of an invoice (A8): the whole invoice, whenever its status, its payments or what was paid changed.

use super::{present, status::InvoiceStatus};
use crate::callbacks::{Around, Change};
use farthing_domain::{
    invoice::Invoice,
    settle::{Fraction, Money, covered},
    standing::Standing,
};

/// Which callback a change makes; none for creation, which the answer tells.
#[must_use]
pub fn told(change: &Change<'_>) -> Option<&'static str> {
    let before = Seen::by(change.invoice, change.before?);
    (before != Seen::by(change.invoice, &change.invoice.standing)).then_some("invoice")
}

/// What a receiver goes by.
#[derive(PartialEq, Eq)]
struct Seen {
    status: InvoiceStatus,
    paid: Fraction,
    /// Which of the invoice's payments stand, by their place among them.
    payments: Vec<usize>,
}

impl Seen {
    fn by(invoice: &Invoice, standing: &Standing) -> Self {
        let payments = standing.payments.iter().enumerate().filter(|(_, payment)| payment.status.stands());
        Self {
            status: InvoiceStatus::of(invoice, standing),
            paid: covered(invoice, standing, Money::Final),
            payments: payments.map(|(place, _)| place).collect(),
        }
    }
}

/// The callback's bytes: the invoice as it is answered.
#[must_use]
pub fn body(change: &Change<'_>, around: &Around<'_>) -> Vec<u8> {
    present::invoice(change.invoice, around)
}
