//! Rows that somebody, or a disk, changed: nothing is told of them as if it were true, and nobody else waits for them.

use crate::{
    receiver::Receiver,
    shop::{HALF_BITCOIN, Shop},
};
use farthing_domain::{
    asset::AssetId,
    id::{CredentialId, EndpointId},
    invoice::{Foreign, Invoice, Source},
    policy::{Dialect, Policy},
    standing::Status,
};
use farthing_gateway::{create_invoice::Created, expire::Waiting, static_addresses::TakeStaticAddress};
use farthing_store::{
    StoreError,
    records::{Attempt, Delivery, DeliveryStage, Page},
};
use rusqlite::Connection;

/// Past a bitcoin invoice's window, in milliseconds.
const PAST_THE_WINDOW_MS: i64 = 86_400_000;
/// Past the first wait for another attempt, with its jitter.
const PAST_THE_FIRST_WAIT_MS: i64 = 91_000;

impl Shop {
    /// Changes rows behind the gateway's back.
    fn alter(&self, sql: &str) {
        let connection = Connection::open(self.world.folder().join("farthing.db")).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql} changes nothing");
    }

    async fn endpoint(&self, receiver: &Receiver) -> EndpointId {
        let events = vec!["invoice.created".to_owned()];
        self.world.gateway.create_endpoint(self.owner, receiver.url(), events).await.unwrap().0.id
    }

    /// An endpoint's deliveries, oldest first, each with its last attempt.
    async fn attempted(&self, endpoint: EndpointId) -> Vec<(Delivery, Option<Attempt>)> {
        let read = move |reader: &farthing_store::Reader<'_>| {
            let (mut deliveries, _) = reader.deliveries(endpoint, Page { limit: 99, offset: 0 })?;
            deliveries.reverse();
            let with_attempt = |delivery: Delivery| Ok((delivery.clone(), reader.attempts(delivery.id)?.pop()));
            deliveries.into_iter().map(with_attempt).collect::<Result<Vec<_>, StoreError>>()
        };
        self.world.gateway.store().read(read).await.unwrap()
    }

    /// Writes another invoice's address into the row, with a checksum that fits.
    async fn swap_address(&self, invoice: &Invoice, other: &Invoice) {
        let (id, address) = (invoice.id, other.quotes[0].address.clone());
        let write = move |transaction: &mut farthing_store::Transaction<'_>| {
            let mut invoice = transaction.lock_any_invoice(id)?.unwrap();
            invoice.quotes[0].address.clone_from(&address);
            transaction.save_invoice(&invoice, None)
        };
        self.world.gateway.store().decide(write).await.unwrap();
    }

    async fn audit(&self) -> Vec<String> {
        let findings = self.world.gateway.audit().await.unwrap();
        findings.differences.iter().map(|found| format!("{}: {}", found.subject, found.detail)).collect()
    }
}

#[tokio::test]
async fn an_event_that_is_not_as_it_was_written_is_not_sent_and_holds_up_none_behind_it() {
    let alterations = [
        "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '0.5', '0.4') AS BLOB) WHERE sequence = 1",
        "UPDATE events SET kind = 'invoice.paid' WHERE sequence = 1",
        "UPDATE events SET invoice = randomblob(16) WHERE sequence = 1",
        "UPDATE deliveries SET kind = 'invoice.paid' WHERE sequence = 1",
        "UPDATE deliveries SET event = randomblob(16) WHERE sequence = 1",
        "UPDATE deliveries SET sequence = 2 WHERE sequence = 1",
        "UPDATE deliveries SET body = x'7b7d' WHERE sequence = 1",
        "DELETE FROM events WHERE sequence = 1",
    ];
    for alteration in alterations {
        let shop = Shop::open().await;
        let receiver = Receiver::answering(vec![200, 200, 200]).await;
        let endpoint = shop.endpoint(&receiver).await;
        for _ in 0..3 {
            shop.create(HALF_BITCOIN).await;
        }
        shop.alter(alteration);
        assert_eq!(shop.world.gateway.deliver_to(endpoint).await.unwrap(), 3, "{alteration}");
        assert_eq!(receiver.requests().len(), 2, "{alteration}: only what is true is sent");
        let attempted = shop.attempted(endpoint).await;
        let told: Vec<_> = attempted
            .iter()
            .map(|(delivery, attempt)| (delivery.stage, attempt.as_ref().unwrap().error.as_deref()))
            .collect();
        let (sent, refused) = ((DeliveryStage::Delivered, None), (DeliveryStage::Waiting, Some("altered")));
        assert_eq!(told, [refused, sent, sent], "{alteration}");
        assert!(!shop.audit().await.is_empty(), "{alteration}: the audit is silent");
    }
}

