//! Permanent addresses: each deposit an invoice of its own, whatever the chain does with it.

use crate::shop::{HALF_BITCOIN, Shop};
use farthing_domain::{
    asset::Asset,
    decimal::Decimal,
    id::{Environment, InvoiceId, Owner, StaticAddressId},
    invoice::{Invoice, Source},
    money::Amount,
    name::NetworkId,
    network::ChainId,
    policy::Dialect,
    standing::{PaymentStatus, Status},
    static_address::StaticAddress,
};
use farthing_gateway::{
    read_invoice::ReadError,
    static_addresses::{TakeError, TakeStaticAddress, Taken},
    test_mode::TestModeError,
};
use farthing_networks::{
    network::{BlockTransfers, Scanned, Transfer},
    simulated::Faults,
};
use farthing_store::records::{Page, StaticAddressChange, StaticAddressFilter, TakeKey};

const FIRST: Page = Page { limit: 100, offset: 0 };

impl Shop {
    fn asset(&self, code: &str, network: Option<&str>) -> Asset {
        let catalog = &self.world.gateway.environment(Environment::Test).catalog;
        catalog.resolve(code, network).unwrap().clone()
    }

    fn take_command(&self, code: &str, network: Option<&str>) -> TakeStaticAddress {
        TakeStaticAddress {
            owner: self.owner,
            dialect: Dialect::Native,
            asset: self.asset(code, network).id,
            label: Some("payer 7".to_owned()),
            external_id: Some("user-7".to_owned()),
            extras: "{}".to_owned(),
            key: None,
        }
    }

    async fn take(&self, code: &str, network: Option<&str>) -> StaticAddress {
        let taken = self.world.gateway.take_static_address(self.take_command(code, network)).await;
        taken.unwrap().into_address()
    }

    /// Pays a permanent address in its own asset, a moment after the one before: the world's clock stands still.
    async fn deposit(&self, to: &StaticAddress, amount: &str, confirmations: u32) -> String {
        self.world.clock.move_by_ms(1);
        let units = amount.parse::<Decimal>().unwrap().units(to.decimals).unwrap();
        let amount = Amount { asset: to.asset, decimals: to.decimals, units };
        let gateway = &self.world.gateway;
        gateway.pay_test_address(self.owner, to.id, amount, confirmations).await.unwrap().tx_hash
    }

    /// The address as it is now: how many deposits it had, and what it received.
    async fn sums(&self, id: StaticAddressId) -> (u64, String) {
        let address = self.world.gateway.static_address(self.owner, id).await.unwrap().unwrap();
        (address.invoice_count, address.received.to_decimal(address.decimals))
    }

    /// The invoices of its deposits, oldest first.
    async fn deposits(&self, id: StaticAddressId) -> Vec<Invoice> {
        let found = self.world.gateway.static_address_invoices(self.owner, id, FIRST).await.unwrap();
        let (mut invoices, total) = found.unwrap();
        assert_eq!(u64::try_from(invoices.len()).unwrap(), total);
        invoices.reverse();
        invoices
    }

    async fn mine(&self, network: &str, count: u32) {
        self.world.gateway.mine_test_blocks(network.parse().unwrap(), count).await.unwrap();
    }

    async fn reorganise(&self, network: &str, depth: u32, drop: Vec<String>) {
        let gateway = &self.world.gateway;
        gateway.reorganise_test_network(network.parse().unwrap(), depth, drop).await.unwrap();
    }
}

fn chain(network: &str) -> ChainId {
    ChainId { environment: Environment::Test, network: NetworkId::new(network).unwrap() }
}

