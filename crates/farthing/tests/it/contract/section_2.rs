//! Section 2: envelopes, pagination, amounts, times and ids.

use super::{
    documented::{is_utc_time, is_uuid},
    http::{Ask, keys},
    shop::{Shop, half_a_bitcoin, id},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn section_2_a_success_is_data_and_meta_with_the_request_s_id() {
    let shop = Shop::shared();
    let created = shop.post("invoices", &half_a_bitcoin()).success(201);
    assert_eq!(keys(&created["meta"]), ["request_id"]);
    let read = shop.get(&format!("invoices/{}", id(&created["data"]))).success(200);
    assert_eq!(keys(&read["meta"]), ["request_id"]);
}

#[test]
fn section_2_a_list_adds_its_pagination() {
    let shop = Shop::fresh();
    let empty = shop.get("invoices").success(200);
    assert_eq!(keys(&empty["meta"]), ["pagination", "request_id"]);
    assert_eq!(empty["data"], json!([]));
    assert_eq!(empty["meta"]["pagination"], json!({ "total": 0, "limit": 20, "offset": 0, "has_more": false }));
}

#[test]
fn section_2_an_error_is_a_code_a_message_and_details() {
    let shop = Shop::shared();
    let details = shop.post("invoices", &json!({ "amount": "0", "currency": "BTC", "expiry_minutes": "5" }));
    let details = details.refusal(400, "validation_error");
    assert_eq!(details.len(), 2, "every wrong field is told: {details:?}");
}

#[test]
fn section_2_every_answer_has_a_request_id_of_its_own() {
    let shop = Shop::shared();
    let asks = [
        Ask::get("/api/v1/invoices"),
        Ask::get("/api/v1/currencies"),
        Ask::get("/api/v1/invoices/x"),
        Ask::get("/api/v1/nowhere"),
        Ask::get("/nowhere"),
        Ask::new("PUT", "/api/v1/invoices"),
        Ask::post("/api/v1/invoices", &json!([])),
    ];
    let ids: BTreeSet<String> =
        asks.into_iter().map(|ask| shop.ask(ask).json()["meta"]["request_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 7);
    assert!(ids.iter().all(|id| id.starts_with("req_") && id.len() > 8), "{ids:?}");
}

#[test]
fn section_2_answers_are_json_and_kept_by_nobody() {
    let shop = Shop::shared();
    for answer in [shop.get("invoices"), shop.get("invoices/x"), shop.get("events")] {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn section_2_limit_is_20_by_default_and_1_to_100() {
    let shop = Shop::fresh();
    let made: Vec<String> = (0..23).map(|_| id(&shop.create(&json!({ "amount_fiat": "1" }))).to_owned()).collect();
    let page = |query: &str| {
        let page = shop.get(&format!("invoices?{query}")).success(200);
        let ids: Vec<String> = page["data"].as_array().unwrap().iter().map(|invoice| id(invoice).to_owned()).collect();
        (ids, page["meta"]["pagination"].clone())
    };
    let newest_first: Vec<String> = made.into_iter().rev().collect();
    let (ids, pagination) = page("");
    assert_eq!(ids, newest_first[..20]);
    assert_eq!(pagination, json!({ "total": 23, "limit": 20, "offset": 0, "has_more": true }));
    let (ids, pagination) = page("offset=20");
    assert_eq!(ids, newest_first[20..]);
    assert_eq!(pagination, json!({ "total": 23, "limit": 20, "offset": 20, "has_more": false }));
    let (ids, pagination) = page("limit=1&offset=21");
    assert_eq!(ids, newest_first[21..22]);
    assert_eq!(pagination, json!({ "total": 23, "limit": 1, "offset": 21, "has_more": true }));
    let (ids, pagination) = page("limit=100&offset=23");
    assert_eq!(ids, Vec::<String>::new());
    assert_eq!(pagination, json!({ "total": 23, "limit": 100, "offset": 23, "has_more": false }));
    assert!(page("offset=9223372036854775807").0.is_empty());
}

#[test]
fn section_2_bad_pagination_names_the_parameter() {
    let shop = Shop::shared();
    for list in ["invoices", "webhook-endpoints", "events"] {
        for limit in ["0", "101", "-1", "abc", "1.5", "1e2", "+5", "%20", "99999999999999999999", "0x10"] {
            shop.get(&format!("{list}?limit={limit}")).blames(400, "validation_error", "limit");
        }
        shop.get(&format!("{list}?limit=5&limit=6")).blames(400, "validation_error", "limit");
    }
    for (list, name) in [("invoices", "offset"), ("webhook-endpoints", "offset"), ("events", "after")] {
        for offset in ["-1", "abc", "1.5", "9223372036854775808", "99999999999999999999999"] {
            shop.get(&format!("{list}?{name}={offset}")).blames(400, "validation_error", name);
        }
    }
}

#[test]
fn section_2_amounts_are_decimal_strings_times_are_rfc_3339_in_utc_and_ids_are_uuids() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    for name in ["amount_requested", "amount_paid"] {
        assert!(invoice[name].is_string(), "{name}");
    }
    for name in ["created_at", "expires_at"] {
        assert!(is_utc_time(&invoice[name]), "{name}");
    }
    for name in ["id", "merchant_id"] {
        assert!(invoice[name].as_str().is_some_and(is_uuid), "{name}");
    }
}

#[test]
fn section_2_a_number_where_an_amount_belongs_is_refused() {
    let shop = Shop::shared();
    for field in ["amount", "amount_fiat", "amount_usd", "payment_tolerance"] {
        for number in [json!(5), json!(0.5), json!(-1)] {
            let body: Value = json!({ "currency": "BTC", field: number });
            let details = shop.post("invoices", &body).refusal(400, "validation_error");
            assert!(details.contains(&format!(r#"{field}: must be a decimal string, e.g. "10.50""#)), "{details:?}");
        }
    }
}

#[test]
fn section_2_an_empty_page_of_a_filter_counts_what_the_filter_finds() {
    let shop = Shop::fresh();
    shop.create(&half_a_bitcoin());
    let found = shop.get("invoices?status=paid").success(200);
    assert_eq!(found["meta"]["pagination"], json!({ "total": 0, "limit": 20, "offset": 0, "has_more": false }));
}
