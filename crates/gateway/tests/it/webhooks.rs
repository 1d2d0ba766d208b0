//! Webhooks to a real HTTP receiver on loopback.

use crate::{
    receiver::{Receiver, answer_after, nobody},
    shop::{HALF_BITCOIN, Shop},
};
use farthing_dialects::native::{callback, events::EventName};
use farthing_store::records::{DeliveryStage, Page};
use std::collections::BTreeSet;
use tokio::net::TcpListener;

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let found = request.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    });
    found.unwrap_or_else(|| panic!("no {name} in {request}"))
}

#[tokio::test]
async fn a_paid_invoice_reaches_the_endpoint_signed() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200, 200]).await;
    let gateway = &shop.world.gateway;
    let (endpoint, secret) =
        gateway.create_endpoint(shop.owner, receiver.url(), EventName::documented()).await.unwrap();
    let invoice = shop.create(HALF_BITCOIN).await;
    shop.pay(&invoice, "0.5", 2).await;
    assert_eq!(gateway.due_endpoints().await.unwrap(), [endpoint.id]);
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 2);
    let got = receiver.requests();
    assert_eq!(header(&got[0], "x-halfin-event"), "invoice.confirming");
    assert_eq!(header(&got[1], "x-halfin-event"), "invoice.paid");
    let body = got[1].split_once("\r\n\r\n").unwrap().1;
    let attempt = callback::Attempt {
        id: header(&got[1], "webhook-id"),
        event: "invoice.paid",
        timestamp_seconds: header(&got[1], "webhook-timestamp").parse().unwrap(),
        body: body.as_bytes(),
    };
    for (name, value) in callback::headers(&[secret], &attempt) {
        assert_eq!(header(&got[1], name), value);
    }
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(value["data"]["invoice_id"], invoice.id.to_string());
    assert_eq!(value["data"]["status"], "paid");
}

#[tokio::test]
async fn what_a_commit_told_is_sent_as_it_was_handed_over_and_only_once() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200; 3]).await;
    let gateway = &shop.world.gateway;
    let (endpoint, _) =
        gateway.create_endpoint(shop.owner, receiver.url(), vec!["invoice.created".to_owned()]).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    for woken in gateway.outbox_woken_now() {
        assert_eq!(gateway.deliver(woken).await.unwrap(), 1);
    }
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 0, "it is written down as delivered");
    // A lane that reads the store may be faster than the news.
    shop.create(HALF_BITCOIN).await;
    shop.create(HALF_BITCOIN).await;
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 2);
    for woken in gateway.outbox_woken_now() {
        assert_eq!(gateway.deliver(woken).await.unwrap(), 0);
    }
    assert_eq!(receiver.requests().len(), 3);
}

#[tokio::test]
async fn a_refused_delivery_is_sent_again_with_the_same_bytes() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![500, 302, 204]).await;
    let gateway = &shop.world.gateway;
    let (endpoint, _) =
        gateway.create_endpoint(shop.owner, receiver.url(), vec!["invoice.created".to_owned()]).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    for wait in [60, 120, 240] {
        assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 1);
        assert!(gateway.due_endpoints().await.unwrap().is_empty());
        shop.world.clock.move_by_ms((wait + 31) * 1000);
    }
    let got = receiver.requests();
    let body = |request: &String| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!((body(&got[0]), body(&got[1])), (body(&got[1]), body(&got[2])));
    assert_eq!(header(&got[0], "webhook-id"), header(&got[2], "webhook-id"));
    assert_ne!(header(&got[0], "x-halfin-signature"), header(&got[2], "x-halfin-signature"));
    let id = endpoint.id;
    let (deliveries, _) =
        gateway.store().read(move |reader| reader.deliveries(id, Page { limit: 9, offset: 0 })).await.unwrap();
    assert_eq!((deliveries[0].stage, deliveries[0].attempts), (DeliveryStage::Delivered, 3));
    let delivery = deliveries[0].id;
    let attempts = gateway.store().read(move |reader| reader.attempts(delivery)).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(), [Some(500), Some(302), Some(204)]);
}