#[tokio::test]
async fn a_deposit_makes_an_invoice_priced_at_it_that_waits_and_is_paid() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    assert!(address.address.starts_with("tb1q"), "{}", address.address);
    assert_eq!(shop.sums(address.id).await, (0, "0".to_owned()));
    shop.deposit(&address, "0.3", 0).await;
    let seen = shop.deposits(address.id).await.remove(0);
    assert_eq!(seen.standing.status, Status::Confirming);
    assert_eq!((seen.source, seen.policy.dialect), (Source::StaticAddress(address.id), Dialect::Native));
    assert_eq!((seen.quotes[0].due.to_string(), &seen.quotes[0].address), ("0.3".to_owned(), &address.address));
    assert_eq!((seen.deadline, seen.owner), (None, shop.owner));
    assert_eq!(shop.events(seen.id).await, ["created", "payment_detected", "confirming"]);
    assert_eq!(shop.sums(address.id).await, (1, "0".to_owned()), "nothing is final");
    shop.mine("bitcoin", 2).await;
    assert_eq!(shop.status(seen.id).await, Status::Paid);
    assert_eq!(shop.events(seen.id).await, ["created", "payment_detected", "confirming", "paid"]);
    assert_eq!(shop.sums(address.id).await, (1, "0.3".to_owned()));
}

#[tokio::test]
async fn the_creation_is_told_with_the_money_already_there() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    shop.deposit(&address, "0.3", 2).await;
    let owner = shop.owner;
    let events = shop.world.gateway.store().read(move |reader| reader.events(owner, 0, 10)).await.unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(names, ["invoice.created", "invoice.payment_detected", "invoice.confirming", "invoice.paid"]);
    let body: serde_json::Value = serde_json::from_slice(&events[0].body).unwrap();
    assert_eq!(body["data"]["source"], "static_address");
    assert_eq!(body["data"]["static_address_id"], address.id.to_string());
    assert_eq!(body["data"]["payments"][0]["amount"], "0.3");
    assert_ne!(body["data"]["status"], "expired", "nobody hears of an invoice that was never open");
}

#[tokio::test]
async fn repeated_small_and_late_deposits_are_each_counted_once() {
    let shop = Shop::open().await;
    let address = shop.take("USDT", Some("tron")).await;
    for amount in ["25", "25", "0.000001"] {
        shop.deposit(&address, amount, 0).await;
    }
    shop.mine("tron", 19).await;
    assert_eq!(shop.sums(address.id).await, (3, "50.000001".to_owned()));
    for _ in 0..5 {
        shop.world.gateway.advance_test_clock(366 * 86_400).await.unwrap();
    }
    let Shop { world, owner } = shop;
    let shop = Shop { world: world.restart().await.unwrap(), owner };
    shop.deposit(&address, "7", 19).await;
    assert_eq!(shop.sums(address.id).await, (4, "57.000001".to_owned()));
    let deposits = shop.deposits(address.id).await;
    assert!(deposits.iter().all(|invoice| invoice.standing.status == Status::Paid && !invoice.standing.is_late));
    for _ in 0..3 {
        shop.world.gateway.scan_to_tip(chain("tron")).await.unwrap();
    }
    assert_eq!(shop.sums(address.id).await.0, 4);
}

#[tokio::test]
async fn two_outputs_of_one_transaction_are_two_deposits() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    let hash = shop.deposit(&address, "0.1", 0).await;
    let gateway = &shop.world.gateway;
    let first = shop.deposits(address.id).await.remove(0).payments[0].clone();
    // The simulated payer makes one output a transaction: a batch with two is applied as a scan would.
    let state = gateway.store().read(|reader| reader.chain(chain("bitcoin"))).await.unwrap().unwrap();
    let bytes = farthing_networks::address::Address::parse(
        farthing_domain::network::Family::Bitcoin.into(),
        farthing_networks::address::Chain::Testnet,
        &address.address,
    )
    .unwrap();
    let output = |position: &str, units| Transfer {
        transaction: "two".to_owned(),
        position: position.to_owned(),
        address: bytes.bytes().to_vec(),
        asset: address.asset,
        decimals: address.decimals,
        units,
        matures_at: None,
    };
    let header = farthing_networks::network::Header {
        block: farthing_domain::payment::BlockRef { height: state.cursor.height + 1, hash: "b1".to_owned() },
        parent: state.cursor.hash.clone(),
        time: gateway.clocks().now(Environment::Test),
    };
    let transfers = vec![output("0", 5), output("1", 5), output("2", 0), output("1", 5)];
    let batch = farthing_gateway::apply_block::Batch {
        chain: chain("bitcoin"),
        expected: state.cursor.clone(),
        lost: None,
        scanned: Some(Scanned {
            provider: "one".to_owned(),
            parent: state.cursor.hash.clone(),
            end: header.clone(),
            blocks: vec![BlockTransfers { header, transfers }],
        }),
        range: None,
        mempool: None,
        tip: state.cursor.height + 1,
        final_height: None,
        read_at: gateway.clocks().now(Environment::Test),
    };
    gateway.apply_block(batch).await.unwrap();
    let deposits = shop.deposits(address.id).await;
    let mut keys: Vec<(&str, &str)> = deposits
        .iter()
        .map(|invoice| (invoice.payments[0].key.transaction.as_str(), invoice.payments[0].key.position.as_str()))
        .collect();
    keys.sort_unstable();
    let mut expected = [(hash.as_str(), first.key.position.as_str()), ("two", "0"), ("two", "1")];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert!(deposits.iter().all(|invoice| invoice.payments.len() == 1));
    assert_eq!(shop.sums(address.id).await.0, 3, "nothing moved by the output of nothing");
}

