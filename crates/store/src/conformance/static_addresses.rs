//! Permanent addresses and their deposits: bound once, counted once, exact whatever becomes of a deposit.

use super::{at, id, invoice, owner};
use crate::{
    Store, StoreError,
    records::{AddressRow, Holder, NewStaticAddress, Page, StaticAddressChange, StaticAddressFilter, TakeKey},
};
use farthing_domain::{
    catalog::Catalog,
    id::{Environment, InvoiceId, Owner, StaticAddressId},
    invoice::Invoice,
    network::{ChainId, Family},
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::Dialect,
    static_address::StaticAddress,
};

const TEST: Environment = Environment::Test;
const FIRST: Page = Page { limit: 10, offset: 0 };

fn new_address(number: u128, owner: Owner) -> NewStaticAddress {
    let asset = Catalog::shipped().resolve("BTC", None).unwrap().clone();
    NewStaticAddress {
        id: StaticAddressId(id(number)),
        owner,
        dialect: Dialect::Native,
        asset: asset.id,
        decimals: asset.decimals,
        address: format!("tb1q{number}"),
        label: Some(format!("payer {number}")),
        external_id: Some(format!("user-{number}")),
        extras: r#"{"a":1}"#.to_owned(),
        created_at: at(0),
    }
}

async fn take(store: &Store, new: NewStaticAddress, key: Option<&str>) -> Result<(), StoreError> {
    let key = key.map(|key| TakeKey { key: key.to_owned(), fingerprint: "print".to_owned() });
    store.decide(move |transaction| transaction.insert_static_address(&new, key.as_ref())).await
}

async fn read(store: &Store, owner: Owner, number: u128) -> Option<StaticAddress> {
    store.read(move |reader| reader.static_address(owner, StaticAddressId(id(number)))).await.unwrap()
}

fn key(transaction: &str) -> PaymentKey {
    let network = Catalog::shipped().resolve("BTC", None).unwrap().id.network;
    PaymentKey { network, transaction: transaction.to_owned(), position: "0".to_owned() }
}

/// Writes the invoice of a deposit of so many units, seen in a block.
async fn deposit(store: &Store, owner: Owner, address: u128, number: u128, units: u128) {
    let address = read(store, owner, address).await.unwrap();
    let seen = Sighting {
        key: key(&format!("t{number}")),
        asset: address.asset,
        decimals: address.decimals,
        units,
        place: Place::Block { block: BlockRef { height: 5, hash: "b5".to_owned() }, time: at(10) },
        matures_at: None,
    };
    let new = address.deposit(InvoiceId(id(number)), format!("{number:032x}"), &seen, at(10));
    let mut deposit = Invoice::open(new, at(10)).0;
    deposit.observe(vec![Observation::Seen(seen)], None, at(10));
    store.decide(move |transaction| transaction.insert_invoice(&deposit, "")).await.unwrap();
}

async fn observe(store: &Store, number: u128, seen: Observation) {
    let save = store.decide(move |transaction| {
        let mut invoice = transaction.lock_any_invoice(InvoiceId(id(number)))?.unwrap();
        invoice.observe(vec![seen.clone()], None, at(20));
        transaction.save_invoice(&invoice, None)
    });
    save.await.unwrap();
}

async fn sums(store: &Store, owner: Owner, number: u128) -> (u64, String) {
    let address = read(store, owner, number).await.unwrap();
    (address.invoice_count, address.received.to_string())
}

pub(super) async fn a_permanent_address_is_read_back_as_it_was_written(store: Store) {
    let who = owner(1, TEST);
    let new = new_address(7, who);
    take(&store, new.clone(), None).await.unwrap();
    let found = read(&store, who, 7).await.unwrap();
    assert_eq!(
        (found.id, found.owner, found.dialect, found.asset, found.decimals),
        (new.id, new.owner, new.dialect, new.asset, new.decimals)
    );
    assert_eq!((found.address, found.label, found.external_id), (new.address, new.label, new.external_id));
    assert_eq!((found.extras, found.created_at), (new.extras, new.created_at));
    assert_eq!(sums(&store, who, 7).await, (0, "0".to_owned()));
    for stranger in [owner(1, Environment::Live), owner(2, TEST)] {
        assert_eq!(read(&store, stranger, 7).await, None);
        let change = StaticAddressChange { label: Some(None), extras: None };
        let id = StaticAddressId(id(7));
        let changed = store.decide(move |transaction| transaction.change_static_address(stranger, id, &change));
        assert!(!Result::<_, StoreError>::unwrap(changed.await), "another's address is not changed");
    }
    let change = StaticAddressChange { label: Some(None), extras: Some("{}".to_owned()) };
    let id = StaticAddressId(id(7));
    let changed = store.decide(move |transaction| transaction.change_static_address(who, id, &change));
    assert!(Result::<_, StoreError>::unwrap(changed.await));
    let changed = read(&store, who, 7).await.unwrap();
    assert_eq!(
        (changed.label, changed.extras, changed.external_id),
        (None, "{}".to_owned(), Some("user-7".to_owned()))
    );
}

