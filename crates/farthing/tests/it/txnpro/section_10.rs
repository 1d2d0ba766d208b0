//! B.10: channels, which are permanent addresses, and their deposits.

use super::{
    json_api::is_a_document,
    shop::{Merchant, document, id, refused},
};
use crate::contract::http::Ask;
use serde_json::{Value, json};

fn channels(attributes: &Value) -> Value {
    json!({ "data": { "type": "channels", "attributes": attributes } })
}

fn usdt(reference: &str) -> Value {
    json!({
        "targetCurrency": "usdt", "localCurrency": "eur", "payNetwork": "TTRX:USDT", "reference": reference,
        "status": "enabled",
    })
}

impl Merchant {
    fn channel(&self, attributes: &Value) -> Value {
        document(&self.post("/channels", &channels(attributes)), 201)
    }

    fn deposit(&self, to: &Value, amount: &str, confirmations: u32) {
        self.native.deposit(&json!({ "id": id(to) }), amount, confirmations);
    }

    /// The next callback: it tells of a deposit.
    fn told(&self) -> Value {
        let webhook = self.receiver.next();
        self.vouches_for(&webhook);
        is_a_document(&webhook.json());
        webhook.json()
    }
}

#[test]
fn b_10_a_channel_is_shown_with_what_was_asked_for_and_its_address() {
    let shop = Merchant::fresh();
    let channel = shop.channel(&usdt("payer-7"));
    assert_eq!(channel["data"]["type"], "channels");
    let shown = &channel["data"]["attributes"];
    for (name, value) in [
        ("targetCurrency", "USDT"),
        ("localCurrency", "EUR"),
        ("payCurrency", "USDT"),
        ("payNetwork", "TTRX:USDT"),
        ("networkName", "Tron (TRC20)"),
        ("reference", "payer-7"),
        ("status", "enabled"),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert!(shown["address"].as_str().unwrap().starts_with('T'));
    assert_eq!(shop.get(&format!("/channels/{}", id(&channel))), channel);
    let native = shop.native.address_now(&json!({ "id": id(&channel) }));
    assert_eq!(native["address"], shown["address"]);
}

#[test]
fn b_10_the_network_may_be_left_out_where_the_coin_has_one() {
    let shop = Merchant::fresh();
    let channel = shop.channel(&json!({ "targetCurrency": "BTC", "status": "disabled" }));
    let shown = &channel["data"]["attributes"];
    assert_eq!((&shown["payNetwork"], &shown["status"]), (&json!("tbtc"), &json!("disabled")));
    assert_eq!((&shown["reference"], &shown["localCurrency"]), (&Value::Null, &Value::Null));
    let ambiguous = channels(&json!({ "targetCurrency": "USDT", "status": "enabled" }));
    shop.refuses("/channels", &ambiguous, &[(422, "blank", "payNetwork can't be blank")]);
}

#[test]
fn b_10_what_is_missing_or_wrong_is_told_for_each_attribute() {
    let shop = Merchant::fresh();
    let blank = [(422, "blank", "targetCurrency can't be blank"), (422, "blank", "status can't be blank")];
    shop.refuses("/channels", &channels(&json!({})), &blank);
    let refuses = |name: &str, value: &str, errors: &[(u16, &str, &str)]| {
        shop.refuses("/channels", &channels(&crate::contract::shop::with(&usdt("x"), name, value)), errors);
    };
    refuses("status", "on", &[(422, "invalid", "status is invalid")]);
    refuses("localCurrency", "nothing", &[(422, "invalid", "localCurrency is invalid")]);
    refuses("payNetwork", "nothing", &[(404, "network_not_found", "Record not found")]);
    let pair = [(422, "currency_pair_not_supported", "Currency pair not supported")];
    refuses("targetCurrency", "EUR", &pair);
    refuses("payNetwork", "tbtc", &pair);
    let typed = json!({ "data": { "type": "invoices", "attributes": usdt("x") } });
    shop.refuses("/channels", &typed, &[(422, "invalid", "type is invalid")]);
}

#[test]
fn b_10_channels_are_listed_and_found_by_reference() {
    let shop = Merchant::fresh();
    let (first, second) = (shop.channel(&usdt("a")), shop.channel(&usdt("b")));
    shop.native.address(&json!({ "currency": "BTC" }));
    let all = shop.get("/channels");
    assert_eq!(all["data"], json!([second["data"], first["data"]]));
    assert_eq!(all["meta"], json!({ "page": null, "per_page": "20", "total": 2 }));
    assert_eq!(shop.get("/channels?reference=a")["data"], json!([first["data"]]));
    assert_eq!(shop.get("/channels?page=2&per_page=1")["data"], json!([first["data"]]));
    let other = Merchant::fresh();
    refused(&other.read(&format!("/channels/{}", id(&first))), &[(404, "not_found", "Record not found")]);
    assert_eq!(other.get("/channels")["meta"]["total"], 0);
}

#[test]
fn b_10_a_channel_is_switched_and_nothing_else_of_it_changes() {
    let shop = Merchant::fresh();
    let channel = shop.channel(&usdt("switched"));
    let path = format!("/api/public/v1/channels/{}", id(&channel));
    let change = |method: &'static str, attributes: &Value| {
        shop.send(Ask::new(method, &path).bytes(super::shop::MEDIA_TYPE, channels(attributes).to_string().as_bytes()))
    };
    for (method, status) in [("PATCH", "disabled"), ("PUT", "enabled")] {
        let changed = document(&change(method, &json!({ "status": status })), 200);
        let mut expected = channel.clone();
        expected["data"]["attributes"]["status"] = json!(status);
        assert_eq!(changed, expected);
        assert_eq!(shop.get(&format!("/channels/{}", id(&channel))), expected);
    }
    refused(&change("PATCH", &json!({ "status": "gone" })), &[(422, "invalid", "status is invalid")]);
    refused(
        &change("PATCH", &json!({ "status": "disabled", "reference": "other" })),
        &[(422, "invalid", "reference is invalid")],
    );
}

