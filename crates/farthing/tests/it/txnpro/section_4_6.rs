//! B.4.6: the list of invoices.

use super::{
    json_api::is_whole,
    shop::{Merchant, id, refused, seed},
};
use serde_json::{Value, json};

fn ids(document: &Value) -> Vec<&str> {
    document["data"].as_array().unwrap().iter().map(|invoice| invoice["id"].as_str().unwrap()).collect()
}

#[test]
fn b_4_6_pages_are_told_as_texts_and_the_total_as_a_number() {
    let shop = Merchant::fresh();
    let made: Vec<Value> = (0..5).map(|number| shop.create(&seed(&format!("page-{number}")))).collect();
    let made: Vec<&str> = made.iter().map(id).collect();
    let newest_first: Vec<&str> = made.iter().rev().copied().collect();
    let all = shop.get("/invoices");
    is_whole(&all);
    assert_eq!(ids(&all), newest_first);
    assert_eq!(all["meta"], json!({ "page": null, "per_page": "20", "total": 5 }));
    let page = shop.get("/invoices?page=2&per_page=2");
    assert_eq!(ids(&page), newest_first[2..4]);
    assert_eq!(page["meta"], json!({ "page": "2", "per_page": "2", "total": 5 }));
    let oldest_first = shop.get("/invoices?order=created_at&order_type=asc&per_page=3");
    assert_eq!(ids(&oldest_first), made[..3]);
    assert_eq!(ids(&shop.get("/invoices?order=created_at&order_type=desc")), newest_first);
    let beyond = shop.get("/invoices?page=9");
    assert_eq!((&beyond["data"], &beyond["meta"]["total"]), (&json!([]), &json!(5)));
    assert_eq!(shop.get("/invoices?per_page=1000")["meta"]["per_page"], "100");
    assert_eq!(all["data"][0], shop.invoice(&json!({ "data": { "id": newest_first[0] } }))["data"]);
}

#[test]
fn b_4_6_a_reference_is_found_exactly() {
    let shop = Merchant::fresh();
    let wanted = shop.create(&seed("ref & 1"));
    shop.create(&seed("ref"));
    assert_eq!(ids(&shop.get("/invoices?reference=ref+%26+1")), [id(&wanted)]);
    assert_eq!(shop.get("/invoices?reference=REF")["meta"]["total"], 0);
    assert_eq!(shop.get("/invoices?reference=nothing")["data"], json!([]));
}

#[test]
fn b_4_6_a_time_of_creation_is_found_with_both_ends() {
    let shop = Merchant::moving();
    let first = shop.create(&seed("first"));
    shop.native.advance(60);
    let second = shop.create(&seed("second"));
    let at = |invoice: &Value| invoice["data"]["attributes"]["createdAt"].as_str().unwrap().to_owned();
    let found = |query: String| shop.get(&format!("/invoices?{query}"))["meta"]["total"].clone();
    assert_eq!(found(format!("created_at_from={}", at(&first))), 2);
    assert_eq!(found(format!("created_at_from={}", at(&second))), 1);
    assert_eq!(found(format!("created_at_to={}", at(&first))), 1);
    assert_eq!(found(format!("created_at_from={}&created_at_to={}", at(&first), at(&second))), 2);
    assert_eq!(found("created_at_to=2001-01-01T00:00:00Z".to_owned()), 0);
}

#[test]
fn b_4_6_only_invoices_of_this_api_are_in_the_list() {
    let shop = Merchant::fresh();
    shop.native.create(&json!({ "amount": "0.5", "currency": "BTC" }));
    let mine = shop.create(&seed("mine"));
    assert_eq!(ids(&shop.get("/invoices")), [id(&mine)]);
}

#[test]
fn b_4_6_what_a_list_cannot_do_is_refused() {
    let shop = Merchant::fresh();
    for (query, name) in [
        ("order=amount", "order"),
        ("order_type=up", "order_type"),
        ("page=0", "page"),
        ("per_page=x", "per_page"),
        ("created_at_from=yesterday", "created_at_from"),
    ] {
        let title = format!("{name} is invalid");
        refused(&shop.read(&format!("/invoices?{query}")), &[(422, "invalid", &title)]);
    }
    // Nothing says `include=`, and JSON:API's own paging is not this one's.
    assert_eq!(shop.get("/invoices?include=address&page%5Bnumber%5D=2&order=")["meta"]["page"], Value::Null);
}
