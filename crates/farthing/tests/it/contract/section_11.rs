//! Section 11: decisions that belong to no other section.

use super::{
    http::Ask,
    shop::{Shop, half_a_bitcoin, ten_dollars},
};
use serde_json::json;

#[test]
fn section_11_a_base_url_without_api_is_answered_by_the_right_base() {
    let shop = Shop::shared();
    let base = format!("{}/api", shop.server.base_url());
    for path in ["/v1/invoices", "/invoices", "/api/invoices", "/api/v1/v1/invoices", "/api/api/v1/invoices"] {
        for ask in [Ask::get(path), Ask::post(path, &half_a_bitcoin())] {
            let answer = shop.ask(ask);
            answer.refusal(404, "not_found");
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(&format!("{base}/v1/invoices")), "{message}");
        }
    }
}

#[test]
fn section_11_source_is_api() {
    assert_eq!(Shop::shared().create(&half_a_bitcoin())["source"], "api");
}

#[test]
fn section_11_permissions_have_the_ten_documented_names() {
    let shop = Shop::fresh();
    let names = "invoices:read,invoices:write,addresses:read,addresses:write,payouts:read,payouts:write,balances:read,\
                 webhooks:read,webhooks:write,events:read";
    shop.server.key(&shop.merchant, "live", names);
    let listed = shop.server.command(&["api-keys", "list", "--merchant", &shop.merchant]);
    let of = |environment: &str| {
        let keys = listed["api_keys"].as_array().unwrap();
        keys.iter().find(|key| key["environment"] == environment).unwrap()["permissions"].clone()
    };
    assert_eq!(of("live"), json!(names.split(',').collect::<Vec<_>>()));
    assert_eq!(of("test"), of("live"), "all where none are named");
}

#[test]
fn section_11_a_live_sale_without_a_configured_network_is_a_validation_error_and_nothing_is_kept() {
    let shop = Shop::fresh();
    let live = shop.with_key(&shop.server.key(&shop.merchant, "live", ""));
    live.post("invoices", &half_a_bitcoin()).blames(400, "validation_error", "currency");
    live.post("invoices", &ten_dollars()).blames(400, "validation_error", "currency");
    assert_eq!(live.total(), 0);
}
