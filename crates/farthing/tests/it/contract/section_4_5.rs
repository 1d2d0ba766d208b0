//! Section 4.5: listing and reading permanent addresses, and the invoices of their deposits.

use super::shop::{Shop, half_a_bitcoin, id};
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(id).collect()
}

#[test]
fn section_4_5_addresses_are_listed_newest_first_by_currency_in_pages() {
    let shop = Shop::fresh();
    let bitcoin = shop.address(&json!({ "currency": "BTC", "external_id": "user 7" }));
    let tether = shop.address(&json!({ "currency": "USDT", "network": "tron", "external_id": "user 7" }));
    let list = shop.get("addresses").success(200);
    assert_eq!(ids(&list["data"]), [id(&tether), id(&bitcoin)]);
    assert_eq!(list["data"][1], bitcoin, "each is whole");
    assert_eq!(list["meta"]["pagination"], json!({ "total": 2, "limit": 20, "offset": 0, "has_more": false }));
    let page = shop.get("addresses?limit=1&offset=0").success(200);
    assert_eq!((ids(&page["data"]), &page["meta"]["pagination"]["has_more"]), (vec![id(&tether)], &json!(true)));
    assert_eq!(ids(&shop.get("addresses?currency=btc").data(200)), [id(&bitcoin)]);
    assert_eq!(ids(&shop.get("addresses?external_id=user%207&currency=USDT").data(200)), [id(&tether)]);
    assert!(ids(&shop.get("addresses?currency=LTC").data(200)).is_empty());
    shop.get("addresses?limit=101").blames(400, "validation_error", "limit");
    shop.get("addresses?offset=-1").blames(400, "validation_error", "offset");
    shop.get("addresses?currency=%00").blames(400, "validation_error", "currency");
}

#[test]
fn section_4_5_an_address_is_read_by_its_uuid_and_no_other_s_is_there() {
    let (shop, other) = (Shop::fresh(), Shop::fresh());
    let address = shop.address(&json!({ "currency": "BTC" }));
    assert_eq!(shop.address_now(&address), address);
    let invoice = shop.create(&half_a_bitcoin());
    for wrong in ["1", "null", "%00", "..%2f"] {
        shop.get(&format!("addresses/{wrong}")).blames(400, "validation_error", "id");
        shop.get(&format!("addresses/{wrong}/invoices")).blames(400, "validation_error", "id");
    }
    for path in [format!("addresses/{}", id(&address)), format!("addresses/{}/invoices", id(&address))] {
        assert!(other.get(&path).refusal(404, "not_found").is_empty());
    }
    shop.get(&format!("addresses/{}", id(&invoice))).refusal(404, "not_found");
    shop.get(&format!("invoices/{}", id(&address))).refusal(404, "not_found");
    assert!(ids(&other.get("addresses").data(200)).is_empty());
    let pay = json!({ "amount": "1" });
    other.post(&format!("test/addresses/{}/payments", id(&address)), &pay).refusal(404, "not_found");
}

#[test]
fn section_4_5_the_invoices_of_an_address_come_in_pages_newest_first() {
    let shop = Shop::moving();
    let (one, two) = (shop.address(&json!({ "currency": "BTC" })), shop.address(&json!({ "currency": "BTC" })));
    for amount in ["0.1", "0.2", "0.3"] {
        shop.deposit(&one, amount, 0);
    }
    shop.deposit(&two, "5", 0);
    shop.create(&half_a_bitcoin());
    let page = shop.get(&format!("addresses/{}/invoices?limit=2", id(&one))).success(200);
    let amounts = |list: &Value| -> Vec<String> {
        let invoices = list.as_array().unwrap().iter();
        invoices.map(|invoice| invoice["amount_requested"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(amounts(&page["data"]), ["0.3", "0.2"]);
    assert_eq!(page["meta"]["pagination"], json!({ "total": 3, "limit": 2, "offset": 0, "has_more": true }));
    assert_eq!(amounts(&shop.get(&format!("addresses/{}/invoices?offset=2", id(&one))).data(200)), ["0.1"]);
    assert_eq!(amounts(&shop.get(&format!("addresses/{}/invoices", id(&two))).data(200)), ["5"]);
    assert_eq!(page["data"][0], shop.invoice(&page["data"][0]), "each is whole");
}
