//! Short names kept inline: asset codes and network slugs. They are copied everywhere, so they own no memory.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No character at all.
    #[error("must not be empty")]
    Empty,
    /// Longer than the names of its kind may be.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// Something other than ASCII letters, digits, `-` and `_`.
    #[error("may hold only letters, digits, '-' and '_'")]
    Character,
}

/// At most `N` ASCII letters, digits, `-` and `_`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Inline<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Inline<N> {
    fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !text.bytes().all(allowed) {
            return Err(NameError::Character);
        }
        let mut bytes = [0; N];
        let length = u8::try_from(text.len()).map_err(|_| NameError::TooLong(N))?;
        let slot = bytes.get_mut(..text.len()).ok_or(NameError::TooLong(N))?;
        slot.copy_from_slice(text.as_bytes());
        Ok(Self { bytes, length })
    }

    fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.length))
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $longest:literal, $case:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Inline<$longest>);

        impl $name {
            /// Reads a name; letters are brought to the case that names of this kind have.
            ///
            /// # Errors
            /// When the text is empty, too long, or has other characters than letters, digits, `-` and `_`.
            pub fn new(text: &str) -> Result<Self, NameError> {
                Inline::new(text).map(|mut inline: Inline<$longest>| {
                    inline.bytes.$case();
                    Self(inline)
                })
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// A currency's code on any network: `BTC`, `USDT`. Always upper case, at most 20 characters.
    AssetCode, 20, make_ascii_uppercase
);
name!(
    /// A network's slug: `bitcoin`, `tron`. Always lower case, at most 30 characters.
    NetworkId, 30, make_ascii_lowercase
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn codes_are_upper_case_and_slugs_lower_case() {
        assert_eq!(AssetCode::new("usdt").unwrap().as_str(), "USDT");
        assert_eq!(NetworkId::new("Tron").unwrap().to_string(), "tron");
    }

    #[test]
    fn what_is_empty_long_or_strange_is_refused() {
        assert_eq!(AssetCode::new(""), Err(NameError::Empty));
        assert_eq!(AssetCode::new(&"A".repeat(21)), Err(NameError::TooLong(20)));
        assert_eq!(AssetCode::new(&"A".repeat(300)), Err(NameError::TooLong(20)));
        assert_eq!(NetworkId::new("bit coin"), Err(NameError::Character));
        assert_eq!(NetworkId::new("bitcöin"), Err(NameError::Character));
    }
}
