//! What a seed decides: small, fast, and the same on every machine.

/// A sequence of numbers that a seed decides (`SplitMix64`). Never used for anything secret.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or_default()
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first.saturating_add(self.below(last.saturating_sub(first).saturating_add(1)))
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them; `None` of an empty list.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(of.len()).unwrap_or(u64::MAX);
        of.get(usize::try_from(self.below(count)).unwrap_or_default())
    }

    /// One of the last `count` with a chance of three in four, else any: recent things are touched more often.
    pub fn pick_recent<'a, T>(&mut self, of: &'a [T], count: usize) -> Option<&'a T> {
        if self.percent(75) {
            return self.pick(of.get(of.len().saturating_sub(count)..).unwrap_or_default());
        }
        self.pick(of)
    }

    /// The salt of a transaction or of a branch.
    pub fn salt(&mut self) -> [u8; 16] {
        u128::from(self.roll()).to_be_bytes()
    }
}