#[test]
fn b_10_a_deposit_is_told_and_shown_from_its_first_sight_to_its_end() {
    let shop = Merchant::moving();
    let channel = shop.channel(&usdt("payer-7"));
    shop.deposit(&channel, "12.5", 0);
    let pending = shop.told();
    assert_eq!(pending["data"]["type"], "channelTransactions");
    let shown = &pending["data"]["attributes"];
    for (name, value) in [
        ("networkCode", "TTRX:USDT"),
        ("networkName", "Tron (TRC20)"),
        ("amount", "12.500000"),
        ("amountCurrency", "USDT"),
        ("payAmount", "12.500000"),
        ("payCurrency", "USDT"),
        ("exchangeRate", "1.0"),
        ("fee", "0.0"),
        ("feeCurrency", "USDT"),
        ("consolidationFee", "0.0"),
        ("status", "pending"),
        ("simplifiedState", "pending"),
        ("reference", "payer-7"),
        ("localCurrency", "EUR"),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(
        (&shown["channelId"], &shown["address"]),
        (&channel["data"]["id"], &channel["data"]["attributes"]["address"])
    );
    assert!(shown["hash"].is_string() && shown["sourceAddresses"] == json!([]));
    shop.native.mine("tron", 19);
    let completed = shop.told();
    assert_eq!(
        (&completed["data"]["id"], &completed["data"]["attributes"]["status"]),
        (&pending["data"]["id"], &json!("completed"))
    );
    let list = shop.get(&format!("/channels/{}/transactions", id(&channel)));
    assert_eq!((&list["data"], &list["meta"]["total"]), (&json!([completed["data"]]), &json!(1)));
    let one = shop.get(&format!("/channels/{}/transactions/{}", id(&channel), id(&completed)));
    assert_eq!(one["data"], completed["data"]);
    // A deposit is no invoice of this API.
    refused(&shop.read(&format!("/invoices/{}", id(&completed))), &[(404, "not_found", "Record not found")]);
    assert_eq!(shop.get("/invoices")["meta"]["total"], 0);
    shop.receiver.is_left_alone();
}

#[test]
fn b_10_every_deposit_counts_once_also_to_a_disabled_channel() {
    let shop = Merchant::moving();
    let channel = shop.channel(&crate::contract::shop::with(&usdt("often"), "status", "disabled"));
    for amount in ["1", "2.000001"] {
        shop.deposit(&channel, amount, 19);
    }
    let completed = |told: &Value| told["data"]["attributes"]["status"] == "completed";
    let mut amounts = Vec::new();
    while amounts.len() < 2 {
        let told = shop.told();
        if completed(&told) {
            amounts.push(told["data"]["attributes"]["amount"].as_str().unwrap().to_owned());
        }
    }
    amounts.sort();
    assert_eq!(amounts, ["1.000000", "2.000001"]);
    shop.receiver.is_left_alone();
    let list = shop.get(&format!("/channels/{}/transactions?per_page=1", id(&channel)));
    assert_eq!((list["data"].as_array().unwrap().len(), &list["meta"]["total"]), (1, &json!(2)));
}

#[test]
fn b_10_channel_pairs_are_the_coins_themselves() {
    let shop = Merchant::fresh();
    let pairs = shop.get("/channels/currency_pairs");
    super::json_api::is_whole(&pairs);
    let all = pairs["data"].as_array().unwrap();
    assert!(!all.is_empty());
    for pair in all {
        assert_eq!(pair["type"], "channelCurrencyPairs");
        assert_eq!(pair["relationships"]["targetCurrency"], pair["relationships"]["payCurrency"]);
    }
}
