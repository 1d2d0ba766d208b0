//! Section 4.1: the amount rules a to i, in the contract's order.

use super::{
    documented::seconds,
    shop::{Shop, half_a_bitcoin, ten_dollars, with},
};
use serde_json::{Value, json};

const CONFLICT: &str =
    "amount_usd: is in US dollars and cannot be sent with another fiat_currency; send amount_fiat instead";

#[test]
fn section_4_1_rule_a_conflicting_amount_fields_comes_first_even_beside_amount_fiat() {
    let shop = Shop::shared();
    for body in [
        json!({ "amount_usd": "5", "fiat_currency": "EUR" }),
        json!({ "amount_usd": "5", "amount_fiat": "5", "fiat_currency": "EUR" }),
        json!({ "amount_usd": "5", "amount": "1", "currency": "BTC", "fiat_currency": "JPY" }),
        json!({ "amount_usd": "5", "fiat_currency": "XXX" }),
        json!({ "amount_usd": "5", "fiat_currency": "GBP", "currency": "NOPE", "expiry_minutes": -1 }),
        json!({ "amount_usd": "-5", "fiat_currency": "BRL" }),
    ] {
        let answer = shop.post("invoices", &body);
        assert!(answer.refusal(400, "conflicting_amount_fields").contains(&CONFLICT.to_owned()), "{answer}");
    }
    for fiat_currency in [json!("USD"), json!(""), Value::Null] {
        let invoice = shop.create(&json!({ "amount_usd": "5", "fiat_currency": fiat_currency }));
        assert_eq!(invoice["fiat_currency"], "USD");
    }
}

#[test]
fn section_4_1_rule_b_amount_fiat_wins_over_amount_usd() {
    let shop = Shop::shared();
    for body in [
        json!({ "amount_usd": "7", "amount_fiat": "5" }),
        json!({ "amount_usd": "7", "amount_fiat": "5", "fiat_currency": "USD" }),
    ] {
        let invoice = shop.create(&body);
        assert_eq!((&invoice["amount_fiat"], &invoice["amount_usd"]), (&json!("5.00"), &json!("5.00")), "{body}");
    }
}

#[test]
fn section_4_1_rule_c_amount_usd_alone_is_amount_fiat_in_dollars() {
    let shop = Shop::shared();
    for body in [json!({ "amount_usd": "5" }), json!({ "amount_usd": "5", "fiat_currency": "USD" })] {
        let invoice = shop.create(&body);
        let priced = (&invoice["amount_fiat"], &invoice["fiat_currency"], &invoice["amount_usd"]);
        assert_eq!(priced, (&json!("5.00"), &json!("USD"), &json!("5.00")));
    }
    let alias = json!({ "amount_usd": "5", "idempotency_key": "alias-of-fiat" });
    let fresh = Shop::fresh();
    let invoice = fresh.create(&alias);
    let plain = json!({ "amount_fiat": "5.00", "fiat_currency": "USD", "idempotency_key": "alias-of-fiat" });
    assert_eq!(fresh.post("invoices", &plain).data(200)["id"], invoice["id"], "an alias is no other request");
}

#[test]
fn section_4_1_amount_usd_is_shown_only_where_the_price_is_in_dollars() {
    let invoice = Shop::shared().create(&json!({ "amount_fiat": "5", "fiat_currency": "CHF" }));
    assert!(invoice["amount_usd"].is_null() && invoice["amount_fiat"] == "5.00");
}

#[test]
fn section_4_1_rule_d_amount_and_any_fiat_amount_exclude_each_other() {
    let shop = Shop::shared();
    for field in ["amount_fiat", "amount_usd"] {
        let body = with(&half_a_bitcoin(), field, "5");
        shop.refuses(&body, "validation_error", &["amount: cannot be sent together with a fiat amount"]);
    }
    let both = json!({ "amount": "1", "currency": "BTC", "amount_fiat": "5", "amount_usd": "5", "deferred": true });
    shop.refuses(&both, "validation_error", &["amount: cannot be sent together with a fiat amount"]);
}

