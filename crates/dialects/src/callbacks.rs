//! Callbacks of the dialects: what each tells, in which bytes, how it is signed, what acknowledges it, and when to try again.
//!
//! One table by dialect; what stands behind a row is in that dialect's folder. Native webhooks are told by events, all others
//! by what changed between two standings. Nothing here sends anything.

use crate::{
    coinspaid,
    naming::{Numbered, Numbers},
    native::{self, callback::WebhookSecret, present::Context},
    payhubix, txcash, txnpro,
};
use core::fmt;
use farthing_domain::{
    asset::AssetId, event::Event, invoice::Invoice, money::Amount, policy::Dialect, standing::Standing, time::Timestamp,
};

/// What one transaction did to an invoice.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What it came to before; `None` for an invoice that was just created.
    pub before: Option<&'a Standing>,
    /// What happened, causes first.
    pub events: &'a [Event],
    /// The invoice as it is now.
    pub invoice: &'a Invoice,
}

/// What showing an invoice in a dialect needs beside it.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Where we are reached, and how far the chains are.
    pub context: &'a Context<'a>,
    /// The merchant's name.
    pub merchant: &'a str,
    /// The numbers of what [`numbered`] lists.
    pub numbers: &'a Numbers,
    /// The invoice's environment's time.
    pub now: Timestamp,
    /// What the invoice comes to in an asset now: by the rate that is held for it, else by the current one; `None` without a rate.
    pub due: &'a dyn Fn(AssetId) -> Option<Amount>,
}

impl fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").field("merchant", &self.merchant).field("now", &self.now).finish_non_exhaustive()
    }
}

/// Which callback a change makes: its kind, as delivery records show it; `None` where the dialect tells nothing. At most one a
/// transaction, since its body shows the invoice as the transaction left it.
#[must_use]
pub fn told(change: &Change<'_>) -> Option<&'static str> {
    match change.invoice.policy.dialect {
        Dialect::Native => None,
        Dialect::CoinsPaid => coinspaid::callback::told(change),
        Dialect::Payhubix => payhubix::callback::told(change),
        Dialect::TxCash => txcash::callback::told(change),
        Dialect::TxnPro => txnpro::callback::told(change),
    }
}

/// What needs numbers before the invoice can be shown in its dialect.
#[must_use]
pub fn numbered(invoice: &Invoice) -> Vec<(Numbered, String)> {
    match invoice.policy.dialect {
        Dialect::CoinsPaid => coinspaid::callback::numbered(invoice),
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash | Dialect::TxnPro => Vec::new(),
    }
}

/// The callback's bytes.
#[must_use]
pub fn body(change: &Change<'_>, around: &Around<'_>) -> Vec<u8> {
    match change.invoice.policy.dialect {
        Dialect::Native => Vec::new(),
        Dialect::CoinsPaid => coinspaid::callback::body(change.invoice, around),
        Dialect::Payhubix => payhubix::callback::body(change, around),
        Dialect::TxCash => txcash::callback::body(change, around),
        Dialect::TxnPro => txnpro::callback::body(change, around),
    }
}

/// What one attempt sends beside its body.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The callback's id: the same on every attempt.
    pub id: &'a str,
    /// Now, in seconds since the epoch.
    pub timestamp_seconds: i64,
    /// The body's bytes.
    pub body: &'a [u8],
    /// The credential's public key; empty where it has none.
    pub public_key: &'a str,
    /// What signs.
    pub secret: &'a str,
}

/// The headers of an attempt, by name and value.
#[must_use]
pub fn headers(dialect: Dialect, attempt: &Attempt<'_>) -> Vec<(&'static str, String)> {
    match dialect {
        Dialect::CoinsPaid => coinspaid::callback::headers(attempt),
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => standard_headers(
            ["webhook-id", "webhook-timestamp", "webhook-signature"],
            attempt.secret.as_bytes(),
            attempt,
        ),
        Dialect::TxnPro => {
            let key = attempt.secret.parse().map_or_else(|_| Vec::new(), |secret: WebhookSecret| secret.key().to_vec());
            standard_headers(["svix-id", "svix-timestamp", "svix-signature"], &key, attempt)
        }
    }
}

