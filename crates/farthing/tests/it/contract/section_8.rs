//! Section 8, and the public lists of section 4.10: currencies, networks, rates.

use super::{
    documented::is_utc_time,
    http::{Ask, keys},
    server::shared,
    shop::{Shop, with},
};
use serde_json::{Value, json};

fn rows(path: &str) -> Vec<Value> {
    shared().ask(&Ask::get(path)).data(200).as_array().unwrap().clone()
}

#[test]
fn section_8_a_single_chain_ticker_s_network_is_inferred() {
    let shop = Shop::shared();
    for (code, network) in [
        ("BTC", "bitcoin"),
        ("LTC", "litecoin"),
        ("DOGE", "dogecoin"),
        ("SOL", "solana"),
        ("TRX", "tron"),
        ("POL", "polygon"),
        ("BNB", "bsc"),
    ] {
        let invoice = shop.create(&json!({ "amount": "2", "currency": code }));
        assert_eq!((&invoice["currency"], &invoice["network"]), (&json!(code), &json!(network)));
    }
}

#[test]
fn section_8_usdt_usdc_and_eth_need_an_explicit_network() {
    let shop = Shop::shared();
    for (code, networks) in [
        ("USDT", vec!["ethereum", "polygon", "solana", "tron", "bsc", "arbitrum", "base"]),
        ("USDC", vec!["ethereum", "polygon", "solana", "bsc", "arbitrum", "base"]),
        ("ETH", vec!["ethereum", "arbitrum", "base", "polygon"]),
    ] {
        let body = json!({ "amount": "2", "currency": code });
        let details = shop.post("invoices", &body).refusal(400, "validation_error");
        assert!(details[0].starts_with(&format!("network: is required for {code}: one of ")), "{details:?}");
        for network in networks {
            assert!(details[0].contains(network), "{network} in {details:?}");
            let invoice = shop.create(&with(&body, "network", network));
            assert_eq!((&invoice["currency"], &invoice["network"]), (&json!(code), &json!(network)));
        }
    }
}

#[test]
fn section_8_addresses_have_their_network_s_form_on_a_test_network() {
    let shop = Shop::shared();
    for (code, network, start) in [
        ("BTC", "bitcoin", "tb1q"),
        ("LTC", "litecoin", "tltc1q"),
        ("DOGE", "dogecoin", "n"),
        ("ETH", "ethereum", "0x"),
        ("USDT", "tron", "T"),
    ] {
        let invoice = shop.create(&json!({ "amount": "2", "currency": code, "network": network }));
        let address = invoice["deposit_address"].as_str().unwrap();
        assert!(address.starts_with(start), "{network}: {address}");
    }
}

#[test]
fn section_4_10_currencies_lists_every_pair_with_what_it_takes_to_ask_for_it() {
    let shop = Shop::shared();
    let rows = rows("/api/v1/currencies?environment=test");
    let names = [
        "available",
        "code",
        "contract",
        "decimals",
        "is_stablecoin",
        "name",
        "network",
        "network_name",
        "network_required",
        "required_confirmations",
    ];
    for row in &rows {
        assert_eq!(keys(row), names);
        assert!(row["available"] == true && row["required_confirmations"].as_u64().unwrap() > 0, "{row}");
        let alone = shop.post("invoices", &json!({ "amount": "2", "currency": row["code"] })).status;
        assert_eq!(alone == 400, row["network_required"] == true, "{row}");
        let body = json!({ "amount": "2", "currency": row["code"], "network": row["network"] });
        assert_eq!(shop.post("invoices", &body).status, 201, "{row}");
    }
    assert_eq!(rows.len(), 24);
    let usdt: Vec<Value> = self::rows("/api/v1/currencies?environment=test&currency=USDT");
    assert_eq!(usdt.len(), 7);
    let on_bsc = usdt.iter().find(|row| row["network"] == "bsc").unwrap();
    assert_eq!((&on_bsc["decimals"], &on_bsc["is_stablecoin"]), (&json!(18), &json!(true)));
}

#[test]
fn section_4_10_rates_are_decimal_strings_and_the_documented_table_in_the_test_environment() {
    let rows = rows("/api/v1/rates?environment=test");
    for row in &rows {
        assert_eq!(keys(row), ["currency", "fiat_currency", "rate", "sources", "updated_at"]);
        assert!(row["rate"].is_string() && is_utc_time(&row["updated_at"]), "{row}");
        assert!(!row["sources"].as_array().unwrap().is_empty(), "{row}");
    }
    assert_eq!(rows.len(), 10 * 15, "ten currencies in fifteen");
    let rate = |currency: &str, fiat: &str| {
        let row = rows.iter().find(|row| row["currency"] == currency && row["fiat_currency"] == fiat).unwrap();
        row["rate"].as_str().unwrap().to_owned()
    };
    let dollars = [
        ("BTC", "60000"),
        ("LTC", "80"),
        ("DOGE", "0.125"),
        ("ETH", "2500"),
        ("POL", "0.5"),
        ("BNB", "500"),
        ("TRX", "0.125"),
        ("SOL", "150"),
        ("USDT", "1"),
        ("USDC", "1"),
    ];
    for (currency, in_dollars) in dollars {
        assert_eq!(rate(currency, "USD"), in_dollars);
    }
    assert_eq!((rate("BTC", "EUR"), rate("USDT", "JPY")), ("48000".to_owned(), "156.25".to_owned()));
    assert_eq!(self::rows("/api/v1/rates?environment=test&currency=SOL").len(), 15);
    assert!(self::rows("/api/v1/rates?environment=test&currency=XMR").is_empty());
}

#[test]
fn section_4_10_public_lists_may_be_cached_and_name_bad_parameters() {
    for list in ["currencies", "rates"] {
        let answer = shared().ask(&Ask::get(&format!("/api/v1/{list}")));
        assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="), "{list}");
        for (query, field) in
            [("environment=prod", "environment"), ("environment=Test", "environment"), ("currency=B%20C", "currency")]
        {
            let answer = shared().ask(&Ask::get(&format!("/api/v1/{list}?{query}")));
            answer.blames(400, "validation_error", field);
        }
    }
}
