//! What an idempotency key is compared by: the meaning of a request, not its bytes.
//!
//! Only what was asked for is hashed, each part with its name and length, and a default is as good as nothing: so a field that
//! is added later changes no fingerprint of a request without it.

use farthing_domain::{
    invoice::{Choice, Terms},
    price::Price,
};
use sha2::{Digest, Sha256};

/// The fingerprint of terms without their idempotency key: 64 lower-case hex digits.
pub(super) fn of(terms: &Terms) -> String {
    let (price, price_in) = match &terms.price {
        Price::Asset(amount) => (amount.to_string(), amount.asset.to_string()),
        Price::Fiat(amount) => (amount.to_string(), amount.currency.to_string()),
    };
    let choice = match terms.choice {
        Choice::Fixed(asset) => Some(asset.to_string()),
        Choice::Any => None,
    };
    hash(
        "farthing native invoice 1",
        &[
            ("price", Some(price)),
            ("price_in", Some(price_in)),
            ("choice", choice),
            ("deferred", terms.is_deferred.then(String::new)),
            ("tolerance", (!terms.tolerance.is_zero()).then(|| terms.tolerance.to_string())),
            ("window", terms.window_seconds.map(|seconds| seconds.to_string())),
            ("description", terms.description.clone()),
            ("external_id", terms.external_id.clone()),
            ("metadata", (terms.metadata != "{}").then(|| terms.metadata.clone())),
            ("redirect_url", terms.redirect_url.clone()),
            ("customer_email", terms.customer_email.clone()),
        ],
    )
}

/// The fingerprint of a request's parts; `kind` says what is asked for, so that no two kinds have a fingerprint in common.
pub(in crate::native) fn hash(kind: &str, parts: &[(&str, Option<String>)]) -> String {
    let mut hash = Sha256::new();
    hash.update(kind);
    for (name, value) in parts {
        let Some(value) = value else { continue };
        for text in [*name, value.as_str()] {
            hash.update(text.len().to_string());
            hash.update(":");
            hash.update(text);
        }
    }
    hex::encode(hash.finalize())
}
