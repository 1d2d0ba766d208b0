//! Section 4.1: the fields of a new invoice, one by one, with their limits.

use super::{
    documented::{invoice_fields, seconds},
    http::keys,
    shop::{Shop, half_a_bitcoin, id, ten_dollars, with},
};
use serde_json::{Value, json};

/// The window where nothing else is asked for, in seconds.
const WINDOW: i64 = 30 * 60;

/// How long the window of an invoice is.
fn window(invoice: &Value) -> i64 {
    seconds(&invoice["expires_at"]) - seconds(&invoice["created_at"])
}

#[test]
fn section_4_1_a_crypto_invoice_s_answer_field_by_field() {
    let shop = Shop::fresh();
    let body = json!({
        "currency": "BTC", "amount": "0.50", "description": "Two tickets", "external_id": "order-7",
        "idempotency_key": "order-7-1", "metadata": { "cart": { "id": 7, "items": ["a", null, true, 1.5] } },
        "redirect_url": "https://shop.example/done?order=7", "customer_email": "payer@example.com",
    });
    let invoice = shop.create(&body);
    let expected = json!({
        "id": invoice["id"], "merchant_id": shop.merchant, "currency": "BTC", "network": "bitcoin",
        "amount_requested": "0.5", "amount_paid": "0", "amount_usd": null, "amount_fiat": null,
        "amount_in_base_currency": null, "fiat_currency": null, "status": "pending", "environment": "test",
        "deposit_address": invoice["deposit_address"], "deposit_address_tag": null, "description": "Two tickets",
        "external_id": "order-7", "idempotency_key": "order-7-1",
        "metadata": { "cart": { "id": 7, "items": ["a", null, true, 1.5] } },
        "redirect_url": "https://shop.example/done?order=7", "source": "api", "static_address_id": null,
        "checkout_url": invoice["checkout_url"], "payments": [], "expires_at": invoice["expires_at"],
        "paid_at": null, "created_at": invoice["created_at"], "is_deferred": false, "draft_expires_at": null,
        "activated_at": null, "activation_count": 0, "is_locked_fiat": false,
        "target_settlement_asset": "passthrough", "settlement_target_currency": null,
        "settlement_target_network": null, "payer_email": "payer@example.com", "sent_at": null,
    });
    assert_eq!(invoice, expected);
    assert!(invoice["deposit_address"].as_str().unwrap().starts_with("tb1q"), "{invoice}");
    assert_eq!(window(&invoice), WINDOW);
    assert_eq!(shop.invoice(&invoice), invoice, "what is read is what was answered");
}

#[test]
fn section_4_1_an_open_fiat_draft_s_answer_field_by_field() {
    let invoice = Shop::shared().create(&json!({ "amount_fiat": "49.9", "fiat_currency": "EUR" }));
    for (name, value) in [
        ("status", json!("draft")),
        ("amount_fiat", json!("49.90")),
        ("fiat_currency", json!("EUR")),
        ("is_deferred", json!(true)),
        ("is_locked_fiat", json!(false)),
        ("metadata", json!({})),
        ("amount_paid", json!("0")),
    ] {
        assert_eq!(invoice[name], value, "{name}");
    }
    let given = ["id", "merchant_id", "environment", "source", "checkout_url", "payments", "created_at"];
    let also = ["draft_expires_at", "activation_count", "target_settlement_asset"];
    let known = ["status", "amount_fiat", "fiat_currency", "is_deferred", "is_locked_fiat", "metadata", "amount_paid"];
    for name in invoice_fields().filter(|name| !given.contains(name) && !also.contains(name) && !known.contains(name)) {
        assert!(invoice[name].is_null(), "{name} does not apply yet: {invoice}");
    }
}

#[test]
fn section_4_1_answers_name_the_documented_fields_and_no_others() {
    let invoice = Shop::shared().create(&half_a_bitcoin());
    let mut documented: Vec<&str> = invoice_fields().collect();
    documented.sort_unstable();
    assert_eq!(keys(&invoice), documented);
}

#[test]
fn section_4_1_row_1_currency_is_required_unless_the_payer_chooses() {
    let shop = Shop::shared();
    let neither = [
        "amount: is required unless amount_fiat is sent",
        "currency: is required unless amount_fiat is sent or deferred is true",
    ];
    shop.refuses(&json!({}), "validation_error", &neither);
    shop.refuses(&json!({ "amount": "1" }), "validation_error", &["currency: is required with amount"]);
    for deferred in [true, false] {
        let invoice = shop.create(&with(&ten_dollars(), "deferred", deferred));
        assert!(invoice["currency"].is_null() && invoice["status"] == "draft", "{invoice}");
    }
    assert_eq!(shop.create(&json!({ "amount": "1", "currency": "btc" }))["currency"], "BTC");
}

