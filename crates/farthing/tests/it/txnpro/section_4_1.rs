//! B.4.1 and B.4.8: what an invoice is asked for by.

use super::shop::{Merchant, document, invoices, seed};
use crate::contract::shop::with;
use serde_json::{Value, json};

fn attributes(document: &Value) -> &Value {
    &document["data"]["attributes"]
}

#[test]
fn b_4_1_codes_are_read_in_any_case_and_the_network_is_echoed_as_it_was_sent() {
    let shop = Merchant::fresh();
    for (network, coin, billed) in
        [("TTRX:USDT", "usdt", "Usd"), ("ttrx:usdt", "USDT", "USD"), ("trx:usdt", "Usdt", "usd")]
    {
        let body =
            json!({ "amountBilled": "100", "billedCurrency": billed, "chargedCurrency": coin, "network": network });
        let invoice = shop.create(&body);
        let shown = attributes(&invoice);
        assert_eq!((&shown["network"], &shown["billedCurrency"]), (&json!(network), &json!("USD")));
        assert_eq!((&shown["chargedCurrency"], &shown["networkName"]), (&json!("USDT"), &json!("Tron (TRC20)")));
    }
}

#[test]
fn b_5_every_known_code_of_the_sandbox_takes_its_coin() {
    let shop = Merchant::fresh();
    for (network, coin, name) in [
        ("ttrx:usdt", "USDT", "Tron (TRC20)"),
        ("hterc6dp", "USDT", "Ethereum (ERC20)"),
        ("tpolygon:usdt", "USDT", "Polygon (ERC20)"),
        ("tbsc:usdt", "USDT", "Binance Smart Chain (BEP20)"),
        ("tpolygon", "POL", "Polygon"),
        ("tbtc", "BTC", "BTC Testnet"),
        ("polygon:usdcv2", "USDC", "Polygon"),
    ] {
        let body =
            json!({ "amountBilled": "100", "billedCurrency": "USD", "chargedCurrency": coin, "network": network });
        let invoice = shop.create(&body);
        assert_eq!(attributes(&invoice)["networkName"], name, "{network}");
    }
}

#[test]
fn b_4_1_amounts_are_exact_as_texts_and_as_numbers() {
    let shop = Merchant::fresh();
    for (sent, shown) in [
        (json!("100"), "100.00"),
        (json!("100.5"), "100.50"),
        (json!(100.10), "100.10"),
        (json!(12), "12.00"),
        (json!("99999.99"), "99999.99"),
        (json!("59.970000000000006"), "59.97"),
        (json!("9.999999999999999"), "10.00"),
    ] {
        let invoice = shop.create(&with(&without_reference(), "amountBilled", sent));
        assert_eq!(attributes(&invoice)["amountBilled"], shown);
    }
}

#[test]
fn b_4_1_a_price_in_the_coin_itself_is_charged_as_it_is() {
    let shop = Merchant::fresh();
    let body = json!({ "amountBilled": "0.015", "billedCurrency": "BTC", "chargedCurrency": "BTC", "network": "tbtc" });
    let invoice = shop.create(&body);
    let shown = attributes(&invoice);
    assert_eq!((&shown["amountBilled"], &shown["amountCharged"]), (&json!("0.01500000"), &json!("0.01500000")));
    assert_eq!((&shown["exchangeRate"], &shown["billedCurrency"]), (&json!("1.0"), &json!("BTC")));
}

#[test]
fn b_4_2_the_charge_is_the_bill_by_the_rate_rounded_up() {
    let shop = Merchant::fresh();
    let charged = |billed: &str, amount: &str, coin: &str, network: &str| {
        let body =
            json!({ "amountBilled": amount, "billedCurrency": billed, "chargedCurrency": coin, "network": network });
        let invoice = shop.create(&body);
        let text = |name: &str| attributes(&invoice)[name].as_str().unwrap().to_owned();
        (text("exchangeRate"), text("amountCharged"))
    };
    let expected = |rate: &str, amount: &str| (rate.to_owned(), amount.to_owned());
    assert_eq!(charged("USD", "1000", "USDT", "ttrx:usdt"), expected("1.0", "1000.000000"));
    assert_eq!(charged("EUR", "1000", "USDT", "ttrx:usdt"), expected("0.8", "1250.000000"));
    assert_eq!(charged("EUR", "36", "BTC", "tbtc"), expected("48000.0", "0.00075000"));
    assert_eq!(charged("USD", "10.01", "BTC", "tbtc"), expected("60000.0", "0.00016684"));
}