#[tokio::test]
async fn a_reorganised_deposit_keeps_its_invoice_and_one_that_is_mined_again_too() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    let hash = shop.deposit(&address, "0.5", 1).await;
    shop.reorganise("bitcoin", 1, Vec::new()).await;
    shop.mine("bitcoin", 2).await;
    let deposit = shop.deposits(address.id).await.remove(0);
    assert_eq!(deposit.standing.status, Status::Paid);
    assert_eq!(shop.events(deposit.id).await, ["created", "payment_detected", "confirming", "paid"]);
    shop.reorganise("bitcoin", 4, vec![hash]).await;
    assert_eq!(shop.status(deposit.id).await, Status::Invalid);
    assert_eq!(shop.sums(address.id).await, (1, "0".to_owned()));
    assert_eq!(shop.deposits(address.id).await.len(), 1);
    shop.deposit(&address, "0.2", 2).await;
    assert_eq!(shop.sums(address.id).await, (2, "0.2".to_owned()));
    assert_eq!(shop.status(deposit.id).await, Status::Invalid);
}

#[tokio::test]
async fn a_deposit_that_is_replaced_expires_and_the_one_that_replaces_it_is_another() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    shop.deposit(&address, "0.3", 0).await;
    let first = shop.deposits(address.id).await.remove(0);
    let (gateway, hash) = (&shop.world.gateway, first.payments[0].key.transaction.clone());
    // Mined and dropped with its block: gone before it was final.
    shop.mine("bitcoin", 1).await;
    gateway.reorganise_test_network("bitcoin".parse().unwrap(), 1, vec![hash]).await.unwrap();
    assert_eq!(shop.status(first.id).await, Status::Expired);
    assert_eq!(
        shop.events(first.id).await,
        ["created", "payment_detected", "confirming", "payment_dropped", "expired"]
    );
    shop.deposit(&address, "0.4", 2).await;
    assert_eq!(shop.sums(address.id).await, (2, "0.4".to_owned()));
}

#[tokio::test]
async fn money_in_another_asset_is_a_rejected_deposit_that_stays_visible() {
    let shop = Shop::open().await;
    let address = shop.take("USDT", Some("polygon")).await;
    let gateway = &shop.world.gateway;
    for (code, network) in [("USDC", "polygon"), ("USDT", "bsc"), ("POL", "polygon")] {
        let other = shop.asset(code, Some(network));
        gateway.pay_test_address(shop.owner, address.id, Amount::of(&other, 5_000_000), 70).await.unwrap();
    }
    let deposits = shop.deposits(address.id).await;
    assert_eq!(deposits.len(), 3);
    for deposit in &deposits {
        assert_eq!(deposit.standing.payments[0].status, PaymentStatus::Rejected);
        assert_eq!((deposit.standing.status, deposit.standing.is_final), (Status::Expired, true));
        assert_eq!(shop.events(deposit.id).await, ["created", "deposit_rejected"]);
    }
    assert_eq!(shop.sums(address.id).await, (3, "0".to_owned()));
    assert_eq!(gateway.audit().await.unwrap().differences, [], "such deposits are as they should be");
    shop.deposit(&address, "5", 64).await;
    assert_eq!(shop.sums(address.id).await, (4, "5".to_owned()));
}

