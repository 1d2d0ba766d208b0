//! Branches that replace each other: what the adapter says of the one that is current.

use super::node::{BOTH, Node, all_told, paid};
use farthing_networks::network::Network;

#[tokio::test]
async fn after_a_reorganisation_every_answer_is_of_the_new_branch() {
    for over in BOTH {
        let mut node = Node::start(over, 4).await;
        let ours = node.ours(11);
        let (kept, lost) = (node.purse.coin().unwrap(), node.purse.coin().unwrap());
        let kept = node.purse.spend(&kept, &[(ours.clone(), 5_000)], 2_000).unwrap();
        let moved = node.purse.spend(&lost, &[(ours.clone(), 6_000)], 2_000).unwrap();
        let instead = node.purse.spend(&lost, &[(ours, 7_000)], 2_000).unwrap();
        for depth in [1, 2, 6, 20] {
            let fork = node.core.height().await.unwrap();
            node.mine_exactly(&[&kept, &moved]).await;
            node.mine(depth - 1).await;
            assert_eq!(all_told(&node.scan(depth).await), [paid(&kept, 0), paid(&moved, 0)]);
            let before = node.adapter.tip().await.unwrap();

            node.core.invalidate(node.core.hash_at(fork + 1).await.unwrap()).await.unwrap();
            assert_eq!(node.adapter.tip().await.unwrap().head.block.height, fork);
            node.mine_exactly(&[]).await;
            node.mine_exactly(&[&instead]).await;
            node.mine_exactly(&[&kept]).await;
            node.mine(depth).await;

            let scanned = node.scan(depth + 3).await;
            assert_eq!(all_told(&scanned), [paid(&instead, 0), paid(&kept, 0)]);
            assert_eq!(scanned.parent, node.core.hash_at(fork).await.unwrap().to_string());
            let at = node.adapter.header(before.head.block.height).await.unwrap().unwrap();
            assert_ne!(at.block.hash, before.head.block.hash);
            node.core.invalidate(node.core.hash_at(fork + 1).await.unwrap()).await.unwrap();
        }
    }
}
