//! B13: currency ids.

use super::shop::{Merchant, Payhubix, message, refusal};
use crate::{
    contract::{http::Ask, server::Server, shop::with},
    dialects::merchant::Credential,
};
use serde_json::json;

/// What shops keep: never to be changed, only added to.
const IDS: [(u32, &str, &str); 24] = [
    (1, "BTC", "Bitcoin"),
    (2, "LTC", "Litecoin"),
    (3, "DOGE", "Dogecoin"),
    (4, "ETH", "Ethereum"),
    (5, "TRX", "Tron"),
    (6, "BNB", "BNB Smart Chain"),
    (7, "POL", "Polygon"),
    (8, "SOL", "Solana"),
    (9, "USDT", "Tron"),
    (10, "USDT", "Ethereum"),
    (11, "USDT", "BNB Smart Chain"),
    (12, "USDT", "Polygon"),
    (13, "USDT", "Arbitrum One"),
    (14, "USDT", "Base"),
    (15, "USDT", "Solana"),
    (16, "USDC", "Ethereum"),
    (17, "USDC", "BNB Smart Chain"),
    (18, "USDC", "Polygon"),
    (19, "USDC", "Arbitrum One"),
    (20, "USDC", "Base"),
    (21, "USDC", "Solana"),
    (22, "ETH", "Arbitrum One"),
    (23, "ETH", "Base"),
    (24, "ETH", "Polygon"),
];

#[test]
fn b13_the_table_is_listed_and_every_id_can_be_asked_for() {
    let shop = Merchant::fresh();
    let listed = message(&shop.get("/currencies/"));
    let mut rows: Vec<_> = listed["currencies"].as_array().unwrap().iter().collect();
    rows.sort_by_key(|row| row["currency_id"].as_u64());
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row["currency_id"].clone(), row["currency_symbol"].clone(), row["network_name"].clone()))
        .collect();
    assert_eq!(shown, IDS.map(|(id, symbol, network)| (json!(id), json!(symbol), json!(network))));
    for (id, symbol, network) in IDS {
        let invoice = shop.create(&with(&shop.order(), "currencies", json!([id])));
        let chosen = &invoice["selected_payment"]["selected_currency"];
        assert_eq!((&chosen["currency_symbol"], &chosen["network_name"]), (&json!(symbol), &json!(network)), "{id}");
        assert_eq!(invoice["currencies"], json!([chosen]));
    }
}

#[test]
fn b16_an_operator_gives_coins_the_ids_that_shops_know() {
    let server = Server::serve("[payhubix.currencies]\n\"USDT/tron\" = 1\n\"LTC/litecoin\" = 4001\n");
    let key = Credential::of::<Payhubix>(&server, &server.merchant(), "test", None).key;
    let created = |id: u32| {
        let body = json!({
            "currency_amount": 60, "currency_symbol": "USD", "time_for_payment": "02:00", "currencies": [id],
        });
        Ask::post("/v1/invoices/", &body).header("X-Api-Key", &key).send(server.host())
    };
    for (id, symbol, network) in [(1, "USDT", "Tron"), (4001, "LTC", "Litecoin"), (10, "USDT", "Ethereum")] {
        let chosen = message(&created(id))["selected_payment"]["selected_currency"].clone();
        let shown = (&chosen["currency_id"], &chosen["currency_symbol"], &chosen["network_name"]);
        assert_eq!(shown, (&json!(id), &json!(symbol), &json!(network)));
    }
    for id in [2, 9] {
        assert!(refusal(&created(id), 400).contains(&format!("has {id}, which is not the id")), "{id}");
    }
}
