//! Where a payer returns to from an invoice's page.

use crate::{coinspaid, payhubix, txcash, txnpro};
use farthing_domain::{invoice::Invoice, policy::Dialect};

/// The address that the page offers to return to now; `None` where there is none, or not yet.
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    match invoice.policy.dialect {
        Dialect::Native => invoice.terms.redirect_url.clone(),
        Dialect::CoinsPaid => coinspaid::present::return_url(invoice),
        Dialect::Payhubix => payhubix::present::return_url(invoice),
        Dialect::TxCash => txcash::present::return_url(invoice),
        Dialect::TxnPro => txnpro::present::return_url(invoice),
    }
}
