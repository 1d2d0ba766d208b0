//! Providers that do wrong, through a proxy: no answer is ever incomplete, and after the fault everything is found.

use super::node::{Node, Over, all_told, config, paid};
use bitcoin::{
    Block,
    consensus::{deserialize, serialize},
    hashes::Hash as _,
};
use farthing_networks::{
    network::{Network, NetworkError, Watch},
    utxo::{Protocol, Utxo},
    watch_set::WatchSet,
};
use farthing_peers::{
    bitcoin_core::{BitcoinCore, purse::Purse},
    esplora::Esplora,
    fault_proxy::{EditBody, Fault, FaultProxy},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// A node behind a proxy, and a payment in its last block.
struct Proxied {
    node: Node,
    proxy: FaultProxy,
    adapter: Utxo,
    payment: (String, String, u128),
    height: u64,
    _esplora: Option<Esplora>,
}

async fn proxied(over: Over) -> Proxied {
    let mut node = Node::start(Over::Core, 3).await;
    let ours = node.ours(11);
    let transaction = node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
    node.mine(1).await;
    let (esplora, url, protocol) = match over {
        Over::Core => (None, node.core.url(), Protocol::Core),
        Over::Esplora => {
            let esplora = Esplora::over(Arc::clone(&node.core)).await.unwrap();
            let url = esplora.url();
            (Some(esplora), url, Protocol::Esplora)
        }
    };
    let proxy = FaultProxy::before(&url).await.unwrap();
    // The proxy forwards credentials, and has none itself.
    let front = proxy.url().replace("http://", "http://test:test@");
    let adapter = Utxo::new(config(&[(protocol, front)])).unwrap();
    let height = node.core.height().await.unwrap();
    Proxied { node, proxy, adapter, payment: paid(&transaction, 0), height, _esplora: esplora }
}

impl Proxied {
    async fn scan(&self) -> Result<Vec<(String, String, u128)>, NetworkError> {
        self.adapter
            .transfers(self.height.saturating_sub(2), self.height, &self.node.watch)
            .await
            .map(|scanned| all_told(&scanned))
    }

    fn found(&self) -> Result<Vec<(String, String, u128)>, NetworkError> {
        Ok(vec![self.payment.clone()])
    }
}

fn transport_faults() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::Truncate,
        Fault::HalfBody,
        Fault::Status(429, Some(0)),
        Fault::Status(500, None),
        Fault::HtmlPage,
        Fault::EmptyBody,
        Fault::Endless(100 << 20),
    ]
}

#[tokio::test]
async fn every_broken_answer_is_an_error_and_the_next_good_one_is_whole() {
    for over in [Over::Core, Over::Esplora] {
        let proxied = proxied(over).await;
        assert_eq!(proxied.scan().await, proxied.found());
        let mut faults = transport_faults();
        if over == Over::Core {
            faults.extend([Fault::ErrorInside(-28, "Loading block index..."), Fault::WrongId, Fault::ShortBatch]);
        }
        for fault in faults {
            // Not the batches only: each request of a range in turn.
            proxied.proxy.set(fault.clone());
            assert!(proxied.scan().await.is_err());
            assert!(proxied.adapter.mempool(&proxied.node.watch).await.is_err());
            assert!(proxied.adapter.tip().await.is_err());
            proxied.proxy.heal();
            assert_eq!(proxied.scan().await, proxied.found());
        }
    }
}

#[tokio::test]
async fn a_fault_at_any_request_of_a_range_is_an_error_or_does_not_matter() {
    for over in [Over::Core, Over::Esplora] {
        let proxied = proxied(over).await;
        let paths: BTreeSet<String> = {
            drop(proxied.proxy.take_methods());
            proxied.scan().await.unwrap();
            proxied.proxy.take_methods().into_iter().collect()
        };
        assert!(paths.len() >= 3, "{paths:?}");
        let faults = [Fault::HalfBody, Fault::Reset, Fault::Status(503, None)];
        for (path, fault) in paths.iter().flat_map(|path| faults.iter().map(move |fault| (path, fault))) {
            proxied.proxy.set_for(path, fault.clone());
            let scanned = proxied.scan().await;
            assert!(scanned.is_err() || scanned == proxied.found(), "{path}: {scanned:?}");
            proxied.proxy.heal();
        }
        assert_eq!(proxied.scan().await, proxied.found());
    }
}

