//! The built program on real nodes: anvil and Bitcoin Core on private chains, as an operator rehearses with them.

mod faulty_provider;
mod kin;
mod own_network;
mod program;
mod rates;
mod stopped;

use crate::{contract::http::Ask, eventually::eventually, faults::rounds};
use alloy_primitives::Address;
use farthing_peers::{
    anvil::{Anvil, Send},
    bitcoin_core::{BitcoinCore, purse::Purse},
};
use program::{Rehearsal, Running};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Of the words "abandon … about": m/44'/60'/0'.
const EVM_ACCOUNT: &str =
    "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt";
/// Another account: BIP-32's second test vector.
const OTHER_ACCOUNT: &str =
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";
/// A test network's key: BIP-84's form of BIP-32's first test vector.
const REGTEST_ACCOUNT: &str = "wpkh(tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp/0/*)";
const POL: u128 = 1_000_000_000_000_000_000;
const ANVIL_ID: u64 = 31_337;

fn polygon(url: &str, account: &str) -> String {
    format!(
        "[networks.polygon]\nkind = \"evm\"\nchain_id = {ANVIL_ID}\nproviders = [{{ rpc = \"{url}\" }}]\naccount = \"{account}\"\nconfirmations = 3\n"
    )
}

fn five_pol() -> Value {
    json!({"currency": "POL", "network": "polygon", "amount": "5"})
}

async fn pay(node: &Anvil, invoice: &Value, units: u128) {
    let to: Address = invoice["deposit_address"].as_str().unwrap().parse().unwrap();
    node.mined(Send::coins(to, units)).await.unwrap();
}

fn bitcoin(url: &str) -> String {
    format!(
        "[networks.bitcoin]\nkind = \"bitcoin\"\nchain = \"regtest\"\nproviders = [{{ core = \"{url}\" }}]\naccount = \"{REGTEST_ACCOUNT}\"\nconfirmations = 2\n"
    )
}

fn half_a_bitcoin() -> Value {
    json!({"currency": "BTC", "amount": "0.5"})
}

/// Sends it, and mines nothing.
async fn pay_half_a_bitcoin(node: &BitcoinCore, purse: &mut Purse, invoice: &Value) {
    let address = invoice["deposit_address"].as_str().unwrap();
    let address: bitcoin::Address<bitcoin::address::NetworkUnchecked> = address.parse().unwrap();
    let script = address.require_network(bitcoin::Network::Regtest).unwrap().script_pubkey();
    let coin = purse.coin().unwrap();
    let transaction = purse.spend(&coin, &[(script, 50_000_000)], 1000).unwrap();
    node.send(&transaction).await.unwrap();
}

