//! Segregated witness addresses: bech32 for version 0, bech32m for version 1 (BIP-173, BIP-350).

use bitcoin::{
    Script, ScriptBuf, WitnessProgram, WitnessVersion,
    bech32::{Fe32, Hrp, segwit},
};

use super::AddressError;

/// The script public key of a segwit address. `None` when the text does not begin as one of this
/// network.
pub(super) fn read(hrp: Hrp, text: &str) -> Option<Result<ScriptBuf, AddressError>> {
    let (prefix, _) = text.rsplit_once('1')?;
    if !prefix.eq_ignore_ascii_case(hrp.as_str()) {
        return None;
    }
    Some(decode(text))
}

fn decode(text: &str) -> Result<ScriptBuf, AddressError> {
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    if mixed {
        return Err(AddressError::MixedCase);
    }
    let (_, version, program) = segwit::decode(text).map_err(|_| AddressError::Checksum)?;
    let version = WitnessVersion::try_from(version).map_err(|_| AddressError::UnknownForm)?;
    if !in_use(version, program.len()) {
        return Err(AddressError::UnknownForm);
    }
    let program = WitnessProgram::new(version, &program).map_err(|_| AddressError::UnknownForm)?;
    Ok(ScriptBuf::new_witness_program(&program))
}

/// The address of a witness script public key. `None` when it is not one that is in use.
pub(super) fn write(hrp: Hrp, script: &Script) -> Option<String> {
    let version = script.witness_version()?;
    let program = script.as_bytes().get(2..)?;
    if !in_use(version, program.len()) {
        return None;
    }
    segwit::encode(hrp, Fe32::from(version), program).ok()
}

/// Money sent to any other version or length could be taken by anyone.
fn in_use(version: WitnessVersion, program_bytes: usize) -> bool {
    matches!((version, program_bytes), (WitnessVersion::V0, 20 | 32) | (WitnessVersion::V1, 32))
}
