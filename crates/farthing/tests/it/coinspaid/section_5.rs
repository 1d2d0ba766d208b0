//! A.5 and A.9.5: permanent addresses and what is told of deposits.

use super::shop::{Merchant, data};
use crate::eventually::eventually;
use serde_json::{Value, json};

fn taken(shop: &Merchant, foreign_id: &str) -> Value {
    data(&shop.post("/addresses/take", &json!({ "foreign_id": foreign_id, "currency": "BTC" })), 201)
}

/// Pays a permanent address by test mode: money to whom the native API says the address is.
fn deposit(shop: &Merchant, address: &Value, amount: &str, confirmations: u32) -> Value {
    let list = shop.native.get("addresses").success(200);
    let found = list["data"].as_array().unwrap().iter().find(|known| known["address"] == address["address"]);
    let id = found.unwrap_or_else(|| panic!("{list}"))["id"].as_str().unwrap().to_owned();
    let body = json!({ "amount": amount, "confirmations": confirmations });
    shop.native.post(&format!("test/addresses/{id}/payments"), &body).data(201)
}

#[test]
fn a_5_an_address_is_taken_with_every_documented_field() {
    let shop = Merchant::fresh();
    let body = json!({ "foreign_id": "user-7", "currency": "USDTT", "end_user_reference": "payer-7", "sender_type": "natural" });
    let address = data(&shop.post("/addresses/take", &body), 201);
    assert!(address["id"].as_i64().is_some_and(|id| (1..1 << 31).contains(&id)), "{address}");
    assert!(address["address"].as_str().unwrap().starts_with('T'), "{address}");
    let rest = ["currency", "tag", "foreign_id", "end_user_reference"].map(|name| address[name].clone());
    assert_eq!(rest, [json!("USDTT"), json!(null), json!("user-7"), json!("payer-7")]);
    assert!(address.get("convert_to").is_none());
    let again = data(&shop.post("/addresses/take", &body), 201);
    assert_ne!((&again["id"], &again["address"]), (&address["id"], &address["address"]));
    let same = json!({ "foreign_id": "user-7", "currency": "BTC", "convert_to": "BTC" });
    assert_eq!(data(&shop.post("/addresses/take", &same), 201)["convert_to"], "BTC");
}

#[test]
fn a_5_fields_that_are_wrong_are_told_so() {
    let shop = Merchant::fresh();
    let required =
        json!({ "foreign_id": "The foreign id field is required.", "currency": "The currency field is required." });
    shop.refuses("/addresses/take", &json!({}), &required);
    let unknown = json!({ "foreign_id": "u", "currency": "EUR" });
    shop.refuses("/addresses/take", &unknown, &json!({ "currency": "The selected currency is invalid." }));
    let converted = json!({ "foreign_id": "u", "currency": "BTC", "convert_to": "EUR" });
    shop.refuses(
        "/addresses/take",
        &converted,
        &json!({ "convert_to": "Exchange is unavailable for given currencies" }),
    );
}

#[test]
fn a_9_5_each_deposit_is_told_as_it_is_seen_and_when_it_is_safe() {
    let shop = Merchant::moving();
    let address = taken(&shop, "user-7");
    let paid = deposit(&shop, &address, "0.01", 0);
    let seen = shop.callback();
    let confirmed = {
        shop.native.mine("bitcoin", 2);
        shop.callback()
    };
    let id = seen["id"].as_i64().unwrap();
    let number = seen["transactions"][0]["id"].as_i64().unwrap();
    let expected = |status: &str, confirmations: &str| {
        json!({
            "id": id, "type": "deposit",
            "crypto_address": {
                "id": address["id"], "currency": "BTC", "address": address["address"], "tag": null,
                "foreign_id": "user-7",
            },
            "currency_sent": { "currency": "BTC", "amount": "0.01000000" },
            "currency_received": { "currency": "BTC", "amount": "0.01000000", "amount_minus_fee": "0.01000000" },
            "transactions": [{
                "id": number, "currency": "BTC", "transaction_type": "blockchain", "type": "deposit",
                "address": address["address"], "tag": null, "amount": "0.01000000", "txid": paid["tx_hash"],
                "confirmations": confirmations,
            }],
            "fees": [{ "type": "deposit", "currency": "BTC", "amount": "0.00000000" }],
            "error": "", "status": status,
        })
    };
    assert_eq!(seen, expected("not_confirmed", "0"));
    assert_eq!(confirmed, expected("confirmed", "2"));
    let info = shop.ask("GET", "/transactions/info", json!({ "txid": paid["tx_hash"] }).to_string().as_bytes());
    assert_eq!((info.status, info.json()), (200, confirmed), "{info}");
    deposit(&shop, &address, "0.02", 2);
    let second = shop.callback();
    assert_eq!((&second["status"], &second["currency_sent"]["amount"]), (&json!("confirmed"), &json!("0.02000000")));
    assert_ne!(second["id"], seen["id"]);
    assert_eq!(second["crypto_address"]["id"], address["id"]);
    shop.receiver.is_left_alone();
}

#[test]
fn a_9_3_a_deposit_that_is_gone_is_told_as_cancelled() {
    let shop = Merchant::moving();
    let address = taken(&shop, "user-8");
    let paid = deposit(&shop, &address, "0.01", 1);
    assert_eq!(shop.callback()["status"], "not_confirmed");
    shop.native.reorganise("bitcoin", 1, &[paid["tx_hash"].as_str().unwrap()]);
    let cancelled = shop.callback();
    assert_eq!(
        (&cancelled["status"], &cancelled["error"]),
        (&json!("cancelled"), &json!("Transaction was cancelled."))
    );
    let native = eventually("the deposit's invoice", || {
        let list = shop.native.get("invoices?limit=1").success(200);
        list["data"].get(0).cloned()
    });
    assert_eq!(native["source"], "static_address");
}