#[test]
fn section_4_1_rule_e_a_fiat_currency_outside_the_fifteen_is_invalid_fiat_currency() {
    let shop = Shop::shared();
    for code in ["XXX", "PLN", "usd", "BTC", "US", "U"] {
        let answer = shop.post("invoices", &json!({ "amount_fiat": "5", "fiat_currency": code }));
        answer.blames(400, "invalid_fiat_currency", "fiat_currency");
    }
    let answer = shop.post("invoices", &with(&half_a_bitcoin(), "fiat_currency", "XXX"));
    answer.blames(400, "invalid_fiat_currency", "fiat_currency");
}

#[test]
fn section_4_1_rule_f_a_fiat_amount_without_currency_leaves_the_choice_to_the_payer() {
    let shop = Shop::shared();
    let draft = shop.create(&ten_dollars());
    assert_eq!((&draft["status"], &draft["is_deferred"]), (&json!("draft"), &json!(true)));
    let invoice = shop.activate(&draft, &json!({ "currency": "USDT", "network": "tron" }));
    assert_eq!((&invoice["currency"], &invoice["network"]), (&json!("USDT"), &json!("tron")));
    assert_eq!((&invoice["amount_requested"], &invoice["status"]), (&json!("10"), &json!("pending")));
    assert_eq!(invoice["is_locked_fiat"], false);
}

#[test]
fn section_11_rule_g_a_fiat_amount_locked_to_a_currency_needs_deferred() {
    let shop = Shop::shared();
    for body in [
        json!({ "amount_fiat": "5", "currency": "BTC" }),
        json!({ "amount_fiat": "5", "currency": "BTC", "deferred": false }),
        json!({ "amount_usd": "5", "currency": "USDT", "network": "tron" }),
    ] {
        let details = ["deferred: must be true when a fiat amount is locked to a currency"];
        shop.refuses(&body, "validation_error", &details);
    }
}

#[test]
fn section_4_1_rule_g_a_locked_fiat_amount_can_be_paid_in_that_pair_only() {
    let shop = Shop::shared();
    let body = json!({ "amount_fiat": "60", "currency": "USDT", "network": "tron", "deferred": true });
    let draft = shop.create(&body);
    assert_eq!((&draft["is_locked_fiat"], &draft["status"]), (&json!(true), &json!("draft")));
    assert_eq!((&draft["currency"], &draft["network"]), (&json!("USDT"), &json!("tron")));
    assert!(draft["amount_requested"].is_null(), "there is no rate yet");
    let path = format!("invoices/{}/activate", draft["id"].as_str().unwrap());
    shop.post(&path, &json!({ "currency": "BTC" })).blames(400, "validation_error", "currency");
    let invoice = shop.activate(&draft, &json!({}));
    assert_eq!(invoice["amount_requested"], "60");
    assert_eq!(invoice["activation_count"], 1);
}

#[test]
fn section_4_1_rule_h_a_fiat_price_takes_the_rate_when_it_is_activated_and_rounds_up() {
    let shop = Shop::shared();
    // The offline table: BTC 60000, ETH 2500, DOGE 0.125; EUR 1.25, JPY 0.0064 US dollars.
    for (amount, fiat, currency, network, due) in [
        ("60", "USD", "BTC", "bitcoin", "0.001"),
        ("100", "USD", "BTC", "bitcoin", "0.00166667"),
        ("100", "EUR", "BTC", "bitcoin", "0.00208334"),
        ("1", "USD", "ETH", "arbitrum", "0.0004"),
        ("1000", "JPY", "USDT", "tron", "6.4"),
        ("0.01", "BRL", "DOGE", "dogecoin", "0.016"),
        ("10", "GBP", "USDC", "solana", "16"),
    ] {
        let draft = shop.create(&json!({ "amount_fiat": amount, "fiat_currency": fiat }));
        assert!(draft["amount_requested"].is_null());
        let invoice = shop.activate(&draft, &json!({ "currency": currency, "network": network }));
        assert_eq!(invoice["amount_requested"], due, "{amount} {fiat} in {currency}");
        let window = seconds(&invoice["expires_at"]) - seconds(&invoice["activated_at"]);
        assert_eq!(window, 1800, "the window starts with the activation");
    }
}