pub(super) async fn an_address_key_is_used_once_by_each_dialect_of_an_owner(store: Store) {
    let who = owner(1, TEST);
    take(&store, new_address(1, who), Some("k")).await.unwrap();
    let of = async |owner, dialect| {
        let found = store.read(move |reader| reader.static_address_taken(owner, dialect, "k")).await.unwrap();
        found.map(|(fingerprint, address)| (fingerprint, address.id))
    };
    assert_eq!(of(who, Dialect::Native).await, Some(("print".to_owned(), StaticAddressId(id(1)))));
    assert_eq!(of(who, Dialect::CoinsPaid).await, None);
    assert_eq!(of(owner(2, TEST), Dialect::Native).await, None);
    assert!(take(&store, new_address(2, who), Some("k")).await.is_err());
    assert_eq!(read(&store, who, 2).await, None);
    let other = NewStaticAddress { dialect: Dialect::CoinsPaid, ..new_address(3, who) };
    take(&store, other, Some("k")).await.unwrap();
    take(&store, new_address(4, who), None).await.unwrap();
    take(&store, new_address(5, who), None).await.unwrap();
}

pub(super) async fn a_key_of_a_native_address_is_no_invoice_s(store: Store) {
    let who = owner(1, TEST);
    take(&store, new_address(1, who), Some("k")).await.unwrap();
    let other = NewStaticAddress { dialect: Dialect::TxnPro, ..new_address(2, who) };
    take(&store, other, Some("of another API")).await.unwrap();
    let used = async |key: &'static str| {
        store.read(move |reader| reader.idempotent(who, key)).await.unwrap().map(|(fingerprint, _)| fingerprint)
    };
    assert_eq!(used("k").await, Some("print".to_owned()));
    assert_eq!(used("of another API").await, None);
}

pub(super) async fn an_address_is_bound_to_an_invoice_or_to_a_permanent_address(store: Store) {
    let row = |bytes: u8, index, holder| AddressRow {
        environment: TEST,
        family: Family::Bitcoin,
        bytes: vec![bytes],
        account: vec![9],
        index,
        holder,
        created_at: at(0),
    };
    let (invoice, permanent) = (Holder::Invoice(InvoiceId(id(1))), Holder::StaticAddress(StaticAddressId(id(1))));
    let rows = [row(1, 0, invoice), row(2, 1, permanent)];
    for row in rows.clone() {
        assert!(store.decide(move |transaction| transaction.bind_address(&row)).await.unwrap());
    }
    let stolen = row(2, 2, invoice);
    assert!(!store.decide(move |transaction| transaction.bind_address(&stolen)).await.unwrap());
    assert_eq!(store.read(|reader| reader.addresses(None, 10)).await.unwrap(), rows);
    let found = store.read(|reader| reader.address_of(TEST, Family::Bitcoin, &[2])).await.unwrap();
    assert_eq!(found.map(|row| row.holder), Some(permanent));
}

