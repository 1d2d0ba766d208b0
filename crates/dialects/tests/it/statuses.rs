//! Each API's status is a function of the standing, and its history never contradicts the API's column of
//! `contracts/comparison.md`: a final status is never left, and none is reached that the column has no way to.

use crate::story::{Story, Teller, stories};
use farthing_dialects::{coinspaid, payhubix, txcash, txnpro};
use farthing_domain::{
    invoice::Invoice,
    policy::Dialect,
    settle::settle,
    standing::{Standing, Status},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeSet;

/// The word that clients of an API go by.
fn word(invoice: &Invoice, standing: &Standing) -> String {
    match invoice.policy.dialect {
        // Final or not is a part of what the column says, and no part of the word.
        Dialect::Native if standing.is_final => format!("{}!", standing.status),
        Dialect::Native => standing.status.to_string(),
        Dialect::CoinsPaid => coinspaid::status::InvoiceStatus::of(invoice, standing).to_string(),
        Dialect::Payhubix => payhubix::status::InvoiceStatus::of(invoice, standing).to_string(),
        Dialect::TxCash => txcash::status::InvoiceStatus::of(invoice, standing).code().to_string(),
        Dialect::TxnPro => {
            let triple = txnpro::status::Triple::of(invoice, standing);
            format!("{} {} {}", triple.status.as_str(), triple.context, triple.payment)
        }
    }
}

/// The words of an API that its column calls final (comparison, "final when").
fn is_final(dialect: Dialect, word: &str) -> bool {
    match dialect {
        Dialect::Native => word.ends_with('!'),
        Dialect::CoinsPaid => ["confirmed", "failed"].contains(&word),
        Dialect::Payhubix => ["Paid", "Canceled", "Expired", "PartiallyExpired"].contains(&word),
        Dialect::TxCash => ["1", "3", "4", "5"].contains(&word),
        Dialect::TxnPro => ["completed ", "cancelled ", "rejected "].iter().any(|end| word.starts_with(end)),
    }
}

/// Ways from one status to another while chains are honest and nobody decides anything, by the contracts' life cycles. The
/// only way from an end is to more of the same: money seen before the invoice was paid that becomes final after it.
fn ways(dialect: Dialect) -> &'static [(&'static str, &'static [&'static str])] {
    match dialect {
        Dialect::Native => &[
            ("pending", &["confirming", "underpaid", "paid!", "overpaid!", "expired!", "cancelled!"]),
            ("confirming", &["underpaid", "underpaid!", "paid!", "overpaid!", "expired!"]),
            ("underpaid", &["confirming", "underpaid!", "paid!", "overpaid!"]),
            ("paid!", &["overpaid!"]),
        ],
        Dialect::CoinsPaid => {
            &[("pending", &["processing", "confirmed", "failed"]), ("processing", &["confirmed", "failed"])]
        }
        Dialect::Payhubix => &[
            ("Created", &["Pending", "Partially", "Paid", "Expired", "Canceled"]),
            ("Pending", &["Partially", "PartiallyExpired", "Paid", "Expired"]),
            ("Partially", &["Pending", "PartiallyExpired", "Paid"]),
        ],
        Dialect::TxCash => &[("0", &["1", "2", "3", "4", "5"]), ("2", &["1", "3", "4"]), ("1", &["3"])],
        Dialect::TxnPro => TXNPRO_WAYS,
    }
}

/// What is `processing` on time may be `late` when it ends, since more of it came late; and the other way round, when what
/// came late never became final.
const TXNPRO_WAYS: &[(&str, &[&str])] = &[
    (
        "pending unpaid expecting",
        &[
            "processing unpaid onTime",
            "completed full onTime",
            "completed underpaid onTime",
            "completed overpaid onTime",
            "expired unpaid expecting",
        ],
    ),
    (
        "expired unpaid expecting",
        &[
            "processing unpaid late",
            "completed full late",
            "completed underpaid late",
            "completed overpaid late",
            "cancelled unpaid expecting",
        ],
    ),
    (
        "processing unpaid onTime",
        &[
            "processing unpaid late",
            "completed full onTime",
            "completed underpaid onTime",
            "completed overpaid onTime",
            "completed full late",
            "completed overpaid late",
            "cancelled unpaid onTime",
        ],
    ),
    (
        "processing unpaid late",
        &[
            "completed full onTime",
            "completed underpaid onTime",
            "completed overpaid onTime",
            "completed full late",
            "completed underpaid late",
            "completed overpaid late",
            "cancelled unpaid onTime",
            "cancelled unpaid late",
        ],
    ),
    ("completed full onTime", &["completed overpaid onTime", "completed overpaid late"]),
    ("completed full late", &["completed overpaid late"]),
    ("completed overpaid onTime", &["completed overpaid late"]),
];