#[tokio::test]
async fn after_ten_attempts_a_delivery_is_given_up_and_can_be_repeated_by_hand() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering([vec![500; 19], vec![200]].concat()).await;
    let gateway = &shop.world.gateway;
    let (endpoint, _) =
        gateway.create_endpoint(shop.owner, receiver.url(), vec!["invoice.created".to_owned()]).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    for _ in 0..10 {
        assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 1);
        shop.world.clock.move_by_ms(86_500_000);
    }
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 0);
    let got = receiver.requests();
    let distinct = |of: fn(&str) -> &str| got.iter().map(|request| of(request)).collect::<BTreeSet<_>>().len();
    assert_eq!(got.len(), 10);
    assert_eq!(distinct(|request| request.split_once("\r\n\r\n").unwrap().1), 1, "the same bytes each time");
    assert_eq!(distinct(|request| header(request, "webhook-id")), 1);
    assert_eq!(distinct(|request| header(request, "webhook-timestamp")), 10, "at a time of its own");
    assert_eq!(distinct(|request| header(request, "x-halfin-signature")), 10, "signed afresh");
    let id = endpoint.id;
    let (deliveries, _) =
        gateway.store().read(move |reader| reader.deliveries(id, Page { limit: 9, offset: 0 })).await.unwrap();
    assert_eq!(deliveries[0].stage, DeliveryStage::GivenUp);
    // The repeat begins the schedule anew: ten attempts more, of which the last is heard.
    gateway.redeliver(shop.owner, deliveries[0].id).await.unwrap();
    for _ in 0..10 {
        assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 1);
        shop.world.clock.move_by_ms(86_500_000);
    }
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 0);
    let delivery = deliveries[0].id;
    let owner = shop.owner;
    let after = gateway.store().read(move |reader| reader.delivery(owner, delivery)).await.unwrap().unwrap();
    assert_eq!((after.stage, after.attempts), (DeliveryStage::Delivered, 20));
}

#[tokio::test]
async fn a_repeat_asked_for_during_an_attempt_loses_no_attempt_and_has_its_whole_schedule() {
    let shop = Shop::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let gateway = &shop.world.gateway;
    let (endpoint, _) = gateway.create_endpoint(shop.owner, url, vec!["invoice.created".to_owned()]).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    let id = endpoint.id;
    let delivery = gateway.store().read(move |reader| reader.deliveries(id, Page { limit: 1, offset: 0 })).await;
    let delivery = delivery.unwrap().0.remove(0).id;
    let repeated = async {
        shop.world.clock.move_by_ms(1);
        gateway.redeliver(shop.owner, delivery).await.unwrap();
    };
    let (sent, ()) = tokio::join!(gateway.deliver_to(id), answer_after(&listener, 200, repeated));
    assert_eq!(sent.unwrap(), 1);
    for _ in 0..10 {
        let (sent, ()) = tokio::join!(gateway.deliver_to(id), answer_after(&listener, 500, async {}));
        assert_eq!(sent.unwrap(), 1);
        shop.world.clock.move_by_ms(86_500_000);
    }
    assert_eq!(gateway.deliver_to(id).await.unwrap(), 0);
    let owner = shop.owner;
    let (after, attempts) = gateway
        .store()
        .read(move |reader| Ok((reader.delivery(owner, delivery)?.unwrap(), reader.attempts(delivery)?)))
        .await
        .unwrap();
    assert_eq!((after.stage, after.attempts), (DeliveryStage::GivenUp, 11));
    let kept: Vec<_> = attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(kept, [vec![Some(200)], vec![Some(500); 10]].concat());
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_old_one_until_the_overlap_ends() {
    let shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200, 200]).await;
    let gateway = &shop.world.gateway;
    let (endpoint, old) = gateway.create_endpoint(shop.owner, receiver.url(), EventName::documented()).await.unwrap();
    let (_, new) = gateway.rotate_secret(shop.owner, endpoint.id, 3600).await.unwrap();
    assert_ne!(old.reveal(), new.reveal());
    for wait in [0, 3_601_000] {
        shop.world.clock.move_by_ms(wait);
        gateway.send_test_event(shop.owner, endpoint.id).await.unwrap();
        assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 1);
    }
    let got = receiver.requests();
    assert_eq!(header(&got[0], "x-halfin-signature").matches("v1=").count(), 2);
    assert_eq!(header(&got[1], "x-halfin-signature").matches("v1=").count(), 1);
    assert_eq!(header(&got[1], "x-halfin-event"), "test");
}

