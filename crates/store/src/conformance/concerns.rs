//! What is wrong with addresses themselves.

use super::{at, id};
use crate::{
    Store, StoreError,
    records::{
        Holder,
        concern::{Concern, What},
    },
};
use farthing_domain::id::{InvoiceId, StaticAddressId};

pub(crate) async fn a_concern_is_kept_with_its_first_moment_until_it_is_cleared(store: Store) {
    let frozen = What::Frozen("USDT".parse().unwrap());
    let concern = |holder: Holder, what: What, found_at: i64| Concern {
        network: "polygon".parse().unwrap(),
        address: vec![1, 2],
        shown: "0x0102".to_owned(),
        holder,
        what,
        found_at: at(found_at),
        acknowledged_at: None,
    };
    let (invoice, address) = (Holder::Invoice(InvoiceId(id(1))), Holder::StaticAddress(StaticAddressId(id(2))));
    let put = |concern: Concern| store.decide(move |transaction| transaction.put_concern(&concern));
    let kept: Result<(), StoreError> = put(concern(invoice, What::Code, 5)).await;
    kept.unwrap();
    put(concern(address, frozen, 6)).await.unwrap();
    let payer = concern(address, What::PayerFrozen("USDC".parse().unwrap()), 7);
    put(payer.clone()).await.unwrap();
    put(concern(invoice, What::Code, 7)).await.unwrap();
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method's path is not general enough in its lifetime"
    )]
    let read = || store.read(|reader| reader.concerns());
    assert_eq!(read().await.unwrap(), [concern(invoice, What::Code, 5), concern(address, frozen, 6), payer.clone()]);
    let known = concern(invoice, What::Code, 5);
    let acknowledged: Result<(), StoreError> = {
        let known = known.clone();
        store.decide(move |transaction| transaction.acknowledge_concern(&known, at(8))).await
    };
    acknowledged.unwrap();
    let acknowledged = Concern { acknowledged_at: Some(at(8)), ..known };
    put(concern(invoice, What::Code, 9)).await.unwrap();
    assert_eq!(
        read().await.unwrap(),
        [acknowledged, concern(address, frozen, 6), payer.clone()],
        "found again, it is known"
    );
    let network = "polygon".parse().unwrap();
    let cleared: Result<(), StoreError> =
        store.decide(move |transaction| transaction.clear_concern(network, &[1, 2], What::Code)).await;
    cleared.unwrap();
    assert_eq!(read().await.unwrap(), [concern(address, frozen, 6), payer]);
}
