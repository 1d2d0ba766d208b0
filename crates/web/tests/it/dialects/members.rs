//! Members of requests through all five APIs: addresses that lead elsewhere than they seem, and fields that are nobody's to set.

use super::{
    bodies::counts,
    merchant::{Merchant, Named, ground, wanted},
};
use crate::native::Shop;
use farthing_domain::{id::InvoiceId, invoice::Invoice, policy::Dialect};
use serde_json::{Map, Value, json};

const URL: &str = "https://shop.example/hook";

/// The fields in which an API is told where a payer returns to, or where callbacks go.
fn address_fields(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Native => &["redirect_url"],
        Dialect::CoinsPaid => &["url_success", "url_failed"],
        Dialect::Payhubix => &["redirect_url", "callback_url"],
        Dialect::TxCash => &["success_url", "fail_url", "callback_url"],
        Dialect::TxnPro => &["successRedirectUrl", "unsuccessRedirectUrl"],
    }
}

fn all_address_fields() -> Vec<(Dialect, &'static str)> {
    let of = |dialect| address_fields(dialect).iter().map(move |field| (dialect, *field));
    Dialect::ALL.into_iter().flat_map(of).collect()
}

/// An API's good body with a member set, where its members are.
fn with_member(dialect: Dialect, reference: &str, name: &str, value: Value) -> (&'static str, String) {
    let (path, body) = wanted(dialect, "12.34", reference);
    let mut body: Value = serde_json::from_str(&body).expect("JSON");
    let members = if dialect == Dialect::TxnPro { &mut body["data"]["attributes"] } else { &mut body };
    members[name] = value;
    (path, body.to_string())
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_than_it_seems_is_refused_in_every_api() {
    let (shop, _) = ground(42).await;
    let merchant = Merchant::open(&shop, URL).await;
    let too_long = format!("https://shop.example/{}", "a".repeat(2049 - "https://shop.example/".len()));
    assert_eq!(too_long.len(), 2049);
    let bad = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://shop.example/",
        "//evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https://good.example@evil.example/",
        "https://a:b@evil.example/",
        "https://@evil.example/",
        "https://good.example\\.evil.example/",
        "https:\\\\evil.example",
        "https://evil.example/\r\nSet-Cookie: a=b",
        "https://evil.example/\tx",
        "https://evil .example/",
        "https://evil.example/\u{202e}",
        "https://evil.example/<script>",
        "https://evil.example/\"x",
        "https://",
        "https://?x",
        "shop.example/back",
        "/back",
        &too_long,
    ];
    let longest = too_long.strip_suffix('a').expect("one letter too many");
    for (dialect, field) in all_address_fields() {
        for url in bad {
            let (path, body) = with_member(dialect, "bad", field, json!(url));
            let answer = merchant.ask(&shop, dialect, ("POST", path), &body).await;
            assert!([400, 422].contains(&answer.status), "{dialect}: {field} {url:.60}: {answer:?}");
            assert!(answer.text.contains(field), "{dialect}: {field} {url:.60}: {answer:?}");
        }
    }
    assert_eq!(counts(&shop, &merchant).await[0], 0);
    for (dialect, field) in all_address_fields() {
        let (path, body) = with_member(dialect, field, field, json!(longest));
        let answer = merchant.ask(&shop, dialect, ("POST", path), &body).await;
        assert!([200, 201].contains(&answer.status), "{dialect}: {field}: {answer:?}");
    }
}

/// Every member of an answer, however deep, by its name.
fn members(value: &Value, found: &mut Map<String, Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone(), value.clone());
                members(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What an order comes to, but for what differs from one to the next.
fn in_common(mut invoice: Invoice) -> String {
    invoice.terms.external_id = None;
    invoice.terms.foreign = None;
    invoice.terms.metadata.clear();
    let quotes: Vec<_> = invoice.quotes.iter().map(|quote| (quote.due, quote.step)).collect();
    let facts = (&invoice.payments, &invoice.cancellation, invoice.marked_invalid_at, invoice.paid_once_at);
    format!("{:?} {:?} {quotes:?} {facts:?} {:?}", invoice.owner, invoice.terms, invoice.standing.status)
}

/// An order that was paid, and every member of what its API answers of it; and some that nobody answers.
async fn paid_and_answered(shop: &Shop, merchant: &Merchant, dialect: Dialect) -> (Named, Map<String, Value>) {
    shop.world.clock.move_by_ms(1000);
    let paid = merchant.order(shop, dialect, 1234, "paid").await.0;
    merchant.pay(shop, &paid, 12_340_000).await;
    merchant.mine(shop).await;
    let mut answered = Map::new();
    members(&merchant.read(shop, &paid).await.json, &mut answered);
    let unknown =
        ["rate", "fee", "paid", "address", "merchant_id", "environment", "is_admin", "constructor", "__proto__"];
    answered.extend(unknown.map(|name| (name.to_owned(), json!({ "a": "0" }))));
    let (_, asked) = wanted(dialect, "12.34", "order");
    answered.retain(|name, _| !asked.contains(&format!("\"{name}\"")) && !is_documented(dialect, name));
    (paid, answered)
}

/// What comes of an order with a member more, in the core.
async fn made_with(shop: &Shop, merchant: &Merchant, dialect: Dialect, (name, value): (&str, &Value)) -> Invoice {
    shop.world.clock.move_by_ms(1000);
    let (path, body) = with_member(dialect, &format!("order with {name}"), name, value.clone());
    let answer = merchant.ask(shop, dialect, ("POST", path), &body).await;
    assert!([200, 201].contains(&answer.status), "{dialect}: {name} as {value}: {answer:?}");
    let listed = merchant.native(shop, "GET", "/invoices?limit=1", &Value::Null).await;
    let id = listed.data()[0]["id"].as_str().expect("an id").parse().expect("an id");
    let made = shop.world.gateway.invoice(merchant.owner, InvoiceId(id)).await;
    made.expect("the store reads").expect("it is there")
}

#[tokio::test]
async fn no_member_of_an_answer_can_be_set_by_sending_it_back_in_any_api() {
    let (shop, _) = ground(43).await;
    let merchant = Merchant::open(&shop, URL).await;
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Native) {
        let control = in_common(made_with(&shop, &merchant, dialect, ("x", &json!(1))).await);
        let (paid, answered) = paid_and_answered(&shop, &merchant, dialect).await;
        assert!(answered.len() >= 15, "{dialect}: {answered:?}");
        for (name, value) in &answered {
            let made = made_with(&shop, &merchant, dialect, (name, value)).await;
            assert_ne!(made.id, paid.id, "{dialect}: {name} as {value}");
            assert_eq!(in_common(made), control, "{dialect}: {name} as {value}");
        }
    }
}

/// Members of answers that a request may have, too, by the API's contract.
fn is_documented(dialect: Dialect, name: &str) -> bool {
    let known: &[&str] = match dialect {
        Dialect::Native => &[],
        Dialect::CoinsPaid => &["type", "description", "end_user_reference", "name"],
        Dialect::Payhubix => &["customer_email", "order_description", "callback_url", "redirect_url", "shop_id"],
        Dialect::TxCash => &["name", "description", "callback_url", "success_url", "fail_url", "meta_data2"],
        Dialect::TxnPro => &[
            "successRedirectUrl",
            "unsuccessRedirectUrl",
            "targetCurrency",
            "targetAccountId",
            "paymentMethods",
            "type",
            "attributes",
        ],
    };
    known.contains(&name)
}