#[tokio::test]
async fn a_retry_put_off_while_the_clock_was_years_ahead_is_due_at_once_when_it_is_set_back() {
    const TEN_YEARS_MS: i64 = 10 * 31_557_600_000;
    let shop = Shop::open().await;
    let (gateway, clock) = (&shop.world.gateway, &shop.world.clock);
    let far = Receiver::answering(vec![500, 200]).await;
    let near = Receiver::answering(vec![500]).await;
    let created = || vec!["invoice.created".to_owned()];
    let (put_off, _) = gateway.create_endpoint(shop.owner, far.url(), created()).await.unwrap();
    let (waiting, _) = gateway.create_endpoint(shop.owner, near.url(), created()).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    clock.move_by_ms(TEN_YEARS_MS);
    assert_eq!(gateway.deliver_to(put_off.id).await.unwrap(), 1);
    clock.move_by_ms(-TEN_YEARS_MS);
    // Another endpoint's retry comes first, as it would have: it must not hide the one that is years away.
    assert_eq!(gateway.deliver_to(waiting.id).await.unwrap(), 1);
    assert_eq!(gateway.due_endpoints().await.unwrap(), []);
    let now = gateway.clocks().real();
    assert_eq!(gateway.next_delivery_due().await.unwrap(), Some(now));
    assert_eq!(gateway.due_endpoints().await.unwrap(), [put_off.id], "the ordinary retry keeps its wait");
    assert_eq!(gateway.deliver_to(put_off.id).await.unwrap(), 1);
    assert_eq!(far.requests().len(), 2);
    let next = gateway.next_delivery_due().await.unwrap().unwrap();
    assert!(next > now, "the ordinary retry is still to come");
}

#[tokio::test]
async fn refusals_of_one_endpoint_cost_one_commit_and_each_attempt_is_on_record() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let (_bound, url) = nobody();
    let (endpoint, _) = gateway.create_endpoint(shop.owner, url, vec!["invoice.created".to_owned()]).await.unwrap();
    for _ in 0..10 {
        shop.create(HALF_BITCOIN).await;
    }
    assert!(!gateway.is_failing(endpoint.id));
    let before = gateway.store().statistics().commits;
    assert_eq!(gateway.deliver_to(endpoint.id).await.unwrap(), 10);
    assert_eq!(gateway.store().statistics().commits - before, 1);
    assert!(gateway.is_failing(endpoint.id));
    let id = endpoint.id;
    let (deliveries, _) =
        gateway.store().read(move |reader| reader.deliveries(id, Page { limit: 99, offset: 0 })).await.unwrap();
    for delivery in deliveries {
        assert_eq!((delivery.stage, delivery.attempts), (DeliveryStage::Waiting, 1));
        let attempts = gateway.store().read(move |reader| reader.attempts(delivery.id)).await.unwrap();
        assert_eq!(attempts.iter().map(|attempt| attempt.error.as_deref()).collect::<Vec<_>>(), [Some("connect")]);
    }
}

#[tokio::test]
async fn what_was_handed_over_before_an_endpoint_was_changed_follows_the_change() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let created = || vec!["invoice.created".to_owned()];
    let receiver = Receiver::answering(vec![200]).await;
    let (rotated, _) = gateway.create_endpoint(shop.owner, receiver.url(), created()).await.unwrap();
    let gone = Receiver::answering(vec![200]).await;
    let (deleted, _) = gateway.create_endpoint(shop.owner, gone.url(), created()).await.unwrap();
    shop.create(HALF_BITCOIN).await;
    let (_, secret) = gateway.rotate_secret(shop.owner, rotated.id, 0).await.unwrap();
    gateway.delete_endpoint(shop.owner, deleted.id).await.unwrap();
    for woken in gateway.outbox_woken_now() {
        gateway.deliver(woken).await.unwrap();
    }
    assert_eq!(gone.requests(), Vec::<String>::new());
    let got = receiver.requests();
    let attempt = callback::Attempt {
        id: header(&got[0], "webhook-id"),
        event: "invoice.created",
        timestamp_seconds: header(&got[0], "webhook-timestamp").parse().unwrap(),
        body: got[0].split_once("\r\n\r\n").unwrap().1.as_bytes(),
    };
    for (name, value) in callback::headers(&[secret], &attempt) {
        assert_eq!(header(&got[0], name), value);
    }
}
