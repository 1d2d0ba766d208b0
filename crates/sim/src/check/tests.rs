//! Doctored evidence: each check must find what it is there for. A check that cannot fail checks nothing.

use super::*;
use crate::{
    memory::KnownRedelivery,
    simulation::{Settings, evidence_of},
};
use farthing_domain::{
    id::EndpointId,
    invoice::{Invoice, Source},
    policy::Dialect,
    standing::Status,
};
use std::sync::OnceLock;

/// A run that held and has everything that is doctored, whatever plans seeds come to.
fn evidence() -> Evidence {
    static RUN: OnceLock<Evidence> = OnceLock::new();
    let run = |seed| evidence_of(seed, Settings { steps: 250, planted: None }).unwrap_or_else(|why| panic!("{why}"));
    let has_all = |run: &Evidence| run.invoices.iter().any(is_paid) && lane_on_record(run).is_some();
    RUN.get_or_init(|| (7..20).map(run).find(has_all).expect("a seed whose run has all")).clone()
}

/// Paid as an API asked for it, which a model can tell.
fn is_paid(invoice: &Invoice) -> bool {
    matches!(invoice.standing.status, Status::Paid | Status::Overpaid)
        && invoice.quotes.len() == 1
        && invoice.source == Source::Api(Dialect::Native)
}

/// A lane that made attempts, all of which are on record.
fn lane_on_record(evidence: &Evidence) -> Option<EndpointId> {
    let is_on_record = |lane: &EndpointId| evidence.deliveries.iter().any(|(delivery, _)| delivery.endpoint == *lane);
    evidence.memory.attempts.iter().filter(|(_, made)| **made > 0).map(|(lane, _)| *lane).find(is_on_record)
}

fn with_payment(evidence: &mut Evidence) -> &mut Invoice {
    let counts = |invoice: &&mut Invoice| {
        !invoice.payments.is_empty() && invoice.payments.iter().all(farthing_domain::payment::Payment::stands)
    };
    evidence.invoices.iter_mut().find(counts).expect("the run has payments")
}

fn paid(evidence: &mut Evidence) -> &mut Invoice {
    evidence.invoices.iter_mut().find(|invoice| is_paid(invoice)).expect("the run has a paid invoice")
}

#[track_caller]
fn found(evidence: &Evidence, invariant: &str) {
    let violations = when_quiet(evidence);
    assert!(violations.iter().any(|violation| violation.invariant == invariant), "not found: {violations:?}");
}

#[test]
fn a_run_that_held_has_no_violation() {
    assert_eq!(when_quiet(&evidence()), []);
}

#[test]
fn a_missed_payment_is_found() {
    let mut evidence = evidence();
    with_payment(&mut evidence).payments.pop();
    found(&evidence, "complete");
}

#[test]
fn an_invented_payment_is_found() {
    let mut evidence = evidence();
    let invoice = with_payment(&mut evidence);
    let mut invented = invoice.payments[0].clone();
    invented.key.position = "77".to_owned();
    invoice.payments.push(invented);
    found(&evidence, "none invented");
}

#[test]
fn a_payment_of_another_amount_is_found() {
    let mut evidence = evidence();
    with_payment(&mut evidence).payments[0].units += 1;
    found(&evidence, "complete");
}

#[test]
fn a_payment_recorded_for_two_invoices_is_found() {
    let mut evidence = evidence();
    let payment = with_payment(&mut evidence).payments[0].clone();
    evidence.invoices.last_mut().unwrap().payments.push(payment);
    found(&evidence, "complete");
}

#[test]
fn a_payment_left_in_a_lost_block_is_found() {
    let mut evidence = evidence();
    with_payment(&mut evidence).payments[0].block.as_mut().unwrap().hash = "lost".to_owned();
    found(&evidence, "complete");
}

#[test]
fn money_that_never_becomes_final_is_found() {
    let mut evidence = evidence();
    with_payment(&mut evidence).payments[0].final_since = None;
    found(&evidence, "complete");
    found(&evidence, "derivable");
}

