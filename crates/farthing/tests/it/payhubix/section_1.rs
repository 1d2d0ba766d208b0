//! B1: transport and authentication.

use super::shop::{Merchant, message, refusal};
use crate::contract::http::Ask;

#[test]
fn b1_without_its_key_nothing_is_served() {
    let shop = Merchant::fresh();
    for path in ["/v1/invoices/", "/v1/shops/", "/v1/assets/USD/", "/v1/payment/shops/", "/v1/currencies/"] {
        refusal(&shop.send(&Ask::get(path)), 401);
        refusal(&shop.send(&Ask::get(path).header("X-Api-Key", "wrong")), 401);
        refusal(&shop.send(&Ask::get(path).header("X-Api-Key", "")), 401);
    }
    let body = shop.order();
    refusal(&shop.send(&Ask::post("/v1/invoices/", &body)), 401);
}

#[test]
fn b1_the_header_s_name_has_any_case() {
    let shop = Merchant::fresh();
    for name in ["X-Api-Key", "X-Api-key", "x-api-key", "X-API-KEY"] {
        message(&shop.send(&Ask::get("/v1/shops/").header(name, &shop.key)));
    }
}

#[test]
fn b1_a_slash_at_the_end_may_be_left_out_and_nothing_redirects() {
    let shop = Merchant::fresh();
    for path in ["/invoices", "/invoices/", "/payment/personal/invoices", "/payment/personal/invoices/"] {
        let invoice = message(&shop.post(path, &shop.order()));
        let link = invoice["link"].as_str().unwrap();
        for slash in ["", "/"] {
            assert_eq!(message(&shop.get(&format!("/invoices/{link}{slash}"))), invoice);
            assert_eq!(message(&shop.get(&format!("/payment/invoices/{link}{slash}"))), invoice);
        }
    }
}

#[test]
fn b1_another_merchant_s_key_sees_nothing() {
    let (shop, other) = (Merchant::fresh(), Merchant::fresh());
    let invoice = shop.create(&shop.order());
    let link = invoice["link"].as_str().unwrap();
    refusal(&other.get(&format!("/invoices/{link}/")), 404);
    refusal(&other.get(&format!("/shops/{}/", shop.native.merchant)), 404);
    assert_eq!(message(&other.get("/invoices/"))["invoices"], serde_json::json!([]));
}

#[test]
fn b1_the_demo_s_key_works_at_the_base_it_prints() {
    let shop = Merchant::fresh();
    let demo = &shop.native.server.demo["dialects"]["payhubix"];
    assert!(demo["base_url"].as_str().unwrap().ends_with("/v1"), "{demo}");
    message(&shop.send(&Ask::get("/v1/shops/").header("X-Api-Key", demo["api_key"].as_str().unwrap())));
}
