//! A2 and A10: keys, and which environment a path is of.

use super::shop::{BASE, Merchant, told};
use crate::{contract::http::Ask, dialects::merchant::FORM};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

fn create() -> Ask {
    Ask::post(&format!("{BASE}/invoice"), &json!({ "amount": 5 }))
}

#[test]
fn a_2_a_key_is_taken_in_each_of_the_usual_headers() {
    let shop = Merchant::fresh();
    let basic = |pair: String| format!("Basic {}", STANDARD.encode(pair));
    for (name, value) in [
        ("Authorization", format!("Bearer {}", shop.key)),
        ("authorization", format!("bearer {}", shop.key)),
        ("Authorization", basic(format!("{}:", shop.key))),
        ("Authorization", basic(format!("{}:anything", shop.key))),
        ("X-API-Key", shop.key.clone()),
        ("Api-Key", shop.key.clone()),
    ] {
        let answer = create().header(name, &value).send(shop.host());
        assert_eq!(answer.status, 200, "{name}: {answer}");
    }
}

#[test]
fn a_2_a_missing_or_wrong_key_is_401_in_the_error_schema() {
    let shop = Merchant::fresh();
    let basic = format!("Basic {}", STANDARD.encode("nobody:"));
    let native = shop.native.key.clone();
    let answers = [
        create().send(shop.host()),
        create().header("Authorization", "Bearer nobody").send(shop.host()),
        create().header("Authorization", "Bearer ").send(shop.host()),
        create().header("Authorization", &basic).send(shop.host()),
        create().header("Authorization", &shop.key).send(shop.host()),
        create().header("X-API-Key", &native).send(shop.host()),
        Ask::get(&format!("{BASE}/invoice/some-id")).send(shop.host()),
        Ask::new("POST", &format!("{BASE}/invoice")).bytes("application/json", b"not json").send(shop.host()),
    ];
    for answer in answers {
        assert!(told(&answer, 401).is_empty(), "{answer}");
    }
}

#[test]
fn a_10_mainnet_takes_live_keys_and_testnet_test_keys() {
    let shop = Merchant::fresh();
    let live = shop.credential("live", None);
    assert!(live.base_url.ends_with("/invoice/v1/mainnet"), "{}", live.base_url);
    assert!(shop.credential("test", None).base_url.ends_with(BASE));
    let live = live.key;
    let on = |network: &str, key: &str| {
        let ask = Ask::post(&format!("/invoice/v1/{network}/invoice"), &json!({ "amount": 5 }));
        ask.header("X-API-Key", key).send(shop.host())
    };
    assert_eq!(on("testnet", &shop.key).status, 200);
    assert!(told(&on("mainnet", &shop.key), 401).is_empty());
    assert!(told(&on("testnet", &live), 401).is_empty());
    // A demo sells nothing for real money.
    let sold = told(&on("mainnet", &live), 400);
    assert_eq!(sold, [("payment_currencies".to_owned(), "unprocessable".to_owned())]);
    for network in ["devnet", "MAINNET", "test"] {
        assert!(told(&on(network, &shop.key), 404).is_empty());
    }
}

#[test]
fn a_2_another_shop_s_invoice_is_not_there_and_neither_is_one_of_the_other_network() {
    let (shop, other) = (Merchant::fresh(), Merchant::fresh());
    let invoice = shop.create(&json!({ "amount": 5 }));
    let id = invoice["id"].as_str().unwrap();
    assert!(told(&other.ask(Ask::get(&format!("{BASE}/invoice/{id}"))), 404).is_empty());
    let path = format!("/invoice/v1/mainnet/invoice/{id}/payment/address");
    let elsewhere = Ask::new("POST", &path).bytes(FORM, b"payment_currency=eth_eth").send(shop.host());
    assert!(told(&elsewhere, 404).is_empty());
}