/// What docs/bitcoin.md says: two calls a look at a Core node where nothing happens, three at an Esplora server.
#[tokio::test]
async fn a_look_at_a_chain_where_nothing_happens_costs_a_few_calls() {
    for (over, expected) in [(Over::Core, 2), (Over::Esplora, 3)] {
        let proxied = proxied(over).await;
        let look = async || {
            proxied.adapter.mempool(&proxied.node.watch).await.unwrap();
            proxied.adapter.tip().await.unwrap();
        };
        look().await;
        drop(proxied.proxy.take_methods());
        look().await;
        let asked = proxied.proxy.take_methods();
        assert_eq!(asked.len(), expected, "{asked:?}");
    }
}

#[tokio::test]
async fn batches_may_come_in_any_order() {
    let proxied = proxied(Over::Core).await;
    proxied.proxy.set(Fault::ShuffledBatch);
    assert_eq!(proxied.scan().await, proxied.found());
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let proxied = proxied(Over::Core).await;
    proxied.proxy.set_times(3, Fault::Delay(Duration::from_millis(200)));
    assert_eq!(proxied.scan().await, proxied.found());
}

/// With a share of all requests going wrong every payment is found exactly once.
#[tokio::test]
async fn nothing_is_missed_while_a_third_of_all_requests_fails() {
    for over in [Over::Core, Over::Esplora] {
        let mut proxied = proxied(over).await;
        let mut faults = transport_faults();
        faults.pop();
        proxied.proxy.set_random(30, 7, faults);
        let ours = proxied.node.ours(12);
        let own = proxied.node.purse.script();
        let coin = proxied.node.purse.coin().unwrap();
        let many: Vec<_> = (0..12).map(|_| (own.clone(), 100_000)).collect();
        let fan = proxied.node.purse.spend(&coin, &many, 100_000).unwrap();
        proxied.node.mine_exactly(&[&fan]).await;
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        let mut cursor = proxied.node.core.height().await.unwrap();
        for coin in proxied.node.purse.coins_of(&fan).into_iter().take(12) {
            let transaction = proxied.node.purse.spend(&coin, &[(ours.clone(), 5_000)], 1_000).unwrap();
            proxied.node.core.send(&transaction).await.unwrap();
            expected.push(paid(&transaction, 0));
            let seen = until_answered(|| proxied.adapter.mempool(&proxied.node.watch)).await.unwrap();
            assert_eq!(seen.len(), 1);
            proxied.node.mine(2).await;
            let tip = until_answered(|| proxied.adapter.tip()).await.head.block.height;
            let scanned = until_answered(|| proxied.adapter.transfers(cursor + 1, tip, &proxied.node.watch)).await;
            found.extend(all_told(&scanned));
            cursor = tip;
        }
        assert_eq!(found, expected);
        assert!(proxied.proxy.faulted() > 20, "{}", proxied.proxy.faulted());
    }
}

async fn until_answered<T, F: Future<Output = Result<T, NetworkError>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..200 {
        if let Ok(answer) = ask().await {
            return answer;
        }
    }
    panic!("no answer in 200 attempts");
}

/// Changes every raw block that an Esplora server gives.
fn block_edit(change: impl Fn(&mut Block) + Send + Sync + 'static) -> Fault {
    let edit: EditBody = Arc::new(move |path, body| {
        if !path.ends_with("/raw") || !path.starts_with("/block/") {
            return;
        }
        let mut block: Block = deserialize(body).unwrap();
        change(&mut block);
        *body = serialize(&block);
    });
    Fault::EditBody(edit)
}

