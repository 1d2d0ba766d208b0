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
    let mut hash = Sha256::new();
    hash.update(b"farthing native invoice 1");
    let mut part = |name: &str, value: Option<String>| {
        let Some(value) = value else { return };
        for text in [name, value.as_str()] {
            hash.update(text.len().to_string());
            hash.update(":");
            hash.update(text);
        }
    };
    let (price, price_in) = match &terms.price {
        Price::Asset(amount) => (amount.to_string(), amount.asset.to_string()),
        Price::Fiat(amount) => (amount.to_string(), amount.currency.to_string()),
    };
    part("price", Some(price));
    part("price_in", Some(price_in));
    part(
        "choice",
        match terms.choice {
            Choice::Fixed(asset) => Some(asset.to_string()),
            Choice::Any => None,
        },
    );
    part("deferred", terms.is_deferred.then(String::new));
    part("tolerance", (!terms.tolerance.is_zero()).then(|| terms.tolerance.to_string()));
    part("window", terms.window_seconds.map(|seconds| seconds.to_string()));
    part("description", terms.description.clone());
    part("external_id", terms.external_id.clone());
    part("metadata", (terms.metadata != "{}").then(|| terms.metadata.clone()));
    part("redirect_url", terms.redirect_url.clone());
    part("customer_email", terms.customer_email.clone());
    hex::encode(hash.finalize())
}
