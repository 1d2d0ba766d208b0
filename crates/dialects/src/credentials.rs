//! Keys of the APIs that are served beside the native one: how they look, and what a merchant is told of a new one.
//!
//! A key is shown once. Nothing here keeps or compares one.

use crate::{naming::random_text, native::callback::WebhookSecret};
use core::fmt;
use farthing_domain::{id::Environment, policy::Dialect};
use sha2::{Digest, Sha256};

/// Random bytes that a credential is made of.
pub const RANDOM_BYTES: usize = 96;

/// A new credential as the merchant gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// What requests carry.
    pub key: String,
    /// What signs: requests and callbacks, or callbacks alone.
    pub secret: String,
    /// Whether the key is public, and the secret what must stay secret.
    pub has_public_key: bool,
}

impl fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewCredential(…)")
    }
}

impl NewCredential {
    /// Makes one of random bytes.
    #[must_use]
    pub fn of(dialect: Dialect, random: [u8; RANDOM_BYTES]) -> Self {
        let (first, second) = random.split_at(32);
        let key = random_text(first);
        match dialect {
            Dialect::CoinsPaid => Self { key, secret: random_text(second), has_public_key: true },
            // The key itself signs callbacks, which these two document no signature for.
            Dialect::Native | Dialect::Payhubix | Dialect::TxCash => {
                Self { secret: key.clone(), key, has_public_key: false }
            }
            Dialect::TxnPro => {
                let secret: [u8; 32] = second.first_chunk().copied().unwrap_or_default();
                let secret = WebhookSecret::from_bytes(secret).reveal().to_owned();
                let key: String = key.chars().take(30).collect();
                Self { key: format!("txn_cmp_{key}"), secret, has_public_key: false }
            }
        }
    }

    /// What the merchant is given, by name and value.
    #[must_use]
    pub fn shown(&self, dialect: Dialect, public_url: &str, environment: Environment) -> Vec<(&'static str, String)> {
        let base_url = ("base_url", format!("{}{}", public_url.trim_end_matches('/'), base_path(dialect, environment)));
        let (key, secret) = (self.key.clone(), self.secret.clone());
        match dialect {
            Dialect::CoinsPaid => vec![base_url, ("key", key), ("secret", secret)],
            Dialect::Native | Dialect::Payhubix | Dialect::TxCash => vec![base_url, ("api_key", key)],
            Dialect::TxnPro => vec![base_url, ("api_key", key), ("webhook_secret", secret)],
        }
    }
}

/// Where an API's paths begin.
#[must_use]
pub const fn base_path(dialect: Dialect, environment: Environment) -> &'static str {
    match (dialect, environment) {
        (Dialect::Native, _) => "/api/v1",
        (Dialect::CoinsPaid, _) => "/api/v2",
        (Dialect::Payhubix, _) => "/v1",
        (Dialect::TxCash, Environment::Live) => "/invoice/v1/mainnet",
        (Dialect::TxCash, Environment::Test) => "/invoice/v1/testnet",
        (Dialect::TxnPro, _) => "/api/public/v1",
    }
}

/// The hash by which a key is looked up.
#[must_use]
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_forms_that_clients_know() {
        let random = core::array::from_fn(|index| u8::try_from(index).unwrap());
        let shown =
            |dialect| NewCredential::of(dialect, random).shown(dialect, "https://pay.example/", Environment::Test);
        let names = |dialect| shown(dialect).iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(Dialect::CoinsPaid), ["base_url", "key", "secret"]);
        assert_eq!(names(Dialect::Payhubix), ["base_url", "api_key"]);
        assert_eq!(names(Dialect::TxCash), ["base_url", "api_key"]);
        assert_eq!(names(Dialect::TxnPro), ["base_url", "api_key", "webhook_secret"]);
        assert_eq!(shown(Dialect::TxCash)[0].1, "https://pay.example/invoice/v1/testnet");
        let txnpro = shown(Dialect::TxnPro);
        assert!(txnpro[1].1.strip_prefix("txn_cmp_").is_some_and(|rest| rest.len() == 30));
        assert!(txnpro[2].1.parse::<WebhookSecret>().is_ok());
        assert_eq!(shown(Dialect::CoinsPaid)[2].1.len(), 64);
    }
}
