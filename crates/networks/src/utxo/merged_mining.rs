//! Dogecoin's merged mining (AuxPoW): the work of another chain's block whose coinbase commits to a block of this one.
//!
//! Checked as Dogecoin Core does (`src/auxpow.cpp`): a proof is worth the work behind the other chain's header and nothing
//! else, and the same work cannot be shown for two blocks of this chain.

use super::{
    block::{RawHeader, parse_header},
    bytes::Bytes,
    sha256d,
    transaction::{Extension, Hash, Transaction},
};

/// Set in the version of a header that carries a proof.
pub(super) const FLAG: u32 = 0x100;
/// Stands before the root that a coinbase commits to.
const MARK: [u8; 4] = [0xfa, 0xbe, 0x6d, 0x6d];
/// Dogecoin's number among the chains that are mined together; the upper half of a version.
const CHAIN: u32 = 0x62;
/// Hashes of a branch, at most: enough for more transactions than fit into any block.
const BRANCH_MAX: u64 = 30;
/// Without the mark the root must begin within so many bytes of the coinbase's script.
const UNMARKED_MAX: usize = 20;

/// A proof as it follows a header.
pub(super) struct Proof<'a> {
    /// The other block's first transaction.
    coinbase: Transaction<'a>,
    /// From it to the other block's merkle root.
    to_block: Branch<'a>,
    /// From this block to the root over all chains that are mined together.
    to_chains: Branch<'a>,
    parent: RawHeader,
}

struct Branch<'a> {
    hashes: &'a [[u8; 32]],
    place: u32,
}

impl<'a> Proof<'a> {
    /// Reads one; `None` when the bytes are not one.
    pub(super) fn read(bytes: &mut Bytes<'a>) -> Option<Self> {
        let coinbase = Transaction::read(bytes, Extension::Never)?;
        // The other block's hash, which nobody relies on.
        bytes.array::<32>()?;
        let (to_block, to_chains) = (Branch::read(bytes)?, Branch::read(bytes)?);
        Some(Self { coinbase, to_block, to_chains, parent: parse_header(bytes.array()?)? })
    }

    /// The other chain's header, when its work was done for this one.
    pub(super) fn header_for(&self, header: &RawHeader) -> Option<[u8; 80]> {
        let is_ours = header.version >> 16 == CHAIN && self.parent.version >> 16 != CHAIN;
        let is_in_block = self.to_block.place == 0 && self.to_block.root(self.coinbase.id()) == self.parent.merkle_root;
        let commits = || self.commits_to(self.to_chains.root(header.hash));
        (is_ours && is_in_block && commits()?).then_some(self.parent.bytes)
    }

    /// Whether the coinbase commits to this root over all chains, with this chain at its own place among them.
    fn commits_to(&self, mut root: Hash) -> Option<bool> {
        root.reverse();
        let script = self.coinbase.coinbase_script?;
        let at = place_of(script, &root)?;
        let is_the_only_one = match place_of(script, &MARK) {
            Some(mark) => {
                let after = script.get(mark.checked_add(1)?..)?;
                mark.checked_add(MARK.len()) == Some(at) && place_of(after, &MARK).is_none()
            }
            None => at <= UNMARKED_MAX,
        };
        let mut rest = Bytes::new(script.get(at.checked_add(root.len())?..)?);
        let (size, nonce) = (rest.u32()?, rest.u32()?);
        let height = u32::try_from(self.to_chains.hashes.len()).ok()?;
        let places = 1_u32.checked_shl(height)?;
        let is_our_place = self.to_chains.place == expected_place(nonce, places);
        Some(is_the_only_one && size == places && is_our_place)
    }
}

impl<'a> Branch<'a> {
    fn read(bytes: &mut Bytes<'a>) -> Option<Self> {
        let count = bytes.count().filter(|count| *count <= BRANCH_MAX)?;
        let hashes = bytes.take(usize::try_from(count).ok()?.checked_mul(32)?)?.as_chunks().0;
        Some(Self { hashes, place: bytes.u32()? })
    }

    fn root(&self, leaf: Hash) -> Hash {
        let mut place = self.place;
        self.hashes.iter().fold(leaf, |below, beside| {
            let is_right = place & 1 == 1;
            place >>= 1;
            if is_right { sha256d::of_pair(beside, &below) } else { sha256d::of_pair(&below, beside) }
        })
    }
}

/// Where this chain stands among those that are mined together, for a nonce: no two places for one work.
fn expected_place(nonce: u32, places: u32) -> u32 {
    let stirred = |number: u32| number.wrapping_mul(1_103_515_245).wrapping_add(12_345);
    stirred(stirred(nonce).wrapping_add(CHAIN)).checked_rem(places).unwrap_or_default()
}

fn place_of(script: &[u8], wanted: &[u8]) -> Option<usize> {
    script.windows(wanted.len()).position(|part| part == wanted)
}
