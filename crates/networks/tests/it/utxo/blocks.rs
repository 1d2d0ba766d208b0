//! Blocks of a real node, and its tip.

use super::node::{BOTH, Node, all_told, config, paid};
use farthing_networks::{
    network::{Network, NetworkError, Watch},
    utxo::{Protocol, Utxo},
    watch_set::WatchSet,
};
use farthing_peers::bitcoin_core::{BitcoinCore, purse::Purse};
use serde_json::json;

#[tokio::test]
async fn a_chain_is_known_by_its_name_and_its_first_block() {
    for over in BOTH {
        let node = Node::start(over, 1).await;
        let identity = node.adapter.identity().await.unwrap();
        let genesis = node.core.hash_at(0).await.unwrap();
        assert_eq!(identity.to_string(), format!("bitcoin regtest {genesis}"));
    }
}

#[tokio::test]
async fn the_tip_is_the_nodes_with_parent_and_time() {
    for over in BOTH {
        let node = Node::start(over, 1).await;
        for _ in 0..2 {
            let height = node.core.height().await.unwrap();
            let hash = node.core.hash_at(height).await.unwrap();
            let block = node.core.block(hash).await.unwrap();
            let tip = node.adapter.tip().await.unwrap();
            assert_eq!((tip.head.block.height, tip.head.block.hash), (height, hash.to_string()));
            assert_eq!(tip.head.parent, block.header.prev_blockhash.to_string());
            assert_eq!(tip.head.time.seconds(), i64::from(block.header.time));
            assert_eq!(tip.finalized, None, "confirmations are counted");
            node.mine(1).await;
        }
    }
}

#[tokio::test]
async fn a_header_is_answered_up_to_the_tip() {
    for over in BOTH {
        let node = Node::start(over, 1).await;
        let height = node.core.height().await.unwrap();
        for asked in [0, 1, height] {
            let header = node.adapter.header(asked).await.unwrap().unwrap();
            assert_eq!(header.block.hash, node.core.hash_at(asked).await.unwrap().to_string());
        }
        assert_eq!(node.adapter.header(height + 1).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_range_holds_exactly_what_was_paid_to_us() {
    for over in BOTH {
        let mut node = Node::start(over, 3).await;
        let (first, second, foreign) = (node.ours(11), node.ours(12), Purse::empty(13).unwrap().script());
        let one = node.purse.pay(&node.core, &[(first.clone(), 5_000), (foreign, 7_000)]).await.unwrap();
        let two = node.purse.pay(&node.core, &[(first.clone(), 1), (second, 2), (first, 3)]).await;
        assert!(two.is_err(), "dust is not relayed");
        node.mine(1).await;
        node.mine(2).await;
        let scanned = node.scan(3).await;
        assert_eq!(all_told(&scanned), [paid(&one, 0)]);
        let height = node.core.height().await.unwrap();
        assert_eq!(scanned.parent, node.core.hash_at(height - 3).await.unwrap().to_string());
        assert_eq!(scanned.end.block.hash, node.core.hash_at(height).await.unwrap().to_string());
        assert_eq!(scanned.blocks[0].header.block.height, height - 2);
        assert_eq!(scanned.blocks[0].transfers[0].address, node.ours(11).as_bytes());
        assert_eq!(scanned.provider, "provider 0");
    }
}

#[tokio::test]
async fn each_output_is_a_payment_of_its_own_whatever_its_amount() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let (first, second) = (node.ours(11), node.ours(12));
        let coin = node.purse.coin().unwrap();
        let dust = [(first.clone(), 1), (second, 2), (first.clone(), 3), (first, 0)];
        let transaction = node.purse.spend(&coin, &dust, 2_000).unwrap();
        node.mine_exactly(&[&transaction]).await;
        let told = all_told(&node.scan(1).await);
        assert_eq!(told, [0, 1, 2, 3].map(|output| paid(&transaction, output)));
    }
}

#[tokio::test]
async fn newly_made_coins_are_marked_until_they_can_be_spent() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        node.core.mine(1, &Purse::empty(11).unwrap().address()).await.unwrap();
        let height = node.core.height().await.unwrap();
        let made = &node.scan(1).await.blocks[0].transfers[0].clone();
        assert_eq!(made.matures_at, Some(height + 99));
        node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
        node.mine(1).await;
        assert_eq!(node.scan(1).await.blocks[0].transfers[0].matures_at, None);
    }
}

#[tokio::test]
async fn a_range_beyond_the_tip_is_not_answered() {
    for over in BOTH {
        let node = Node::start(over, 1).await;
        let height = node.core.height().await.unwrap();
        let asked = node.adapter.transfers(height, height + 1, &node.watch).await;
        assert_eq!(asked, Err(NetworkError::Lagging { head: height, asked: height + 1 }));
        for (from, to) in [(5, 4), (1, 1 + node.adapter.range_max())] {
            let refused = node.adapter.transfers(from, to, &node.watch).await;
            assert!(matches!(refused, Err(NetworkError::Inconsistent(_))), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn the_whole_chain_is_read_in_ranges_that_join() {
    for over in BOTH {
        let node = Node::start(over, 20).await;
        let height = node.core.height().await.unwrap();
        let mut below = node.core.hash_at(0).await.unwrap().to_string();
        let mut from = 1;
        while from <= height {
            let to = height.min(from + node.adapter.range_max() - 1);
            let scanned = node.adapter.transfers(from, to, &node.watch).await.unwrap();
            assert_eq!(scanned.parent, below);
            below = scanned.end.block.hash;
            from = to + 1;
        }
        assert_eq!(below, node.core.hash_at(height).await.unwrap().to_string());
    }
}

#[tokio::test]
async fn a_node_of_another_chain_is_not_believed() {
    let core = BitcoinCore::start().await.unwrap();
    let mut config = config(&[(Protocol::Core, core.url())]);
    config.chain = farthing_networks::utxo::rules::ChainName::Signet;
    let adapter = Utxo::new(config).unwrap();
    let error = adapter.tip().await.unwrap_err().to_string();
    assert!(error.contains("`regtest`, not on `signet`"), "{error}");
}

#[tokio::test]
async fn a_node_that_prunes_serves_what_it_keeps() {
    let core = BitcoinCore::start_with(&["-prune=1", "-fastprune"]).await.unwrap();
    core.mine(700, &Purse::empty(11).unwrap().address()).await.unwrap();
    core.call("pruneblockchain", json!([300])).await.unwrap();
    let adapter = Utxo::new(config(&[(Protocol::Core, core.url())])).unwrap();
    let watch = Watch::new(WatchSet::new([7; 16]));
    watch.insert(Purse::empty(11).unwrap().script().as_bytes());
    let gone = adapter.transfers(1, 10, &watch).await;
    assert!(matches!(&gone, Err(NetworkError::Unreachable(why)) if why.contains("pruned")), "{gone:?}");
    let kept = adapter.transfers(690, 699, &watch).await.unwrap();
    assert_eq!(kept.blocks.len(), 10);
}
