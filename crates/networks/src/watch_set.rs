//! The watch set: which addresses of a network family are ours, in a few bytes each.
//!
//! It answers "surely not" or "maybe"; the exact compare happens where the address rows are. It
//! must never say "surely not" of an address that was inserted and not removed.

mod sip_hash;

use core::fmt;

use sip_hash::sip_hash_1_3;

/// A slot without a fingerprint.
const EMPTY: u64 = 0;
/// Set in a slot that was inserted more than once: removing no longer empties it.
const SHARED: u64 = 1;
/// Slots of the first allocation.
const SLOTS_MIN: usize = 64;
/// Bits of the filter for each slot: with these, one look-up in eleven at most goes on to the slots.
const FILTER_BITS: usize = 8;
/// Bits of a word of the filter.
const WORD_BITS: usize = 64;

/// A keyed fingerprint of an address, made by the key of the one set that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

/// Makes a set's fingerprints without the set: nothing needs to be locked for it.
#[derive(Clone, Copy)]
pub struct Fingerprints([u8; 16]);

impl Fingerprints {
    /// An address's, given as its canonical bytes.
    #[must_use]
    pub fn of(self, address: &[u8]) -> Fingerprint {
        // Never `EMPTY`, and with the `SHARED` bit clear.
        Fingerprint((sip_hash_1_3(self.0, address) & !SHARED).max(2))
    }
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprints").finish_non_exhaustive()
    }
}

/// A set of keyed 63-bit fingerprints of addresses: open addressing in one allocation of 8-byte
/// slots, 10 to 16 bytes an entry once it has grown, and a filter of an eighth of that before it.
///
/// The filter has a bit for each eighth of a slot, set where some fingerprint falls. It is small enough for the processor's
/// caches, and nearly every address of a block ends at it. Removing leaves its bit: that is a needless look at the slots, and
/// undone when the filter is made anew.
///
/// Inserting twice is harmless. A fingerprint that was inserted more than once, by the same
/// address or by two that share it, is *shared*: nothing can tell how many addresses need it, so
/// [`WatchSet::remove`] leaves it in place until the set is built anew. The price is a needless
/// exact compare, never a missed payment.
///
/// The hash is SipHash-1-3 under a secret key, so that nobody can make addresses that collide.
#[derive(Clone)]
pub struct WatchSet {
    fingerprints: Fingerprints,
    slots: Vec<u64>,
    filter: Vec<u64>,
    entries: usize,
    /// Removed since the filter was made.
    removed: usize,
}

impl WatchSet {
    /// An empty set. The key must be random and secret; a new one at each start is best.
    #[must_use]
    pub fn new(key: [u8; 16]) -> Self {
        let fingerprints = Fingerprints(key);
        Self { fingerprints, slots: Vec::new(), filter: Vec::new(), entries: 0, removed: 0 }
    }

    /// An empty set with room for `addresses` without growing.
    #[must_use]
    pub fn with_capacity(key: [u8; 16], addresses: usize) -> Self {
        let mut set = Self::new(key);
        set.rehash(slots_for(addresses));
        set
    }

    /// Watches an address, given as its canonical bytes. May allocate when the set grows.
    pub fn insert(&mut self, address: &[u8]) {
        self.insert_fingerprint(self.fingerprints.of(address).0);
    }

    /// Stops watching an address. Returns whether its slot was given up; `false` when the address
    /// was not watched, or when its fingerprint is shared and stays.
    pub fn remove(&mut self, address: &[u8]) -> bool {
        self.remove_fingerprint(self.fingerprints.of(address).0)
    }

    /// Whether the address may be watched: always `true` for one that is, and wrongly `true` for
    /// about one in 2^63 / [`WatchSet::len`] of the others. Does not allocate.
    #[must_use]
    pub fn maybe_contains(&self, address: &[u8]) -> bool {
        self.maybe_holds(self.fingerprints.of(address))
    }

    /// The same of an address's fingerprint, which must be of this set's own key.
    #[must_use]
    pub fn maybe_holds(&self, fingerprint: Fingerprint) -> bool {
        let (word, bit) = self.filter_place(fingerprint.0);
        self.filter.get(word).is_some_and(|word| word & bit != 0) && self.slot_at(self.find(fingerprint.0)) != EMPTY
    }

