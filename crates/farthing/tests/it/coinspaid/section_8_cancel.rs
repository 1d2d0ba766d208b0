//! A.8.4 and A.3.3: an invoice is failed by the merchant while it is not over.

use super::shop::{Merchant, data, timed, without};
use crate::contract::shop::with;
use serde_json::json;

#[test]
fn a_8_4_created_pending_and_processing_can_be_failed() {
    let shop = Merchant::moving();
    shop.create(&without(&with(&timed("created"), "timer", json!(false)), "sender_currency"));
    shop.create(&timed("pending"));
    let processing = shop.create(&timed("processing"));
    shop.pay(&processing, "0.00075", 0);
    assert_eq!(shop.callback()["status"], "processing");
    for foreign_id in ["created", "pending", "processing"] {
        let failed = data(&shop.post(&format!("/invoices/{foreign_id}/cancel/"), &json!({})), 200);
        assert_eq!((&failed["status"], &failed["foreign_id"]), (&json!("failed"), &json!(foreign_id)));
        let told = shop.callback();
        assert_eq!((&told["status"], &told["foreign_id"]), (&json!("failed"), &json!(foreign_id)));
        assert_eq!(told["error"], "Invoice was cancelled by merchant.");
    }
    shop.native.mine("bitcoin", 2);
    shop.receiver.is_left_alone();
}

#[test]
fn a_3_3_confirmed_and_failed_cannot() {
    let shop = Merchant::moving();
    let confirmed = shop.create(&timed("confirmed"));
    shop.pay(&confirmed, "0.00075", 2);
    shop.create(&timed("failed"));
    assert_eq!(shop.post("/invoices/failed/cancel", &json!({})).status, 200);
    let expected = json!({ "errors": {
        "error": "Invoice cannot be failed in its current state.", "code": "invalid_invoice_state",
    }});
    for foreign_id in ["confirmed", "failed"] {
        let answer = shop.post(&format!("/invoices/{foreign_id}/cancel/"), &json!({}));
        assert_eq!((answer.status, answer.json()), (400, expected.clone()), "{answer}");
    }
}

#[test]
fn a_8_4_the_path_has_any_foreign_id_and_only_one_s_own() {
    let shop = Merchant::fresh();
    shop.create(&timed("CP123456_7 / ö"));
    let answer = shop.post("/invoices/CP123456_7%20%2F%20%C3%B6/cancel/", &json!({}));
    assert_eq!(data(&answer, 200)["foreign_id"], "CP123456_7 / ö");
    let other = Merchant::fresh();
    let unknown = json!({ "foreign_id": "The selected foreign id is invalid." });
    other.refuses("/invoices/CP123456_7%20%2F%20%C3%B6/cancel/", &json!({}), &unknown);
}
