//! The built program with exchanges that do not answer: one that does is enough to sell.

use super::{ANVIL_ID, EVM_ACCOUNT, check, program::Rehearsal};
use crate::contract::http::{Answer, Ask};
use farthing_peers::{anvil::Anvil, stand_in::StandIn};
use serde_json::json;
use std::time::Duration;

/// Looks before a test gives up, and the pause between two.
const LOOKS: usize = 1200;
const PAUSE: Duration = Duration::from_millis(100);

fn ethereum(node: &Anvil, sources: &str) -> String {
    format!(
        "[networks.ethereum]\nkind = \"evm\"\nchain_id = {ANVIL_ID}\nproviders = [{{ rpc = \"{}\" }}]\naccount = \"{EVM_ACCOUNT}\"\n\
         confirmations = 3\n[rates]\nsources = [{sources}]\n",
        node.url()
    )
}

/// Ten dollars in ether, as soon as the network sells and, where there is to be one, a rate is there.
async fn ten_dollars(host: &str, key: &str, is_to_be_priced: bool) -> Answer {
    let draft = json!({"currency": "ETH", "network": "ethereum", "amount_fiat": "10", "fiat_currency": "USD", "deferred": true});
    let draft = Ask::post("/api/v1/invoices", &draft).key(key).send(host).data(201);
    let path = format!("/api/v1/invoices/{}/activate", draft["id"].as_str().unwrap());
    let chosen = json!({"currency": "ETH", "network": "ethereum"});
    let mut answer = Ask::post(&path, &chosen).key(key).send(host);
    for _ in 0..LOOKS {
        if answer.status != 503 || !is_to_be_priced {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        answer = Ask::post(&path, &chosen).key(key).send(host);
    }
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_source_of_rates_stops_no_sale_while_another_one_answers() {
    let node = Anvil::start(ANVIL_ID).await.unwrap();
    node.mine(20).await.unwrap();
    let broken = StandIn::http(|_| (500, b"<html>try again later</html>".to_vec())).await.unwrap();
    let rubbish = StandIn::http(|_| (200, b"{\"error\":[\"EService:Unavailable\"]}".to_vec())).await.unwrap();
    let rates = br#"{"data":{"currency":"USD","rates":{"ETH":"0.0004","EUR":"0.8"}}}"#;
    let good = StandIn::http(|_| (200, rates.to_vec())).await.unwrap();
    let failing = format!(
        "{{ kraken = \"{}\" }}, {{ binance = \"{}\" }}, {{ bitstamp = \"http://127.0.0.1:1\" }}",
        rubbish.url(),
        broken.url()
    );
    let shop = Rehearsal::new(&ethereum(&node, &format!("{failing}, {{ coinbase = \"{}\" }}", good.url())));
    let doctor = shop.doctor();
    assert_eq!(doctor["ok"], true, "{doctor}");
    for (name, is_ok) in [("kraken", false), ("binance", false), ("bitstamp", false), ("coinbase", true)] {
        assert_eq!(check(&doctor, &format!("rates.{name}"))["ok"], is_ok, "{doctor}");
    }
    assert_eq!(check(&doctor, "rates")["ok"], true, "everything sold has a price");
    let server = shop.serve().await;
    let key = shop.live_key();
    let sold = ten_dollars(server.host(), &key, true).await.data(200);
    assert_eq!(sold["amount_requested"], "0.004", "{sold}");
    let metrics = Ask::get("/metrics").send(server.host()).text();
    for (name, answers) in [("kraken", 0), ("binance", 0), ("bitstamp", 0), ("coinbase", 1)] {
        let line = format!("farthing_rate_source_answers{{source=\"{name}\"}} {answers}");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    drop(server);

    // Without any that answers nothing is priced by a guess; what is priced in itself is sold.
    let shop = Rehearsal::new(&ethereum(&node, &failing));
    let server = shop.serve().await;
    let key = shop.live_key();
    let ether = json!({"currency": "ETH", "network": "ethereum", "amount": "0.004"});
    server.create_when_sold(&key, &ether).await;
    let refused = ten_dollars(server.host(), &key, false).await;
    refused.refusal(503, "gate_offline");
}
