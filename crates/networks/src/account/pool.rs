//! A pool of Solana addresses, made offline: Solana's keys have no public derivation.
//!
//! The index of an address is its place in the list, so a list may only grow at its end.

use std::collections::HashMap;

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use super::{AccountError, PoolLineError};

/// Hashes tried for one address of an endless pool; one in two will do.
const TRIES_MAX: u32 = 256;

/// Most addresses in one pool.
const ADDRESSES_MAX: usize = 1_000_000;

/// The text without comments (`#` to the end of the line), line by line.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before).trim())
}

/// Reads one base58 address a line; empty lines and comments are skipped.
pub(super) fn read(text: &str) -> Result<Vec<[u8; 32]>, AccountError> {
    let mut addresses = Vec::new();
    let mut line_of = HashMap::new();
    for (line, content) in (1_usize..).zip(lines(text)) {
        if content.is_empty() {
            continue;
        }
        let address = read_line(content).map_err(|problem| AccountError::PoolLine { line, problem })?;
        if let Some(first) = line_of.insert(address, line) {
            let problem = PoolLineError::Duplicate(first);
            return Err(AccountError::PoolLine { line, problem });
        }
        if addresses.len() == ADDRESSES_MAX {
            return Err(AccountError::PoolTooLarge(ADDRESSES_MAX));
        }
        addresses.push(address);
    }
    if addresses.is_empty() {
        return Err(AccountError::EmptyPool);
    }
    Ok(addresses)
}

fn read_line(content: &str) -> Result<[u8; 32], PoolLineError> {
    // Base58 decoding is quadratic: no line of this length is an address.
    if content.len() > 128 {
        return Err(PoolLineError::NotBase58);
    }
    let bytes = bs58::decode(content).into_vec().map_err(|_| PoolLineError::NotBase58)?;
    let length = bytes.len();
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| PoolLineError::WrongLength(length))?;
    if is_public_key(&bytes) { Ok(bytes) } else { Err(PoolLineError::NotAPublicKey) }
}

/// The address at an index of a pool that never ends, for simulated networks: a point of the curve that was found by hashing,
/// moved into the right subgroup. Nobody ever knew its private key. `None` by a chance that is no chance.
pub(super) fn endless(seed: &[u8; 32], index: u32) -> Option<[u8; 32]> {
    (0..TRIES_MAX).find_map(|attempt: u32| {
        let mut hash = Sha256::new_with_prefix(seed);
        hash.update(index.to_be_bytes());
        hash.update(attempt.to_be_bytes());
        let point = VerifyingKey::from_bytes(&hash.finalize().into()).ok()?.to_edwards();
        let address = point.mul_by_cofactor().compress().to_bytes();
        is_public_key(&address).then_some(address)
    })
}

/// Whether a private key can belong to the bytes: a point of the curve, in the subgroup that the
/// base point generates, and not its zero. Program-derived addresses are off the curve by
/// construction; of other 32 bytes, a pasted seed for instance, one in sixteen passes.
fn is_public_key(bytes: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak() && key.to_edwards().is_torsion_free())
}
