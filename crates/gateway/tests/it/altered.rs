//! Rows that somebody, or a disk, changed: nothing is told of them as if it were true, and nobody else waits for them.

use crate::{
    receiver::Receiver,
    shop::{HALF_BITCOIN, Shop},
};
use farthing_domain::{id::EndpointId, invoice::Invoice, standing::Status};
use farthing_gateway::expire::Waiting;
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
    shop.swap_address(&invoice, &other).await;
    let paid = shop.world.gateway.pay_test_invoice(&invoice, invoice.quotes[0].due, 2).await;
    assert!(paid.is_err(), "its network waits for the operator: {paid:?}");
    assert_eq!(shop.events(invoice.id).await, ["created"]);
    shop.swap_address(&invoice, &invoice).await;
    shop.world.gateway.scan_all(shop.owner.environment).await.unwrap();
    assert_eq!(shop.status(invoice.id).await, Status::Paid);
    let told = ["created", "payment_detected", "confirming", "paid"];
    let events = shop.events(invoice.id).await;
    assert!(told.iter().all(|kind| events.iter().any(|event| event == kind)), "{events:?}");
}