#[tokio::test]
async fn a_dialect_s_address_gives_its_rules_to_its_deposits() {
    let shop = Shop::open().await;
    for dialect in Dialect::ALL {
        let command = TakeStaticAddress { dialect, ..shop.take_command("BTC", None) };
        let address = shop.world.gateway.take_static_address(command).await.unwrap().into_address();
        shop.deposit(&address, "0.3", 0).await;
        let deposit = shop.deposits(address.id).await.remove(0);
        assert_eq!((deposit.policy.dialect, deposit.policy.window), (dialect, None));
        assert_eq!(deposit.source.as_str(), "static_address");
        shop.world.gateway.advance_test_clock(400 * 3600).await.unwrap();
        assert_eq!(shop.status(deposit.id).await, Status::Confirming, "{dialect}: it waits as long as it takes");
        shop.mine("bitcoin", 2).await;
        assert_eq!(shop.status(deposit.id).await, Status::Paid, "{dialect}");
    }
}

#[tokio::test]
async fn a_hundred_parallel_calls_with_one_key_take_one_address() {
    let shop = Shop::open().await;
    let key = |fingerprint: &str| Some(TakeKey { key: "one".to_owned(), fingerprint: fingerprint.to_owned() });
    let with = |fingerprint| TakeStaticAddress { key: key(fingerprint), ..shop.take_command("BTC", None) };
    let gateway = &shop.world.gateway;
    let calls = (0..100).map(|_| gateway.take_static_address(with("same")));
    let mut ids = std::collections::BTreeSet::new();
    let mut new = 0;
    for taken in futures_util::future::join_all(calls).await {
        let taken = taken.unwrap();
        new += u32::from(matches!(taken, Taken::New(_)));
        ids.insert(taken.into_address().id);
    }
    assert_eq!((new, ids.len()), (1, 1));
    let other = gateway.take_static_address(with("another")).await;
    assert!(matches!(other, Err(TakeError::KeyMismatch)), "{other:?}");
    let of_a_dialect = TakeStaticAddress { dialect: Dialect::CoinsPaid, ..with("another") };
    assert!(matches!(gateway.take_static_address(of_a_dialect).await, Ok(Taken::New(_))), "it has keys of its own");
    let without = [gateway.take_static_address(shop.take_command("BTC", None)).await; 1];
    assert!(matches!(without, [Ok(Taken::New(_))]));
}

