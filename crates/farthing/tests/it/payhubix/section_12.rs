//! B12: assets and transfers.

use super::shop::{Merchant, link, message, refusal};
use crate::contract::http::keys;
use crate::contract::shop::with;
use serde_json::{Value, json};

fn paid_twice(shop: &Merchant) -> (Value, Value) {
    let bitcoin = shop.create(&shop.order());
    shop.pay(&bitcoin, ("0.001", "BTC"), 2);
    shop.becomes(&bitcoin, "Paid");
    let litecoin = shop.create(&with(&shop.order(), "currencies", json!([2])));
    let due = litecoin["payments"][0]["crypto_amount"].to_string();
    shop.pay(&litecoin, (&due, "LTC"), 6);
    shop.becomes(&litecoin, "Paid");
    (bitcoin, litecoin)
}

#[test]
fn b12_balances_are_what_came_in() {
    let shop = Merchant::moving();
    paid_twice(&shop);
    let assets = message(&shop.get("/assets/USD/"));
    assert_eq!(keys(&assets), ["assets", "fiat_symbol", "total_fiat_balance"]);
    assert_eq!(assets["total_fiat_balance"], json!(120));
    let row = |symbol: &str| {
        let rows = assets["assets"].as_array().unwrap();
        rows.iter().find(|row| row["symbol"] == symbol).unwrap_or_else(|| panic!("{assets}")).clone()
    };
    let bitcoin = row("BTC");
    assert_eq!(keys(&bitcoin), ["balance", "fiat_balance", "fiat_symbol", "icon", "name", "price", "symbol"]);
    let amounts = [&bitcoin["balance"], &bitcoin["fiat_balance"], &bitcoin["price"]];
    assert_eq!(amounts, [&json!(0.001), &json!(60), &json!(60000)]);
    assert_eq!((&row("USDT")["balance"], &row("USDT")["fiat_balance"]), (&json!(0), &json!(0)));
    assert_eq!(message(&shop.get("/assets/eur"))["total_fiat_balance"], json!(96));
    refusal(&shop.get("/assets/XXX/"), 404);
}

#[test]
fn b12_transfers_are_listed_sorted_and_filtered() {
    let shop = Merchant::moving();
    let (bitcoin, litecoin) = paid_twice(&shop);
    let links = |query: &str| {
        let listed = message(&shop.get(&format!("/transfers/?{query}")));
        let rows = listed["transfers"].as_array().unwrap();
        rows.iter().map(|row| row["side_link"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (bitcoin_link, litecoin_link) = (link(&bitcoin).to_owned(), link(&litecoin).to_owned());
    let (up, down) = ([bitcoin_link.clone(), litecoin_link.clone()], [litecoin_link.clone(), bitcoin_link.clone()]);
    assert_eq!(links(""), down);
    assert_eq!(links("create_at=asc"), up);
    assert_eq!(links("amount=asc"), up);
    assert_eq!(links("amount=desc"), down);
    assert_eq!(links("symbol=BTC"), [bitcoin_link]);
    assert_eq!(links("side=Invoice&type=Incoming&per_page=1&page=2"), up[..1]);
    assert_eq!(links("side=Withdraw"), Vec::<String>::new());
    let row = message(&shop.get("/transfers/?symbol=LTC"))["transfers"][0].clone();
    assert_eq!(keys(&row), ["amount", "created_at", "currency", "index", "side", "side_link", "symbol", "type"]);
    assert_eq!((&row["index"], &row["side"], &row["type"]), (&json!(1), &json!("Invoice"), &json!("Incoming")));
    assert_eq!(row["amount"], litecoin["payments"][0]["crypto_amount"]);
    assert_eq!(keys(&row["currency"]), ["icon_url", "id", "name", "symbol"]);
    assert_eq!(row["currency"]["id"], 2);
    for query in ["per_page=101", "side=Sideways", "amount=up"] {
        refusal(&shop.get(&format!("/transfers/?{query}")), 400);
    }
}