#[tokio::test]
async fn an_event_that_is_put_right_again_is_sent_after_all() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200]).await;
    let endpoint = shop.endpoint(&receiver).await;
    shop.create(HALF_BITCOIN).await;
    shop.alter("UPDATE events SET created_at = created_at + 1");
    shop.world.gateway.deliver_to(endpoint).await.unwrap();
    shop.alter("UPDATE events SET created_at = created_at - 1");
    assert_eq!(shop.world.gateway.deliver_to(endpoint).await.unwrap(), 0, "it waits as after any failure");
    shop.world.clock.move_by_ms(PAST_THE_FIRST_WAIT_MS);
    assert_eq!(shop.world.gateway.deliver_to(endpoint).await.unwrap(), 1);
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(shop.attempted(endpoint).await[0].0.stage, DeliveryStage::Delivered);
}

#[tokio::test]
async fn a_delivery_is_not_sent_to_an_endpoint_that_is_not_its_owner_s() {
    let shop = Shop::open().await;
    let (receiver, foreign) = (Receiver::answering(vec![200]).await, Receiver::answering(vec![200]).await);
    shop.endpoint(&receiver).await;
    let neighbour = shop.world.merchant().await.unwrap();
    let events = vec!["invoice.created".to_owned()];
    let (theirs, _) = shop.world.gateway.create_endpoint(neighbour, foreign.url(), events).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    let id = uuid::Uuid::simple(theirs.id.0).to_string();
    shop.alter(&format!("UPDATE deliveries SET endpoint = x'{id}'"));
    assert_eq!(shop.world.gateway.deliver_to(theirs.id).await.unwrap(), 1);
    assert_eq!(foreign.requests().len(), 0);
    assert_eq!(shop.attempted(theirs.id).await[0].1.as_ref().unwrap().error.as_deref(), Some("altered"));
}

#[tokio::test]
async fn a_body_of_a_delivery_s_own_is_not_sent_altered() {
    for alteration in ["UPDATE deliveries SET body = x'7b7d'", "UPDATE deliveries SET url = 'http://127.0.0.1:9/x'"] {
        let shop = Shop::open().await;
        let receiver = Receiver::answering(vec![200]).await;
        let endpoint = shop.endpoint(&receiver).await;
        shop.world.gateway.send_test_event(shop.owner, endpoint).await.unwrap();
        shop.alter(alteration);
        assert_eq!(shop.world.gateway.deliver_to(endpoint).await.unwrap(), 1);
        assert_eq!(receiver.requests().len(), 0, "{alteration}");
        let attempted = shop.attempted(endpoint).await;
        assert_eq!(attempted[0].1.as_ref().unwrap().error.as_deref(), Some("altered"), "{alteration}");
    }
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_be_signed() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200]).await;
    let endpoint = shop.endpoint(&receiver).await;
    shop.create(HALF_BITCOIN).await;
    shop.alter("UPDATE endpoints SET secrets = '[]'");
    assert_eq!(shop.world.gateway.deliver_to(endpoint).await.unwrap(), 1);
    assert_eq!(receiver.requests().len(), 0);
    let attempted = shop.attempted(endpoint).await;
    assert_eq!(attempted[0].1.as_ref().unwrap().error.as_deref(), Some("unsigned"));
    assert_eq!(attempted[0].0.stage, DeliveryStage::Waiting);
}

#[tokio::test]
async fn the_feed_tells_no_altered_event_and_skips_none() {
    let shop = Shop::open().await;
    for _ in 0..3 {
        shop.create(HALF_BITCOIN).await;
    }
    shop.alter("UPDATE events SET body = CAST(replace(CAST(body AS TEXT), '0.5', '0.4') AS BLOB) WHERE sequence = 2");
    let owner = shop.owner;
    let read = |after, limit| shop.world.gateway.store().read(move |reader| reader.events(owner, after, limit));
    assert_eq!(read(0, 1).await.unwrap().len(), 1);
    assert_eq!(read(2, 10).await.unwrap().len(), 1);
    for (after, limit) in [(0, 10), (1, 1)] {
        assert!(matches!(read(after, limit).await, Err(StoreError::Corrupt(_))));
    }
}