#[test]
fn section_4_1_row_2_network_is_inferred_or_required() {
    let shop = Shop::shared();
    let inferred = shop.create(&json!({ "amount": "1", "currency": "SOL" }));
    assert_eq!(inferred["network"], "solana");
    let details = shop.post("invoices", &json!({ "amount": "1", "currency": "USDT" })).refusal(400, "validation_error");
    assert!(details[0].starts_with("network: is required for USDT"), "{details:?}");
}

#[test]
fn section_4_1_row_3_amount_is_in_units_of_the_currency_and_exact() {
    let shop = Shop::shared();
    for (amount, network, shown) in [
        ("25.500000", "tron", "25.5"),
        ("0.000001", "tron", "0.000001"),
        ("0.000000000000000001", "bsc", "0.000000000000000001"),
        ("123456789012.000000000000000001", "bsc", "123456789012.000000000000000001"),
    ] {
        let invoice = shop.create(&json!({ "amount": amount, "currency": "USDT", "network": network }));
        assert_eq!(invoice["amount_requested"], shown);
    }
    shop.refuses(
        &json!({ "amount": "0.0000001", "currency": "USDT", "network": "tron" }),
        "validation_error",
        &["amount: has more decimal places than USDT on tron has (6)"],
    );
}

#[test]
fn section_4_1_row_6_fiat_currency_is_usd_where_it_is_left_out_and_one_of_fifteen() {
    let shop = Shop::shared();
    assert_eq!(shop.create(&ten_dollars())["fiat_currency"], "USD");
    let fifteen = "USD EUR GBP JPY AUD CAD CHF NZD SEK NOK DKK SGD HKD INR BRL";
    for code in fifteen.split(' ') {
        let invoice = shop.create(&json!({ "amount_fiat": "1000", "fiat_currency": code }));
        let shown = if code == "JPY" { "1000" } else { "1000.00" };
        assert_eq!((invoice["fiat_currency"].as_str(), invoice["amount_fiat"].as_str()), (Some(code), Some(shown)));
    }
}

#[test]
fn section_4_1_row_7_deferred_makes_a_draft_without_an_address_or_a_running_window() {
    let shop = Shop::shared();
    let invoice = shop.create(&with(&half_a_bitcoin(), "deferred", true));
    assert_eq!(invoice["status"], "draft");
    assert_eq!((&invoice["currency"], &invoice["amount_requested"]), (&json!("BTC"), &json!("0.5")));
    assert!(invoice["deposit_address"].is_null() && invoice["expires_at"].is_null());
    let waits = seconds(&invoice["draft_expires_at"]) - seconds(&invoice["created_at"]);
    assert_eq!(waits, 7 * 86_400);
    for (sent, problem) in [(json!("true"), "must be true or false"), (json!(1), "must be true or false")] {
        let details = format!("deferred: {problem}");
        shop.refuses(&with(&half_a_bitcoin(), "deferred", sent), "validation_error", &[&details]);
    }
}

#[test]
fn section_4_1_rows_8_to_12_texts_are_limited_in_characters_not_bytes() {
    let shop = Shop::shared();
    for (field, most) in [("description", 1000), ("external_id", 255), ("idempotency_key", 255)] {
        let longest = format!("{}{}", "é😀".repeat(most / 2), if most % 2 == 0 { "" } else { "x" });
        assert_eq!(shop.post("invoices", &with(&half_a_bitcoin(), field, longest.as_str())).data(201)[field], longest);
        let details = format!("{field}: must be at most {most} characters");
        shop.refuses(&with(&half_a_bitcoin(), field, longest + "y"), "validation_error", &[&details]);
    }
    for (field, most) in [("currency", 20), ("network", 30), ("amount", 50), ("fiat_currency", 3)] {
        let details = format!("{field}: must be at most {most} characters");
        let answer = shop.post("invoices", &with(&half_a_bitcoin(), field, "1".repeat(most + 1)));
        assert!(answer.refusal(400, "validation_error").contains(&details), "{answer}");
    }
}

#[test]
fn section_4_1_row_11_metadata_is_an_object_of_at_most_50_properties() {
    let shop = Shop::shared();
    let of = |count: usize| -> Value { (0..count).map(|n| (format!("key{n}"), json!(n))).collect() };
    let body = with(&half_a_bitcoin(), "metadata", of(50));
    assert_eq!(shop.create(&body)["metadata"], of(50));
    let too_many = ["metadata: must have at most 50 properties"];
    shop.refuses(&with(&half_a_bitcoin(), "metadata", of(51)), "validation_error", &too_many);
    for other in [json!([]), json!("{}"), json!(5), json!(true)] {
        let body = with(&half_a_bitcoin(), "metadata", other);
        shop.refuses(&body, "validation_error", &["metadata: must be an object"]);
    }
}

