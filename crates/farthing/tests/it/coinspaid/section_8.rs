//! A.8: invoices of all three kinds, and what they come to.

use super::shop::{Merchant, choose, timed, without};
use crate::contract::http::{Ask, keys};
use crate::contract::shop::with;
use serde_json::json;

#[test]
fn a_8_2_the_seed_s_invoice_is_answered_with_every_documented_field() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&with(&timed("ord-1001"), "end_user_reference", json!("payer-7")));
    let id = invoice["id"].as_i64().unwrap();
    assert!((1..1 << 31).contains(&id));
    let (fixed_at, release_at) = (invoice["fixed_at"].as_i64().unwrap(), invoice["release_at"].as_i64().unwrap());
    assert_eq!(release_at - fixed_at, 900);
    assert!((890..900).contains(&invoice["seconds_left"].as_i64().unwrap()), "{invoice}");
    assert!(invoice["url"].as_str().unwrap().starts_with(&shop.native.server.base_url()));
    assert!(invoice["address"].as_str().unwrap().starts_with("tb1q"));
    let fixed = [
        ("foreign_id", json!("ord-1001")),
        ("end_user_reference", json!("payer-7")),
        ("title", json!("Order 1001")),
        ("status", json!("pending")),
        ("currency", json!("EUR")),
        ("amount", json!("36.00000000")),
        ("sender_currency", json!("BTC")),
        ("sender_amount", json!("0.00075000")),
    ];
    for (name, value) in fixed {
        assert_eq!(invoice[name], value, "{name}");
    }
}

#[test]
fn a_8_3_kind_1_waits_for_the_payer_and_everything_is_null() {
    let shop = Merchant::moving();
    let open = without(&with(&timed("open"), "timer", json!(false)), "sender_currency");
    let invoice = shop.create(&open);
    assert_eq!(invoice["status"], "created");
    let unset = ["address", "sender_currency", "sender_amount", "fixed_at", "release_at", "seconds_left"];
    for name in unset {
        assert_eq!(invoice[name], json!(null), "{name}");
    }
    shop.native.advance(3600);
    choose(&shop, "open", "LTC", "litecoin");
    shop.receiver.is_left_alone();
    shop.pay(&invoice, "0.1", 0);
    let pending = shop.callback();
    assert_eq!((&pending["status"], &pending["crypto_address"]["currency"]), (&json!("pending"), &json!("LTC")));
    assert_eq!(pending["expires_at"].as_i64().unwrap() - pending["fixed_at"].as_i64().unwrap(), 900);
}

#[test]
fn a_8_3_kind_2_runs_while_the_payer_chooses() {
    let shop = Merchant::moving();
    let invoice = shop.create(&without(&timed("timed"), "sender_currency"));
    assert_eq!(invoice["status"], "pending");
    assert!((890..900).contains(&invoice["seconds_left"].as_i64().unwrap()), "{invoice}");
    assert_eq!(
        (&invoice["address"], &invoice["sender_currency"], &invoice["sender_amount"]),
        (&json!(null), &json!(null), &json!(null))
    );
    shop.native.advance(600);
    choose(&shop, "timed", "USDT", "tron");
    shop.native.advance(301);
    let failed = shop.callback();
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &json!("Timer expired. User not paid.")));
    assert_eq!(failed["crypto_address"]["currency"], "USDTT");
}

#[test]
fn a_14_a_coin_of_an_open_invoice_is_chosen_beforehand() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&with(&timed("open"), "timer", json!("0")));
    assert_eq!((&invoice["status"], &invoice["sender_currency"]), (&json!("created"), &json!("BTC")));
    assert_eq!((&invoice["address"], &invoice["fixed_at"]), (&json!(null), &json!(null)));
}

#[test]
fn a_8_3_the_payer_chooses_among_coins_of_this_api() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&without(&timed("f"), "sender_currency"));
    let page = shop.read_page(&invoice["url"]);
    for method in ["BTC.bitcoin", "USDT.tron", "ETH.arbitrum"] {
        assert!(page.contains(method), "{method}");
    }
    assert!(!page.contains("ETH.polygon") && !page.contains("USDT.base"));
    let coin = without(&with(&with(&timed("g"), "currency", json!("LTC")), "amount", json!("1.5")), "sender_currency");
    let page = shop.read_page(&shop.create(&coin)["url"]);
    assert!(page.contains("LTC.litecoin") && !page.contains("BTC.bitcoin"));
}

#[test]
fn a_8_the_page_leads_back_to_the_shop_at_an_end_only() {
    let shop = Merchant::moving();
    let (paid, unpaid) = (shop.create(&timed("paid")), shop.create(&timed("unpaid")));
    assert!(!shop.read_page(&paid["url"]).contains("https://shop.example/"));
    shop.pay(&paid, "0.00075", 2);
    assert!(shop.read_page(&paid["url"]).contains("https://shop.example/ok"));
    shop.native.advance(901);
    assert!(shop.read_page(&unpaid["url"]).contains("https://shop.example/no"));
}

#[test]
fn issue_5_the_native_api_shows_it_with_its_source() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&timed("ord-1001"));
    let list = shop.native.get("invoices?external_id=ord-1001").success(200);
    let native = &list["data"][0];
    assert_eq!((&native["source"], &native["amount_requested"]), (&json!("coinspaid"), &json!("0.00075")));
    assert_eq!(native["checkout_url"], invoice["url"]);
    assert_eq!(native["deposit_address"], invoice["address"]);
}

#[test]
fn a_4_transactions_info_has_the_form_of_a_callback_whatever_it_is_asked_by() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&timed("ord-1001"));
    let asked = |body: serde_json::Value| {
        let answer = shop.ask("GET", "/transactions/info", body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    };
    let by_id = asked(json!({ "id": invoice["id"] }));
    assert_eq!(asked(json!({ "foreign_id": "ord-1001" })), by_id);
    assert_eq!(asked(json!({ "id": invoice["id"].to_string() })), by_id);
    let fields = [
        "crypto_address",
        "currency_received",
        "currency_sent",
        "error",
        "expires_at",
        "fees",
        "fixed_at",
        "foreign_id",
        "id",
        "status",
        "transactions",
        "type",
    ];
    assert_eq!(keys(&by_id), fields);
    assert_eq!((&by_id["status"], &by_id["type"]), (&json!("pending"), &json!("invoice")));
    assert_eq!(by_id["currency_sent"]["remaining_amount"], "0.00075000");
}

#[test]
fn a_14_live_credentials_sell_what_is_configured() {
    let shop = Merchant::fresh();
    let made = shop.native.server.command(&[
        "dialects",
        "create",
        "coinspaid",
        "--merchant",
        &shop.native.merchant,
        "--environment",
        "live",
    ]);
    let (key, secret) = (made["key"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let body = timed("live").to_string();
    let ask = Ask::new("POST", "/api/v2/invoices/create")
        .bytes("application/json", body.as_bytes())
        .header("X-Processing-Key", key)
        .header("X-Processing-Signature", &crate::dialects::signatures::coinspaid(secret, body.as_bytes()));
    let answer = ask.send(shop.native.server.host());
    let expected = json!({ "errors": {
        "currency": "The selected currency is invalid.", "sender_currency": "The selected sender currency is invalid.",
    }});
    assert_eq!((answer.status, answer.json()), (400, expected), "{answer}");
}
