//! The secret of a webhook endpoint: `whsec_` and base64 of 32 random bytes (contract, section 11).

use base64::{
    Engine,
    alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use core::{fmt, str::FromStr};

const PREFIX: &str = "whsec_";

/// Shops' tools write base64 with and without padding; both mean the same bytes.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// A text that is no webhook secret. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and base64 of at least 16 bytes")]
pub struct MalformedSecret;

/// A webhook secret. It is printed only by [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    text: String,
    key: Vec<u8>,
}

impl WebhookSecret {
    /// A new secret of 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { text: format!("{PREFIX}{}", STANDARD.encode(bytes)), key: bytes.to_vec() }
    }

    /// The whole text: shown once to the merchant, and the key of the `X-Halfin-Signature`.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The decoded bytes: the key of the Standard Webhooks signature.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

impl FromStr for WebhookSecret {
    type Err = MalformedSecret;
    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let key = text.strip_prefix(PREFIX).and_then(|encoded| LENIENT.decode(encoded).ok());
        let key = key.filter(|key| key.len() >= 16).ok_or(MalformedSecret)?;
        Ok(Self { text: text.to_owned(), key })
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_is_not_printed_by_accident() {
        let secret = WebhookSecret::from_bytes([9; 32]);
        assert_eq!(secret.reveal().len(), "whsec_".len() + 44);
        let read: WebhookSecret = secret.reveal().parse().unwrap();
        assert!(read == secret && read.key() == [9; 32]);
        assert_eq!(format!("{secret:?}"), "whsec_…");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqTwjUPD8ILPZIo2LaLaSw", "whsec_*fKQ9r8GKYqTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(text.parse::<WebhookSecret>().err(), Some(MalformedSecret), "{text}");
        }
    }
}
