//! Deliveries: signed, the same bytes each time, nothing that was not told, everything to everybody who asked for it, again to
//! who asked for that, and every attempt on record as what it was.

use super::{Evidence, Violation};
use crate::receivers::Received;
use farthing_dialects::native::callback::{ATTEMPTS_MAX, is_acknowledged};
use farthing_domain::id::{EndpointId, MerchantId};
use farthing_store::records::StoredEvent;
use std::collections::BTreeMap;

/// What was received is genuine.
pub(super) fn honest(evidence: &Evidence) -> Vec<Violation> {
    let all = evidence.events.iter().flat_map(|(shop, events)| events.iter().map(move |event| (*shop, event)));
    let told: BTreeMap<String, (MerchantId, &StoredEvent)> =
        all.map(|(shop, event)| (event.id.to_string(), (shop, event))).collect();
    let endpoints = evidence.memory.endpoints.values();
    let shops: BTreeMap<&str, MerchantId> = endpoints.map(|known| (known.url.as_str(), known.owner.merchant)).collect();
    let mut first: BTreeMap<&str, &Received> = BTreeMap::new();
    let mut violations = Vec::new();
    for received in &evidence.log {
        let mut wrong = |what: &str| {
            let what = format!("{} {} at {}: {what}", received.event, received.id, received.url);
            violations.push(Violation::new("deliveries", what));
        };
        if !received.is_signed {
            wrong("its headers are not those of the endpoint's secrets");
        }
        let before = *first.entry(&received.id).or_insert(received);
        if before.body != received.body || before.event != received.event {
            wrong("other bytes than before");
        }
        match told.get(&received.id) {
            Some((shop, _)) if shops.get(received.url.as_str()).is_some_and(|theirs| theirs != shop) => {
                wrong("it is another shop's");
            }
            Some((_, event)) if event.body != received.body || event.kind != received.event => {
                wrong("other bytes than the event's");
            }
            None if received.event != "test" => wrong("no such event"),
            Some(_) | None => {}
        }
    }
    violations
}

/// No attempt is on record that was not made, or was answered otherwise; and each that a lane said it made is there.
pub(super) fn recorded(evidence: &Evidence) -> Vec<Violation> {
    let mut made: BTreeMap<(&str, &str), [usize; 2]> = BTreeMap::new();
    for received in &evidence.log {
        let [yes, no] = made.entry((&received.url, &received.id)).or_default();
        let count = if received.is_acknowledged { yes } else { no };
        *count = count.saturating_add(1);
    }
    let mut on_record: BTreeMap<EndpointId, usize> = BTreeMap::new();
    let mut violations = Vec::new();
    for (delivery, attempts) in &evidence.deliveries {
        let Some(endpoint) = evidence.memory.endpoints.get(&delivery.endpoint) else { continue };
        let id = delivery.event.to_string();
        let acknowledged = attempts.iter().filter(|attempt| attempt.status.is_some_and(is_acknowledged)).count();
        let kept = [acknowledged, attempts.len().saturating_sub(acknowledged)];
        let made = made.get(&(endpoint.url.as_str(), id.as_str())).copied().unwrap_or_default();
        if kept.iter().zip(made).any(|(kept, made)| *kept > made) {
            let what = format!("delivery {} has {kept:?} attempts on record and {made:?} were made", delivery.id);
            violations.push(Violation::new("attempts", what));
        }
        let count = on_record.entry(delivery.endpoint).or_default();
        *count = count.saturating_add(attempts.len());
    }
    // An endpoint whose creation was never answered is nobody's to watch.
    let is_known = |endpoint: &EndpointId| evidence.memory.endpoints.contains_key(endpoint);
    for (endpoint, said) in evidence.memory.attempts.iter().filter(|(endpoint, _)| is_known(endpoint)) {
        let kept = on_record.get(endpoint).copied().unwrap_or_default();
        if kept < *said {
            let what = format!("{endpoint} has {kept} attempts on record and its lane made {said}");
            violations.push(Violation::new("attempts", what));
        }
    }
    violations
}

/// Every delivery that a shop was promised again came again, unless its endpoint is gone.
pub(super) fn repeated(evidence: &Evidence) -> Vec<Violation> {
    let mut violations = Vec::new();
    for asked in &evidence.memory.redeliveries {
        let Some(endpoint) = evidence.memory.endpoints.get(&asked.endpoint).filter(|known| !known.is_deleted) else {
            continue;
        };
        let id = asked.event.to_string();
        let came = evidence.log.iter().skip(asked.after).any(|got| got.url == endpoint.url && got.id == id);
        if !came {
            let what = format!("{id} was asked for again and never came to {}", endpoint.url);
            violations.push(Violation::new("repeated", what));
        }
    }
    violations
}

/// Every event reached every endpoint that subscribed to it and is still there, unless all attempts failed.
pub(super) fn complete(evidence: &Evidence) -> Vec<Violation> {
    let mut attempts: BTreeMap<(&str, &str), (bool, u32)> = BTreeMap::new();
    for received in &evidence.log {
        let (is_acknowledged, count) = attempts.entry((&received.url, &received.id)).or_default();
        *is_acknowledged |= received.is_acknowledged;
        *count = count.saturating_add(1);
    }
    let mut violations = Vec::new();
    for endpoint in evidence.memory.endpoints.values().filter(|endpoint| !endpoint.is_deleted) {
        let events = evidence.events.get(&endpoint.owner.merchant).map(Vec::as_slice).unwrap_or_default();
        let due =
            events.iter().filter(|event| event.sequence > endpoint.after && endpoint.events.contains(&event.kind));
        for event in due {
            let id = event.id.to_string();
            let (is_acknowledged, count) =
                attempts.get(&(endpoint.url.as_str(), id.as_str())).copied().unwrap_or_default();
            if !is_acknowledged && count < ATTEMPTS_MAX {
                let what = format!("event {} never reached {} ({count} attempts)", event.sequence, endpoint.url);
                violations.push(Violation::new("delivered", what));
            }
        }
    }
    violations
}
