//! B.11: webhooks.

use super::shop::{Merchant, id, included, seed, triple};
use crate::{
    contract::{receiver::Receiver, shop::Shop},
    eventually::eventually,
};
use serde_json::{Value, json};

#[test]
fn b_11_the_body_is_the_read_document_without_its_version() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("told"));
    shop.receiver.is_left_alone();
    shop.pay(&invoice, "100", 19);
    let mut told = shop.callback();
    while triple(&told)[0] != "completed" {
        told = shop.callback();
    }
    let mut read = shop.invoice(&invoice);
    read.as_object_mut().unwrap().remove("jsonapi");
    assert_eq!(told, read);
    assert_eq!(told["meta"], json!({}));
    let kinds: Vec<usize> = ["addresses", "invoiceTransactions", "transactions", "coinTransactions"]
        .map(|kind| included(&told, kind).len())
        .to_vec();
    assert_eq!(kinds, [1, 1, 1, 1]);
    shop.receiver.is_left_alone();
}

#[test]
fn b_11_any_2xx_acknowledges_and_what_does_not_is_told_again_under_the_same_id() {
    let shop = Merchant::of(Shop::moving(), Receiver::answering(&[500, 204]));
    let invoice = shop.create(&seed("again"));
    shop.pay(&invoice, "100", 0);
    let first = shop.receiver.next();
    shop.vouches_for(&first);
    // The second attempt comes after five seconds.
    let second = shop.receiver.next();
    shop.vouches_for(&second);
    assert_eq!(first.header("svix-id"), second.header("svix-id"));
    assert_eq!(first.body, second.body);
    let time = |header: &str| header.parse::<i64>().unwrap();
    assert!(time(second.header("svix-timestamp")) - time(first.header("svix-timestamp")) >= 4);
    shop.receiver.is_left_alone();
    shop.native.mine("tron", 19);
    let third = shop.receiver.next();
    shop.vouches_for(&third);
    assert_eq!(String::from_utf8_lossy(&third.body), sorted(&third.json()), "keys in alphabetical order");
    assert_ne!(third.header("svix-id"), first.header("svix-id"));
}

/// A document with all keys in alphabetical order.
fn sorted(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(",");
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let shown = members.into_iter().map(|(name, value)| format!("{}:{}", json!(name), sorted(value)));
            format!("{{{}}}", joined(shown.collect()))
        }
        Value::Array(items) => format!("[{}]", joined(items.iter().map(sorted).collect())),
        other => other.to_string(),
    }
}

#[test]
fn b_11_events_follow_the_key_that_made_the_invoice() {
    let shop = Merchant::moving();
    let receiver = Receiver::new();
    let other = shop.credential("test", Some(&receiver.url));
    let invoice = shop.create(&seed("of the first key"));
    shop.pay(&invoice, "100", 19);
    eventually("the end", || (shop.status(&invoice)[0] == "completed").then_some(()));
    receiver.is_left_alone();
    assert!(other.key != shop.key && other.secret != shop.secret);
    let told = shop.callback();
    assert_eq!(told["data"]["id"], id(&invoice));
}

#[test]
fn b_11_native_webhooks_are_told_of_the_invoice_as_of_any_other() {
    let shop = Merchant::moving();
    let receiver = Receiver::new();
    shop.native.endpoint(&json!({ "url": receiver.url }));
    let invoice = shop.create(&seed("both"));
    shop.pay(&invoice, "100", 19);
    assert_eq!(receiver.names(2), ["invoice.confirming", "invoice.paid"]);
    let read: Value = shop.native.invoice(&json!({ "id": id(&invoice) }));
    assert_eq!(read["status"], "paid");
}
