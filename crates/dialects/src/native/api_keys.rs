//! API keys as text, and what they permit (contract, sections 1 and 11).
//!
//! Only the hash of a key is ever kept; the text is shown once. A key is never part of an error or a log.

use core::{fmt, str::FromStr};
use farthing_domain::id::Environment;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
pub enum Permission {
    /// Read invoices.
    #[serde(rename = "invoices:read")]
    InvoicesRead,
    /// Create, activate and cancel invoices.
    #[serde(rename = "invoices:write")]
    InvoicesWrite,
    /// Read permanent addresses.
    #[serde(rename = "addresses:read")]
    AddressesRead,
    /// Create permanent addresses.
    #[serde(rename = "addresses:write")]
    AddressesWrite,
    /// Read payouts.
    #[serde(rename = "payouts:read")]
    PayoutsRead,
    /// Create and cancel payouts.
    #[serde(rename = "payouts:write")]
    PayoutsWrite,
    /// Read balances and the ledger.
    #[serde(rename = "balances:read")]
    BalancesRead,
    /// Read webhook endpoints and deliveries.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    /// Create, change and delete webhook endpoints, deliver again.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// Read the event feed.
    #[serde(rename = "events:read")]
    EventsRead,
}

impl Permission {
    /// All, in the contract's order: what a key has that was made without a list.
    pub const ALL: [Self; 10] = [
        Self::InvoicesRead,
        Self::InvoicesWrite,
        Self::AddressesRead,
        Self::AddressesWrite,
        Self::PayoutsRead,
        Self::PayoutsWrite,
        Self::BalancesRead,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::EventsRead,
    ];

    /// The contract's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvoicesRead => "invoices:read",
            Self::InvoicesWrite => "invoices:write",
            Self::AddressesRead => "addresses:read",
            Self::AddressesWrite => "addresses:write",
            Self::PayoutsRead => "payouts:read",
            Self::PayoutsWrite => "payouts:write",
            Self::BalancesRead => "balances:read",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::EventsRead => "events:read",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a permission; they are invoices:read, invoices:write, addresses:read, addresses:write, payouts:read, \
     payouts:write, balances:read, webhooks:read, webhooks:write, events:read"
)]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text).ok_or(UnknownPermission)
    }
}

/// A text that has not the form of an API key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key is sk_live_ or sk_test_ and 64 hexadecimal digits")]
pub struct MalformedKey;

/// An API key's text. It is printed only by [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret {
    text: String,
    environment: Environment,
}

impl ApiKeySecret {
    /// A new key of 32 random bytes.
    #[must_use]
    pub fn from_bytes(environment: Environment, bytes: [u8; 32]) -> Self {
        Self { text: format!("{}{}", prefix(environment), hex::encode(bytes)), environment }
    }

    /// The environment in which it acts: its prefix decides.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// SHA-256 of the whole text, by which its row is found. A key has 256 random bits, so no slower hash is needed.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The text, to be shown once to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl FromStr for ApiKeySecret {
    type Err = MalformedKey;

    /// The prefix is lower case; hexadecimal digits may be of either case but must be as they were shown to be found.
    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let (environment, digits) = Environment::ALL
            .into_iter()
            .find_map(|environment| text.strip_prefix(prefix(environment)).map(|digits| (environment, digits)))
            .ok_or(MalformedKey)?;
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(MalformedKey);
        }
        Ok(Self { text: text.to_owned(), environment })
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", prefix(self.environment))
    }
}

const fn prefix(environment: Environment) -> &'static str {
    match environment {
        Environment::Live => "sk_live_",
        Environment::Test => "sk_test_",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_1_a_key_is_its_prefix_and_64_hex_characters() {
        let key = ApiKeySecret::from_bytes(Environment::Test, [0xab; 32]);
        assert_eq!(key.reveal(), format!("sk_test_{}", "ab".repeat(32)));
        let read: ApiKeySecret = key.reveal().parse().unwrap();
        assert_eq!((read.environment(), read.hash()), (Environment::Test, key.hash()));
        let live = ApiKeySecret::from_bytes(Environment::Live, [0xab; 32]);
        assert_eq!(live.environment(), Environment::Live);
        assert_ne!(live.hash(), key.hash());
    }

    #[test]
    fn other_texts_are_no_keys() {
        let digits = "a".repeat(64);
        for text in [
            String::new(),
            "sk_test_".to_owned(),
            digits.clone(),
            format!("sk_prod_{digits}"),
            format!("SK_TEST_{digits}"),
            format!("sk_test_{digits}0"),
            format!("sk_test_{}g", "a".repeat(63)),
            format!(" sk_test_{digits}"),
            format!("sk_test_{}", "é".repeat(32)),
        ] {
            assert_eq!(text.parse::<ApiKeySecret>().err(), Some(MalformedKey), "{text}");
        }
    }

    #[test]
    fn a_key_is_not_printed_by_accident() {
        let key = ApiKeySecret::from_bytes(Environment::Live, [7; 32]);
        assert_eq!(format!("{key:?}"), "sk_live_…");
    }

    #[test]
    fn section_11_every_permission_reads_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
        assert_eq!("invoices".parse::<Permission>(), Err(UnknownPermission));
    }
}
