//! One shop's history does not depend on another's.

use farthing_sim::isolation::run;

/// In these a network was not read for so long that it sold nothing: a refusal, in both plays.
const ONCE_FAILED: [u64; 2] = [1013, 1015];

#[test]
fn a_shop_s_history_is_the_same_with_and_without_a_neighbour() {
    for seed in (0..6).chain(ONCE_FAILED) {
        let compared = run(seed, None).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(compared.left_out > 10 && compared.lines > 60, "nothing happened: {compared:?}");
    }
}
