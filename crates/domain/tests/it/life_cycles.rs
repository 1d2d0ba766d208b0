//! Every life cycle, as text; how the tables read is in [`crate::scenario`].

use crate::scenario::{Shown, play};
use farthing_domain::{event::EventKind, standing::Status};

macro_rules! tables {
    ($($name:ident: $file:literal,)*) => {
        $(#[test]
        fn $name() {
            play($file, include_str!(concat!("life_cycles/", $file)), &mut Shown::default());
        })*

        const ALL: &[(&str, &str)] = &[$(($file, include_str!(concat!("life_cycles/", $file)))),*];
    };
}

tables! {
    every_row_of_the_status_table_holds_as_it_is_written: "status_table.txt",
    what_chains_undo_is_undone: "reorganisations.txt",
    windows_deadlines_and_scans_decide_what_is_late: "time.txt",
    short_and_excess_money_is_told_as_it_is: "amounts.txt",
    what_is_not_allowed_is_refused_and_changes_nothing: "refusals.txt",
    native_follows_its_column: "native.txt",
    coinspaid_follows_its_column: "coinspaid.txt",
    payhubix_follows_its_column: "payhubix.txt",
    txcash_follows_its_column: "txcash.txt",
    txnpro_follows_its_column: "txnpro.txt",
    a_deposit_to_a_permanent_address_is_never_short_over_or_late: "permanent.txt",
}

#[test]
fn the_tables_show_every_status_every_event_and_every_kind_of_refusal() {
    let mut shown = Shown::default();
    for (file, text) in ALL {
        play(file, text, &mut shown);
    }
    for status in Status::ALL {
        assert!(shown.statuses.contains(status.as_str()), "no scenario is ever {status}");
    }
    // A mailed payment request is told by whoever mails it, not by a change of standing.
    for kind in EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Sent) {
        assert!(shown.events.contains(kind.as_str()), "no scenario tells {kind}");
    }
    let refused = |action: &str, status: Status| format!("an invoice that is {status} cannot be {action}");
    for status in Status::ALL {
        let may = |allowed: &[Status]| allowed.contains(&status);
        if !may(&[Status::Draft]) {
            assert!(shown.refusals.contains(&refused("activated", status)), "{status} is never refused activation");
        }
        if !may(&[Status::Draft, Status::Pending]) {
            assert!(shown.refusals.contains(&refused("cancelled", status)), "{status} is never refused a cancel");
        }
    }
    for text in [
        "this invoice can be paid only with BTC on bitcoin",
        "this kind of invoice cannot be cancelled",
        "this kind of invoice cannot be cancelled by the payer",
        "this kind of invoice cannot be credited with late money",
        "the invoice has no such payment",
    ] {
        assert!(shown.refusals.contains(text), "never refused: {text}");
    }
}
