//! Live money: what waits for it, what is recorded of it, and what nothing explains.

use super::{at, id, invoice, owner};
use crate::{
    Store, StoreError,
    records::{Holder, Surplus},
};
use farthing_domain::id::{Environment, InvoiceId};

pub(crate) async fn a_surplus_is_kept_with_its_first_moment_until_it_is_cleared(store: Store) {
    let asset = invoice(1, owner(1, Environment::Live)).quotes[0].due.asset;
    let surplus = |balance: u128, found_at: i64| Surplus {
        asset,
        address: vec![1, 2],
        shown: "tb1q".to_owned(),
        holder: Holder::Invoice(InvoiceId(id(1))),
        balance,
        recorded: 3,
        found_at: at(found_at),
        acknowledged_at: None,
    };
    let put = |surplus: Surplus| store.decide(move |transaction| transaction.put_surplus(&surplus));
    let kept: Result<(), StoreError> = put(surplus(u128::MAX, 5)).await;
    kept.unwrap();
    put(surplus(9, 7)).await.unwrap();
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    let read = || store.read(|reader| reader.surpluses());
    assert_eq!(read().await.unwrap(), [surplus(9, 5)]);
    let acknowledged = Surplus { acknowledged_at: Some(at(8)), ..surplus(9, 5) };
    put(acknowledged.clone()).await.unwrap();
    assert_eq!(read().await.unwrap(), [acknowledged]);
    let cleared: Result<(), StoreError> =
        store.decide(move |transaction| transaction.clear_surplus(asset, &[1, 2])).await;
    cleared.unwrap();
    assert_eq!(read().await.unwrap(), []);
}

pub(crate) async fn live_money_is_expected_while_a_live_invoice_has_not_come_to_rest(store: Store) {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    let is_expected = || store.read(|reader| reader.expects_live_money());
    let insert = |number: u128, environment: Environment| {
        let invoice = invoice(number, owner(number, environment));
        store.decide(move |transaction| transaction.insert_invoice(&invoice, "print"))
    };
    let inserted: Result<(), StoreError> = insert(1, Environment::Test).await;
    inserted.unwrap();
    assert!(!is_expected().await.unwrap(), "test money is none");
    insert(2, Environment::Live).await.unwrap();
    assert!(is_expected().await.unwrap());
    let is_at_rest = |since: i64| store.read(move |reader| reader.is_at_rest(InvoiceId(id(2)), at(since)));
    assert!(!is_at_rest(100_000).await.unwrap());
    let live = store.read(|reader| reader.any_live_invoices(InvoiceId(id(0)), 10)).await.unwrap();
    assert_eq!(live.iter().map(|invoice| invoice.id).collect::<Vec<_>>(), [InvoiceId(id(2))]);
}