fn check<'a>(doctor: &'a Value, name: &str) -> &'a Value {
    let found = doctor["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {doctor}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_on_an_evm_node_is_found_final_and_a_fresh_database_begins_beyond_it() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let toml = polygon(&node.url(), EVM_ACCOUNT) + "[rates]\nsources = []\n[rates.fixed]\nPOL = \"0.5\"\n";
    let shop = Rehearsal::new(&toml);
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], true, "{doctor}");
    let addresses = check(&doctor, "networks.polygon.addresses")["detail"].as_str().unwrap();
    assert!(addresses.contains("0: 0x9858EfFD232B4033E47d90003D41EC34EcaEda94"), "{addresses}");
    let start = check(&doctor, "networks.polygon.start")["detail"].as_str().unwrap();
    assert!(start.contains("first address"), "{start}");

    let server = shop.serve().await;
    let key = shop.live_key();
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    assert_eq!(invoice["deposit_address"], "0x9858EfFD232B4033E47d90003D41EC34EcaEda94");
    pay(&node, &invoice, 5 * POL).await;
    server.until(&key, &invoice, "confirming").await;
    node.mine(3).await.unwrap();
    server.until(&key, &invoice, "paid").await;
    let draft = json!({"currency": "POL", "network": "polygon", "amount_fiat": "10", "deferred": true});
    let draft = server.create_when_sold(&key, &draft).await;
    let path = format!("/api/v1/invoices/{}/activate", draft["id"].as_str().unwrap());
    let chosen = json!({"currency": "POL", "network": "polygon"});
    let priced = Ask::post(&path, &chosen).key(&key).send(server.host()).json();
    assert_eq!(priced["data"]["amount_requested"], "20", "by the operator's own rate: {priced}");

    let status = server.networks_status_when(|network| network["seen_by_server"]["sells"] == true).await;
    assert_eq!(status["network"], "polygon");
    assert_eq!(status["behind"], 0, "{status}");
    assert_eq!(status["gaps"], json!([]));
    assert_eq!(status["alarm"], Value::Null);
    assert_eq!(status["seen_by_server"]["providers"][0]["available"], true, "{status}");
    let metrics = Ask::get("/metrics").send(server.host()).text();
    assert!(metrics.contains("farthing_chain_sells{environment=\"live\",network=\"polygon\"} 1"), "{metrics}");
    assert!(metrics.contains("farthing_provider_available{network=\"polygon\""), "{metrics}");
    let resumed = shop.run(&["networks", "resume", "polygon"]);
    assert!(resumed.1.contains("no alarm"), "{}", resumed.1);
    drop(server);

    // Another installation on the same account, with nothing kept of the first.
    let fresh = Rehearsal::new(&toml);
    let start = check(&fresh.doctor(), "networks.polygon.start")["detail"].as_str().unwrap().to_owned();
    assert!(start.contains("begins at index 1, beyond its history"), "{start}");
    let server = fresh.serve().await;
    let key = fresh.live_key();
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    assert_eq!(invoice["deposit_address"], "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0", "the account's second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_without_providers_sells_nothing_while_another_one_does() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let dead = format!(
        "[networks.ethereum]\nkind = \"evm\"\nproviders = [{{ rpc = \"http://user:hunter2@127.0.0.1:1\" }}]\naccount = \"{OTHER_ACCOUNT}\"\n"
    );
    let shop = Rehearsal::new(&(polygon(&node.url(), EVM_ACCOUNT) + &dead));
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], false);
    assert!(!doctor.to_string().contains("hunter2"), "{doctor}");
    let server = shop.serve().await;
    let key = shop.live_key();
    server.create_when_sold(&key, &five_pol()).await;
    let ether = json!({"currency": "ETH", "network": "ethereum", "amount": "1"});
    let refused = Ask::post("/api/v1/invoices", &ether).key(&key).send(server.host());
    assert_eq!(refused.status, 503, "{refused}");
    assert_eq!(refused.json()["error"]["code"], "gate_offline");
    let readiness = Ask::get("/readyz").send(server.host()).json();
    let state = |network: &str| {
        let networks = readiness["networks"].as_array().unwrap();
        let is_it = |row: &&Value| row["network"] == network && row["environment"] == "live";
        networks.iter().find(is_it).unwrap()["state"].clone()
    };
    assert_eq!(state("polygon"), "ready");
    assert_ne!(state("ethereum"), "ready");
    let metrics = Ask::get("/metrics").send(server.host()).text();
    assert!(metrics.contains("farthing_chain_sells{environment=\"live\",network=\"ethereum\"} 0"));
    let log = eventually("that one network was not scanned", || {
        Some(shop.log()).filter(|log| log.contains("was not scanned"))
    });
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_to_bitcoin_core_is_seen_at_once_and_final_after_two_blocks() {
    let node = BitcoinCore::start().await.unwrap();
    let mut purse = Purse::filled(&node, 7, 1).await.unwrap();
    let shop = Rehearsal::new(&bitcoin(&node.url()));
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], true, "{doctor}");
    let server = shop.serve().await;
    let key = shop.live_key();
    let invoice = server.create_when_sold(&key, &half_a_bitcoin()).await;
    pay_half_a_bitcoin(&node, &mut purse, &invoice).await;
    server.until(&key, &invoice, "confirming").await;
    node.mine(2, &purse.address()).await.unwrap();
    server.until(&key, &invoice, "paid").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorganisation_deeper_than_finality_waits_for_the_operator_s_command() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(30).await.unwrap();
    let shop = Rehearsal::new(&polygon(&node.url(), EVM_ACCOUNT));
    let server = shop.serve().await;
    let key = shop.live_key();
    let (first, second) =
        (server.create_when_sold(&key, &five_pol()).await, server.create_when_sold(&key, &five_pol()).await);
    pay(&node, &first, 5 * POL).await;
    node.mine(4).await.unwrap();
    server.until(&key, &first, "paid").await;

    node.rollback(6).await.unwrap();
    node.mine(12).await.unwrap();
    let status = server.networks_status_when(|network| !network["alarm"].is_null()).await;
    assert!(status["alarm"].as_str().unwrap().contains("final blocks"), "{status}");
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], false);
    let told = check(&doctor, "chain.live.polygon")["detail"].as_str().unwrap().to_owned();
    assert!(told.contains("farthing networks resume polygon"), "{told}");
    pay(&node, &second, 5 * POL).await;
    node.mine(5).await.unwrap();
    server.until(&key, &second, "confirming").await;
    let height = node.head().await.unwrap();
    server.networks_status_when(|network| network["cursor"] == height).await;
    server.until(&key, &second, "confirming").await;

    assert_eq!(shop.json(&["networks", "resume", "polygon", "--json"])["resumed"], true);
    node.mine(1).await.unwrap();
    server.until(&key, &second, "paid").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_at_an_address_of_ours_is_an_alarm_everywhere() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let shop = Rehearsal::new(&polygon(&node.url(), EVM_ACCOUNT));
    let key = shop.live_key();
    assert_eq!(shop.doctor()["ok"], true);
    // The daily round begins half a minute after the start: until then nothing is done but what must be.
    let server = shop.serve().await;
    let invoice = server.create_when_sold(&key, &five_pol()).await;
    let address = invoice["deposit_address"].clone();
    node.call("anvil_setCode", json!([address, format!("0xef0100{}", "11".repeat(20))])).await.unwrap();
    let status = server.networks_status_when(|network| network["address_concerns"] != json!([])).await;
    assert_eq!(
        (&status["address_concerns"][0]["address"], &status["address_concerns"][0]["what"]),
        (&address, &json!("code"))
    );
    let doctor = shop.doctor();
    let told = check(&doctor, "address.polygon");
    assert_eq!((&doctor["ok"], &told["ok"]), (&json!(false), &json!(false)));
    assert!(told["detail"].as_str().unwrap().contains("has code: unless it was you"), "{told}");
    let metrics = Ask::get("/metrics").send(server.host()).text();
    assert!(metrics.contains("farthing_address_concerns 1"), "{metrics}");
    assert!(shop.log().contains("something is wrong with an address of ours"));

    let address = address.as_str().unwrap();
    assert!(told["detail"].as_str().unwrap().contains(&format!("farthing networks acknowledge polygon {address}")));
    let nobody = shop.run(&["networks", "acknowledge", "polygon", "0x0000000000000000000000000000000000000001"]);
    assert!(nobody.1.contains("there is no alarm about"), "{}", nobody.1);
    let ended = shop.json(&["networks", "acknowledge", "polygon", address, "--json"]);
    assert_eq!(ended["acknowledged"], json!(["code"]));
    let status = server.networks_status_when(|network| !network["address_concerns"][0]["acknowledged_at_ms"].is_null());
    assert_eq!(status.await["address_concerns"][0]["what"], "code", "it is still there to see");
    let doctor = shop.doctor();
    let told = check(&doctor, "address.polygon");
    assert_eq!((&doctor["ok"], &told["ok"]), (&json!(true), &json!(true)));
    assert!(told["detail"].as_str().unwrap().contains("(acknowledged 2"), "{told}");
    let metrics = Ask::get("/metrics").send(server.host()).text();
    assert!(metrics.contains("farthing_address_concerns 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_database_or_an_empty_one_hands_out_no_address_again() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let shop = Rehearsal::new(&polygon(&node.url(), EVM_ACCOUNT));
    let mut key = shop.live_key();
    let mut handed_out = BTreeSet::new();
    let rounds = rounds("FARTHING_RESTORES_LIVE", 2);
    for round in 0..rounds {
        let server = shop.serve().await;
        sell(&server, &key, &mut handed_out).await;
        shop.until_marked(shop.marked().max(1)).await;
        drop(server);
        let old = shop.copy_of_database();
        let server = shop.serve().await;
        let before = shop.marked();
        for _ in 0..3 {
            sell(&server, &key, &mut handed_out).await;
        }
        shop.until_marked(before + 3).await;
        drop(server);

        if round.is_multiple_of(2) {
            shop.put_back(&old);
        } else {
            shop.put_back(&[]);
            key = shop.live_key();
        }
        let server = shop.serve().await;
        sell(&server, &key, &mut handed_out).await;
        let log = shop.log();
        assert!(log.contains("this database is older than the account's addresses"), "{log}");
    }
    println!("{rounds} databases set back or gone: {} addresses, none twice", handed_out.len());
}

async fn sell(server: &Running<'_>, key: &str, handed_out: &mut BTreeSet<String>) {
    let address = server.create_when_sold(key, &five_pol()).await["deposit_address"].as_str().unwrap().to_owned();
    assert!(handed_out.insert(address.clone()), "{address} again, of {handed_out:?}");
}