#[tokio::test]
async fn an_altered_invoice_does_not_keep_others_from_expiring() {
    for is_swapped in [false, true] {
        let shop = Shop::open().await;
        let (first, other) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
        if is_swapped {
            shop.swap_address(&first, &other).await;
        } else {
            let id = uuid::Uuid::simple(first.id.0).to_string();
            shop.alter(&format!("UPDATE invoices SET deadline = deadline + 1 WHERE id = x'{id}'"));
        }
        let gateway = &shop.world.gateway;
        let environment = shop.owner.environment;
        shop.world.clock.move_by_ms(PAST_THE_WINDOW_MS);
        gateway.scan_all(environment).await.unwrap();
        gateway.expire(environment, Waiting::AtTheirTime).await.unwrap();
        assert_eq!(shop.status(other.id).await, Status::Expired);
        assert_eq!(shop.events(first.id).await, ["created"], "nothing is told of it");
        // It is looked at again later, not at once.
        let now = gateway.clocks().now(environment);
        let due = move |reader: &farthing_store::Reader<'_>| reader.due_invoices(environment, now, false, 9);
        assert_eq!(gateway.store().read(due).await.unwrap(), []);
        if is_swapped {
            shop.swap_address(&first, &first).await;
            shop.world.clock.move_by_ms(PAST_THE_FIRST_WAIT_MS);
            gateway.expire(environment, Waiting::AtTheirTime).await.unwrap();
            assert_eq!(shop.status(first.id).await, Status::Expired);
        }
    }
}

#[tokio::test]
async fn a_payment_of_an_invoice_with_a_swapped_address_is_told_when_its_address_is_its_own_again() {
    let shop = Shop::open().await;
    let (invoice, other) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
    let row = shop.kept("invoices", "quotes, checksum", &of_id(&invoice));
    shop.swap_address(&invoice, &other).await;
    shop.pay(&invoice, "0.5", 2).await;
    shop.pay(&other, "0.5", 2).await;
    assert_eq!(shop.status(other.id).await, Status::Paid, "nobody else waits");
    assert_eq!(shop.events(invoice.id).await, ["created"]);
    shop.put_back(&row);
    shop.expire().await;
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
    let events = shop.events(invoice.id).await;
    assert!(["payment_detected", "paid"].iter().all(|kind| events.iter().any(|event| event == kind)), "{events:?}");
}

/// Columns of some rows as they were: a table, its columns, and which row.
struct Kept {
    table: &'static str,
    columns: &'static str,
    condition: String,
    values: Vec<rusqlite::types::Value>,
}

fn hex_of(id: uuid::Uuid) -> String {
    uuid::Uuid::simple(id).to_string()
}

fn of_id(invoice: &Invoice) -> String {
    format!("id = x'{}'", hex_of(invoice.id.0))
}

impl Shop {
    fn kept(&self, table: &'static str, columns: &'static str, condition: &str) -> Kept {
        let connection = Connection::open(self.world.folder().join("farthing.db")).unwrap();
        let sql = format!("SELECT {columns} FROM {table} WHERE {condition}");
        let count = columns.split(',').count();
        let values = connection.query_row(&sql, [], |row| (0..count).map(|column| row.get(column)).collect()).unwrap();
        Kept { table, columns, condition: condition.to_owned(), values }
    }