pub(super) async fn deposits_are_counted_once_and_what_was_received_follows_them_exactly(store: Store) {
    let who = owner(1, TEST);
    take(&store, new_address(1, who), None).await.unwrap();
    take(&store, new_address(2, who), None).await.unwrap();
    for (number, units) in [(11, u128::MAX), (12, u128::MAX), (13, 5)] {
        deposit(&store, who, 1, number, units).await;
    }
    assert_eq!(sums(&store, who, 1).await, (3, "0".to_owned()), "nothing is final");
    for number in [11, 12, 13] {
        let is_final = Observation::Final(key(&format!("t{number}")));
        observe(&store, number, is_final.clone()).await;
        observe(&store, number, is_final).await;
    }
    let all = "680564733841876926926749214863536422915".to_owned();
    assert_eq!(sums(&store, who, 1).await, (3, all.clone()));
    observe(&store, 12, Observation::Gone(key("t12"))).await;
    assert_eq!(sums(&store, who, 1).await, (3, "340282366920938463463374607431768211460".to_owned()));
    let again = Sighting {
        key: key("t12"),
        asset: read(&store, who, 1).await.unwrap().asset,
        decimals: 8,
        units: u128::MAX,
        place: Place::Block { block: BlockRef { height: 6, hash: "b6".to_owned() }, time: at(11) },
        matures_at: None,
    };
    observe(&store, 12, Observation::Seen(again)).await;
    observe(&store, 12, Observation::Final(key("t12"))).await;
    assert_eq!(sums(&store, who, 1).await, (3, all));
    assert_eq!(sums(&store, who, 2).await, (0, "0".to_owned()));
}

pub(super) async fn a_known_transfer_stays_with_its_invoice(store: Store) {
    let who = owner(1, TEST);
    take(&store, new_address(1, who), None).await.unwrap();
    deposit(&store, who, 1, 11, 5).await;
    let chain = ChainId { environment: TEST, network: key("t11").network };
    let of =
        async |chain, key: PaymentKey| store.read(move |reader| reader.any_invoice_paid_by(chain, &key)).await.unwrap();
    assert_eq!(of(chain, key("t11")).await, Some(InvoiceId(id(11))));
    assert_eq!(of(chain, PaymentKey { position: "1".to_owned(), ..key("t11") }).await, None, "another output");
    assert_eq!(of(ChainId { environment: Environment::Live, ..chain }, key("t11")).await, None);
}

pub(super) async fn lists_of_addresses_and_of_their_invoices_page_newest_first_and_filter(store: Store) {
    let who = owner(1, TEST);
    for number in 1..=4 {
        take(&store, new_address(number, who), None).await.unwrap();
    }
    take(&store, new_address(9, owner(2, TEST)), None).await.unwrap();
    let list = async |filter: StaticAddressFilter, page| {
        let (found, total) = store.read(move |reader| reader.static_addresses(who, &filter, page)).await.unwrap();
        (found.iter().map(|address| address.id.0.as_u128()).collect::<Vec<_>>(), total)
    };
    let all = StaticAddressFilter::default();
    assert_eq!(list(all.clone(), Page { limit: 2, offset: 0 }).await, (vec![4, 3], 4));
    assert_eq!(list(all.clone(), Page { limit: 2, offset: 3 }).await, (vec![1], 4));
    let by = StaticAddressFilter { external_id: Some("user-2".to_owned()), ..all.clone() };
    assert_eq!(list(by, FIRST).await, (vec![2], 1));
    let by = StaticAddressFilter { currency: Some("eth".parse().unwrap()), ..all.clone() };
    assert_eq!(list(by, FIRST).await.1, 0);
    assert_eq!(list(StaticAddressFilter { dialect: Some(Dialect::TxCash), ..all }, FIRST).await.1, 0);
    for number in 11..=13 {
        deposit(&store, who, 1, number, 5).await;
    }
    deposit(&store, who, 2, 14, 5).await;
    store.decide(move |transaction| transaction.insert_invoice(&invoice(15, who), "")).await.unwrap();
    let deposits = async |owner, page| {
        let of = StaticAddressId(id(1));
        let found = store.read(move |reader| reader.static_address_invoices(owner, of, page)).await.unwrap();
        found.iter().map(|invoice| invoice.id.0.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(deposits(who, FIRST).await, [13, 12, 11]);
    assert_eq!(deposits(who, Page { limit: 1, offset: 2 }).await, [11]);
    assert!(deposits(owner(2, TEST), FIRST).await.is_empty());
    let all = store.read(|reader| reader.all_static_addresses(Some(StaticAddressId(id(3))), 10)).await.unwrap();
    assert_eq!(all.iter().map(|address| address.id.0.as_u128()).collect::<Vec<_>>(), [4, 9]);
}
