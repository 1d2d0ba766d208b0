//! The watch set never loses an address, and stays small.

use std::collections::BTreeMap;

use farthing_networks::watch_set::WatchSet;
use proptest::prelude::*;

const KEY: [u8; 16] = *b"a key of a test.";

proptest! {
    #[test]
    fn what_was_inserted_and_not_removed_is_always_found(
        steps in prop::collection::vec((any::<bool>(), 0_u16..300), 0..2_000),
    ) {
        let mut set = WatchSet::new(KEY);
        // How often each address was inserted since it was last surely gone.
        let mut model: BTreeMap<u16, u32> = BTreeMap::new();
        for (insert, address) in steps {
            let bytes = address.to_be_bytes();
            let count = model.entry(address).or_default();
            if insert {
                set.insert(&bytes);
                *count = count.saturating_add(1);
            } else if set.remove(&bytes) {
                prop_assert_eq!(*count, 1);
                *count = 0;
            } else {
                prop_assert_ne!(*count, 1);
            }
        }
        let present = model.values().filter(|count| **count > 0).count();
        prop_assert_eq!(set.len(), present);
        for (address, count) in model {
            prop_assert_eq!(set.maybe_contains(&address.to_be_bytes()), count > 0);
        }
    }
}

#[test]
fn an_empty_set_contains_nothing_and_takes_nothing() {
    let mut set = WatchSet::new(KEY);
    assert!(set.is_empty());
    assert_eq!(set.heap_bytes(), 0);
    assert!(!set.maybe_contains(b"anything"));
    assert!(!set.remove(b"anything"));
}

#[test]
fn a_million_addresses_take_at_most_eighteen_bytes_each_at_every_size() {
    let mut set = WatchSet::new(KEY);
    let mut worst = 0;
    for n in 0..1_000_000_u32 {
        set.insert(&n.to_be_bytes());
        if n >= 1_000 {
            worst = worst.max(set.heap_bytes().div_ceil(set.len()));
        }
    }
    assert_eq!(set.len(), 1_000_000);
    assert!(worst <= 18, "{worst} bytes an address");
    assert!((0..1_000_000_u32).all(|n| set.maybe_contains(&n.to_be_bytes())));
    let others = 1_000_000..1_100_000_u32;
    assert_eq!(others.filter(|n| set.maybe_contains(&n.to_be_bytes())).count(), 0);
}

#[test]
fn room_that_was_asked_for_is_not_outgrown() {
    let mut set = WatchSet::with_capacity(KEY, 10_000);
    let before = set.heap_bytes();
    for n in 0..10_000_u32 {
        set.insert(&n.to_be_bytes());
    }
    assert_eq!(set.heap_bytes(), before);
    assert!(before <= 160_000);
}

#[test]
fn debug_does_not_show_the_key() {
    let mut set = WatchSet::new(KEY);
    set.insert(b"x");
    let text = format!("{set:?}");
    assert_eq!(text, "WatchSet { len: 1, heap_bytes: 576, .. }");
}
