//! A.9: callbacks of invoices that are paid.

use super::{
    php,
    shop::{Merchant, timed},
};
use crate::{
    contract::{
        receiver::Receiver,
        shop::{Shop, with},
    },
    eventually::eventually,
};
use serde_json::{Value, json};

#[test]
fn a_9_2_an_invoice_that_is_paid_is_told_as_processing_and_then_as_confirmed() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("ord-1001"));
    let paid = shop.pay(&invoice, "0.00075", 0);
    let processing = shop.callback();
    shop.native.mine("bitcoin", 2);
    let confirmed = shop.callback();
    let (address, number) = (&processing["crypto_address"]["id"], &processing["transactions"][0]["id"]);
    let expected = |status: &str, confirmations: &str, fees: Value| {
        json!({
            "id": invoice["id"], "foreign_id": "ord-1001", "type": "invoice",
            "crypto_address": {
                "id": address, "currency": "BTC", "convert_to": "EUR", "address": invoice["address"], "tag": null,
            },
            "currency_sent": { "currency": "BTC", "amount": "0.00075000", "remaining_amount": "0.00000000" },
            "currency_received": { "currency": "EUR", "amount": "36.00000000" },
            "transactions": [{
                "id": number, "currency": "BTC", "transaction_type": "blockchain", "type": "deposit",
                "address": invoice["address"], "tag": null, "amount": "0.00075000", "txid": paid["tx_hash"],
                "confirmations": confirmations,
            }],
            "fees": fees, "error": "", "status": status, "fixed_at": invoice["fixed_at"],
            "expires_at": processing["expires_at"],
        })
    };
    assert_eq!(processing, expected("processing", "0", json!([])));
    let fee = json!([{ "type": "fee_crypto_deposit", "currency": "EUR", "amount": "0.00000000" }]);
    assert_eq!(confirmed, expected("confirmed", "2", fee));
    // A.8.4: the timer is swapped for 24 hours from the sighting.
    let patience = processing["expires_at"].as_i64().unwrap() - invoice["fixed_at"].as_i64().unwrap();
    assert!((86_400..86_430).contains(&patience), "{patience}");
    assert!(address.as_i64().unwrap() > 0 && number.as_i64().unwrap() > 0 && address != number);
    for asked in [json!({ "id": invoice["id"] }), json!({ "txid": paid["tx_hash"] })] {
        let info = shop.ask("GET", "/transactions/info", asked.to_string().as_bytes());
        assert_eq!((info.status, info.json()), (200, confirmed.clone()), "{info}");
    }
    shop.receiver.is_left_alone();
    assert_eq!(shop.native.server.command(&["audit"])["differences"], json!([]));
}

#[test]
fn a_9_2_each_instalment_is_told_as_pending_until_the_sum_is_there() {
    let shop = Merchant::moving();
    let invoice = shop.create(&with(&timed("parts"), "type", json!("good_until_expired")));
    shop.pay(&invoice, "0.0005", 0);
    let first = shop.callback();
    assert_eq!(
        (&first["status"], &first["currency_sent"]["remaining_amount"]),
        (&json!("pending"), &json!("0.00025000"))
    );
    shop.pay(&invoice, "0.0001", 0);
    let second = shop.callback();
    assert_eq!(
        (&second["status"], &second["currency_sent"]["remaining_amount"]),
        (&json!("pending"), &json!("0.00015000"))
    );
    shop.pay(&invoice, "0.00015", 0);
    let whole = shop.callback();
    assert_eq!((&whole["status"], whole["transactions"].as_array().unwrap().len()), (&json!("processing"), 3));
    shop.native.mine("bitcoin", 2);
    assert_eq!(shop.callback()["status"], "confirmed");
    shop.receiver.is_left_alone();
}

#[test]
fn a_8_5_more_than_was_asked_for_is_confirmed() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("more"));
    shop.pay(&invoice, "1", 2);
    let confirmed = shop.callback();
    assert_eq!(
        (&confirmed["status"], &confirmed["currency_sent"]["remaining_amount"]),
        (&json!("confirmed"), &json!("0.00000000"))
    );
    assert_eq!(confirmed["transactions"][0]["amount"], "1.00000000");
}

