//! B.6 to B.9 and B.14: what is refused, since nothing here can send money, and the hosted page.

use super::shop::{Merchant, document, id, refused, seed};
use crate::{
    contract::{http::Ask, shop::with},
    eventually::eventually,
};
use serde_json::{Value, json};

const NO_PAIR: [(u16, &str, &str); 1] = [(422, "currency_pair_not_supported", "Currency pair not supported")];
const NOT_FOUND: [(u16, &str, &str); 1] = [(404, "not_found", "Record not found")];
const ID: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn b_8_payouts_are_refused_and_there_are_none() {
    let shop = Merchant::fresh();
    let payout = json!({ "data": { "type": "payouts", "attributes": {
        "amount": "10", "currency": "USDT", "payNetwork": "ttrx:usdt", "address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    } } });
    shop.refuses("/payouts", &payout, &NO_PAIR);
    shop.refuses("/payouts/draft", &payout, &NO_PAIR);
    for path in ["/payouts", "/payouts/currency_pairs"] {
        assert_eq!(shop.get(path)["data"], json!([]), "{path}");
    }
    refused(&shop.read(&format!("/payouts/{ID}")), &NOT_FOUND);
    refused(&shop.ask("PUT", &format!("/payouts/{ID}"), b"{}"), &NOT_FOUND);
}

#[test]
fn b_7_nothing_is_exchanged() {
    let shop = Merchant::fresh();
    refused(&shop.read("/exchange/rate?sell_currency_code=USDT&buy_currency_code=EUR"), &NO_PAIR);
    shop.refuses("/exchange/quotes", &json!({ "data": { "type": "quotes", "attributes": {} } }), &NO_PAIR);
    assert_eq!(shop.get("/exchange/quotes")["data"], json!([]));
    refused(&shop.read(&format!("/exchange/quotes/{ID}")), &NOT_FOUND);
    refused(&shop.ask("PATCH", &format!("/exchange/quotes/{ID}"), b"{}"), &NOT_FOUND);
}

#[test]
fn b_9_payment_links_are_refused() {
    let shop = Merchant::fresh();
    let link = json!({ "data": { "type": "payment_links", "attributes": { "amount": "10", "currency": "EUR" } } });
    shop.refuses("/payment_links", &link, &[(422, "not_supported", "Not supported")]);
    assert_eq!(shop.get("/payment_links")["data"], json!([]));
    refused(&shop.read(&format!("/payment_links/{ID}")), &NOT_FOUND);
    refused(&shop.ask("POST", &format!("/payment_links/{ID}/expiration"), b""), &NOT_FOUND);
}

#[test]
fn b_6_an_account_of_each_coin_says_what_came_in() {
    let shop = Merchant::moving();
    let account = |code: &str| {
        let accounts = shop.get("/accounts?per_page=100");
        let all = accounts["data"].as_array().unwrap().clone();
        assert_eq!(accounts["meta"]["total"], all.len());
        all.into_iter().find(|account| account["attributes"]["currencyCode"] == code).unwrap()
    };
    let usdt = account("USDT");
    let shown = &usdt["attributes"];
    assert_eq!(
        (&usdt["type"], &shown["balance"], &shown["currencyType"]),
        (&json!("accounts"), &json!("0"), &json!("crypto"))
    );
    for (network, amount) in [("ttrx:usdt", "12.5"), ("tbsc:usdt", "20.000001")] {
        let body =
            json!({ "amountBilled": amount, "billedCurrency": "USDT", "chargedCurrency": "USDT", "network": network });
        let invoice = shop.create(&body);
        shop.pay(&invoice, amount, 19);
        eventually("the end", || (shop.status(&invoice)[0] == "completed").then_some(()));
    }
    assert_eq!(account("USDT")["attributes"]["balance"], "32.500001");
    assert_eq!(account("BTC")["attributes"]["balance"], "0");
    let one = shop.get(&format!("/accounts/{}", usdt["id"].as_str().unwrap()));
    super::json_api::is_whole(&one);
    assert_eq!((&one["data"]["id"], &one["data"]["attributes"]["balance"]), (&usdt["id"], &json!("32.500001")));
    let networks: Vec<&Value> = super::shop::included(&one, "network");
    assert!(networks.iter().any(|network| network["attributes"]["code"] == "ttrx:usdt"), "{one}");
    assert_eq!(shop.get("/accounts?page=2&per_page=1")["meta"]["page"], "2");
    refused(&shop.read(&format!("/accounts/{ID}")), &NOT_FOUND);
}

#[test]
fn b_6_accounts_have_no_addresses_and_no_ledger() {
    let shop = Merchant::fresh();
    let not_supported = [(422, "not_supported", "Not supported")];
    for path in ["/addresses", "/transactions", &format!("/transactions/{ID}")] {
        refused(&shop.read(&format!("/accounts/{ID}{path}")), &not_supported);
    }
    refused(&shop.ask("POST", &format!("/accounts/{ID}/addresses"), b"{}"), &not_supported);
}

#[test]
fn b_14_what_is_refused_needs_a_key_all_the_same() {
    let shop = Merchant::fresh();
    for path in ["/payouts", "/accounts", "/exchange/rate", "/payment_links", "/channels"] {
        let answer = Ask::get(&format!("/api/public/v1{path}")).send(shop.native.server.host());
        refused(&answer, &[(401, "unauthorized", "HTTP Token: Access denied.")]);
    }
}

#[test]
fn b_4_1_the_hosted_page_returns_to_the_page_of_the_outcome() {
    let shop = Merchant::moving();
    let mut body = with(&seed("paid"), "successRedirectUrl", "https://shop.example/thanks");
    body["unsuccessRedirectUrl"] = json!("https://shop.example/sorry");
    let page = |invoice: &Value| {
        let url = invoice["data"]["attributes"]["hostedPageUrl"].as_str().unwrap();
        let path = url.strip_prefix(&shop.native.server.base_url()).unwrap().to_owned();
        let html = Ask::get(&path).send(shop.native.server.host()).text();
        (html.contains("https://shop.example/thanks"), html.contains("https://shop.example/sorry"))
    };
    let paid = document(&shop.post("/invoices", &super::shop::invoices(&body)), 201);
    let forgotten = document(&shop.post("/invoices", &super::shop::invoices(&with(&body, "reference", "late"))), 201);
    assert_eq!(page(&paid), (false, false));
    shop.pay(&paid, "100", 19);
    assert_eq!(page(&paid), (true, false));
    shop.native.advance(20 * 60 + 5);
    eventually("expiry", || (shop.status(&forgotten)[0] == "expired").then_some(()));
    assert_eq!(page(&forgotten), (false, true), "{}", id(&forgotten));
}

#[test]
fn b_3_calls_whose_contract_is_not_published_are_not_there() {
    let shop = Merchant::fresh();
    for path in ["/mass_payouts", "/fiat_settlements"] {
        refused(&shop.read(path), &NOT_FOUND);
        refused(&shop.ask("POST", path, b"{}"), &NOT_FOUND);
    }
}