    /// What makes this set's fingerprints.
    #[must_use]
    pub const fn fingerprints(&self) -> Fingerprints {
        self.fingerprints
    }

    /// Distinct fingerprints in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Bytes allocated on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity().saturating_add(self.filter.capacity()).saturating_mul(size_of::<u64>())
    }

    fn insert_fingerprint(&mut self, fingerprint: u64) {
        // At most four fifths full, so that runs stay short.
        let full = self.entries.saturating_mul(5) >= self.slots.len().saturating_mul(4);
        if full {
            let grown = self.slots.len().saturating_add(self.slots.len() / 2);
            self.rehash(grown.max(SLOTS_MIN));
        }
        let index = self.find(fingerprint);
        if self.slot_at(index) == EMPTY {
            self.set_slot(index, fingerprint);
            self.mark(fingerprint);
            self.entries = self.entries.saturating_add(1);
        } else {
            self.set_slot(index, fingerprint | SHARED);
        }
    }

    fn remove_fingerprint(&mut self, fingerprint: u64) -> bool {
        if self.entries == 0 {
            return false;
        }
        let index = self.find(fingerprint);
        // Equal only when present and not shared.
        if self.slot_at(index) != fingerprint {
            return false;
        }
        self.close_gap(index);
        self.entries = self.entries.saturating_sub(1);
        self.removed = self.removed.saturating_add(1);
        if self.removed > self.slots.len() {
            self.make_filter();
        }
        true
    }

    /// The filter of the slots as they are.
    fn make_filter(&mut self) {
        let words = self.slots.len().saturating_mul(FILTER_BITS).div_ceil(WORD_BITS);
        self.filter = vec![0; words];
        self.removed = 0;
        for index in 0..self.slots.len() {
            let slot = self.slot_at(index);
            if slot != EMPTY {
                self.mark(slot);
            }
        }
    }

    fn mark(&mut self, slot: u64) {
        let (word, bit) = self.filter_place(slot);
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
    }

    /// The word of the filter and the bit in it that stand for a fingerprint.
    fn filter_place(&self, slot: u64) -> (usize, u64) {
        let place = share(slot, self.slots.len().saturating_mul(FILTER_BITS));
        (place / WORD_BITS, 1 << (place % WORD_BITS))
    }

    /// Empties a slot and moves back what was displaced past it, so that no look-up ends early.
    fn close_gap(&mut self, removed: usize) {
        let mut gap = removed;
        let mut index = self.next(gap);
        // The slot that ends the run bounds the loop: the table is never full.
        loop {
            let slot = self.slot_at(index);
            if slot == EMPTY {
                break;
            }
            let home = self.home(slot);
            if self.distance(home, index) >= self.distance(gap, index) {
                self.set_slot(gap, slot);
                gap = index;
            }
            index = self.next(index);
        }
        self.set_slot(gap, EMPTY);
    }

    /// The slot that holds the fingerprint, shared or not, else the empty one where it would go.
    fn find(&self, fingerprint: u64) -> usize {
        let mut index = self.home(fingerprint);
        loop {
            let slot = self.slot_at(index);
            if slot == EMPTY || slot & !SHARED == fingerprint {
                return index;
            }
            index = self.next(index);
        }
    }

    fn rehash(&mut self, slots: usize) {
        let old = core::mem::replace(&mut self.slots, vec![EMPTY; slots.max(SLOTS_MIN)]);
        for slot in old.into_iter().filter(|slot| *slot != EMPTY) {
            let index = self.find(slot & !SHARED);
            self.set_slot(index, slot);
        }
        self.make_filter();
    }

    /// Where a fingerprint wants to be.
    fn home(&self, slot: u64) -> usize {
        share(slot, self.slots.len())
    }

    fn next(&self, index: usize) -> usize {
        let next = index.saturating_add(1);
        if next < self.slots.len() { next } else { 0 }
    }

    /// Steps forward from one slot to another, around the end.
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from { to.saturating_sub(from) } else { to.saturating_add(self.slots.len()).saturating_sub(from) }
    }

    fn slot_at(&self, index: usize) -> u64 {
        self.slots.get(index).copied().unwrap_or(EMPTY)
    }

    fn set_slot(&mut self, index: usize, slot: u64) {
        if let Some(place) = self.slots.get_mut(index) {
            *place = slot;
        }
    }
}

