//! The same terms and the same transfers come to the same money, whichever API asked.

use crate::story::{DUE, Fact, Story, Teller, quick_stories, stories};
use farthing_domain::{
    invoice::Invoice,
    policy::{Dialect, Policy, ShortMoney},
    settle::{Fraction, Money, covered},
};
use proptest::prelude::*;

fn told(dialect: Dialect, story: &Story) -> Vec<Invoice> {
    let mut teller = Teller::of(dialect);
    let tell = |step: &(i64, Fact)| {
        teller.tell(*step, |_| {});
        teller.invoice.clone()
    };
    story.iter().map(tell).collect()
}

fn sums(invoice: &Invoice) -> (Fraction, Fraction) {
    let sum = |money| covered(invoice, &invoice.standing, money);
    (sum(Money::Seen), sum(Money::Final))
}

/// What counts where short money ends the invoice: only what was seen by the first final payment, summed in plain integers.
fn by_the_first_final(invoice: &Invoice) -> (Fraction, Fraction) {
    let first_final = invoice.payments.iter().filter_map(|payment| payment.final_since).min();
    let counted = invoice.payments.iter().filter(|payment| first_final.is_none_or(|end| payment.first_seen <= end));
    let part = |units: u128| Fraction::new(units.into(), DUE.into());
    let final_ = counted.clone().filter(|payment| payment.final_since.is_some()).map(|payment| payment.units);
    (part(counted.map(|payment| payment.units).sum()), part(final_.sum()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_transfer_is_attributed_alike_at_any_time_in_any_state(story in stories()) {
        let native = told(Dialect::Native, &story);
        for dialect in Dialect::ALL {
            for (ours, theirs) in native.iter().zip(told(dialect, &story)) {
                let facts = |invoice: &Invoice| invoice.payments.iter().map(|payment| {
                    (payment.key.clone(), payment.units, payment.first_seen, payment.final_since, payment.rejection)
                }).collect::<Vec<_>>();
                prop_assert_eq!(facts(ours), facts(&theirs), "{}", dialect);
                let statuses = |invoice: &Invoice| {
                    invoice.standing.payments.iter().map(|payment| payment.status).collect::<Vec<_>>()
                };
                prop_assert_eq!(statuses(ours), statuses(&theirs), "{}", dialect);
            }
        }
    }

    #[test]
    fn within_the_window_the_sums_are_the_same(story in quick_stories()) {
        let native = told(Dialect::Native, &story);
        for dialect in Dialect::ALL {
            for (ours, theirs) in native.iter().zip(told(dialect, &story)) {
                if Policy::of(dialect).short == ShortMoney::EndsWithFirstFinal {
                    prop_assert_eq!(sums(&theirs), by_the_first_final(&theirs), "{}", dialect);
                    continue;
                }
                prop_assert_eq!(sums(ours), sums(&theirs), "{}", dialect);
                prop_assert_eq!(&ours.standing.paid_at, &theirs.standing.paid_at, "{}", dialect);
            }
        }
    }
}
