//! The simulation, seed by seed.
#![cfg(test)]

mod clock;

use farthing_sim::{
    planted::Planted,
    simulation::{Settings, run},
};

/// Seeds of one test; the tests run side by side.
const SEEDS: u64 = 13;

fn run_from(first: u64) {
    for seed in first..first.saturating_add(SEEDS) {
        let report = run(seed, Settings::default()).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(report.invoices > 0 && report.events > 0, "nothing happened: {report:?}");
        if seed % 10 == 0 {
            let again = run(seed, Settings::default()).unwrap_or_else(|failure| panic!("{failure}"));
            assert_eq!(report, again, "one seed, one trace");
        }
    }
}

#[test]
fn seeds_0_to_12_hold() {
    run_from(0);
}

#[test]
fn seeds_13_to_25_hold() {
    run_from(13);
}

#[test]
fn seeds_26_to_38_hold() {
    run_from(26);
}

#[test]
fn seeds_39_to_51_hold() {
    run_from(39);
}

/// Runs in which a planted bug has to be found.
const PLANTED_RUNS: u64 = 8;

fn is_found(planted: Planted, invariant: &str) {
    let settings = Settings { planted: Some(planted), ..Settings::default() };
    let found = (0..PLANTED_RUNS)
        .filter_map(|seed| run(seed, settings).err())
        .any(|failure| failure.problems.iter().any(|problem| problem.starts_with(invariant)));
    assert!(found, "{planted:?} was not found as {invariant}");
}

#[test]
fn addresses_that_are_forgotten_by_a_restart_are_found_as_missed_payments() {
    is_found(Planted::ForgottenAddresses, "complete");
}

#[test]
fn a_cursor_that_moves_before_the_rows_is_found_as_missed_payments() {
    is_found(Planted::CursorBeforeRows, "complete");
}

#[test]
fn deliveries_that_are_forgotten_by_a_restart_are_found() {
    is_found(Planted::ForgottenDeliveries, "delivered");
}