#[test]
fn b_4_1_pages_to_return_to_are_kept_and_settlement_elsewhere_is_refused() {
    let shop = Merchant::fresh();
    let mut body = with(&without_reference(), "successRedirectUrl", "https://shop.example/ok?a=1&b=2");
    body["unsuccessRedirectUrl"] = json!("https://shop.example/no");
    body["paymentMethods"] = json!(["on_chain", "binance_pay"]);
    body["targetCurrency"] = json!("usdt");
    let invoice = shop.create(&body);
    let shown = attributes(&invoice);
    assert_eq!(shown["successRedirectUrl"], "https://shop.example/ok?a=1&b=2");
    assert_eq!(shown["unsuccessRedirectUrl"], "https://shop.example/no");
    assert_eq!((&shown["paymentMethods"], &shown["targetCurrency"]), (&json!(["on_chain"]), &json!("USDT")));
    let pair = [(422, "currency_pair_not_supported", "Currency pair not supported")];
    shop.refuses("/invoices", &invoices(&with(&without_reference(), "targetCurrency", "EUR")), &pair);
    let account = "00000000-0000-4000-8000-000000000001";
    shop.refuses("/invoices", &invoices(&with(&without_reference(), "targetAccountId", account)), &pair);
    let other = json!(["binance_pay", "nft"]);
    let body = invoices(&with(&without_reference(), "paymentMethods", other));
    shop.refuses("/invoices", &body, &[(422, "not_supported", "Not supported")]);
}

#[test]
fn b_4_1_pages_to_return_to_are_https_but_for_localhost() {
    let shop = Merchant::fresh();
    for name in ["successRedirectUrl", "unsuccessRedirectUrl"] {
        for wrong in ["http://shop.example/ok", "ftp://shop.example", "shop.example", "javascript:alert(1)"] {
            let body = invoices(&with(&without_reference(), name, wrong));
            shop.refuses("/invoices", &body, &[(422, "invalid", &format!("{name} is invalid"))]);
        }
        let local = shop.create(&with(&without_reference(), name, "http://localhost:3000/ok"));
        assert_eq!(attributes(&local)[name], "http://localhost:3000/ok");
    }
}

#[test]
fn b_1_what_a_client_adds_of_its_own_is_ignored() {
    let shop = Merchant::fresh();
    let mut body = invoices(&with(&without_reference(), "color", json!({ "deep": [1, 2] })));
    body["data"]["id"] = json!("mine");
    body["included"] = json!([]);
    let invoice = document(&shop.post("/invoices", &body), 201);
    assert_ne!(invoice["data"]["id"], "mine");
}

#[test]
fn b_4_8_the_documented_limits_hold_at_both_ends() {
    let shop = Merchant::fresh();
    for (billed, coin, network, smallest, below, largest, above) in [
        ("EUR", "USDT", "ttrx:usdt", "10", "9.99", "100000", "100000.01"),
        ("CAD", "USDT", "ttrx:usdt", "14", "13.99", "140000", "140000.01"),
        ("INR", "USDT", "ttrx:usdt", "800", "799.99", "8500000", "8500000.01"),
        ("USDT", "USDT", "ttrx:usdt", "1", "0.999999", "100000", "100000.000001"),
        ("ETH", "ETH", "teth", "0.001", "0.00099999", "40", "40.00000001"),
        ("BTC", "BTC", "tbtc", "0.00001", "0.00000999", "1", "1.00000001"),
    ] {
        let body = |amount: &str| json!({ "amountBilled": amount, "billedCurrency": billed, "chargedCurrency": coin, "network": network });
        shop.create(&body(smallest));
        shop.create(&body(largest));
        shop.refuses("/invoices", &invoices(&body(below)), &[(422, "amount_below_minimum", "amount is below minimum")]);
        shop.refuses("/invoices", &invoices(&body(above)), &[(422, "amount_above_maximum", "amount is above maximum")]);
    }
}

/// The seed's request without a reference, which may be sent often.
fn without_reference() -> Value {
    let mut body = seed("");
    body.as_object_mut().unwrap().remove("reference");
    body
}