    fn put_back(&self, kept: &Kept) {
        let connection = Connection::open(self.world.folder().join("farthing.db")).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let marks = vec!["?"; kept.values.len()].join(", ");
        let sql = format!("UPDATE {} SET ({}) = ({marks}) WHERE {}", kept.table, kept.columns, kept.condition);
        assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(&kept.values)).unwrap(), 1, "{sql}");
    }

    async fn expire(&self) {
        self.world.gateway.expire(self.owner.environment, Waiting::Now).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_is_altered_of_an_invoice_its_network_goes_on_and_its_money_is_recorded_as_of_when_it_came() {
    // What is altered, how, and whether a neighbour of the same policy can be paid meanwhile.
    let cases: [(&str, &str, &str, bool); 6] = [
        ("invoices", "terms", "UPDATE invoices SET terms = terms || ' ' WHERE {id}", true),
        ("invoices", "standing", "UPDATE invoices SET standing = substr(standing, 2) WHERE {id}", true),
        ("invoices", "environment", "UPDATE invoices SET environment = 7 WHERE {id}", true),
        ("policies", "body", "UPDATE policies SET body = body || ' '", false),
        ("addresses", "holder", "UPDATE addresses SET holder = zeroblob(16) WHERE {holder}", true),
        ("addresses", "holder_kind", "UPDATE addresses SET holder_kind = 9 WHERE {holder}", true),
    ];
    for (table, column, sql, is_neighbour_paid) in cases {
        let shop = Shop::open().await;
        let (invoice, other) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
        let position = "position = 0 AND family = 'bitcoin'".to_owned();
        let condition = match table {
            "invoices" => of_id(&invoice),
            "addresses" => position.clone(),
            _ => "number = 1".to_owned(),
        };
        let row = shop.kept(table, column, &condition);
        shop.alter(&sql.replace("{id}", &of_id(&invoice)).replace("{holder}", &position));
        for paid in [&invoice, &other] {
            shop.pay(paid, "0.5", 0).await;
        }
        let mine = async |count| {
            shop.world.gateway.mine_test_blocks(invoice.quotes[0].due.asset.network, count).await.unwrap();
        };
        mine(1).await;
        mine(2).await;
        if is_neighbour_paid {
            assert_eq!(shop.status(other.id).await, Status::Paid, "{sql}: nobody else waits");
        }
        assert_eq!(shop.events(invoice.id).await, ["created"], "{sql}");
        let waits = shop.audit().await.into_iter().filter(|found| found.contains("it waits to be recorded")).count();
        assert_eq!(waits, if is_neighbour_paid { 1 } else { 2 }, "{sql}");
        // Long past the window and every patience, nothing is decided of it.
        shop.world.clock.move_by_ms(3 * PAST_THE_WINDOW_MS);
        mine(1).await;
        shop.expire().await;
        assert_eq!(shop.events(invoice.id).await, ["created"], "{sql}");
        shop.put_back(&row);
        shop.expire().await;
        let paid = shop.read(invoice.id).await;
        assert_eq!(
            (paid.standing.status, paid.standing.is_late, paid.payments.len()),
            (Status::Paid, false, 1),
            "{sql}"
        );
        assert_eq!(shop.status(other.id).await, Status::Paid, "{sql}");
        assert_eq!(shop.audit().await, Vec::<String>::new(), "{sql}");
    }
}

#[tokio::test]
async fn what_a_reorganisation_does_to_money_that_waits_is_recorded_with_it() {
    for is_dropped in [false, true] {
        let shop = Shop::open().await;
        let invoice = shop.create(HALF_BITCOIN).await;
        let network = invoice.quotes[0].due.asset.network;
        let row = shop.kept("invoices", "terms", &of_id(&invoice));
        shop.alter("UPDATE invoices SET terms = terms || ' '");
        let gateway = &shop.world.gateway;
        let paid = gateway.pay_test_invoice(&invoice, invoice.quotes[0].due, 2).await.unwrap();
        let drop = if is_dropped { vec![paid.tx_hash] } else { Vec::new() };
        gateway.reorganise_test_network(network, 2, drop).await.unwrap();
        gateway.mine_test_blocks(network, 3).await.unwrap();
        shop.put_back(&row);
        shop.expire().await;
        let found = shop.read(invoice.id).await;
        let [payment] = found.payments.as_slice() else { panic!("{:?}", found.payments) };
        assert_eq!(payment.reversed_at.is_some(), is_dropped);
        assert_eq!(found.standing.status == Status::Paid, !is_dropped);
        assert_eq!(shop.audit().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_bit_in_what_a_payment_s_row_repeats_reverses_nothing() {
    for (confirmations, stage) in [(1, 0), (2, 0), (2, 1), (2, 3)] {
        let shop = Shop::open().await;
        let invoice = shop.create(HALF_BITCOIN).await;
        shop.pay(&invoice, "0.5", confirmations).await;
        let before = shop.read(invoice.id).await.standing.status;
        shop.alter(&format!("UPDATE payments SET stage = {stage}"));
        let gateway = &shop.world.gateway;
        let other = shop.create(HALF_BITCOIN).await;
        shop.pay(&other, "0.5", 0).await;
        gateway.scan_all(shop.owner.environment).await.unwrap();
        let after = shop.read(invoice.id).await;
        assert_eq!((after.standing.status, after.payments[0].reversed_at), (before, None), "stage {stage}");
        assert!(shop.audit().await.iter().any(|found| found.contains("and its facts make it")), "stage {stage}");
    }
}

#[tokio::test]
async fn a_bit_in_what_a_payment_s_row_repeats_hides_it_from_no_reorganisation() {
    for stage in [0, 2, 3] {
        let shop = Shop::open().await;
        let invoice = shop.create(HALF_BITCOIN).await;
        let due = invoice.quotes[0].due;
        let gateway = &shop.world.gateway;
        let paid = gateway.pay_test_invoice(&invoice, due, 1).await.unwrap();
        shop.alter(&format!("UPDATE payments SET stage = {stage}"));
        gateway.reorganise_test_network(due.asset.network, 1, vec![paid.tx_hash]).await.unwrap();
        assert!(shop.read(invoice.id).await.payments[0].reversed_at.is_some(), "stage {stage}");
        assert_eq!(shop.audit().await, Vec::<String>::new(), "stage {stage}: put right by the way");
    }
}

#[tokio::test]
async fn a_deposit_to_an_altered_permanent_address_waits_alone() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let other = shop.create(HALF_BITCOIN).await;
    let asset = other.quotes[0].due.asset;
    let taken = gateway.take_static_address(take(&shop, asset)).await.unwrap().into_address();
    let row = shop.kept("static_addresses", "received", "1");
    shop.alter("UPDATE static_addresses SET received = 'x'");
    let output = other.quotes[0].due;
    let paid = gateway.pay_test_address(shop.owner, taken.id, output, 0).await;
    assert!(paid.is_err(), "it is refused where it is shown");
    shop.put_back(&row);
    gateway.pay_test_address(shop.owner, taken.id, output, 0).await.unwrap();
    shop.alter("UPDATE static_addresses SET received = 'x'");
    shop.pay(&other, "0.5", 2).await;
    assert_eq!(shop.status(other.id).await, Status::Paid, "nobody else waits");
    shop.put_back(&row);
    shop.expire().await;
    let address = gateway.static_address(shop.owner, taken.id).await.unwrap().unwrap();
    assert_eq!((address.invoice_count, address.received.to_string()), (1, output.units.to_string()));
    assert_eq!(shop.audit().await, Vec::<String>::new());
}

/// Half a bitcoin, asked for with a credential of TX.Cash's API.
async fn through_tx_cash(shop: &Shop, credential: CredentialId) -> Invoice {
    let mut command = shop.command(HALF_BITCOIN);
    command.policy = Policy::of(Dialect::TxCash);
    command.source = Source::Api(Dialect::TxCash);
    command.terms.foreign =
        Some(Foreign { credential, name: String::new(), callback_url: None, said: "{}".to_owned() });
    let Created::New(invoice) = shop.world.gateway.create_invoice(command).await.unwrap() else { panic!("it is new") };
    invoice
}

#[tokio::test]
async fn an_invoice_whose_callbacks_nobody_can_sign_for_holds_up_no_other() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let made = gateway.create_credential(shop.owner, Dialect::TxCash, Some("http://127.0.0.1:9/x".to_owned())).await;
    let credential = made.unwrap().0.id;
    let invoice = through_tx_cash(&shop, credential).await;
    let other = shop.create(HALF_BITCOIN).await;
    shop.alter("UPDATE dialect_credentials SET id = zeroblob(16)");
    shop.pay(&invoice, "0.5", 2).await;
    shop.pay(&other, "0.5", 2).await;
    assert_eq!(shop.status(other.id).await, Status::Paid, "nobody else waits");
    assert_eq!(shop.events(invoice.id).await, ["created"], "nothing of the change is kept");
    shop.alter(&format!("UPDATE dialect_credentials SET id = x'{}'", hex_of(credential.0)));
    shop.expire().await;
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
}

fn take(shop: &Shop, asset: AssetId) -> TakeStaticAddress {
    TakeStaticAddress {
        owner: shop.owner,
        dialect: Dialect::Native,
        asset,
        label: None,
        external_id: None,
        extras: "{}".to_owned(),
        key: None,
    }
}

#[tokio::test]
async fn a_callback_that_cannot_be_signed_is_not_sent_and_is_on_record() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let receiver = Receiver::answering(vec![200]).await;
    let made = gateway.create_credential(shop.owner, Dialect::TxCash, Some(receiver.host.clone())).await;
    let credential = made.unwrap().0.id;
    let invoice = through_tx_cash(&shop, credential).await;
    shop.pay(&invoice, "0.5", 0).await;
    shop.alter("UPDATE dialect_credentials SET secret = 'zz' || substr(secret, 3)");
    let lane = gateway.due_endpoints().await.unwrap()[0];
    assert_eq!(gateway.deliver_to(lane).await.unwrap(), 1);
    assert_eq!(receiver.requests().len(), 0);
    assert_eq!(shop.attempted(lane).await[0].1.as_ref().unwrap().error.as_deref(), Some("unsigned"));
}
