//! One shop's history does not depend on another's.

use farthing_sim::isolation::run;

#[test]
fn a_shop_s_history_is_the_same_with_and_without_a_neighbour() {
    for seed in 0..8 {
        let compared = run(seed, None).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(compared.left_out > 10 && compared.lines > 60, "nothing happened: {compared:?}");
    }
}