#[test]
fn a_payment_that_outlives_its_transfer_is_found() {
    let mut evidence = evidence();
    let key = paid(&mut evidence).payments[0].key.clone();
    evidence.oracle.transfers.remove(&key);
    found(&evidence, "none invented");
    let invoice = paid(&mut evidence).clone();
    if invoice.payments.len() == 1 {
        found(&evidence, "sound");
        found(&evidence, "model");
    }
}

#[test]
fn an_invoice_that_is_paid_without_money_is_found() {
    let mut evidence = evidence();
    let keys: Vec<_> = paid(&mut evidence).payments.iter().map(|payment| payment.key.clone()).collect();
    evidence.oracle.transfers.retain(|key, _| !keys.contains(key));
    found(&evidence, "sound");
    found(&evidence, "model");
}

#[test]
fn an_expiry_that_erases_a_payment_is_found() {
    let mut evidence = evidence();
    let quiet_at = evidence.quiet_at;
    let invoice = paid(&mut evidence);
    invoice.deadline = quiet_at;
    invoice.standing.status = Status::Expired;
    found(&evidence, "model");
    found(&evidence, "derivable");
}

#[test]
fn an_address_of_two_invoices_is_found() {
    let mut evidence = evidence();
    evidence.addresses[0].holder = evidence.addresses[1].holder;
    found(&evidence, "address");
}

#[test]
fn an_index_that_is_used_twice_is_found() {
    let mut evidence = evidence();
    let first = evidence.addresses[0].clone();
    let other = evidence.addresses.iter_mut().skip(1).find(|row| row.account == first.account).unwrap();
    other.index = first.index;
    found(&evidence, "address");
}

#[test]
fn an_address_asked_for_twice_is_found() {
    let mut evidence = evidence();
    let quote = with_payment(&mut evidence).quotes[0].clone();
    let id = with_payment(&mut evidence).id;
    evidence.invoices.iter_mut().find(|invoice| invoice.id != id).unwrap().quotes.push(quote);
    found(&evidence, "address");
}

#[test]
fn an_acknowledged_invoice_that_is_gone_is_found() {
    let mut evidence = evidence();
    let asked_for = |invoice: &Invoice| !matches!(invoice.source, Source::StaticAddress(_));
    let last = evidence.invoices.iter().rposition(asked_for).unwrap();
    evidence.invoices.remove(last);
    found(&evidence, "durable");
}

#[test]
fn a_key_with_two_invoices_is_found() {
    let mut evidence = evidence();
    let mut twin = evidence.invoices.iter().find(|invoice| invoice.terms.idempotency_key.is_some()).unwrap().clone();
    twin.id = evidence.invoices[0].id;
    evidence.invoices.push(twin);
    found(&evidence, "idempotent");
}

#[test]
fn an_invoice_that_still_waits_is_found() {
    let mut evidence = evidence();
    evidence.invoices[0].standing.is_final = false;
    found(&evidence, "settled");
}

fn events(evidence: &mut Evidence) -> &mut Vec<StoredEvent> {
    evidence.events.values_mut().max_by_key(|events| events.len()).unwrap()
}

#[test]
fn a_lost_event_is_found() {
    let mut evidence = evidence();
    events(&mut evidence).remove(1);
    found(&evidence, "events");
}

#[test]
fn an_event_that_was_never_written_is_found() {
    let mut evidence = evidence();
    let events = events(&mut evidence);
    let last = events.iter().rposition(|event| event.kind == "invoice.expired").unwrap();
    events.remove(last);
    for (number, event) in (1..).zip(events.iter_mut()) {
        event.sequence = number;
    }
    found(&evidence, "events");
}

