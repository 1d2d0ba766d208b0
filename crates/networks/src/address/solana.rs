//! Solana addresses: 32 bytes in base58, without any checksum.
//!
//! That an address is well formed says nothing of who can spend from it; what may be handed to a
//! payer is checked where the pool is read.

use super::{AddressError, Place};

pub(super) fn read(place: Place, text: &str) -> Result<Vec<u8>, AddressError> {
    let unknown = AddressError::NotAnAddress(place);
    // 32 bytes take 32 to 44 base58 digits.
    if !(32..=44).contains(&text.len()) {
        return Err(unknown);
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| unknown)?;
    if bytes.len() == 32 { Ok(bytes) } else { Err(unknown) }
}

pub(super) fn write(bytes: &[u8]) -> Option<String> {
    (bytes.len() == 32).then(|| bs58::encode(bytes).into_string())
}