#[test]
fn section_4_1_row_12_redirect_url_is_an_https_url_of_at_most_2048_characters() {
    let shop = Shop::shared();
    let longest = format!("https://shop.example/{}", "a".repeat(2048 - 21));
    for url in [longest.as_str(), "https://shop.example", "http://localhost:3000/back", "http://127.0.0.1/x?y#z"] {
        assert_eq!(shop.create(&with(&half_a_bitcoin(), "redirect_url", url))["redirect_url"], url);
    }
    for url in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/back",
        "ftp://shop.example",
        "http://shop.example/",
        "https://",
        "https://a:b@shop.example/",
        "https:\\\\evil.example",
        "https://shop.example/\r\nX: y",
        "shop.example",
        "file:///etc/passwd",
    ] {
        shop.post("invoices", &with(&half_a_bitcoin(), "redirect_url", url)).blames(
            400,
            "validation_error",
            "redirect_url",
        );
    }
    shop.post("invoices", &with(&half_a_bitcoin(), "redirect_url", longest + "a")).blames(
        400,
        "validation_error",
        "redirect_url",
    );
}

#[test]
fn section_11_row_13_expiry_minutes_is_a_minute_count_and_0_the_default() {
    let shop = Shop::shared();
    for (minutes, expected) in [(0, WINDOW), (1, 60), (90, 5400), (43_200, 2_592_000)] {
        let invoice = shop.create(&with(&half_a_bitcoin(), "expiry_minutes", minutes));
        assert_eq!(window(&invoice), expected, "{minutes}");
    }
    for wrong in [json!(-1), json!(43_201), json!(1.5), json!("30"), json!(true), json!([30]), json!(u64::MAX)] {
        let answer = shop.post("invoices", &with(&half_a_bitcoin(), "expiry_minutes", wrong));
        answer.blames(400, "validation_error", "expiry_minutes");
    }
}

#[test]
fn section_11_row_14_payment_tolerance_is_a_decimal_smaller_than_the_price() {
    let shop = Shop::shared();
    shop.create(&with(&half_a_bitcoin(), "payment_tolerance", "0.49999999"));
    shop.create(&with(&ten_dollars(), "payment_tolerance", "9.99"));
    for (base, tolerance, problem) in
        [(half_a_bitcoin(), "0.5", "must be less than the price"), (ten_dollars(), "10", "must be less than the price")]
    {
        let details = format!("payment_tolerance: {problem}");
        shop.refuses(&with(&base, "payment_tolerance", tolerance), "validation_error", &[&details]);
    }
    for wrong in [json!("-0.1"), json!("NaN"), json!("1e400"), json!(0.1), json!("0.000000001"), json!("x")] {
        let answer = shop.post("invoices", &with(&half_a_bitcoin(), "payment_tolerance", wrong));
        answer.blames(400, "validation_error", "payment_tolerance");
    }
}

#[test]
fn section_11_row_15_customer_email_is_kept_and_shown_as_payer_email() {
    let shop = Shop::shared();
    let invoice = shop.create(&with(&half_a_bitcoin(), "customer_email", "a.b+c@mail.example"));
    assert_eq!(invoice["payer_email"], "a.b+c@mail.example");
    assert!(invoice["sent_at"].is_null(), "nothing was mailed");
    let local = "a".repeat(64);
    let long = format!("{local}@{}.example", "b.".repeat(140));
    for wrong in ["a", "a@b", "a b@c.de", "a@b.co\r\nBcc: x@y.zz", "<a@b.co>", "@b.co", &long] {
        let answer = shop.post("invoices", &with(&half_a_bitcoin(), "customer_email", wrong));
        answer.blames(400, "validation_error", "customer_email");
    }
}

#[test]
fn section_4_1_unknown_fields_are_ignored_and_null_and_empty_are_absent() {
    let shop = Shop::shared();
    let mut body = half_a_bitcoin();
    for name in ["network", "amount_usd", "amount_fiat", "fiat_currency", "description", "external_id", "redirect_url"]
    {
        body[name] = json!("");
    }
    for name in ["deferred", "metadata", "expiry_minutes", "payment_tolerance", "customer_email", "idempotency_key"] {
        body[name] = Value::Null;
    }
    for name in ["status", "id", "amount_paid", "unknown", "__proto__", "Amount"] {
        body[name] = json!({ "deep": [1, 2, { "x": null }] });
    }
    let invoice = shop.create(&body);
    assert_eq!((&invoice["status"], &invoice["description"]), (&json!("pending"), &Value::Null));
    assert_ne!(id(&invoice), "");
}

#[test]
fn section_4_1_no_two_invoices_share_an_address_and_checkout_tokens_are_no_ids() {
    let shop = Shop::shared();
    let (one, two) = (shop.create(&half_a_bitcoin()), shop.create(&half_a_bitcoin()));
    assert_ne!(one["deposit_address"], two["deposit_address"]);
    assert_ne!(one["checkout_url"], two["checkout_url"]);
    for invoice in [one, two] {
        let token = invoice["checkout_url"].as_str().unwrap().rsplit('/').next().unwrap();
        assert!(token.len() >= 22 && token != id(&invoice), "{token}");
    }
}