#[test]
fn a_12_a_coin_is_told_by_the_code_that_it_was_asked_for_with() {
    let shop = Merchant::moving();
    let mut body = with(&timed("older"), "sender_currency", json!("BNB-BSC"));
    let exchanged = shop.create(&body);
    (body["foreign_id"], body["currency"], body["amount"]) = (json!("kept"), json!("USDC"), json!("5"));
    body["sender_currency"] = json!("USDCE");
    let kept = shop.create(&body);
    for (invoice, amount, code, convert_to) in
        [(&exchanged, "0.09", "BNB-BSC", json!("EUR")), (&kept, "5", "USDCE", Value::Null)]
    {
        assert_eq!(invoice["sender_currency"], code);
        shop.pay(invoice, amount, 0);
        let told = shop.callback();
        let of = |pointer: &str| told.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!((&told["status"], of("/crypto_address/currency")), (&json!("processing"), json!(code)));
        assert_eq!((of("/currency_sent/currency"), of("/transactions/0/currency")), (json!(code), json!(code)));
        // A.9.2: only where it differs from the coin.
        assert_eq!(of("/crypto_address/convert_to"), convert_to, "{told}");
    }
}

#[test]
fn a_13_a_callback_is_what_php_makes_of_it_again_and_its_headers_are_in_title_case() {
    let shop = Merchant::moving();
    let foreign_id = "CP1/2_é€😀 \"q\" \\ <&'> \u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}";
    let body = with(&timed(foreign_id), "end_user_reference", json!("payer/ü"));
    let invoice = shop.create(&body);
    shop.pay(&invoice, "0.00075", 0);
    let webhook = shop.receiver.next();
    shop.vouches_for(&webhook);
    let text = String::from_utf8_lossy(&webhook.body).into_owned();
    assert_eq!(String::from_utf8_lossy(&php::encoded_again(&webhook.body)), text);
    assert_eq!(php::signature(&shop.secret, &webhook.body), webhook.header("x-processing-signature"));
    assert_eq!(webhook.json()["foreign_id"], foreign_id.trim());
    for name in ["X-Processing-Key: ", "X-Processing-Signature: ", "Content-Type: application/json"] {
        assert!(webhook.head.contains(&format!("\r\n{name}")), "{}", webhook.head);
    }
    let start = format!(r#"{{"id":{},"foreign_id":"CP1\/2_\u00e9\u20ac\ud83d\ude00 \"q\" "#, invoice["id"]);
    assert!(text.starts_with(&start), "{text}");
    let order = [
        "\"end_user_reference\"",
        "\"type\"",
        "\"crypto_address\"",
        "\"currency_sent\"",
        "\"currency_received\"",
        "\"transactions\"",
        "\"fees\"",
        "\"error\"",
        "\"status\"",
        "\"fixed_at\"",
        "\"expires_at\"",
    ];
    let places: Vec<_> = order.iter().map(|name| text.find(name).unwrap_or_else(|| panic!("{name}: {text}"))).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn a_9_1_a_credential_without_a_url_has_no_callbacks_and_each_has_its_own() {
    let shop = Merchant::moving();
    let silent = shop.told_at(None);
    let invoice = silent.create(&timed("silent"));
    silent.pay(&invoice, "0.00075", 2);
    silent.receiver.is_left_alone();
}

#[test]
fn a_9_1_a_callback_is_found_and_repeated_by_hand() {
    let shop = Merchant::of(Shop::moving(), Receiver::answering(&[500]));
    let invoice = shop.create(&timed("by hand"));
    shop.pay(&invoice, "0.00075", 0);
    let first = shop.receiver.next();
    let whose = ["--merchant", &shop.native.merchant, "--environment", "test"];
    let waiting = eventually("the failed attempt", || {
        let listed = shop.native.server.command(&[&["dialects", "callbacks"], &whose[..]].concat());
        let callback = listed["callbacks"][0].clone();
        (callback["attempts"] == 1).then_some(callback)
    });
    let (id, url) = (waiting["id"].as_str().unwrap(), shop.receiver.url.as_str());
    let expected = json!({ "id": id, "kind": "invoice", "url": url, "state": "waiting", "attempts": 1 });
    assert_eq!(waiting, expected);
    shop.native.server.command(&[&["webhooks", "redeliver", id], &whose[..]].concat());
    let second = shop.receiver.next();
    shop.vouches_for(&second);
    assert_eq!(second.body, first.body);
    shop.receiver.is_left_alone();
}

#[test]
fn issue_5_native_endpoints_hear_of_it_too() {
    let shop = Merchant::moving();
    let native = Receiver::new();
    shop.native.endpoint(&json!({ "url": native.url }));
    let invoice = shop.create(&timed("both"));
    shop.pay(&invoice, "0.00075", 2);
    assert_eq!(shop.callback()["status"], "confirmed");
    assert_eq!(native.names(2), ["invoice.confirming", "invoice.paid"]);
}
