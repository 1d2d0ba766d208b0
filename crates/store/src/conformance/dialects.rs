//! Credentials of dialects, the names that they give, and the hosts that their callbacks go to.

use super::{at, id, owner};
use crate::{
    Store, StoreError,
    records::{Credential, Endpoint, Merchant, NameKind},
};
use farthing_domain::{
    id::{CredentialId, EndpointId, Environment, Owner},
    policy::Dialect,
};

fn credential(number: u128, owner: Owner, dialect: Dialect) -> Credential {
    Credential {
        id: CredentialId(id(number)),
        owner,
        dialect,
        hash: [7; 32],
        public_key: Some("public".to_owned()),
        secret: "00ff".to_owned(),
        callback_url: Some("https://shop.example/callback".to_owned()),
        created_at: at(1),
        revoked_at: None,
    }
}

async fn insert(store: &Store, credential: Credential) -> Result<(), StoreError> {
    store
        .decide(move |transaction| {
            let id = credential.owner.merchant;
            if transaction.merchant(id)?.is_none() {
                transaction.insert_merchant(&Merchant { id, name: "Shop".to_owned(), created_at: at(0) })?;
            }
            transaction.insert_credential(&credential)
        })
        .await
}

pub(super) async fn a_credential_is_found_by_its_dialect_and_hash_until_it_is_revoked(store: Store) {
    let whose = owner(1, Environment::Test);
    let new = credential(5, whose, Dialect::CoinsPaid);
    insert(&store, new.clone()).await.unwrap();
    insert(&store, credential(6, whose, Dialect::TxCash)).await.unwrap();
    assert!(insert(&store, credential(7, whose, Dialect::CoinsPaid)).await.is_err(), "a key of two credentials");
    let found = store
        .read(|reader| {
            Ok((
                reader.credential(Dialect::CoinsPaid, &[7; 32])?,
                reader.credential(Dialect::Payhubix, &[7; 32])?,
                reader.credentials(owner(1, Environment::Test).merchant)?.len(),
            ))
        })
        .await
        .unwrap();
    assert_eq!(found, (Some(new), None, 2));
    for is_first in [true, false] {
        let revoked = store.decide(|transaction| transaction.revoke_credential(CredentialId(id(5)), at(9))).await;
        assert_eq!(revoked.unwrap(), is_first);
    }
    let kept = store.read(|reader| reader.any_credential(CredentialId(id(5)))).await.unwrap();
    assert_eq!(kept.unwrap().revoked_at, Some(at(9)));
}

async fn next(store: &Store, owner: Owner, dialect: Dialect) -> u32 {
    store.decide(move |transaction| transaction.next_number(owner, dialect)).await.unwrap()
}

pub(super) async fn numbers_are_counted_for_each_owner_and_dialect(store: Store) {
    let (one, two) = (owner(1, Environment::Test), owner(2, Environment::Test));
    assert_eq!((next(&store, one, Dialect::CoinsPaid).await, next(&store, one, Dialect::CoinsPaid).await), (1, 2));
    assert_eq!(next(&store, one, Dialect::Payhubix).await, 1);
    assert_eq!(next(&store, two, Dialect::CoinsPaid).await, 1);
    assert_eq!(next(&store, owner(1, Environment::Live), Dialect::CoinsPaid).await, 1);
    let number = |thing: &'static str| {
        store.decide(move |transaction| transaction.number_of(one, Dialect::CoinsPaid, NameKind::Address, thing))
    };
    assert_eq!((number("a").await.unwrap(), number("b").await.unwrap(), number("a").await.unwrap()), (3, 4, 3));
}

async fn put(store: &Store, owner: Owner, kind: NameKind, name: &'static str, thing: &'static str) -> bool {
    let pair = (name, thing);
    store.decide(move |transaction| transaction.put_name(owner, Dialect::CoinsPaid, kind, pair)).await.unwrap()
}

pub(super) async fn a_name_and_a_thing_are_bound_once(store: Store) {
    const INVOICE: &str = "00000000-0000-0000-0000-000000000009";
    let (one, two) = (owner(1, Environment::Test), owner(2, Environment::Test));
    assert!(put(&store, one, NameKind::Invoice, "1", INVOICE).await);
    assert!(!put(&store, one, NameKind::Invoice, "1", "another").await);
    assert!(put(&store, one, NameKind::Address, "2", "tb1q").await);
    assert!(!put(&store, one, NameKind::Address, "3", "tb1q").await);
    assert!(put(&store, one, NameKind::Reference, "1", INVOICE).await);
    assert!(put(&store, two, NameKind::Invoice, "1", INVOICE).await);
    let read = store
        .read(move |reader| {
            Ok((
                reader.thing_named(one, Dialect::CoinsPaid, NameKind::Invoice, "1")?,
                reader.thing_named(one, Dialect::TxnPro, NameKind::Invoice, "1")?,
                reader.name_of(one, Dialect::CoinsPaid, NameKind::Address, "tb1q")?,
                reader.invoices_named(one, "1")?.len(),
            ))
        })
        .await
        .unwrap();
    assert_eq!(read, (Some(INVOICE.to_owned()), None, Some("2".to_owned()), 1));
}

pub(super) async fn a_host_of_callbacks_is_one_endpoint_that_the_native_api_does_not_see(store: Store) {
    let whose = owner(1, Environment::Test);
    insert(&store, credential(5, whose, Dialect::CoinsPaid)).await.unwrap();
    let host = |number: u128, url: &str| Endpoint {
        id: EndpointId(id(number)),
        owner: whose,
        url: url.to_owned(),
        events: Vec::new(),
        secrets: Vec::new(),
        created_at: at(2),
        credential: Some(CredentialId(id(5))),
        is_whole: true,
    };
    let hosts = [host(20, "https://a.example"), host(21, "https://a.example"), host(22, "https://b.example")];
    let made = store
        .decide(move |transaction| {
            let made = hosts.iter().map(|host| transaction.callback_endpoint(host, Dialect::CoinsPaid));
            made.collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap();
    assert_eq!(made, [20, 20, 22].map(|number| EndpointId(id(number))));
    let (native, one, any) = store
        .read(move |reader| {
            let first = EndpointId(id(20));
            Ok((reader.endpoints(whose)?, reader.endpoint(whose, first)?, reader.any_endpoint(first)?))
        })
        .await
        .unwrap();
    assert!(native.is_empty() && one.is_none());
    assert_eq!(any.unwrap().credential, Some(CredentialId(id(5))));
}