#[tokio::test]
async fn an_esplora_server_cannot_forge_leave_out_or_change_what_a_block_holds() {
    let proxied = proxied(Over::Esplora).await;
    let ours = proxied.node.ours(11);
    let forged = Purse::empty(5).unwrap();
    let foreign = {
        let coin = proxied.node.purse.coins_of(&{
            let height = proxied.height;
            proxied.node.core.block(proxied.node.core.hash_at(height).await.unwrap()).await.unwrap().txdata[1].clone()
        })[0]
            .clone();
        proxied.node.purse.spend(&coin, &[(ours, 9_000_000)], 1_000).unwrap()
    };
    let lies: [(&str, Fault); 7] = [
        ("an added payment", block_edit(move |block| block.txdata.push(foreign.clone()))),
        ("a payment left out", block_edit(|block| block.txdata.truncate(1))),
        (
            "a larger payment",
            block_edit(|block| {
                if let Some(transaction) = block.txdata.get_mut(1) {
                    transaction.output[0].value += bitcoin::Amount::ONE_BTC;
                }
            }),
        ),
        (
            "a root that fits the lie",
            block_edit(|block| {
                block.txdata.truncate(1);
                block.header.merkle_root = block.compute_merkle_root().unwrap();
            }),
        ),
        (
            "a payment twice",
            block_edit(|block| {
                if let Some(transaction) = block.txdata.get(1).cloned() {
                    block.txdata.push(transaction);
                }
            }),
        ),
        ("an empty block", block_edit(|block| block.txdata.clear())),
        ("another parent", block_edit(|block| block.header.prev_blockhash = bitcoin::BlockHash::all_zeros())),
    ];
    drop(forged);
    for (lie, fault) in lies {
        proxied.proxy.set(fault);
        // A block that was proved before is kept; a new one is not believed.
        proxied.node.mine(1).await;
        let height = proxied.node.core.height().await.unwrap();
        let told = proxied.adapter.transfers(proxied.height - 2, height, &proxied.node.watch).await;
        assert!(matches!(told, Err(NetworkError::Inconsistent(_))), "{lie}: {told:?}");
        proxied.proxy.heal();
    }
    assert_eq!(proxied.scan().await, proxied.found());
}

/// The tip decides what is final: its height is read from the block itself.
#[tokio::test]
async fn an_esplora_server_cannot_claim_a_higher_tip_than_its_block_states() {
    let proxied = proxied(Over::Esplora).await;
    let edit: EditBody = Arc::new(|path, body| {
        let Ok(mut shown) = serde_json::from_slice::<Value>(body) else { return };
        if path.starts_with("/block/") && shown.get("height").is_some() {
            shown["height"] = json!(1_000_000);
            *body = serde_json::to_vec(&shown).unwrap();
        }
    });
    proxied.proxy.set(Fault::EditBody(edit));
    assert_eq!(proxied.adapter.tip().await.unwrap().head.block.height, proxied.height);
}

#[tokio::test]
async fn a_block_served_at_another_height_is_found_out() {
    let proxied = proxied(Over::Esplora).await;
    let other = proxied.node.core.hash_at(proxied.height - 10).await.unwrap().to_string();
    let asked = format!("/block-height/{}", proxied.height - 2);
    let edit: EditBody = Arc::new(move |path, body| {
        if path == asked {
            *body = other.clone().into_bytes();
        }
    });
    proxied.proxy.set(Fault::EditBody(edit));
    assert!(matches!(proxied.scan().await, Err(NetworkError::Inconsistent(_))));
}

