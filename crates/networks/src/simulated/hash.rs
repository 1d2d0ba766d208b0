//! Hashes of simulated blocks and transactions, in the text form that each family of networks uses.
//!
//! They look real and are not: no proof of work, no signature is in them.

use farthing_domain::network::Family;
use sha2::{Digest, Sha256};

/// The hash of these parts, for one purpose. Lengths are hashed along, so that no two lists of parts run together.
pub(super) fn digest(purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"farthing simulated ");
    for part in core::iter::once(&purpose.as_bytes()).chain(parts) {
        hasher.update(part.len().to_string());
        hasher.update(b":");
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A block's hash as its network writes it. On Tron it begins with the height, on Solana it is base58.
pub(super) fn block_text(family: Family, height: u64, hash: [u8; 32]) -> String {
    let text = hex::encode(hash);
    match family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => text,
        Family::Evm => format!("0x{text}"),
        Family::Tron => format!("{height:016x}{}", text.get(16..).unwrap_or_default()),
        Family::Solana => bs58::encode(hash).into_string(),
    }
}

/// A transaction's hash as its network writes it; on Solana a signature's 64 bytes in base58.
pub(super) fn transaction_text(family: Family, hash: [u8; 32]) -> String {
    match family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin | Family::Tron => hex::encode(hash),
        Family::Evm => format!("0x{}", hex::encode(hash)),
        Family::Solana => {
            let signature = [hash, digest("signature", &[&hash])].concat();
            bs58::encode(signature).into_string()
        }
    }
}

/// Bytes as hexadecimal text, both ways.
pub(super) mod hex_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: impl AsRef<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let bytes = hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("has another length than expected"))
    }
}