/// A fingerprint's fraction of 2^64 as a fraction of so many places: a multiplication instead of a division, and any number
/// of places will do.
fn share(slot: u64, places: usize) -> usize {
    let places = u128::try_from(places).unwrap_or(0);
    let index = u128::from(slot & !SHARED).saturating_mul(places) >> 64;
    usize::try_from(index).unwrap_or(0)
}

/// Slots so that `addresses` entries fill less than four fifths of them.
fn slots_for(addresses: usize) -> usize {
    addresses.saturating_add(addresses / 3).saturating_add(SLOTS_MIN)
}

impl fmt::Debug for WatchSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchSet")
            .field("len", &self.entries)
            .field("heap_bytes", &self.heap_bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn crowded_runs_around_the_end_lose_nothing(
            steps in prop::collection::vec((any::<bool>(), 0_u64..40, 0_u64..4), 0..400),
        ) {
            let mut set = WatchSet::new([0; 16]);
            let mut model = HashSet::new();
            for (insert, low, home) in steps {
                // Four neighbouring homes at the very end and the very beginning.
                let fingerprint = (home.wrapping_sub(2) << 58) | (low << 1).max(2);
                if !insert {
                    let removed = set.remove_fingerprint(fingerprint);
                    prop_assert_eq!(removed, model.remove(&fingerprint));
                } else if model.insert(fingerprint) {
                    set.insert_fingerprint(fingerprint);
                }
            }
            prop_assert_eq!(set.len(), model.len());
            for low in 0..40 {
                for home in 0..4_u64 {
                    let fingerprint = (home.wrapping_sub(2) << 58) | (low << 1).max(2);
                    let found = set.maybe_holds(Fingerprint(fingerprint));
                    prop_assert_eq!(found, model.contains(&fingerprint));
                }
            }
        }
    }

    #[test]
    fn removing_one_of_two_addresses_with_one_fingerprint_keeps_the_other_visible() {
        let mut set = WatchSet::new([7; 16]);
        set.insert_fingerprint(0xABCD_EF00);
        set.insert_fingerprint(0xABCD_EF00);
        assert_eq!(set.len(), 1);
        assert!(!set.remove_fingerprint(0xABCD_EF00));
        assert_ne!(set.slot_at(set.find(0xABCD_EF00)), EMPTY);
    }

    #[test]
    fn a_run_that_wraps_around_the_end_survives_removals_inside_it() {
        let mut set = WatchSet::new([0; 16]);
        // All of these want the last slot.
        let crowd: Vec<u64> = (0..20).map(|n| (u64::MAX << 8) | (n << 1)).collect();
        for fingerprint in &crowd {
            set.insert_fingerprint(*fingerprint);
        }
        for removed in (0..20).step_by(3) {
            assert!(set.remove_fingerprint(crowd[removed]));
        }
        for (index, fingerprint) in crowd.iter().enumerate() {
            let present = set.slot_at(set.find(*fingerprint)) != EMPTY;
            assert_eq!(present, index % 3 != 0, "{index}");
        }
    }

    #[test]
    fn the_filter_forgets_what_is_long_gone_and_nothing_else() {
        let mut set = WatchSet::new([3; 16]);
        let ours: Vec<[u8; 4]> = (0..40_u32).map(u32::to_be_bytes).collect();
        ours.iter().for_each(|address| set.insert(address));
        for passing in 1_000..3_000_u32 {
            set.insert(&passing.to_be_bytes());
            assert!(set.remove(&passing.to_be_bytes()));
            assert!(ours.iter().all(|address| set.maybe_contains(address)), "{passing}");
        }
        let bits: u32 = set.filter.iter().map(|word| word.count_ones()).sum();
        assert!(bits < 40 + 64 * 3, "{bits} bits are left of 2,000 that passed");
    }

    #[test]
    fn a_shared_fingerprint_stays_shared_when_the_set_grows() {
        let mut set = WatchSet::new([1; 16]);
        set.insert(b"twice");
        set.insert(b"twice");
        for n in 0..1_000_u32 {
            set.insert(&n.to_be_bytes());
        }
        assert!(!set.remove(b"twice"));
        assert!(set.maybe_contains(b"twice"));
    }
}
