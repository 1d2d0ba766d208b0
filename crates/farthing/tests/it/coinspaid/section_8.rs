//! A.8: invoices.

use super::shop::{Merchant, timed};
use serde_json::json;

#[test]
fn a_8_2_the_seed_s_invoice_is_answered_with_every_documented_field() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&timed("ord-1001"));
    let id = invoice["id"].as_i64().unwrap();
    assert!((1..1 << 31).contains(&id));
    let (fixed_at, release_at) = (invoice["fixed_at"].as_i64().unwrap(), invoice["release_at"].as_i64().unwrap());
    assert_eq!(release_at - fixed_at, 900);
    assert!((898..=899).contains(&invoice["seconds_left"].as_i64().unwrap()), "{invoice}");
    assert!(invoice["url"].as_str().unwrap().starts_with(&shop.native.server.base_url()));
    assert!(invoice["address"].as_str().unwrap().starts_with("tb1q"));
    let fixed = ["foreign_id", "title", "status", "currency", "amount", "sender_currency", "sender_amount"];
    let shown: Vec<_> = fixed.iter().map(|name| invoice[name].clone()).collect();
    assert_eq!(
        shown,
        [
            json!("ord-1001"),
            json!("Order 1001"),
            json!("pending"),
            json!("EUR"),
            json!("36.00000000"),
            json!("BTC"),
            json!("0.00075000")
        ]
    );
}