#[tokio::test]
async fn invoices_and_native_addresses_share_their_keys() {
    let shop = Shop::open().await;
    shop.create(r#"{"currency":"BTC","amount":"0.5","idempotency_key":"of an invoice"}"#).await;
    let key = |key: &str| Some(TakeKey { key: key.to_owned(), fingerprint: "print".to_owned() });
    let gateway = &shop.world.gateway;
    let taken = gateway
        .take_static_address(TakeStaticAddress { key: key("of an invoice"), ..shop.take_command("BTC", None) })
        .await;
    assert!(matches!(taken, Err(TakeError::KeyMismatch)));
    gateway
        .take_static_address(TakeStaticAddress { key: key("of an address"), ..shop.take_command("BTC", None) })
        .await
        .unwrap();
    let created = shop.try_create(r#"{"currency":"BTC","amount":"0.5","idempotency_key":"of an address"}"#).await;
    assert!(matches!(created, Err(farthing_gateway::create_invoice::CreateError::KeyMismatch)));
}

#[tokio::test]
async fn an_address_is_found_by_its_reference_and_what_was_noted_of_it_can_change() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    let gateway = &shop.world.gateway;
    let filter = |dialect, reference: &str| StaticAddressFilter {
        dialect: Some(dialect),
        currency: Some(address.asset.code),
        external_id: Some(reference.to_owned()),
    };
    let ids = async |owner, filter| {
        let (found, total) = gateway.static_addresses(owner, filter, FIRST).await.unwrap();
        assert_eq!(u64::try_from(found.len()).unwrap(), total);
        found.iter().map(|address| address.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(shop.owner, filter(Dialect::Native, "user-7")).await, [address.id]);
    assert!(ids(shop.owner, filter(Dialect::Native, "user-8")).await.is_empty());
    assert!(ids(shop.owner, filter(Dialect::TxnPro, "user-7")).await.is_empty());
    let stranger = Owner { environment: Environment::Live, ..shop.owner };
    assert!(ids(stranger, filter(Dialect::Native, "user-7")).await.is_empty());
    let change = StaticAddressChange { label: Some(None), extras: Some(r#"{"status":"disabled"}"#.to_owned()) };
    let changed = gateway.change_static_address(shop.owner, address.id, change.clone()).await.unwrap().unwrap();
    assert_eq!((changed.label, changed.extras.as_str()), (None, r#"{"status":"disabled"}"#));
    assert!(gateway.change_static_address(stranger, address.id, change).await.unwrap().is_none());
    shop.deposit(&address, "1", 2).await;
    assert_eq!(shop.sums(address.id).await, (1, "1".to_owned()), "whatever is noted of it");
}

#[tokio::test]
async fn another_s_address_is_not_there() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    let gateway = &shop.world.gateway;
    let stranger = shop.world.merchant().await.unwrap();
    assert!(gateway.static_address(stranger, address.id).await.unwrap().is_none());
    assert!(gateway.static_address_invoices(stranger, address.id, FIRST).await.unwrap().is_none());
    let amount = Amount { asset: address.asset, decimals: 8, units: 1 };
    let paid = gateway.pay_test_address(stranger, address.id, amount, 0).await;
    assert!(matches!(paid, Err(TestModeError::AddressNotFound)));
    let live = Owner { environment: Environment::Live, ..shop.owner };
    let paid = gateway.pay_test_address(live, address.id, amount, 0).await;
    assert!(matches!(paid, Err(TestModeError::NotTest)));
}

#[tokio::test]
async fn deposits_of_the_time_the_gateway_was_away_are_found_after_its_start() {
    let shop = Shop::open().await;
    let address = shop.take("BTC", None).await;
    let simulated = shop.world.gateway.simulated(address.asset.network).unwrap().clone();
    simulated.set_faults(Faults { unreachable: true, ..Faults::default() });
    let amount = Amount { asset: address.asset, decimals: 8, units: 5 };
    assert!(shop.world.gateway.pay_test_address(shop.owner, address.id, amount, 2).await.is_err());
    let Shop { world, owner } = shop;
    let shop = Shop { world: world.restart().await.unwrap(), owner };
    shop.mine("bitcoin", 2).await;
    assert_eq!(shop.sums(address.id).await, (1, "0.00000005".to_owned()));
}

#[tokio::test]
async fn an_address_that_was_changed_in_the_database_is_never_shown() {
    let shop = Shop::open().await;
    let (address, invoice) = (shop.take("BTC", None).await, shop.create(HALF_BITCOIN).await);
    // An invoice's address passed off as permanent: it comes out of the account, but is bound to something else.
    let forged = StaticAddress { address: invoice.quotes[0].address.clone(), ..address.clone() };
    let gateway = std::sync::Arc::clone(&shop.world.gateway);
    let judged = shop.world.gateway.store().read(move |reader| {
        Ok((gateway.is_own_static_address(reader, &address)?, gateway.is_own_static_address(reader, &forged)?))
    });
    assert_eq!(judged.await.unwrap(), (true, false));
    let mismatch = ReadError::AddressMismatch(farthing_store::records::Holder::Invoice(InvoiceId(invoice.id.0)));
    assert!(mismatch.to_string().contains(&invoice.id.to_string()));
}
