//! A.4, A.6, A.7: the other endpoints.

use super::shop::{Merchant, data, timed};
use crate::{
    contract::http::{Ask, keys},
    dialects::signatures,
};
use serde_json::{Value, json};

#[test]
fn a_4_1_ping_answers_two_bytes_to_anybody() {
    let shop = Merchant::fresh();
    let host = shop.native.server.host();
    let asks = [
        Ask::get("/api/v2/ping"),
        Ask::get("/api/v2/ping").bytes("application/json", b"{}"),
        Ask::get("/api/v2/ping").bytes("application/json", b"[]").header("X-Processing-Key", "nobody's"),
    ];
    for ask in asks {
        let answer = ask.send(host);
        assert_eq!((answer.status, answer.text().as_str()), (200, "OK"), "{answer}");
        assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{answer}");
    }
}

#[test]
fn a_4_1_currencies_are_listed_with_numbers_that_stay() {
    let shop = Merchant::fresh();
    let list = data(&shop.post("/currencies/list", &json!({})), 200);
    let items = list.as_array().unwrap();
    let fields =
        ["currency", "deposit_fee_percent", "id", "minimum_amount", "precision", "type", "withdrawal_fee_percent"];
    assert!(items.iter().all(|item| keys(item) == fields), "{list}");
    let of = |code: &str| items.iter().find(|item| item["currency"] == code).unwrap_or_else(|| panic!("{code}"));
    let expected = json!({
        "id": 1, "type": "crypto", "currency": "BTC", "minimum_amount": "0.00000001", "deposit_fee_percent": "0.000000",
        "withdrawal_fee_percent": "0.000000", "precision": 8,
    });
    assert_eq!(*of("BTC"), expected);
    assert_eq!((&of("USDTT")["id"], &of("USDTT")["minimum_amount"]), (&json!(13), &json!("0.00000100")));
    assert_eq!((&of("EUR")["type"], &of("EUR")["minimum_amount"]), (&json!("fiat"), &json!("0.01000000")));
    // A.12: documented codes of what there is.
    for code in ["LTC", "DOGE", "ETH", "ETHA", "ETHBASE", "BNB", "POL", "TRX", "SOL", "USDTE", "USDTB"] {
        assert_eq!(of(code)["type"], "crypto");
    }
    for code in ["USDCE", "USDCA", "USDCBASE", "USDCS", "USDTA", "USDTS"] {
        assert_eq!(of(code)["type"], "crypto");
    }
    for visible in [json!(true), json!("1"), json!(null)] {
        assert_eq!(data(&shop.post("/currencies/list", &json!({ "visible": visible })), 200), list);
    }
    assert_eq!(data(&shop.post("/currencies/list", &json!({ "visible": "0" })), 200), json!([]));
}

#[test]
fn a_4_2_pairs_have_their_rate_and_can_be_filtered() {
    let shop = Merchant::fresh();
    let one = json!({ "currency_from": "BTC", "currency_to": "EUR" });
    let expected = json!([{
        "currency_from": {
            "currency": "BTC", "type": "crypto", "min_amount": "0.00000001",
            "min_amount_deposit_with_exchange": "0.00000001",
        },
        "currency_to": { "currency": "EUR", "type": "fiat" },
        "rate_from": "1", "rate_to": "48000.00000000",
    }]);
    for path in ["/currencies/pairs", "/currencies/rates"] {
        assert_eq!(data(&shop.post(path, &one), 200), expected);
        let inverse = data(&shop.post(path, &json!({ "currency_from": "EUR", "currency_to": "BTC" })), 200);
        assert_eq!(inverse[0]["rate_to"], "0.00002083");
        assert_eq!(keys(&inverse[0]["currency_from"]), ["currency", "min_amount", "type"]);
        let all = data(&shop.post(path, &json!({})), 200).as_array().unwrap().len();
        let from_bitcoin = data(&shop.post(path, &json!({ "currency_from": "BTC" })), 200);
        assert!(from_bitcoin.as_array().unwrap().iter().all(|item| item["currency_from"]["currency"] == "BTC"));
        assert!(all > from_bitcoin.as_array().unwrap().len());
    }
    let both = json!({ "currency_from": "XXX", "currency_to": "YYY" });
    let errors = json!({
        "currency_from": "The selected currency from is invalid.", "currency_to": "The selected currency to is invalid.",
    });
    shop.refuses("/currencies/pairs", &both, &errors);
}

