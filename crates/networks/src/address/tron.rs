//! Tron addresses: base58 with a checksum over `0x41` and the 20 bytes an EVM address would have.

use super::{AddressError, Place, base58};

/// The version byte of every Tron chain, which makes addresses begin with `T`.
const VERSION: u8 = 0x41;

pub(super) fn read(place: Place, text: &str) -> Result<Vec<u8>, AddressError> {
    let unknown = AddressError::NotAnAddress(place);
    let payload = base58::decode(text).ok_or(unknown)??;
    match payload.split_first() {
        Some((&VERSION, hash)) if hash.len() == 20 => Ok(hash.to_vec()),
        _ => Err(unknown),
    }
}

pub(super) fn write(bytes: &[u8]) -> Option<String> {
    (bytes.len() == 20).then(|| base58::encode(VERSION, bytes))
}