#[tokio::test]
async fn a_lagging_provider_is_not_taken_for_an_empty_one_and_another_answers() {
    let mut node = Node::start(Over::Core, 1).await;
    let (height, ours) = (node.core.height().await.unwrap(), node.ours(11));
    let behind = node.core.hash_at(height).await.unwrap().to_string();
    let proxy = FaultProxy::before(&node.core.url()).await.unwrap();
    let front = proxy.url().replace("http://", "http://test:test@");
    proxy.set_for("getbestblockhash", stale(behind));
    let payment = node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
    node.mine(1).await;
    let asked = height + 1;
    let alone = Utxo::new(config(&[(Protocol::Core, front.clone())])).unwrap();
    let answer = alone.transfers(asked, asked, &node.watch).await;
    assert_eq!(answer, Err(NetworkError::Lagging { head: height, asked }));
    let both = Utxo::new(config(&[(Protocol::Core, front), (Protocol::Core, node.core.url())])).unwrap();
    let answer = both.transfers(asked, asked, &node.watch).await.unwrap();
    assert_eq!(all_told(&answer), [paid(&payment, 0)]);
    assert_eq!(answer.provider, "provider 1");
}

fn stale(hash: String) -> Fault {
    Fault::Edit(Arc::new(move |method, _, result| {
        if method == "getbestblockhash" {
            *result = json!(hash);
        }
    }))
}

/// A mempool and a tip of two providers would make a mined payment look gone.
#[tokio::test]
async fn a_look_is_of_one_provider() {
    let mut node = Node::start(Over::Core, 1).await;
    let ours = node.ours(11);
    let proxy = FaultProxy::before(&node.core.url()).await.unwrap();
    let front = proxy.url().replace("http://", "http://test:test@");
    let both = Utxo::new(config(&[(Protocol::Core, front), (Protocol::Core, node.core.url())])).unwrap();
    node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
    assert_eq!(both.mempool(&node.watch).await.unwrap().unwrap().len(), 1);
    proxy.set(Fault::Reset);
    assert!(matches!(both.tip().await, Err(NetworkError::Unreachable(_))));
    assert_eq!(both.mempool(&node.watch).await.unwrap().unwrap().len(), 1, "the other one's");
    assert!(both.tip().await.is_ok());
}

/// Two providers before one node, the first of which can be told to do wrong.
async fn two(stale_after: Duration) -> (Node, FaultProxy, Utxo) {
    let node = Node::start(Over::Core, 1).await;
    let proxy = FaultProxy::before(&node.core.url()).await.unwrap();
    let front = proxy.url().replace("http://", "http://test:test@");
    let mut config = config(&[(Protocol::Core, front), (Protocol::Core, node.core.url())]);
    config.stale_after = stale_after;
    (node, proxy, Utxo::new(config).unwrap())
}

async fn look(adapter: &Utxo, watch: &Watch) -> Result<u64, NetworkError> {
    adapter.mempool(watch).await?;
    Ok(adapter.tip().await?.head.block.height)
}

#[tokio::test]
async fn the_preferred_provider_is_asked_again_when_it_is_back() {
    let (node, proxy, adapter) = two(Duration::from_secs(60)).await;
    let height = node.core.height().await.unwrap();
    for (fault, answering) in [(None, "provider 0"), (Some(Fault::Reset), "provider 1"), (None, "provider 0")] {
        match fault {
            Some(fault) => proxy.set(fault),
            None => proxy.heal(),
        }
        assert_eq!(look(&adapter, &node.watch).await, Ok(height));
        let scanned = adapter.transfers(height, height, &node.watch).await.unwrap();
        assert_eq!(scanned.provider, answering);
    }
}

#[tokio::test]
async fn a_preferred_provider_that_stands_still_is_passed_over() {
    let (node, proxy, adapter) = two(Duration::ZERO).await;
    let height = node.core.height().await.unwrap();
    proxy.set_for("getbestblockhash", stale(node.core.hash_at(height).await.unwrap().to_string()));
    assert_eq!(look(&adapter, &node.watch).await, Ok(height));
    node.mine(1).await;
    assert_eq!(look(&adapter, &node.watch).await, Ok(height), "one block may be on its way");
    node.mine(1).await;
    let behind = look(&adapter, &node.watch).await;
    assert_eq!(behind, Err(NetworkError::Lagging { head: height, asked: height + 2 }));
    let states = farthing_networks::inspect::Inspect::providers(&adapter);
    assert_eq!(states[0].last_error.as_ref().map(|(class, _)| *class), Some("inconsistent"));
}