#[test]
fn an_event_without_its_cause_is_found() {
    let mut evidence = evidence();
    let event = events(&mut evidence).iter_mut().find(|event| event.kind == "invoice.expired").unwrap();
    let body = String::from_utf8(event.body.clone()).unwrap();
    event.body = body.replace(r#""status":"expired""#, r#""status":"pending""#).into_bytes();
    found(&evidence, "events");
}

#[test]
fn an_event_told_twice_is_found() {
    let mut evidence = evidence();
    let events = events(&mut evidence);
    let mut again = events.iter().rfind(|event| event.kind == "invoice.payment_detected").unwrap().clone();
    again.sequence = events.last().unwrap().sequence + 1;
    events.push(again);
    found(&evidence, "events");
}

#[test]
fn a_webhook_that_never_arrives_is_found() {
    let mut evidence = evidence();
    let id = evidence.log.last().unwrap().id.clone();
    evidence.log.retain(|received| received.id != id);
    found(&evidence, "delivered");
}

#[test]
fn a_webhook_of_other_bytes_is_found() {
    let mut evidence = evidence();
    evidence.log.last_mut().unwrap().body.push(b' ');
    found(&evidence, "deliveries");
}

#[test]
fn a_webhook_without_the_right_signature_is_found() {
    let mut evidence = evidence();
    evidence.log.last_mut().unwrap().is_signed = false;
    found(&evidence, "deliveries");
}

#[test]
fn a_webhook_of_no_event_is_found() {
    let mut evidence = evidence();
    evidence.log.last_mut().unwrap().id = "no-event".to_owned();
    found(&evidence, "deliveries");
}

#[test]
fn an_attempt_on_record_that_was_never_made_is_found() {
    let mut evidence = evidence();
    let (_, attempts) = evidence.deliveries.iter_mut().find(|(_, attempts)| !attempts.is_empty()).unwrap();
    let again = attempts.last().unwrap().clone();
    attempts.push(again);
    found(&evidence, "attempts");
}

#[test]
fn an_attempt_on_record_as_answered_otherwise_is_found() {
    let mut evidence = evidence();
    let mut attempts = evidence.deliveries.iter_mut().flat_map(|(_, attempts)| attempts);
    attempts.find(|attempt| attempt.status == Some(204)).unwrap().status = Some(500);
    found(&evidence, "attempts");
}

#[test]
fn an_attempt_that_was_made_and_is_not_on_record_is_found() {
    let mut evidence = evidence();
    let lane = lane_on_record(&evidence).unwrap();
    evidence.deliveries.retain(|(delivery, _)| delivery.endpoint != lane);
    found(&evidence, "attempts");
}

#[test]
fn a_delivery_that_was_promised_again_and_does_not_come_is_found() {
    let mut evidence = evidence();
    let is_there = |delivery: &Delivery| !evidence.memory.endpoints[&delivery.endpoint].is_deleted;
    let (delivery, _) = evidence.deliveries.iter().find(|(delivery, _)| is_there(delivery)).unwrap();
    let promised = KnownRedelivery { endpoint: delivery.endpoint, event: delivery.event, after: evidence.log.len() };
    evidence.memory.redeliveries.push(promised);
    found(&evidence, "repeated");
}

#[test]
fn a_permanent_address_that_received_more_than_its_deposits_is_found() {
    let mut evidence = evidence();
    let address = evidence.permanent.first_mut().expect("the run has permanent addresses");
    address.received = address.received.replaced(0, 1).unwrap();
    found(&evidence, "conserved");
}

#[test]
fn an_older_callback_after_a_newer_one_was_acknowledged_is_found() {
    let mut evidence = evidence();
    let of_invoice =
        |written: &Written| evidence.callbacks.iter().filter(|other| other.invoice == written.invoice).count();
    let first = evidence.callbacks.iter().find(|written| of_invoice(written) > 1).expect("an invoice with two").clone();
    let is_it = |got: &&CalledBack| got.body == first.body && got.url == first.url;
    let again = evidence.called_back.iter().find(is_it).expect("it was received").clone();
    evidence.called_back.push(again);
    found(&evidence, "callbacks");
}

#[test]
fn a_callback_that_was_never_written_or_not_signed_by_its_credential_is_found() {
    let mut invented = evidence();
    invented.called_back.last_mut().unwrap().body.push(b' ');
    found(&invented, "callbacks");
    let mut unsigned = evidence();
    unsigned.called_back.last_mut().unwrap().is_signed = false;
    found(&unsigned, "callbacks");
}

#[test]
fn a_last_callback_that_never_comes_is_found() {
    let mut evidence = evidence();
    let last = evidence.callbacks.last().unwrap().clone();
    evidence.called_back.retain(|got| got.body != last.body);
    found(&evidence, "callbacks");
}