/// The three headers of Standard Webhooks 1.0.0 under the names given, beside the media type.
fn standard_headers(names: [&'static str; 3], key: &[u8], attempt: &Attempt<'_>) -> Vec<(&'static str, String)> {
    let [id, timestamp, signature] = names;
    let signed = native::callback::standard_v1(key, attempt.id, attempt.timestamp_seconds, attempt.body);
    vec![
        ("content-type", "application/json".to_owned()),
        (id, attempt.id.to_owned()),
        (timestamp, attempt.timestamp_seconds.to_string()),
        (signature, signed),
    ]
}

/// Whether an HTTP status acknowledges a delivery.
#[must_use]
pub const fn is_acknowledged(dialect: Dialect, status: u16) -> bool {
    match dialect {
        Dialect::Native | Dialect::TxCash | Dialect::TxnPro => native::callback::is_acknowledged(status),
        Dialect::CoinsPaid => status == 200,
        // Its plugins answer by a redirect to the shop's page (contract, B7).
        Dialect::Payhubix => matches!(status, 200..=399),
    }
}

/// Waits between attempts in seconds, by dialect; after the last a delivery is given up. `CoinsPaid`: A.9.1, the schedule of
/// 2026. txn.pro: B.11, whose first attempt is immediate.
const COINSPAID_WAITS_MINUTES: [u64; 12] = [1, 5, 15, 30, 60, 90, 120, 180, 240, 240, 240, 240];
const TXNPRO_WAITS_SECONDS: [u64; 7] = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

/// How long to wait after so many failed attempts (from 1), in seconds; `None` when that was the last.
///
/// `jitter_seconds` is chance: only the native schedule has room for it, the others are documented to the minute.
#[must_use]
pub fn retry_wait_seconds(dialect: Dialect, attempts: u32, jitter_seconds: u64) -> Option<u64> {
    let row = usize::try_from(attempts.checked_sub(1)?).ok()?;
    match dialect {
        Dialect::Native | Dialect::Payhubix | Dialect::TxCash => {
            native::callback::retry_wait_seconds(attempts, jitter_seconds)
        }
        Dialect::CoinsPaid => COINSPAID_WAITS_MINUTES.get(row).and_then(|minutes| minutes.checked_mul(60)),
        Dialect::TxnPro => TXNPRO_WAITS_SECONDS.get(row).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_has_its_documented_length() {
        let total = |dialect| {
            let waits: Vec<u64> = (1..100).map_while(|attempts| retry_wait_seconds(dialect, attempts, 0)).collect();
            (waits.len() + 1, waits.iter().sum::<u64>())
        };
        assert_eq!(total(Dialect::CoinsPaid), (13, 1461 * 60));
        assert_eq!(total(Dialect::TxnPro), (8, 99_305));
        assert_eq!(total(Dialect::Payhubix), total(Dialect::Native));
    }

    #[test]
    fn each_dialect_is_acknowledged_by_its_own_rule() {
        let rows = [
            (Dialect::CoinsPaid, vec![200]),
            (Dialect::Payhubix, vec![200, 201, 204, 302]),
            (Dialect::TxCash, vec![200, 201, 204]),
            (Dialect::TxnPro, vec![200, 201, 204]),
        ];
        for (dialect, acknowledging) in rows {
            for status in [199, 200, 201, 204, 302, 400, 404, 500] {
                assert_eq!(is_acknowledged(dialect, status), acknowledging.contains(&status), "{dialect} {status}");
            }
        }
    }

    #[test]
    fn the_vector_of_the_txn_pro_contract() {
        let attempt = Attempt {
            id: "msg_test1",
            timestamp_seconds: 1_718_368_253,
            body: br#"{"data":{"id":"00000000-0000-4000-8000-000000000001","type":"invoices"},"meta":{}}"#,
            public_key: "",
            secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
        };
        let signature = headers(Dialect::TxnPro, &attempt).pop().unwrap();
        assert_eq!(signature, ("svix-signature", "v1,p6EuG7UM25moHIOUDvRePWGthbocq0jMuPU6rx/dRRo=".to_owned()));
    }
}
