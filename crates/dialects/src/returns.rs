//! Where a payer returns to from an invoice's page.

use crate::coinspaid;
use farthing_domain::{invoice::Invoice, policy::Dialect};

/// The address that the page offers to return to now; `None` where there is none, or not yet.
#[must_use]
pub fn return_url(invoice: &Invoice) -> Option<String> {
    match invoice.policy.dialect {
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash | Dialect::TxnPro => invoice.terms.redirect_url.clone(),
        Dialect::CoinsPaid => coinspaid::present::return_url(invoice),
    }
}
