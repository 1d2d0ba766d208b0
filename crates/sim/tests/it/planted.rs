//! Every planted bug is found, by the first seeds.
//!
//! Built with the feature `planted` only, in a step of its own: the program's tests never see a bug.

use farthing_domain::planted::Bug;
use farthing_sim::{planting::first_to_find, simulation::Settings};

/// Seeds within which each bug is found.
const SEEDS_MAX: u64 = 80;

fn all_are_found(invariants: std::ops::RangeInclusive<u8>) {
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|(_, invariant)| invariants.contains(invariant))
        .map(|(bug, _)| bug)
        .filter(|bug| first_to_find(*bug, SEEDS_MAX, Settings::default().steps).is_none())
        .collect();
    assert_eq!(missed, [], "not found by {SEEDS_MAX} seeds");
}

#[test]
fn bugs_in_crediting_are_found() {
    all_are_found(1..=4);
}

#[test]
fn bugs_in_addresses_acknowledgements_and_repeats_are_found() {
    all_are_found(5..=7);
}

#[test]
fn bugs_in_standings_and_events_are_found() {
    all_are_found(8..=9);
}

#[test]
fn bugs_in_reversals_isolation_and_numbers_are_found() {
    all_are_found(10..=12);
}

#[test]
fn every_invariant_that_applies_has_two_bugs_and_every_bug_a_test() {
    for invariant in 2..=12 {
        assert!(Bug::ALL.iter().filter(|(_, broken)| *broken == invariant).count() >= 2, "invariant {invariant}");
    }
    assert!(Bug::ALL.iter().all(|(_, invariant)| (1..=12).contains(invariant)), "the tests above look for 1 to 12");
}
