//! A.9: callbacks.

use super::shop::{Merchant, timed};
use serde_json::json;

#[test]
fn a_9_2_an_invoice_that_is_paid_is_told_as_processing_and_then_as_confirmed() {
    let shop = Merchant::moving();
    let invoice = shop.create(&timed("ord-1001"));
    let id = invoice["id"].to_string();
    let path = format!("test/invoices/{id}/payments");
    shop.native.post(&path, &json!({ "amount": "0.00075", "currency": "BTC" })).data(201);
    let processing = shop.callback();
    assert_eq!((&processing["id"], &processing["status"]), (&invoice["id"], &json!("processing")));
    assert_eq!(processing["currency_sent"]["remaining_amount"], "0.00000000");
    assert_eq!(processing["transactions"][0]["confirmations"], "0");
    shop.native.mine("bitcoin", 2);
    let confirmed = shop.callback();
    assert_eq!(confirmed["status"], "confirmed");
    assert_eq!(confirmed["transactions"][0]["confirmations"], "2");
    let info = shop.ask("GET", "/transactions/info", format!(r#"{{"id":{id}}}"#).as_bytes());
    assert_eq!((info.status, info.json()), (200, confirmed), "{info}");
    shop.receiver.is_left_alone();
}
