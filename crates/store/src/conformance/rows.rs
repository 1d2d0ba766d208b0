//! The rules themselves.

use super::{at, id, invoice, owner};
use crate::{
    Store, StoreError,
    records::{
        AddressRow, Attempt, ChainState, Delivery, DeliveryStage, DueDelivery, Endpoint, Holder, InvoiceFilter,
        NewEvent, Page, ScannedRange,
    },
};
use farthing_domain::{
    event::EventKind,
    id::{DeliveryId, EndpointId, Environment, EventId, InvoiceId, Owner},
    invoice::{Invoice, Source},
    name::NetworkId,
    network::{ChainId, Family},
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::Dialect,
    standing::Status,
};

const TEST: Environment = Environment::Test;

async fn insert(store: &Store, invoice: Invoice) {
    store.decide(move |transaction| transaction.insert_invoice(&invoice, "print")).await.unwrap();
}

async fn read(store: &Store, owner: Owner, number: u128) -> Option<Invoice> {
    store.read(move |reader| reader.invoice(owner, InvoiceId(id(number)))).await.unwrap()
}

pub(super) fn bitcoin() -> ChainId {
    ChainId { environment: TEST, network: NetworkId::new("bitcoin").unwrap() }
}

pub(super) fn key(transaction: &str) -> PaymentKey {
    PaymentKey { network: bitcoin().network, transaction: transaction.to_owned(), position: "0".to_owned() }
}

pub(super) fn seen(invoice: &Invoice, transaction: &str, height: Option<u64>) -> Observation {
    let due = invoice.quotes[0].due;
    let block = |height| Place::Block { block: BlockRef { height, hash: format!("b{height}") }, time: at(10) };
    Observation::Seen(Sighting {
        key: key(transaction),
        asset: due.asset,
        decimals: due.decimals,
        units: due.units,
        place: height.map_or(Place::Mempool { since: None }, block),
        matures_at: None,
    })
}

async fn observe(store: &Store, number: u128, observations: Vec<Observation>) {
    store
        .decide(move |transaction| {
            let mut invoice = transaction.lock_any_invoice(InvoiceId(id(number)))?.unwrap();
            invoice.observe(observations.clone(), None, at(20));
            transaction.save_invoice(&invoice, None)
        })
        .await
        .unwrap();
}

fn endpoint(number: u128, owner: Owner, events: &[&str]) -> Endpoint {
    Endpoint {
        id: EndpointId(id(number)),
        owner,
        url: "https://shop.example/hook".to_owned(),
        events: events.iter().map(|name| (*name).to_owned()).collect(),
        secrets: Vec::new(),
        credential: None,
        created_at: at(0),
        is_whole: true,
    }
}

