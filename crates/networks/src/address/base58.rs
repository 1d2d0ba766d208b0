//! Base58 with a checksum, as Bitcoin, its kin and Tron write addresses.

use bitcoin::base58;

use super::AddressError;

/// A version byte, 20 bytes and a checksum never take more base58 digits.
const DIGITS_MAX: usize = 36;

/// The payload, version byte included. `None` when the text is not base58 or not of an address's
/// length, so that its checksum says nothing.
pub(super) fn decode(text: &str) -> Option<Result<Vec<u8>, AddressError>> {
    if text.len() > DIGITS_MAX {
        return None;
    }
    match base58::decode_check(text) {
        Ok(payload) => Some(Ok(payload)),
        Err(base58::Error::IncorrectChecksum(_)) => Some(Err(AddressError::Checksum)),
        Err(_) => None,
    }
}

/// The text of a one-byte version and a hash.
pub(super) fn encode(version: u8, hash: &[u8]) -> String {
    let mut payload = Vec::with_capacity(hash.len().saturating_add(1));
    payload.push(version);
    payload.extend_from_slice(hash);
    base58::encode_check(&payload)
}
