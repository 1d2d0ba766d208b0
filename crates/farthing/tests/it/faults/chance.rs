//! Random numbers of a seed (`SplitMix64`), so that what a run did can be told.

use std::hash::{BuildHasher, Hasher, RandomState};

pub(super) struct Chance(u64);

impl Chance {
    /// A new seed, which is printed.
    pub(super) fn new(of: &str) -> Self {
        let seed =
            super::rounds("FARTHING_FAULTS_SEED", usize::try_from(RandomState::new().build_hasher().finish()).unwrap());
        println!("seed of {of}: FARTHING_FAULTS_SEED={seed}");
        Self::of(u64::try_from(seed).unwrap())
    }

    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` on, below `high`.
    pub(super) fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        low.saturating_add(self.next().checked_rem(high.saturating_sub(low)).unwrap_or_default())
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.between((0, u64::try_from(end).unwrap()))).unwrap()
    }

    /// One or the other.
    pub(super) fn flip(&mut self) -> bool {
        self.next() & 1 == 0
    }
}
