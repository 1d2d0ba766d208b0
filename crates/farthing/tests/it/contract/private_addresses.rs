//! Webhooks of a server as it is by default go to public addresses by https only.

use super::{server::Server, shop::Shop};
use serde_json::{Value, json};

#[test]
fn section_7_1_endpoints_must_be_public_https_addresses() {
    let server = Server::serve("");
    let shop = Shop::on(&server);
    let allowed = shop.endpoint(&json!({ "url": "https://shop.example/hook" }));
    let path = format!("webhook-endpoints/{}", allowed["id"].as_str().unwrap());
    for url in [
        "http://shop.example/hook",
        "http://127.0.0.1:9999/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://a.localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://255.255.255.255/",
        "https://224.0.0.1/",
        "https://intranet/",
        "https://shop.example:22/",
        "https://shop.example:8080/",
        "https://shop.example:0/",
        "https://user@shop.example/",
        "https://shop.example@127.0.0.1/",
        "https://127.0.0.1\\@shop.example/",
        "https://%31%32%37.0.0.1/",
        "gopher://shop.example/",
    ] {
        let body: Value = json!({ "url": url });
        shop.post("webhook-endpoints", &body).blames(400, "validation_error", "url");
        shop.patch(&path, &body).blames(400, "validation_error", "url");
    }
    let listed = shop.get("webhook-endpoints").success(200);
    assert_eq!(listed["meta"]["pagination"]["total"], 1);
    assert_eq!(listed["data"][0]["url"], "https://shop.example/hook");
}
