//! What waits to be recorded.

use super::{
    at, id, invoice, owner,
    rows::{self, bitcoin, key},
};
use crate::{Store, StoreError, records::set_aside::PlacedPayment};
use farthing_domain::{
    id::{Environment, InvoiceId},
    payment::Observation,
};

const TEST: Environment = Environment::Test;

fn seen(transaction: &str, height: Option<u64>) -> Observation {
    rows::seen(&invoice(1, owner(1, TEST)), transaction, height)
}

async fn set_aside(store: &Store, seen: Observation) -> bool {
    let whose = Some(InvoiceId(id(1)));
    let write = move |transaction: &mut crate::Transaction<'_>| {
        transaction.set_aside_seen(bitcoin(), &seen, (whose, Some(&[7])), at(30))
    };
    store.decide(write).await.unwrap()
}

/// The transactions in the mempool, above block 4, and not final up to block 6.
async fn places(store: &Store) -> [Vec<String>; 3] {
    let names = |placed: Vec<PlacedPayment>| placed.into_iter().map(|payment| payment.key.transaction).collect();
    let read = store.read(|reader| {
        let mempool = reader.mempool_payments(bitcoin())?;
        Ok::<_, StoreError>([mempool, reader.payments_above(bitcoin(), 4)?, reader.payments_maturing(bitcoin(), 6)?])
    });
    read.await.unwrap().map(names)
}

async fn with_a_payment_that_waits_in_the_mempool(store: &Store) {
    let row = invoice(1, owner(1, TEST));
    store.decide(move |transaction| transaction.insert_invoice(&row, "print")).await.unwrap();
    let write = |transaction: &mut crate::Transaction<'_>| {
        let mut invoice = transaction.lock_any_invoice(InvoiceId(id(1)))?.unwrap();
        invoice.observe(vec![seen("known", None)], None, at(20));
        transaction.save_invoice(&invoice, None)
    };
    store.decide(write).await.unwrap();
}

pub(super) async fn what_waits_says_where_payments_are_as_if_it_were_recorded(store: Store) {
    with_a_payment_that_waits_in_the_mempool(&store).await;
    let known = || vec!["known".to_owned()];
    let steps = [
        (seen("known", Some(5)), [vec![], known(), known()]),
        (Observation::Final(key("known")), [vec![], known(), vec![]]),
        (Observation::Gone(key("known")), [vec![], vec![], vec![]]),
        (seen("known", None), [known(), vec![], vec![]]),
        (seen("new", None), [vec!["known".to_owned(), "new".to_owned()], vec![], vec![]]),
    ];
    for (step, expected) in steps {
        assert!(set_aside(&store, step.clone()).await, "{step:?}");
        assert_eq!(places(&store).await, expected, "{step:?}");
    }
    let waiting = store.read(|reader| reader.set_aside(TEST)).await.unwrap();
    assert_eq!(waiting.len(), 5);
    assert!(waiting.iter().all(|row| row.seen_at == at(30) && row.address == Some(vec![7])));
    store.decide(move |transaction| transaction.take_from_aside(&waiting)).await.unwrap();
    assert_eq!(places(&store).await, [known(), vec![], vec![]], "only what is recorded");
}

pub(super) async fn what_says_nothing_new_is_not_set_aside_again(store: Store) {
    let repeated = [seen("t", None), seen("t", Some(5)), Observation::Final(key("t")), Observation::Gone(key("t"))];
    for observation in repeated {
        assert!(set_aside(&store, observation.clone()).await, "{observation:?}");
        assert!(!set_aside(&store, observation.clone()).await, "{observation:?}");
    }
    assert_eq!(store.read(|reader| reader.set_aside(TEST)).await.unwrap().len(), 4);
    assert_eq!(store.read(|reader| reader.set_aside_payments(bitcoin())).await.unwrap(), [key("t")].into());
}

pub(super) async fn an_invoice_of_which_something_waits_is_not_locked(store: Store) {
    with_a_payment_that_waits_in_the_mempool(&store).await;
    set_aside(&store, seen("known", Some(5))).await;
    let lock = |transaction: &mut crate::Transaction<'_>| transaction.lock_any_invoice(InvoiceId(id(1))).map(|_| ());
    assert!(matches!(store.decide(lock).await, Err(StoreError::Corrupt(_))));
    let write = move |transaction: &mut crate::Transaction<'_>| {
        let waiting = transaction.set_aside(TEST)?;
        transaction.take_from_aside(&waiting)?;
        transaction.lock_any_invoice(InvoiceId(id(1))).map(|_| ())
    };
    store.decide(write).await.unwrap();
}

pub(super) async fn what_met_something_altered_leaves_nothing_and_what_was_done_beside_it_stays(store: Store) {
    let insert = |number| invoice(number, owner(1, TEST));
    let write = move |transaction: &mut crate::Transaction<'_>| {
        transaction.insert_invoice(&insert(1), "print")?;
        let failed: Result<(), StoreError> = transaction.whole_or_not(|transaction| {
            transaction.insert_invoice(&insert(2), "print")?;
            Err(StoreError::Corrupt("a row".to_owned()))
        });
        assert!(matches!(failed, Err(StoreError::Corrupt(_))));
        transaction.whole_or_not(|transaction| transaction.insert_invoice(&insert(3), "print"))
    };
    store.decide(write).await.unwrap();
    let kept = store.read(|reader| reader.all_invoices(None, 9)).await.unwrap();
    assert_eq!(kept.iter().map(|invoice| invoice.id.0.as_u128()).collect::<Vec<_>>(), [1, 3]);
}
