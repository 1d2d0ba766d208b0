//! Ids, and who owns what. All ids are `UUIDv7` (RFC 9562) made outside this crate.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// A merchant.
    MerchantId
);
id!(
    /// An invoice.
    InvoiceId
);
id!(
    /// A permanent address.
    StaticAddressId
);
id!(
    /// An event.
    EventId
);
id!(
    /// A webhook endpoint.
    EndpointId
);
id!(
    /// One event on its way to one endpoint.
    DeliveryId
);
id!(
    /// An API key (its row, not the secret).
    ApiKeyId
);
id!(
    /// A credential of another API than the native one (its row, not the secret).
    CredentialId
);

/// Which of the two separate worlds a thing belongs to; the API key decides (contract, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The configured networks, with whatever money they carry.
    Live,
    /// Simulated networks and a clock of their own.
    Test,
}

impl Environment {
    /// Both, in a fixed order.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl FromStr for Environment {
    type Err = UnknownEnvironment;
    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(UnknownEnvironment),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is neither `live` nor `test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be live or test")]
pub struct UnknownEnvironment;

/// Who a row belongs to. Every lookup takes one; there is no lookup by id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// The merchant.
    pub merchant: MerchantId,
    /// The environment of the key that made it.
    pub environment: Environment,
}
