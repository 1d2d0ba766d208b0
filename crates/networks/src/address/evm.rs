//! EVM addresses: 20 bytes in hexadecimal, with the checksum of EIP-55 in the case of the letters.

use alloy_primitives::Address as EvmAddress;

use super::{AddressError, Place};

pub(super) fn read(place: Place, text: &str) -> Result<Vec<u8>, AddressError> {
    let unknown = AddressError::NotAnAddress(place);
    let digits = text.strip_prefix("0x").ok_or(unknown)?;
    let mut bytes = [0_u8; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| unknown)?;
    let mixed = digits.bytes().any(|b| b.is_ascii_lowercase()) && digits.bytes().any(|b| b.is_ascii_uppercase());
    if mixed && EvmAddress::from(bytes).to_checksum(None) != text {
        return Err(AddressError::Checksum);
    }
    Ok(bytes.to_vec())
}

pub(super) fn write(bytes: &[u8]) -> Option<String> {
    let bytes = <[u8; 20]>::try_from(bytes).ok()?;
    Some(EvmAddress::from(bytes).to_checksum(None))
}
