//! SHA-256 twice, as Bitcoin names transactions and builds its merkle trees: most of what proving a block costs.
//!
//! The lengths are known here, so that padding is laid out once and whole blocks go to the compression function from where they
//! stand. That function is the library's, with the processor's own instructions where it has them; nothing here replaces it.

use super::transaction::Hash;
use sha2::{Digest, Sha256, block_api::compress256};

/// What SHA-256 begins with (FIPS 180-4, section 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
/// The block after a message of 64 bytes: the mark of its end, and its length in bits.
const AFTER_PAIR: [u8; 64] = {
    let mut block = [0; 64];
    let [mark, .., high, _] = &mut block;
    (*mark, *high) = (0x80, 2);
    block
};
/// What follows a hash in a block of its own: the same for 32 bytes.
const AFTER_HASH: [u8; 32] = {
    let mut half = [0; 32];
    let [mark, .., high, _] = &mut half;
    (*mark, *high) = (0x80, 1);
    half
};

/// Of a message that stands in parts.
pub(super) fn of_parts(parts: [&[u8]; 3]) -> Hash {
    let mut first = Sha256::new();
    for part in parts {
        first.update(part);
    }
    again(first.finalize().into())
}

/// Of two hashes, one after the other: a node of a merkle tree.
pub(super) fn of_pair(left: &Hash, right: &Hash) -> Hash {
    let mut state = START;
    compress256(&mut state, &[joined(left, right), AFTER_PAIR]);
    again(bytes(state))
}

/// The second time: of what the first gave.
fn again(first: Hash) -> Hash {
    let mut state = START;
    compress256(&mut state, &[joined(&first, &AFTER_HASH)]);
    bytes(state)
}

fn joined(left: &[u8; 32], right: &[u8; 32]) -> [u8; 64] {
    let mut block = [0; 64];
    let (front, back) = block.split_at_mut(32);
    front.copy_from_slice(left);
    back.copy_from_slice(right);
    block
}

fn bytes(state: [u32; 8]) -> Hash {
    let mut hash = Hash::default();
    for (four, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *four = word.to_be_bytes();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hashes::{Hash as _, sha256d};

    #[test]
    fn it_is_what_rust_bitcoin_says_for_every_length() {
        let message: Vec<u8> = (0..=255).cycle().take(300).collect();
        for length in 0..message.len() {
            let whole = &message[..length];
            let expected = sha256d::Hash::hash(whole).to_byte_array();
            let (front, rest) = whole.split_at(length.min(4));
            let (body, end) = rest.split_at(rest.len().saturating_sub(4));
            assert_eq!(of_parts([front, body, end]), expected, "{length}");
        }
    }

    #[test]
    fn a_pair_is_hashed_as_its_bytes_in_a_row() {
        for number in 0..=255_u8 {
            let (left, right) = ([number; 32], [number.wrapping_mul(7); 32]);
            let expected = sha256d::Hash::hash([left, right].as_flattened()).to_byte_array();
            assert_eq!(of_pair(&left, &right), expected);
        }
    }
}
