//! Callbacks of the dialects: signed, only what was written, in an order that never goes back behind what was acknowledged, and the
//! last word of every invoice heard.

use super::{Evidence, Violation};
use crate::{act::callbacks::Written, receivers::CalledBack};
use farthing_domain::{id::InvoiceId, policy::Dialect};
use std::collections::BTreeMap;

/// What was received is genuine, and never older than what its shop acknowledged before.
pub(super) fn honest(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = Vec::new();
    // By invoice, the earliest place among what was written that the latest acknowledged bytes can have.
    let mut acknowledged: BTreeMap<InvoiceId, usize> = BTreeMap::new();
    for received in &evidence.called_back {
        let mut wrong = |what: &str| {
            let body = String::from_utf8_lossy(&received.body);
            violations.push(Violation::new("callbacks", format!("{what}: {} {body}", received.url)));
        };
        if !received.is_signed {
            wrong("its headers are not those of its credential");
        }
        let is_it = |(_, written): &(usize, &Written)| is_of(written, received);
        let mut places =
            evidence.callbacks.iter().enumerate().filter(is_it).map(|(place, written)| (place, written.invoice));
        let Some((earliest, invoice)) = places.next() else {
            wrong("nothing of the kind was written");
            continue;
        };
        let latest = places.next_back().map_or(earliest, |(place, _)| place);
        if acknowledged.get(&invoice).is_some_and(|before| latest < *before) {
            wrong("it says what was so before something that its shop has acknowledged");
        }
        if received.is_acknowledged {
            let known = acknowledged.entry(invoice).or_default();
            *known = (*known).max(earliest);
        }
    }
    violations
}

fn is_of(written: &Written, received: &CalledBack) -> bool {
    written.url == received.url && written.body == received.body
}

/// The last callback of every invoice was acknowledged, unless all of its attempts failed.
pub(super) fn complete(evidence: &Evidence) -> Vec<Violation> {
    let mut last: BTreeMap<InvoiceId, &Written> = BTreeMap::new();
    for written in &evidence.callbacks {
        last.insert(written.invoice, written);
    }
    let unheard = last.values().filter(|written| {
        let dialects = evidence.memory.credentials.iter();
        let of_url = dialects.filter(|(_, known)| known.url == written.url).map(|((_, dialect), _)| *dialect);
        let attempts_max = of_url.map(attempts_max).max().unwrap_or_default();
        let is_heard = evidence.called_back.iter().any(|got| got.is_acknowledged && is_of(written, got));
        !is_heard && (written.waits || written.attempts < attempts_max)
    });
    let told = |written: &&Written| Violation::new("callbacks", format!("the last word never came: {written:?}"));
    unheard.map(told).collect()
}

fn attempts_max(dialect: Dialect) -> u64 {
    let waits = (1..).map_while(|attempts| farthing_dialects::callbacks::retry_wait_seconds(dialect, attempts, 0));
    u64::try_from(waits.count()).unwrap_or(u64::MAX).saturating_add(1)
}
