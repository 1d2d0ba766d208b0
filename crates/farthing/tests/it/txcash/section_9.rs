//! A9: the hosted page's way back to the shop.

use super::shop::{FINAL, Merchant};
use serde_json::{Value, json};

const SUCCESS: &str = "href=\"https://shop.example/ok?order=7\"";
const FAIL: &str = "href=\"https://shop.example/no?order=7\"";

fn order() -> Value {
    json!({
        "amount": 10, "payment_currencies": "eth_usdt", "valid_for": "1m",
        "success_url": "https://shop.example/ok?order=7", "fail_url": "https://shop.example/no?order=7",
    })
}

fn links(shop: &Merchant, invoice: &Value) -> (bool, bool) {
    let page = shop.page(invoice);
    (page.contains(SUCCESS), page.contains(FAIL))
}

#[test]
fn a_9_a_payer_who_paid_returns_to_success_url_and_nothing_is_appended() {
    let shop = Merchant::moving();
    for (amount, status) in [("10", "paid"), ("11", "over paid")] {
        let invoice = shop.create(&order());
        assert_eq!(links(&shop, &invoice), (false, false));
        shop.address(&invoice, "eth_usdt");
        shop.pay(&invoice, amount, 0);
        assert_eq!(links(&shop, &invoice), (false, false), "money that is not final");
        shop.native.mine("ethereum", FINAL);
        shop.becomes(&invoice, status);
        assert_eq!(links(&shop, &invoice), (true, false));
    }
}

#[test]
fn a_9_a_payer_who_cancelled_or_was_late_returns_to_fail_url() {
    let shop = Merchant::moving();
    let (cancelled, late) = (shop.create(&order()), shop.create(&order()));
    shop.press(&cancelled, "cancel", "");
    assert_eq!(links(&shop, &cancelled), (false, true));
    shop.native.advance(61);
    shop.becomes(&late, "expired");
    assert_eq!(links(&shop, &late), (false, true));
}
