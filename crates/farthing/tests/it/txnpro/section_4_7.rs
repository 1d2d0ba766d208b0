//! B.4.7 and B.5: what can be billed and charged, by which networks.

use super::shop::{Merchant, included, invoices};
use serde_json::{Value, json};

/// The included currency of an id.
fn code<'d>(document: &'d Value, relationship: &Value) -> &'d str {
    let of = included(document, "currencies").into_iter().find(|currency| currency["id"] == relationship["data"]["id"]);
    of.unwrap_or_else(|| panic!("{relationship}"))["attributes"]["code"].as_str().unwrap()
}

#[test]
fn b_4_7_every_pair_names_its_currencies_and_every_coin_its_networks() {
    let shop = Merchant::fresh();
    let pairs = shop.get("/invoices/currency_pairs");
    super::json_api::is_whole(&pairs);
    let all = pairs["data"].as_array().unwrap();
    let enabled = |billed: &str, charged: &str| {
        let pair = all.iter().find(|pair| {
            code(&pairs, &pair["relationships"]["billedCurrency"]) == billed
                && code(&pairs, &pair["relationships"]["chargedCurrency"]) == charged
        });
        pair.map(|pair| {
            assert_eq!(
                (&pair["type"], &pair["attributes"]["direction"]),
                (&json!("invoiceCurrencyPairs"), &json!("sell"))
            );
            pair["attributes"]["enabled"].as_bool().unwrap()
        })
    };
    assert_eq!(enabled("USD", "USDT"), Some(true));
    assert_eq!(enabled("BTC", "BTC"), Some(true));
    // The test environment has no rate of these.
    assert_eq!(enabled("TRY", "USDT"), Some(false));
    assert_eq!(enabled("BTC", "USDT"), None);
    let networks = included(&pairs, "network");
    let codes: Vec<&str> = networks.iter().map(|network| network["attributes"]["code"].as_str().unwrap()).collect();
    for known in ["ttrx:usdt", "hterc6dp", "tpolygon:usdt", "tbsc:usdt", "tpolygon", "tbtc"] {
        assert!(codes.contains(&known), "{known} in {codes:?}");
    }
    let tron = networks.iter().find(|network| network["attributes"]["code"] == "ttrx:usdt").unwrap();
    assert_eq!(tron["attributes"], json!({ "currencyCode": "USDT", "name": "Tron (TRC20)", "code": "ttrx:usdt" }));
}

#[test]
fn b_4_7_what_is_enabled_can_be_asked_for_and_what_is_not_is_refused() {
    let shop = Merchant::fresh();
    let pairs = shop.get("/invoices/currency_pairs");
    let network_of = |coin: &str| {
        let networks = included(&pairs, "network");
        let network = networks.iter().find(|network| network["attributes"]["currencyCode"] == coin).unwrap();
        network["attributes"]["code"].clone()
    };
    // Within the limits of every currency that has some.
    let amount_of = |billed: &str| match billed {
        "USD" | "EUR" | "CAD" => "100",
        "INR" | "TRY" => "1000",
        "CLP" => "20000",
        "BTC" | "ETH" => "0.01",
        _ => "60",
    };
    for pair in pairs["data"].as_array().unwrap() {
        let [billed, charged] =
            ["billedCurrency", "chargedCurrency"].map(|name| code(&pairs, &pair["relationships"][name]));
        let body = json!({
            "amountBilled": amount_of(billed), "billedCurrency": billed, "chargedCurrency": charged,
            "network": network_of(charged),
        });
        let answer = shop.post("/invoices", &invoices(&body));
        let expected = if pair["attributes"]["enabled"] == true { 201 } else { 422 };
        assert_eq!(answer.status, expected, "{body}: {answer}");
    }
}

#[test]
fn b_8_an_address_is_checked_by_the_network_s_own_rules() {
    let shop = Merchant::fresh();
    let ask = |address: &str, network: &str| {
        shop.post("/addresses/validate", &json!({ "address": address, "network": network }))
    };
    let fine = ask("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "ttrx:usdt");
    assert_eq!(
        (fine.status, fine.json()),
        (200, json!({ "data": {}, "status": "ok", "jsonapi": { "version": "1.0" } }))
    );
    let invalid = [(422, "invalid_address", "Invalid address")];
    super::shop::refused(&ask("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T", "ttrx:usdt"), &invalid);
    super::shop::refused(&ask("0xdAC17F958D2ee523a2206206994597C13D831ec7", "ttrx:usdt"), &invalid);
    super::shop::refused(&ask("x", "nothing"), &[(404, "network_not_found", "Record not found")]);
    let blank = [(422, "blank", "address can't be blank"), (422, "blank", "network can't be blank")];
    shop.refuses("/addresses/validate", &json!({}), &blank);
}
