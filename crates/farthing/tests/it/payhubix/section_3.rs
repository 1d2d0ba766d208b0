//! B3: the endpoints of both generations.

use super::shop::{Merchant, message, refusal};
use crate::contract::shop::with;
use serde_json::json;

#[test]
fn b3_every_path_of_the_table_is_served() {
    let shop = Merchant::fresh();
    let id = &shop.native.merchant;
    let created = [
        message(&shop.post("/payment/personal/invoices/", &shop.order())),
        message(&shop.post(&format!("/payment/shops/{id}/invoices/"), &shop.order())),
        message(&shop.post("/invoices/", &shop.order())),
        message(&shop.post("/invoices/", &with(&shop.order(), "shop_id", id.as_str()))),
    ];
    for invoice in &created {
        assert_eq!(invoice["shop"]["shop_id"], json!(id));
    }
    let lists =
        ["/payment/personal/invoices/".to_owned(), format!("/payment/shops/{id}/invoices/"), "/invoices/".to_owned()];
    for path in lists {
        let listed = message(&shop.get(&path));
        assert_eq!(listed["invoices"].as_array().unwrap().len(), 4, "{path}");
    }
    for path in ["/payment/shops/", "/shops/"] {
        assert_eq!(message(&shop.get(path))["shops"][0]["shop_id"], json!(id));
    }
    for path in [format!("/payment/shops/{id}/"), format!("/shops/{id}/")] {
        assert_eq!(message(&shop.get(&path))["shop_id"], json!(id));
    }
    let assets = [
        format!("/wallet/shops/{id}/assets/USD/"),
        "/wallet/personal/assets/USD/".to_owned(),
        "/assets/USD/".to_owned(),
    ];
    for path in assets {
        assert_eq!(message(&shop.get(&path))["fiat_symbol"], "USD");
    }
    let transfers =
        [format!("/wallet/shops/{id}/transfers/"), "/wallet/personal/transfers/".to_owned(), "/transfers/".to_owned()];
    for path in transfers {
        assert_eq!(message(&shop.get(&path))["transfers"], json!([]));
    }
}

#[test]
fn b3_what_has_no_known_path_is_not_there() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&shop.order());
    let link = invoice["link"].as_str().unwrap();
    for path in [format!("/invoices/{link}/pdf/"), "/invoices/export/".to_owned(), "/withdrawals/".to_owned()] {
        refusal(&shop.get(&path), 404);
    }
}

#[test]
fn b3_another_shop_s_id_is_refused_everywhere() {
    let shop = Merchant::fresh();
    let other = "019242e7-d18f-788f-813e-a2c72177e172";
    refusal(&shop.post(&format!("/payment/shops/{other}/invoices/"), &shop.order()), 404);
    shop.refuses(&with(&shop.order(), "shop_id", other), "shop_id");
    let paths = [
        "/payment/shops/{}/invoices/",
        "/payment/shops/{}/",
        "/shops/{}/",
        "/wallet/shops/{}/assets/USD/",
        "/wallet/shops/{}/transfers/",
    ];
    for path in paths {
        refusal(&shop.get(&path.replace("{}", other)), 404);
    }
}