async fn tell(store: &Store, owner: Owner, first_id: u128, kinds: &'static [EventKind]) {
    store
        .decide(move |transaction| {
            let events: Vec<NewEvent> = (first_id..)
                .zip(kinds)
                .map(|(number, kind)| NewEvent {
                    id: EventId(id(number)),
                    kind: *kind,
                    invoice: InvoiceId(id(1)),
                    created_at: at(5),
                    body: kind.as_str().as_bytes().to_vec(),
                })
                .collect();
            let mut next = first_id * 100;
            transaction.tell(owner, &events, at(7), || {
                next += 1;
                DeliveryId(id(next))
            })?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

pub(super) async fn an_invoice_is_read_back_as_it_was_written(store: Store) {
    let who = owner(1, TEST);
    let mut written = invoice(1, who);
    insert(&store, written.clone()).await;
    assert_eq!(read(&store, who, 1).await.unwrap(), written);
    observe(&store, 1, vec![seen(&written, "t", Some(5)), Observation::Final(key("t"))]).await;
    written.observe(vec![seen(&written, "t", Some(5)), Observation::Final(key("t"))], None, at(20));
    let found = read(&store, who, 1).await.unwrap();
    assert_eq!(found, written);
    assert_eq!(found.standing.status, Status::Paid);
    let token = found.token.clone();
    let by_token = store.read(move |reader| reader.invoice_by_token(&token)).await.unwrap();
    assert_eq!(by_token, Some(found));
}

pub(super) async fn a_failed_decision_leaves_nothing_behind(store: Store) {
    let who = owner(1, TEST);
    let row = invoice(1, who);
    let failed: Result<(), StoreError> = store
        .decide(move |transaction| {
            transaction.insert_invoice(&row, "print")?;
            Err(StoreError::Corrupt("on purpose".to_owned()))
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Corrupt(_))));
    assert_eq!(read(&store, who, 1).await, None);
}

pub(super) async fn a_panicking_decision_leaves_nothing_behind_and_harms_no_other(store: Store) {
    let who = owner(1, TEST);
    let row = invoice(1, who);
    let panicked: Result<(), StoreError> = store
        .decide(move |transaction| {
            transaction.insert_invoice(&row, "print")?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::DecisionPanicked)));
    assert_eq!(read(&store, who, 1).await, None);
    insert(&store, invoice(2, who)).await;
    assert!(read(&store, who, 2).await.is_some());
}

pub(super) async fn an_idempotency_key_is_used_once(store: Store) {
    let who = owner(1, TEST);
    insert(&store, invoice(1, who)).await;
    let found = store.read(move |reader| reader.idempotent(who, "key-1")).await.unwrap();
    assert_eq!(found, Some(("print".to_owned(), InvoiceId(id(1)))));
    for stranger in [owner(1, Environment::Live), owner(2, TEST)] {
        assert_eq!(store.read(move |reader| reader.idempotent(stranger, "key-1")).await.unwrap(), None);
    }
    let mut twin = invoice(2, who);
    twin.terms.idempotency_key = Some("key-1".to_owned());
    let refused = store.decide(move |transaction| transaction.insert_invoice(&twin, "print")).await;
    assert!(refused.is_err());
    assert_eq!(read(&store, who, 2).await, None);
}

pub(super) async fn another_owner_s_invoice_is_not_there(store: Store) {
    insert(&store, invoice(1, owner(1, TEST))).await;
    for stranger in [owner(1, Environment::Live), owner(2, TEST)] {
        assert_eq!(read(&store, stranger, 1).await, None);
        let (list, total) = store
            .read(move |reader| reader.invoices(stranger, &InvoiceFilter::default(), Page { limit: 10, offset: 0 }))
            .await
            .unwrap();
        assert_eq!((list.len(), total), (0, 0));
    }
}

pub(super) async fn events_are_numbered_without_gaps_per_owner(store: Store) {
    let (one, two) = (owner(1, TEST), owner(2, TEST));
    tell(&store, one, 10, &[EventKind::Created, EventKind::Paid]).await;
    tell(&store, two, 20, &[EventKind::Created]).await;
    tell(&store, one, 30, &[EventKind::Overpaid]).await;
    let events = store.read(move |reader| reader.events(one, 0, 10)).await.unwrap();
    let numbered: Vec<(u64, &str)> = events.iter().map(|event| (event.sequence, event.kind.as_str())).collect();
    assert_eq!(numbered, [(1, "invoice.created"), (2, "invoice.paid"), (3, "invoice.overpaid")]);
    assert_eq!(events[1].body, b"invoice.paid");
    assert_eq!(store.read(move |reader| reader.events(one, 2, 10)).await.unwrap().len(), 1);
    assert_eq!(store.read(move |reader| reader.last_event(two)).await.unwrap(), 1);
}

pub(super) async fn an_event_reaches_every_endpoint_that_subscribed(store: Store) {
    let who = owner(1, TEST);
    let endpoints = [
        endpoint(1, who, &["invoice.paid"]),
        endpoint(2, who, &["invoice.paid", "invoice.created"]),
        endpoint(3, owner(2, TEST), &["invoice.paid"]),
    ];
    for endpoint in endpoints {
        store.decide(move |transaction| transaction.put_endpoint(&endpoint)).await.unwrap();
    }
    tell(&store, who, 10, &[EventKind::Created, EventKind::Paid]).await;
    let count = async |number| {
        let page = Page { limit: 10, offset: 0 };
        store.read(move |reader| reader.deliveries(EndpointId(id(number)), page)).await.unwrap().1
    };
    assert_eq!((count(1).await, count(2).await, count(3).await), (1, 2, 0));
}

fn address(bytes: u8, index: u32, invoice: u128) -> AddressRow {
    AddressRow {
        environment: TEST,
        family: Family::Bitcoin,
        bytes: vec![bytes],
        account: vec![9],
        index,
        holder: Holder::Invoice(InvoiceId(id(invoice))),
        created_at: at(0),
    }
}

pub(super) async fn an_address_is_bound_once(store: Store) {
    let bind = async |row: AddressRow| store.decide(move |transaction| transaction.bind_address(&row)).await.unwrap();
    assert!(bind(address(1, 0, 1)).await);
    assert!(!bind(address(1, 1, 2)).await, "the same address");
    let whose = async |environment, family| {
        store.read(move |reader| reader.address_of(environment, family, &[1])).await.unwrap().map(|row| row.holder)
    };
    assert_eq!(whose(TEST, Family::Bitcoin).await, Some(Holder::Invoice(InvoiceId(id(1)))));
    assert_eq!(whose(TEST, Family::Litecoin).await, None);
    assert_eq!(whose(Environment::Live, Family::Bitcoin).await, None);
    assert_eq!(store.read(|reader| reader.addresses(None, 10)).await.unwrap(), [address(1, 0, 1)]);
}

pub(super) async fn an_index_never_goes_back(store: Store) {
    for next in [5, 3] {
        store.decide(move |transaction| transaction.set_next_index(TEST, &[9], next)).await.unwrap();
    }
    assert_eq!(store.read(|reader| reader.next_index(TEST, &[9])).await.unwrap(), Some(5));
    assert_eq!(store.read(|reader| reader.next_index(Environment::Live, &[9])).await.unwrap(), None);
}

pub(super) async fn a_payment_belongs_to_one_invoice(store: Store) {
    let who = owner(1, TEST);
    insert(&store, invoice(1, who)).await;
    insert(&store, invoice(2, who)).await;
    let sighting = seen(&invoice(1, who), "t", Some(5));
    observe(&store, 1, vec![sighting.clone()]).await;
    let stolen: Result<(), StoreError> = store
        .decide(move |transaction| {
            let mut invoice = transaction.lock_any_invoice(InvoiceId(id(2)))?.unwrap();
            invoice.observe(vec![sighting.clone()], None, at(20));
            transaction.save_invoice(&invoice, None)
        })
        .await;
    assert!(stolen.is_err());
    assert!(read(&store, who, 2).await.unwrap().payments.is_empty());
}

pub(super) async fn payments_are_found_by_stage_and_height(store: Store) {
    let who = owner(1, TEST);
    let row = invoice(1, who);
    insert(&store, row.clone()).await;
    let observations = vec![
        seen(&row, "waits", None),
        seen(&row, "at5", Some(5)),
        seen(&row, "at7", Some(7)),
        seen(&row, "final4", Some(4)),
        Observation::Final(key("final4")),
        seen(&row, "gone", None),
        Observation::Gone(key("gone")),
    ];
    observe(&store, 1, observations).await;
    let (mempool, above, maturing) = store
        .read(|reader| {
            Ok((
                reader.mempool_payments(bitcoin())?,
                reader.payments_above(bitcoin(), 4)?,
                reader.payments_maturing(bitcoin(), 6)?,
            ))
        })
        .await
        .unwrap();
    let names = |placed: &[crate::records::set_aside::PlacedPayment]| -> Vec<String> {
        placed.iter().map(|payment| payment.key.transaction.clone()).collect()
    };
    assert_eq!(names(&mempool), ["waits"]);
    assert_eq!(names(&above), ["at5", "at7"]);
    assert_eq!(names(&maturing), ["at5"]);
}

pub(super) async fn due_invoices_come_in_the_order_of_their_time(store: Store) {
    let who = owner(1, TEST);
    for (number, next_change) in [(1, Some(at(30))), (2, Some(at(10))), (3, None), (4, Some(at(99)))] {
        let mut row = invoice(number, who);
        row.standing.next_change = next_change;
        insert(&store, row).await;
    }
    let due = async |with_waiting| {
        store.read(move |reader| reader.due_invoices(TEST, at(50), with_waiting, 10)).await.unwrap()
    };
    assert_eq!(due(false).await, [InvoiceId(id(2)), InvoiceId(id(1))]);
    store
        .decide(|transaction| {
            let invoice = transaction.lock_any_invoice(InvoiceId(id(2)))?.unwrap();
            transaction.save_invoice(&invoice, Some(at(60)))
        })
        .await
        .unwrap();
    assert_eq!(due(false).await, [InvoiceId(id(1))], "it waits for its time to be looked at again");
    assert_eq!(due(true).await.len(), 2);
    let years = at(50).plus_seconds(300_000_000);
    store.decide(move |transaction| transaction.put_off(InvoiceId(id(2)), years)).await.unwrap();
    assert_eq!(due(false).await.len(), 2, "the clock that put it off has been set back since");
}

pub(super) async fn with_delivery(store: &Store) -> (Owner, EndpointId) {
    let who = owner(1, TEST);
    let row = endpoint(1, who, &["invoice.paid"]);
    let to = row.id;
    store.decide(move |transaction| transaction.put_endpoint(&row)).await.unwrap();
    tell(store, who, 10, &[EventKind::Paid]).await;
    (who, to)
}

pub(super) async fn due_deliveries_come_with_their_bytes_in_the_order_of_their_time(store: Store) {
    let (who, to) = with_delivery(&store).await;
    tell(&store, who, 20, &[EventKind::Paid, EventKind::Paid]).await;
    let due = async |now, limit| store.read(move |reader| reader.due_deliveries(to, at(now), limit)).await.unwrap();
    assert!(due(6, 9).await.is_empty(), "they are due at second 7");
    let found = due(7, 9).await;
    assert_eq!(found.iter().map(|due| due.delivery.id.0.as_u128()).collect::<Vec<_>>(), [1001, 2001, 2002]);
    assert!(found.iter().all(|due| due.body == b"invoice.paid"));
    assert_eq!(due(7, 2).await.len(), 2);
    assert_eq!(store.read(|reader| reader.due_endpoints(at(6), 10)).await.unwrap(), []);
    assert_eq!(store.read(|reader| reader.due_endpoints(at(7), 10)).await.unwrap(), [(to, who)]);
}

pub(super) async fn a_delivery_that_was_changed_in_the_meantime_is_not_overwritten(store: Store) {
    let (who, to) = with_delivery(&store).await;
    let due = async || store.read(move |reader| reader.due_deliveries(to, at(100), 1)).await.unwrap().remove(0);
    let found = due().await;
    let (id, asked_for_again) = (found.delivery.id, found.delivery.clone());
    let finish = async |read: DueDelivery, status, stage| {
        let attempt = Attempt {
            number: read.delivery.attempts + 1,
            at: at(41),
            status: Some(status),
            latency_ms: 3,
            error: None,
            answer: String::new(),
        };
        let row = Delivery { stage, attempts: attempt.number, due_at: at(100), ..read.delivery };
        store.decide(move |transaction| transaction.finish_attempt(&row, read.repeats, &attempt)).await.unwrap();
    };
    let now = async || store.read(move |reader| reader.delivery(who, id)).await.unwrap().unwrap();
    // In the millisecond in which it was due, and then once more.
    for _ in 0..2 {
        let (again, moment) = (asked_for_again.clone(), found.delivery.due_at);
        store.decide(move |transaction| transaction.redeliver(&again, moment)).await.unwrap();
    }
    finish(found.clone(), 500, DeliveryStage::GivenUp).await;
    let stands = (now().await.stage, now().await.due_at);
    assert_eq!(stands, (DeliveryStage::Waiting, found.delivery.due_at), "it was asked for again");
    let again = due().await;
    let counts = (again.delivery.attempts, again.attempts_before);
    assert_eq!(counts, (1, 1), "the attempt under way counts, and is none of the new schedule");
    finish(again, 503, DeliveryStage::Waiting).await;
    finish(due().await, 200, DeliveryStage::Delivered).await;
    assert_eq!((now().await.stage, now().await.attempts), (DeliveryStage::Delivered, 3));
    let attempts = store.read(move |reader| reader.attempts(id)).await.unwrap();
    let kept: Vec<_> = attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(kept, [(1, Some(500)), (2, Some(503)), (3, Some(200))], "none is lost");
}

pub(super) async fn deliveries_are_listed_newest_first_whether_they_wait_or_have_ended(store: Store) {
    let (who, to) = with_delivery(&store).await;
    tell(&store, who, 20, &[EventKind::Paid, EventKind::Paid, EventKind::Paid]).await;
    let due = store.read(move |reader| reader.due_deliveries(to, at(7), 9)).await.unwrap();
    let attempt =
        Attempt { number: 1, at: at(41), status: Some(200), latency_ms: 3, error: None, answer: String::new() };
    for read in [due[0].clone(), due[2].clone()] {
        let (row, attempt) = (Delivery { stage: DeliveryStage::Delivered, ..read.delivery }, attempt.clone());
        store.decide(move |transaction| transaction.finish_attempt(&row, read.repeats, &attempt)).await.unwrap();
    }
    let list =
        async |limit, offset| store.read(move |reader| reader.deliveries(to, Page { limit, offset })).await.unwrap();
    let (all, total) = list(9, 0).await;
    let stages: Vec<_> = all.iter().map(|delivery| delivery.stage).collect();
    let (waiting, delivered) = (DeliveryStage::Waiting, DeliveryStage::Delivered);
    assert_eq!((stages, total), (vec![waiting, delivered, waiting, delivered], 4));
    assert!(all.windows(2).all(|pair| pair[0].id > pair[1].id));
    assert_eq!(list(2, 1).await, (all[1..3].to_vec(), 4));
}

pub(super) async fn a_deleted_endpoint_gets_nothing_more(store: Store) {
    let (who, to) = with_delivery(&store).await;
    store.decide(move |transaction| transaction.delete_endpoint(to, at(20))).await.unwrap();
    assert_eq!(store.read(move |reader| reader.endpoint(who, to)).await.unwrap(), None);
    assert_eq!(store.read(|reader| reader.due_endpoints(at(50), 10)).await.unwrap(), []);
    tell(&store, who, 50, &[EventKind::Paid]).await;
    let (deliveries, _) = store.read(move |reader| reader.deliveries(to, Page { limit: 10, offset: 0 })).await.unwrap();
    assert_eq!(deliveries.iter().map(|delivery| delivery.stage).collect::<Vec<_>>(), [DeliveryStage::GivenUp]);
}

fn range(first: u64, last: u64) -> ScannedRange {
    ScannedRange { first, last, end_hash: format!("b{last}"), provider: "one".to_owned(), scanned_at: at(1) }
}

pub(super) async fn ranges_are_cut_and_joined_without_hiding_a_gap(store: Store) {
    let state = ChainState {
        chain: bitcoin(),
        identity: "regtest".to_owned(),
        cursor: BlockRef { height: 30, hash: "b30".to_owned() },
        tip: 31,
        final_height: None,
        scanned_through: at(1),
        alarm: None,
    };
    let kept = state.clone();
    store.decide(move |transaction| transaction.put_chain(&kept)).await.unwrap();
    assert_eq!(store.read(|reader| reader.chain(bitcoin())).await.unwrap(), Some(state));
    for range in [range(0, 10), range(11, 20), range(25, 30)] {
        store.decide(move |transaction| transaction.add_range(bitcoin(), &range)).await.unwrap();
    }
    store
        .decide(|transaction| transaction.cut_ranges(bitcoin(), &BlockRef { height: 15, hash: "b15".to_owned() }))
        .await
        .unwrap();
    let ranges = store.read(|reader| reader.scanned_ranges(bitcoin())).await.unwrap();
    assert_eq!(ranges, [range(11, 15), range(0, 10)]);
    // A gap after 15, then many ranges: the oldest are joined, the gap stays.
    for first in 20..=320 {
        let range = range(first, first);
        store.decide(move |transaction| transaction.add_range(bitcoin(), &range)).await.unwrap();
    }
    let ranges = store.read(|reader| reader.scanned_ranges(bitcoin())).await.unwrap();
    let oldest = ranges.last().unwrap();
    assert_eq!((oldest.first, oldest.last), (0, 15));
    assert!(ranges.iter().any(|range| range.first == 20 && range.last == 20));
}

pub(super) async fn lists_page_newest_first_and_filter(store: Store) {
    let who = owner(1, TEST);
    for number in 1..=5 {
        insert(&store, invoice(number, who)).await;
    }
    observe(&store, 3, vec![seen(&invoice(3, who), "t", None)]).await;
    let list = async |filter: InvoiceFilter, limit, offset| {
        let (invoices, total) =
            store.read(move |reader| reader.invoices(who, &filter, Page { limit, offset })).await.unwrap();
        (invoices.iter().map(|invoice| invoice.id.0.as_u128()).collect::<Vec<_>>(), total)
    };
    assert_eq!(list(InvoiceFilter::default(), 2, 0).await, (vec![5, 4], 5));
    assert_eq!(list(InvoiceFilter::default(), 2, 4).await, (vec![1], 5));
    assert_eq!(
        list(InvoiceFilter { statuses: vec![Status::Confirming], ..InvoiceFilter::default() }, 9, 0).await,
        (vec![3], 1)
    );
    assert_eq!(
        list(InvoiceFilter { external_id: Some("order-2".to_owned()), ..InvoiceFilter::default() }, 9, 0).await,
        (vec![2], 1)
    );
    assert_eq!(list(InvoiceFilter { currency: Some("btc".to_owned()), ..InvoiceFilter::default() }, 9, 0).await.1, 5);
    assert_eq!(list(InvoiceFilter { currency: Some("ETH".to_owned()), ..InvoiceFilter::default() }, 9, 0).await.1, 0);
    let oldest_first = InvoiceFilter { is_oldest_first: true, ..InvoiceFilter::default() };
    assert_eq!(list(oldest_first, 2, 1).await, (vec![2, 3], 5));
    let source = |source| InvoiceFilter { source: Some(source), ..InvoiceFilter::default() };
    assert_eq!(list(source(invoice(1, who).source), 9, 0).await.1, 5);
    assert_eq!(list(source(Source::Api(Dialect::TxnPro)), 9, 0).await.1, 0);
    let created_at = invoice(1, who).created_at;
    let rows = [(0, 0, 5), (1, 1, 0), (-1, -1, 0), (-1, 1, 5)];
    for (from, to, count) in rows {
        let (from, to) = (Some(created_at.plus_seconds(from)), Some(created_at.plus_seconds(to)));
        let created = InvoiceFilter { created_from: from, created_to: to, ..InvoiceFilter::default() };
        assert_eq!(list(created, 9, 0).await.1, count, "{from:?} to {to:?}");
    }
}
