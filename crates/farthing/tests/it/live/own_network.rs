//! The built program on an EVM chain that does not ship, with a chain id like no other.

use super::{EVM_ACCOUNT, check, program::Rehearsal};
use crate::contract::http::Ask;
use alloy_primitives::Address;
use farthing_peers::anvil::{Send, purse::Purse};
use serde_json::{Value, json};

/// More than 32 bits hold, as some chains have it.
const CHAIN_ID: u64 = 424_242_424_242;
const MOON: u128 = 1_000_000_000_000_000_000;

fn lunar(purse: &Purse, chain_id: u64, decimals: u8) -> String {
    format!(
        "[networks.lunar]\nkind = \"evm\"\nname = \"Lunar Chain\"\nchain_id = {chain_id}\ncoin = {{ code = \"MOON\", name = \"Moonstone\" }}\n\
         confirmations = 2\nblock_seconds = 2\nproviders = [{{ rpc = \"{}\" }}]\naccount = \"{EVM_ACCOUNT}\"\n\
         [[networks.lunar.tokens]]\ncode = \"USDT\"\ncontract = \"{}\"\ndecimals = {decimals}\n\
         [rates]\nsources = []\n[rates.fixed]\nMOON = \"0.25\"\n",
        purse.node.url(),
        purse.usdt
    )
}

fn payee(invoice: &Value) -> Address {
    invoice["deposit_address"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_of_the_operators_own_is_checked_shown_and_sold_on() {
    let purse = Purse::open(CHAIN_ID, 6).await.unwrap();
    purse.node.mine(20).await.unwrap();
    let mistaken = Rehearsal::new(&lunar(&purse, CHAIN_ID, 18)).doctor();
    let decimals = format!("networks.lunar.{}.USDT_decimals", purse.node.url().trim_start_matches("http://"));
    assert_eq!((&mistaken["ok"], &check(&mistaken, &decimals)["ok"]), (&json!(false), &json!(false)), "{mistaken}");
    let elsewhere = Rehearsal::new(&lunar(&purse, CHAIN_ID + 1, 6)).doctor();
    assert_eq!(elsewhere["ok"], false);
    assert!(elsewhere.to_string().contains("its chain id is 424242424242, not 424242424243"), "{elsewhere}");

    let shop = Rehearsal::new(&lunar(&purse, CHAIN_ID, 6));
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], true, "{doctor}");
    assert_eq!(check(&doctor, &decimals)["ok"], true, "{doctor}");
    let server = shop.serve().await;
    let key = shop.live_key();
    let token = json!({"currency": "USDT", "network": "lunar", "amount": "5"});
    let token = server.create_when_sold(&key, &token).await;
    let draft = json!({"currency": "MOON", "amount_fiat": "10", "deferred": true});
    let draft = server.create_when_sold(&key, &draft).await;
    let path = format!("/api/v1/invoices/{}/activate", draft["id"].as_str().unwrap());
    let chosen = json!({"currency": "MOON", "network": "lunar"});
    let coin = Ask::post(&path, &chosen).key(&key).send(server.host()).data(200);
    assert_eq!((&coin["network"], &coin["amount_requested"]), (&json!("lunar"), &json!("40")), "{coin}");

    let currencies = Ask::get("/api/v1/currencies").key(&key).send(server.host()).json()["data"].clone();
    let shown: Vec<String> = currencies
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!("{} {} {} {} {}", row["code"], row["network"], row["name"], row["network_name"], row["available"])
        })
        .collect();
    assert_eq!(
        shown,
        [r#""USDT" "lunar" "Tether USD" "Lunar Chain" true"#, r#""MOON" "lunar" "Moonstone" "Lunar Chain" true"#]
    );
    let (_, checkout) = token["checkout_url"].as_str().unwrap().split_once("/pay/").unwrap();
    let page = Ask::get(&format!("/pay/{checkout}")).send(server.host()).text();
    let contract = purse.usdt.to_string();
    assert!(page.contains("Lunar Chain") && page.contains(&contract) && page.contains("USDT"), "{page}");

    purse.run(Send::coins(payee(&coin), 40 * MOON)).await.unwrap();
    purse.run(purse.transfer(payee(&token), 5_000_000)).await.unwrap();
    purse.node.mine(1).await.unwrap();
    server.until(&key, &coin, "paid").await;
    server.until(&key, &token, "paid").await;
    let status = server.networks_status_when(|network| network["seen_by_server"]["sells"] == true).await;
    assert_eq!(status["network"], "lunar");
}
