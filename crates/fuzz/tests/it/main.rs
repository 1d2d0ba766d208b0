//! Every target over its seeds and changes of them.
#![cfg(test)]

use farthing_fuzz::{Target, driver, targets};
use std::collections::BTreeSet;

/// Inputs made of the seeds, for each target; the slow ones get fewer.
const COUNT: u32 = 10_000;
const COUNT_OF_SLOW: u32 = 400;
/// Targets that derive keys.
const SLOW: [&str; 1] = ["accounts"];
/// What the inputs are made from: always the same ones.
const SEED: u64 = 20_261_121;

fn run(name: &str) {
    let target = targets::ALL.iter().find(|target| target.name == name).unwrap();
    driver::run(target, if SLOW.contains(&name) { COUNT_OF_SLOW } else { COUNT }, SEED);
}

macro_rules! targets {
    ($($test:ident $name:literal;)*) => {
        $(
            #[test]
            fn $test() {
                run($name);
            }
        )*

        #[test]
        fn every_target_is_run() {
            let run: BTreeSet<&str> = [$($name),*].into();
            assert_eq!(run, targets::ALL.iter().map(|target| target.name).collect());
        }
    };
}

targets! {
    decimals_are_read_exactly_and_written_back "decimal";
    amounts_are_read_exactly_and_written_back "amount";
    what_is_due_is_never_worth_less_than_the_price "due";
    json_has_one_meaning "strict_json";
    invoices_mean_what_they_say "invoice";
    other_bodies_mean_what_they_say "bodies";
    queries_are_bounded "queries";
    secrets_sign_and_never_print_themselves "secrets";
    addresses_lead_from_text_to_bytes_and_back "addresses";
    accounts_have_addresses_and_no_private_keys "accounts";
    urls_lead_outside_and_nowhere_else "urls";
    heads_are_read_in_one_way_however_they_are_cut "heads";
    coinspaid_s_bodies_mean_what_they_say "coinspaid";
    payhubix_s_bodies_mean_what_they_say "payhubix";
    txcash_s_bodies_mean_what_they_say_as_objects_and_as_forms "txcash";
    txnpro_s_bodies_mean_what_they_say "txnpro";
    queries_of_the_other_apis_are_bounded "dialect_queries";
}

#[test]
fn a_target_that_breaks_is_told() {
    let broken = Target { name: "broken", feed: |bytes| assert_ne!(bytes, b"7"), seeds: &[b"1"] };
    assert!(std::panic::catch_unwind(|| driver::run(&broken, COUNT, SEED)).is_err());
}