#[test]
fn a_4_3_accounts_show_what_was_received_and_zeros() {
    let shop = Merchant::moving();
    let balance = |code: &str| {
        let accounts = data(&shop.post("/accounts/list", &json!({})), 200);
        let found = accounts.as_array().unwrap().iter().find(|account| account["currency"] == code).unwrap().clone();
        assert_eq!(keys(&found), ["balance", "currency", "type"]);
        found["balance"].clone()
    };
    assert_eq!((balance("BTC"), balance("EUR")), (json!("0.00000000"), json!("0.00000000")));
    shop.pay(&shop.create(&timed("a")), "0.00075", 2);
    shop.pay(&shop.create(&timed("b")), "0.0001", 2);
    shop.pay(&shop.create(&timed("c")), "0.5", 0);
    assert_eq!(balance("BTC"), "0.00085000");
}

#[test]
fn a_6_and_a_7_what_cannot_be_done_is_refused_in_the_documented_form() {
    let shop = Merchant::fresh();
    let unavailable = json!({ "sender_currency": "Exchange is unavailable for given currencies" });
    let order =
        json!({ "foreign_id": "w-1", "amount": "1", "currency": "BTC", "address": "bc1q", "sender_currency": "BTC" });
    shop.refuses("/withdrawal/crypto", &order, &json!({ "currency": "The selected currency is invalid." }));
    for path in ["/exchange/calculate", "/exchange/fixed", "/exchange/now"] {
        shop.refuses(path, &order, &unavailable);
    }
    let unknown = "Address is not found, incorrect or without exchange";
    shop.refuses("/futures/rates", &order, &json!({ "address": unknown }));
    let longer = format!("{unknown}. Error can be related to incorrect sender or receiver currencies.");
    shop.refuses("/futures/confirm", &order, &json!({ "address": longer }));
}

#[test]
fn a_14_transactions_that_are_not_there_are_told_by_the_key_they_were_asked_with() {
    let shop = Merchant::fresh();
    let other = Merchant::fresh();
    other.create(&timed("theirs"));
    let asked = |body: Value, errors: Value| {
        let answer = shop.ask("GET", "/transactions/info", body.to_string().as_bytes());
        assert_eq!((answer.status, answer.json()), (400, json!({ "errors": errors })), "{body}");
    };
    asked(json!({ "id": 1 }), json!({ "id": "The selected id is invalid." }));
    asked(json!({ "foreign_id": "theirs" }), json!({ "foreign_id": "The selected foreign id is invalid." }));
    asked(json!({ "txid": "00" }), json!({ "txid": "The selected txid is invalid." }));
    let none = "The id field is required when none of foreign id / txid are present.";
    asked(json!({}), json!({ "id": none }));
    asked(json!({ "id": 1, "txid": "00" }), json!({ "id": "Only one of id, foreign id and txid may be present." }));
}

#[test]
fn a_11_payment_requests_and_version_1_are_not_there() {
    let shop = Merchant::fresh();
    for path in ["/api/payments/v1/requests", "/api/v1/addresses/take", "/api/v1/withdrawal/make"] {
        let signed = Ask::post(path, &json!({})).header("X-Processing-Key", &shop.key);
        let answer =
            signed.header("X-Processing-Signature", &signatures::coinspaid(&shop.secret, b"{}")).send(shop.host());
        assert!([401, 404, 405].contains(&answer.status), "{answer}");
    }
}
