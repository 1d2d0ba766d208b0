//! What is asked outside of scanning: history, balances, and what `doctor` finds.

use super::node::{BOTH, Node, config};
use bitcoin::ScriptBuf;
use farthing_networks::{
    address::{Address, AddressFamily, Chain},
    inspect::{Inspect, Level},
    network::NetworkError,
    utxo::{Protocol, Utxo, rules::ChainName},
};
use farthing_peers::{
    bitcoin_core::{BitcoinCore, purse::Purse},
    esplora::Esplora,
    stand_in::StandIn,
};
use std::sync::Arc;

fn address(script: &ScriptBuf) -> Address {
    Address::from_bytes(AddressFamily::Bitcoin, Chain::Regtest, script.as_bytes()).unwrap()
}

#[tokio::test]
async fn unspent_money_shows_that_an_address_was_used_and_what_it_holds() {
    for over in BOTH {
        let mut node = Node::start(over, 2).await;
        let scripts = [11, 12, 13].map(|number| node.ours(number));
        node.purse.pay(&node.core, &[(scripts[0].clone(), 5_000), (scripts[2].clone(), 7_000)]).await.unwrap();
        node.purse.pay(&node.core, &[(scripts[2].clone(), 12_345_678)]).await.unwrap();
        node.mine(1).await;
        let addresses = scripts.each_ref().map(address);
        assert_eq!(node.adapter.used(&addresses).await, Ok(vec![true, false, true]));
        let height = node.core.height().await.unwrap();
        let mut held = node.adapter.balances(&addresses, height).await.unwrap();
        held.retain(|balance| balance.units > 0);
        held.sort_by_key(|balance| balance.units);
        let held: Vec<_> = held.into_iter().map(|balance| (balance.address, balance.units)).collect();
        let [first, _, third] = scripts.map(ScriptBuf::into_bytes);
        assert_eq!(held, [(first, 5_000), (third, 12_352_678)]);
    }
}

#[tokio::test]
async fn a_node_with_filters_also_knows_of_money_that_was_spent() {
    for (options, is_known) in [(&["-blockfilterindex=1"][..], true), (&[], false)] {
        let core = BitcoinCore::start_with(options).await.unwrap();
        let mut purse = Purse::filled(&core, 1, 1).await.unwrap();
        let passed_on = Purse::empty(11).unwrap();
        let payment = purse.pay(&core, &[(passed_on.script(), 50_000)]).await.unwrap();
        core.mine(1, &Purse::empty(99).unwrap().address()).await.unwrap();
        let coin = passed_on.coins_of(&payment)[0].clone();
        core.send(&passed_on.spend(&coin, &[(purse.script(), 40_000)], 10_000).unwrap()).await.unwrap();
        core.mine(1, &Purse::empty(99).unwrap().address()).await.unwrap();
        let adapter = Utxo::new(config(&[(Protocol::Core, core.url())])).unwrap();
        if is_known {
            filters_are_built(&adapter).await;
        }
        let asked = [address(&passed_on.script()), address(&Purse::empty(12).unwrap().script())];
        assert_eq!(adapter.used(&asked).await, Ok(vec![is_known, false]), "{options:?}");
    }
}

/// The index follows the chain by itself, a little behind.
async fn filters_are_built(adapter: &Utxo) {
    loop {
        let findings = adapter.examine().await.unwrap();
        if findings.iter().any(|finding| finding.name.starts_with("history") && finding.ok) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_healthy_node_has_no_finding_that_would_miss_money() {
    for over in BOTH {
        let node = Node::start(over, 1).await;
        let findings = node.adapter.examine().await.unwrap();
        assert!(findings.len() >= 3, "{findings:?}");
        let bad: Vec<_> = findings.iter().filter(|finding| !finding.ok && finding.level == Level::Error).collect();
        assert!(bad.is_empty(), "{bad:?}");
        assert!(findings.iter().all(|finding| !finding.detail.contains("test:test")), "{findings:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_each_provider_is_a_finding_of_its_own() {
    let core = Arc::new(BitcoinCore::start_with(&["-blocksonly"]).await.unwrap());
    core.mine(1, &Purse::empty(99).unwrap().address()).await.unwrap();
    let esplora = Esplora::over(Arc::clone(&core)).await.unwrap();
    let nobody = StandIn::http(|_| (503, b"down".to_vec())).await.unwrap();
    let providers = [(Protocol::Core, core.url()), (Protocol::Esplora, esplora.url()), (Protocol::Core, nobody.url())];
    let adapter = Utxo::new(config(&providers)).unwrap();
    let findings = adapter.examine().await.unwrap();
    let find = |name: &str| findings.iter().find(|finding| finding.name == name).unwrap();
    assert!(!find("mempool of provider 0").ok);
    assert_eq!(find("mempool of provider 0").level, Level::Warning);
    assert!(!find("history of provider 0").ok);
    assert!(find("sync of provider 1").ok);
    assert!(!find("answers of provider 2").ok);
    assert_eq!(find("answers of provider 2").level, Level::Error);
}

#[tokio::test]
async fn another_chain_is_an_error_of_that_provider() {
    let core = BitcoinCore::start().await.unwrap();
    let mut config = config(&[(Protocol::Core, core.url())]);
    config.chain = ChainName::Testnet4;
    let findings = Utxo::new(config).unwrap().examine().await.unwrap();
    assert_eq!(findings.len(), 1);
    assert!(!findings[0].ok && findings[0].detail.contains("`regtest`, not on `testnet4`"), "{findings:?}");
}

#[tokio::test]
async fn not_knowing_an_addresss_history_is_an_error() {
    let nobody = StandIn::http(|_| (200, b"[]".to_vec())).await.unwrap();
    for protocol in [Protocol::Core, Protocol::Esplora] {
        let adapter = Utxo::new(config(&[(protocol, nobody.url())])).unwrap();
        let asked = [address(&Purse::empty(11).unwrap().script())];
        assert!(matches!(adapter.used(&asked).await, Err(NetworkError::Unreachable(_))));
    }
}