#[test]
fn section_4_1_rule_i_an_unsupported_pair_is_a_validation_error() {
    let shop = Shop::shared();
    for (currency, network, details) in [
        ("BTC", "ethereum", "network: does not carry BTC"),
        ("USDC", "tron", "network: does not carry USDC"),
        ("USDT", "bitcoin", "network: does not carry USDT"),
        ("USDT", "mars", "network: does not carry USDT"),
        ("XMR", "monero", "currency: is not supported"),
        ("XMR", "", "currency: is not supported"),
    ] {
        let pair = json!({ "amount": "1", "currency": currency, "network": network });
        shop.refuses(&pair, "validation_error", &[details]);
        let locked = json!({ "amount_fiat": "1", "currency": currency, "network": network, "deferred": true });
        shop.refuses(&locked, "validation_error", &[details]);
        let draft = shop.create(&ten_dollars());
        let path = format!("invoices/{}/activate", draft["id"].as_str().unwrap());
        let choice = json!({ "currency": currency, "network": network });
        assert_eq!(shop.post(&path, &choice).refusal(400, "validation_error"), [details]);
    }
}

#[test]
fn section_4_1_a_fiat_amount_has_the_digits_of_its_currency() {
    let shop = Shop::shared();
    for (amount, currency, problem) in [
        ("5.001", "USD", "has more decimal places than USD has (2)"),
        ("5.5", "JPY", "has more decimal places than JPY has (0)"),
        ("0", "USD", "must be greater than zero"),
        ("-1", "USD", "must be a plain decimal such as \"10.50\""),
        ("99999999999999999999", "USD", "is too large"),
    ] {
        let details = format!("amount_fiat: {problem}");
        shop.refuses(&json!({ "amount_fiat": amount, "fiat_currency": currency }), "validation_error", &[&details]);
    }
}

#[test]
fn section_6_1_activation_count_counts_each_choice_and_the_window_stays() {
    let shop = Shop::fresh();
    let draft = shop.create(&ten_dollars());
    let first = shop.activate(&draft, &json!({ "currency": "BTC" }));
    let second = shop.activate(&draft, &json!({ "currency": "USDT", "network": "ethereum" }));
    let third = shop.activate(&draft, &json!({ "currency": "USDC", "network": "polygon" }));
    let back = shop.activate(&draft, &json!({ "currency": "BTC" }));
    assert_eq!(back["activation_count"], 4);
    for field in ["activated_at", "expires_at"] {
        assert_eq!(first[field], back[field], "{field}");
    }
    assert_eq!(first["deposit_address"], back["deposit_address"], "an invoice keeps its address in an asset");
    assert_eq!(second["deposit_address"], third["deposit_address"], "networks of one form share it");
    assert_eq!(shop.told(&draft), ["created", "activated", "activated", "activated", "activated"]);
}

#[test]
fn section_9_activation_is_refused_where_nothing_is_left_to_choose() {
    let shop = Shop::shared();
    let fixed = shop.create(&half_a_bitcoin());
    let path = |invoice: &Value| format!("invoices/{}/activate", invoice["id"].as_str().unwrap());
    shop.post(&path(&fixed), &json!({ "currency": "BTC" })).refusal(400, "invalid_state");
    shop.post(&path(&fixed), &json!({ "currency": "LTC" })).refusal(400, "validation_error");
    let cancelled = shop.create(&ten_dollars());
    shop.cancel(&cancelled);
    shop.post(&path(&cancelled), &json!({ "currency": "BTC" })).refusal(400, "invalid_state");
    let open = shop.create(&ten_dollars());
    shop.post(&path(&open), &json!({})).blames(400, "validation_error", "currency");
    shop.post(&path(&open), &json!({ "network": "tron" })).blames(400, "validation_error", "currency");
    let details = shop.post(&path(&open), &json!({ "currency": "USDT" })).refusal(400, "validation_error");
    assert!(details[0].starts_with("network: is required for USDT"), "{details:?}");
}
