//! B5: the invoice.

use super::shop::{Merchant, message};
use crate::contract::{http::keys, shop::with};
use serde_json::{Value, json};

/// Every field of an invoice, in order.
const FIELDS: [&str; 22] = [
    "callback_url",
    "created_at",
    "currencies",
    "currency_amount",
    "currency_symbol",
    "customer_email",
    "expire_at",
    "invoice_url",
    "link",
    "manual_customer_email",
    "order_description",
    "order_id",
    "payments",
    "pure_expire_time",
    "redirect_url",
    "remaining_currency_amount",
    "selected_payment",
    "service_fee_by",
    "service_fee_percent",
    "shop",
    "status",
    "transfer_fee_by",
];

const CURRENCY_FIELDS: [&str; 17] = [
    "currency_icon_url",
    "currency_id",
    "currency_name",
    "currency_status",
    "currency_symbol",
    "currency_type",
    "fee_payment",
    "fee_withdraw",
    "minimum_withdraw",
    "network_icon_url",
    "network_id",
    "network_name",
    "network_status",
    "network_symbol",
    "paymentable",
    "precision",
    "withdrawable",
];

const PAYMENT_FIELDS: [&str; 17] = [
    "address",
    "created_at",
    "crypto_amount",
    "currency_amount",
    "expire_time",
    "final_crypto_amount",
    "memo",
    "pure_expire_time",
    "ratio",
    "received_crypto_amount",
    "remaining_crypto_amount",
    "remaining_currency_amount",
    "selected_currency",
    "service_fee",
    "status",
    "transactions",
    "transfer_fee",
];

fn is_moment(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok())
}

#[test]
fn b5_create_and_detail_show_every_documented_field() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&shop.order());
    assert_eq!(keys(&invoice), FIELDS);
    assert_eq!(shop.now(&invoice), invoice);
    let link = invoice["link"].as_str().unwrap().strip_prefix("INV-").unwrap();
    assert!(link.len() == 8 && link.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{link}");
    assert!(invoice["invoice_url"].as_str().unwrap().starts_with(&shop.native.server.base_url()));
    assert!(is_moment(&invoice["created_at"]) && is_moment(&invoice["expire_at"]), "{invoice}");
    let fixed = json!({
        "currency_amount": 60, "remaining_currency_amount": 60, "currency_symbol": "USD", "status": "Created",
        "transfer_fee_by": "Merchant", "service_fee_by": "Merchant", "service_fee_percent": 0,
        "customer_email": "customer@example.com", "manual_customer_email": null, "pure_expire_time": "02:00",
        "order_id": "#12325425", "order_description": "macbook air m3", "callback_url": shop.receiver.url,
        "redirect_url": null,
        "shop": {
            "name": "A shop of the tests", "website": null, "shop_id": shop.native.merchant,
            "transfer_fee_by": "Merchant", "service_fee_by": "Merchant", "logo_url": null,
        },
    });
    for (name, value) in fixed.as_object().unwrap() {
        assert_eq!(&invoice[name], value, "{name}");
    }
}

#[test]
fn b5_currencies_are_pairs_of_coin_and_network() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&with(&shop.order(), "currencies", json!([9])));
    let currency = &invoice["currencies"][0];
    assert_eq!(keys(currency), CURRENCY_FIELDS);
    let base = shop.native.server.base_url();
    let expected = json!({
        "currency_id": 9, "currency_name": "Tether USD", "currency_status": "Enable", "currency_symbol": "USDT",
        "currency_type": "Crypto", "currency_icon_url": format!("{base}/v1/icons/USDT.svg"), "network_id": 5,
        "network_symbol": "TRX", "network_status": "Enable", "network_name": "Tron",
        "network_icon_url": format!("{base}/v1/icons/TRX.svg"), "fee_withdraw": 0, "fee_payment": 0,
        "minimum_withdraw": 0, "precision": 6, "withdrawable": false, "paymentable": true,
    });
    assert_eq!(currency, &expected);
}

#[test]
fn b5_an_invoice_in_one_coin_has_its_payment_at_once() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&shop.order());
    let payment = &invoice["payments"][0];
    assert_eq!(keys(payment), PAYMENT_FIELDS);
    assert_eq!(payment, &invoice["selected_payment"]);
    assert!(payment["address"].as_str().unwrap().starts_with("tb1q"));
    assert!(is_moment(&payment["created_at"]) && is_moment(&payment["expire_time"]), "{payment}");
    let fixed = json!({
        "currency_amount": 60, "remaining_currency_amount": 60, "transfer_fee": 0, "service_fee": 0, "ratio": 60000,
        "crypto_amount": 0.001, "final_crypto_amount": 0.001, "received_crypto_amount": 0,
        "remaining_crypto_amount": 0.001, "memo": null, "status": "Created", "pure_expire_time": "00:30",
        "transactions": [],
    });
    for (name, value) in fixed.as_object().unwrap() {
        assert_eq!(&payment[name], value, "{name}");
    }
    assert_eq!(payment["selected_currency"], invoice["currencies"][0]);
}

#[test]
fn b5_an_open_invoice_has_no_payment_until_a_coin_is_chosen() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&with(&shop.order(), "currencies", json!([])));
    assert_eq!((&invoice["payments"], &invoice["selected_payment"]), (&json!([]), &Value::Null));
    shop.choose(&invoice, "USDT", "tron");
    let chosen = shop.now(&invoice);
    assert_eq!(chosen["status"], "Pending");
    assert_eq!(chosen["selected_payment"]["selected_currency"]["currency_id"], 9);
    assert_eq!(chosen["payments"], json!([chosen["selected_payment"]]));
}

#[test]
fn b16_the_invoice_is_a_payhubix_one_in_the_native_api_and_its_icons_are_served() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&shop.order());
    assert_eq!(shop.native_invoice(&invoice)["source"], "payhubix");
    let icon = shop.send(&crate::contract::http::Ask::get("/v1/icons/BTC.svg"));
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert!(icon.text().contains(">BTC</text>"));
    let none = shop.send(&crate::contract::http::Ask::get("/v1/icons/NONE.svg"));
    super::shop::refusal(&none, 404);
    message(&shop.get("/shops/"));
}
