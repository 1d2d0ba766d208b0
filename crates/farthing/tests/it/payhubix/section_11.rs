//! B11: shops.

use super::shop::{Merchant, message, refusal};
use crate::contract::http::keys;
use serde_json::json;

#[test]
fn b11_the_list_has_the_merchant_as_its_one_shop() {
    let shop = Merchant::fresh();
    let listed = message(&shop.get("/shops/?page=1&per_page=10&status=Enable&created_at=desc"));
    assert_eq!((&listed["page_count"], &listed["page"]), (&json!(1), &json!(1)));
    let rows = listed["shops"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        keys(&rows[0]),
        ["created_at", "is_sandbox", "logo_url", "name", "pos_url", "shop_id", "status", "website"]
    );
    assert_eq!(rows[0]["shop_id"], json!(shop.native.merchant));
    assert_eq!((&rows[0]["name"], &rows[0]["is_sandbox"]), (&json!("A shop of the tests"), &json!(true)));
    assert_eq!(message(&shop.get("/shops/?status=Disable"))["shops"], json!([]));
    assert_eq!(message(&shop.get("/shops/?page=2"))["shops"], json!([]));
    refusal(&shop.get("/shops/?status=Off"), 400);
}

#[test]
fn b11_the_detail_has_every_documented_field() {
    let shop = Merchant::fresh();
    let detail = message(&shop.get(&format!("/shops/{}/", shop.native.merchant)));
    let fixed = json!({
        "shop_id": shop.native.merchant, "name": "A shop of the tests", "status": "Enable", "scope": null,
        "description": null, "website": null, "logo_url": null, "transfer_fee_by": "Merchant",
        "service_fee_by": "Merchant", "service_fee_percent": 0, "auto_confirmation": 0, "is_hidden": false,
        "is_sandbox": true, "pos_url": null,
    });
    for (name, value) in fixed.as_object().unwrap() {
        assert_eq!(&detail[name], value, "{name}");
    }
    assert_eq!(detail["currencies"].as_array().unwrap().len(), 24);
}