#[tokio::test]
async fn while_it_is_passed_over_the_other_one_answers() {
    let (node, proxy, adapter) = two(Duration::from_secs(60)).await;
    let height = node.core.height().await.unwrap();
    // The second one is seen to be ahead while the first is away.
    proxy.set(Fault::Reset);
    node.mine(3).await;
    assert_eq!(look(&adapter, &node.watch).await, Ok(height + 3));
    proxy.set_for("getbestblockhash", stale(node.core.hash_at(height).await.unwrap().to_string()));
    let behind = look(&adapter, &node.watch).await;
    assert_eq!(behind, Err(NetworkError::Lagging { head: height, asked: height + 3 }));
    for _ in 0..3 {
        assert_eq!(look(&adapter, &node.watch).await, Ok(height + 3));
    }
}

#[tokio::test]
async fn a_chain_that_became_shorter_is_believed_when_nobody_knows_of_more() {
    let (node, _proxy, adapter) = two(Duration::from_secs(60)).await;
    let height = node.core.height().await.unwrap();
    node.mine(5).await;
    assert_eq!(look(&adapter, &node.watch).await, Ok(height + 5));
    node.core.invalidate(node.core.hash_at(height + 1).await.unwrap()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(look(&adapter, &node.watch).await, Ok(height));
    }
}

#[tokio::test]
async fn a_provider_of_another_chain_is_left_out() {
    let (one, other) = (BitcoinCore::start().await.unwrap(), BitcoinCore::start().await.unwrap());
    let third = BitcoinCore::start().await.unwrap();
    let genesis = other.hash_at(0).await.unwrap().to_string();
    let proxy = FaultProxy::before(&other.url()).await.unwrap();
    let edit: farthing_peers::fault_proxy::Edit = Arc::new(move |_, _, result| {
        if result.as_str() == Some(&genesis) {
            *result = json!("00".repeat(32));
        }
    });
    proxy.set_for("getblockhash", Fault::Edit(edit));
    for node in [&one, &third] {
        node.mine(2, &Purse::empty(9).unwrap().address()).await.unwrap();
    }
    other.mine(50, &Purse::empty(9).unwrap().address()).await.unwrap();
    let front = proxy.url().replace("http://", "http://test:test@");
    let providers = [(Protocol::Core, front), (Protocol::Core, one.url()), (Protocol::Core, third.url())];
    let adapter = Utxo::new(config(&providers)).unwrap();
    assert_eq!(adapter.tip().await.unwrap().head.block.height, 2);
    let watch = Watch::new(WatchSet::new([7; 16]));
    let scanned = adapter.transfers(1, 2, &watch).await.unwrap();
    assert_ne!(scanned.provider, "provider 0");
}

#[tokio::test]
async fn with_nobody_there_every_question_is_an_error() {
    // A port that somebody had and gave back may be another test's a moment later.
    let url = "http://127.0.0.1:1".to_owned();
    for protocol in [Protocol::Core, Protocol::Esplora] {
        let adapter = Utxo::new(config(&[(protocol, url.clone())])).unwrap();
        let watch = Watch::new(WatchSet::new([7; 16]));
        assert!(matches!(adapter.identity().await, Err(NetworkError::Unreachable(_))));
        assert!(matches!(adapter.tip().await, Err(NetworkError::Unreachable(_))));
        assert!(matches!(adapter.mempool(&watch).await, Err(NetworkError::Unreachable(_))));
        assert!(matches!(adapter.transfers(1, 2, &watch).await, Err(NetworkError::Unreachable(_))));
    }
}