/// Every word that a story's invoice shows, in order, without repetitions.
fn history(dialect: Dialect, story: &Story) -> Vec<String> {
    let mut teller = Teller::of(dialect);
    let mut words = vec![word(&teller.invoice, &teller.invoice.standing)];
    let mut look = |invoice: &Invoice| {
        let now = word(invoice, &invoice.standing);
        if words.last() != Some(&now) {
            words.push(now);
        }
    };
    for step in story {
        teller.tell(*step, &mut look);
    }
    words
}

fn is_a_way(dialect: Dialect, from: &str, to: &str) -> bool {
    ways(dialect).iter().any(|(begin, ends)| *begin == from && ends.contains(&to))
}

/// The properties below are worth what their stories reach.
#[test]
fn the_stories_go_every_way_of_every_api() {
    let mut runner = TestRunner::deterministic();
    let mut gone = BTreeSet::new();
    for _ in 0..4000 {
        let story = stories().new_tree(&mut runner).expect("a story").current();
        for dialect in Dialect::ALL {
            let words = history(dialect, &story);
            gone.extend(words.windows(2).map(|pair| (dialect.as_str(), pair[0].clone(), pair[1].clone())));
        }
    }
    for dialect in Dialect::ALL {
        for (from, ends) in ways(dialect) {
            for to in *ends {
                let way = (dialect.as_str(), (*from).to_owned(), (*to).to_owned());
                assert!(gone.contains(&way), "no story goes this way: {way:?}");
            }
        }
    }
}

/// The statuses that an API documents.
fn documented(dialect: Dialect) -> Vec<&'static str> {
    match dialect {
        Dialect::Native => Status::ALL.map(Status::as_str).to_vec(),
        Dialect::CoinsPaid => vec!["created", "pending", "processing", "confirmed", "failed"],
        Dialect::Payhubix => {
            vec!["Created", "Pending", "Paid", "Canceled", "Partially", "PartiallyExpired", "Expired"]
        }
        Dialect::TxCash => vec!["0", "1", "2", "3", "4", "5"],
        Dialect::TxnPro => vec!["pending", "expired", "processing", "on_hold", "completed", "cancelled", "rejected"],
    }
}

#[test]
fn every_standing_of_the_core_has_a_documented_status_in_every_api() {
    for dialect in Dialect::ALL {
        let invoice = Teller::of(dialect).invoice;
        for (status, is_final) in Status::ALL.into_iter().flat_map(|status| [(status, false), (status, true)]) {
            let shown = word(&invoice, &Standing { status, is_final, ..invoice.standing.clone() });
            let shown = shown.trim_end_matches('!').split(' ').next().unwrap_or_default();
            assert!(documented(dialect).contains(&shown), "{dialect} {status}: {shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_history_goes_only_the_ways_of_its_column_and_ends_once(story in stories()) {
        for dialect in Dialect::ALL {
            let words = history(dialect, &story);
            for pair in words.windows(2) {
                let (from, to) = (&pair[0], &pair[1]);
                prop_assert!(is_a_way(dialect, from, to), "{dialect}: {from} -> {to} in {words:?}");
                prop_assert!(!is_final(dialect, from) || is_final(dialect, to), "{dialect}: {words:?}");
            }
        }
    }

    /// Nothing is remembered beside the facts: who computes the standing anew shows the same.
    #[test]
    fn a_word_is_a_function_of_the_facts(story in stories()) {
        for dialect in Dialect::ALL {
            let mut teller = Teller::of(dialect);
            let mut differences = Vec::new();
            for step in &story {
                teller.tell(*step, |invoice| {
                    let anew = settle(invoice, invoice.standing.settled_at);
                    let (then, now) = (word(invoice, &invoice.standing), word(invoice, &anew));
                    if then != now {
                        differences.push((then, now));
                    }
                });
            }
            prop_assert_eq!(differences, Vec::new(), "{}", dialect);
        }
    }

    /// An end of the API's is an end of the core's, and the other way round: no shop waits for what cannot come, and none is
    /// told an end that is none.
    #[test]
    fn an_end_is_an_end_in_the_core_too(story in stories()) {
        for dialect in Dialect::ALL {
            let mut teller = Teller::of(dialect);
            let mut differences = Vec::new();
            for step in &story {
                teller.tell(*step, |invoice| {
                    let word = word(invoice, &invoice.standing);
                    if is_final(dialect, &word) != invoice.standing.is_final {
                        differences.push((word, invoice.standing.status));
                    }
                });
            }
            prop_assert_eq!(differences, Vec::new(), "{}", dialect);
        }
    }
}

/// Whoever reads the ways reads them right: an end has no way but to more of the same.
#[test]
fn no_way_leads_from_an_end_to_what_is_none() {
    for dialect in Dialect::ALL {
        for (from, ends) in ways(dialect) {
            assert!(!is_final(dialect, from) || ends.iter().all(|to| is_final(dialect, to)), "{dialect}: {from}");
        }
    }
}
