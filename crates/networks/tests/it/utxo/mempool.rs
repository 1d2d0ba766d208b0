//! Money on its way: seen at the next look, replaced, left, chained.

use super::node::{BOTH, Node, Over, all_told, paid, told};
use bitcoin::{ScriptBuf, Sequence, Transaction, script::PushBytesBuf};
use farthing_domain::time::Timestamp;
use farthing_networks::network::MempoolTransfer;
use farthing_peers::bitcoin_core::purse::Coin;

fn all(waiting: &[MempoolTransfer]) -> Vec<(String, String, u128)> {
    let mut all: Vec<_> = waiting.iter().map(|waiting| told(&waiting.transfer)).collect();
    all.sort();
    all
}

fn sorted(mut all: Vec<(String, String, u128)>) -> Vec<(String, String, u128)> {
    all.sort();
    all
}

#[tokio::test]
async fn a_payment_is_seen_at_the_next_look_and_leaves_when_it_is_mined() {
    for over in BOTH {
        let mut node = Node::start(over, 2).await;
        let ours = node.ours(11);
        assert_eq!(node.waiting().await, []);
        let first = node.purse.pay(&node.core, &[(ours.clone(), 5_000), (ours.clone(), 6_000)]).await.unwrap();
        assert_eq!(all(&node.waiting().await), sorted(vec![paid(&first, 0), paid(&first, 1)]));
        let second = node.purse.pay(&node.core, &[(ours, 7_000)]).await.unwrap();
        let both = sorted(vec![paid(&first, 0), paid(&first, 1), paid(&second, 0)]);
        assert_eq!(all(&node.waiting().await), both);
        node.mine_exactly(&[&first]).await;
        assert_eq!(all(&node.waiting().await), [paid(&second, 0)]);
        node.mine(1).await;
        assert_eq!(node.waiting().await, []);
        assert_eq!(sorted(all_told(&node.scan(2).await)), both);
    }
}

#[tokio::test]
async fn core_tells_when_it_first_saw_a_payment_and_esplora_does_not() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        node.core.set_time(1_800_000_000).await.unwrap();
        node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
        node.core.set_time(1_800_000_500).await.unwrap();
        let since = (over == Over::Core).then_some(Timestamp::from_seconds(1_800_000_000));
        assert_eq!(node.waiting().await[0].since, since);
    }
}

/// Pays us, with or without the signal that it may be replaced.
fn payment(node: &Node, coin: &Coin, to: &[(ScriptBuf, u64)], fee: u64, signals: bool) -> Transaction {
    let transaction = node.purse.spend(coin, to, fee).unwrap();
    let signal = if signals { Sequence::ENABLE_RBF_NO_LOCKTIME } else { Sequence::MAX };
    node.purse.signed_again(transaction, coin, |transaction| transaction.input[0].sequence = signal).unwrap()
}

#[tokio::test]
async fn a_payment_that_is_replaced_away_is_gone_with_or_without_its_signal() {
    for (over, signals) in BOTH.into_iter().flat_map(|over| [(over, true), (over, false)]) {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        let coin = node.purse.coin().unwrap();
        let first = payment(&node, &coin, &[(ours, 5_000)], 2_000, signals);
        node.core.send(&first).await.unwrap();
        assert_eq!(all(&node.waiting().await), [paid(&first, 0)]);
        let back = payment(&node, &coin, &[], 20_000, signals);
        node.core.send(&back).await.unwrap();
        assert_eq!(node.waiting().await, []);
        node.mine(1).await;
        assert_eq!(all_told(&node.scan(1).await), []);
    }
}

#[tokio::test]
async fn a_replacement_that_still_pays_us_is_the_one_payment() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        let coin = node.purse.coin().unwrap();
        let first = payment(&node, &coin, &[(ours.clone(), 5_000)], 2_000, false);
        let second = payment(&node, &coin, &[(ours, 5_000)], 20_000, false);
        for transaction in [&first, &second] {
            node.core.send(transaction).await.unwrap();
            assert_eq!(all(&node.waiting().await), [paid(transaction, 0)]);
        }
        node.mine(1).await;
        assert_eq!(all_told(&node.scan(1).await), [paid(&second, 0)]);
        assert_eq!(node.waiting().await, []);
    }
}

#[tokio::test]
async fn a_chain_of_unconfirmed_payments_falls_with_its_parent() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let (first, second) = (node.ours(11), node.ours(12));
        let coin = node.purse.coin().unwrap();
        let mut chain = vec![payment(&node, &coin, &[(first.clone(), 5_000)], 2_000, false)];
        for _ in 0..3 {
            let change = node.purse.coins_of(chain.last().unwrap())[0].clone();
            chain.push(payment(&node, &change, &[(second.clone(), 6_000)], 2_000, false));
        }
        for transaction in &chain {
            node.core.send(transaction).await.unwrap();
        }
        let told: Vec<_> = chain.iter().map(|transaction| paid(transaction, 0)).collect();
        assert_eq!(all(&node.waiting().await), sorted(told));
        let instead = payment(&node, &coin, &[(first, 9_000)], 200_000, false);
        node.core.send(&instead).await.unwrap();
        assert_eq!(all(&node.waiting().await), [paid(&instead, 0)], "the children fell with the parent");
    }
}

#[tokio::test]
async fn a_payment_that_comes_back_to_the_mempool_is_seen_again() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        let transaction = node.purse.pay(&node.core, &[(ours, 5_000)]).await.unwrap();
        node.mine(1).await;
        assert_eq!(node.waiting().await, []);
        let tip = node.core.hash_at(node.core.height().await.unwrap()).await.unwrap();
        node.core.invalidate(tip).await.unwrap();
        assert_eq!(all(&node.waiting().await), [paid(&transaction, 0)]);
    }
}

/// High and low form of a signature are both good; only the low one is relayed, either is mined.
fn malleated(transaction: &Transaction) -> Transaction {
    let mut other = transaction.clone();
    let script = &transaction.input[0].script_sig;
    let pushes: Vec<Vec<u8>> =
        script.instructions().map(|part| part.unwrap().push_bytes().unwrap().as_bytes().to_vec()).collect();
    let [signature, key] = &pushes[..] else { panic!("not a signature and a key") };
    let parsed = bitcoin::ecdsa::Signature::from_slice(signature).unwrap();
    let high = high_form(&parsed.signature.serialize_compact());
    let push = |bytes: Vec<u8>| PushBytesBuf::try_from(bytes).unwrap();
    other.input[0].script_sig =
        bitcoin::script::Builder::new().push_slice(push(high)).push_slice(push(key.clone())).into_script();
    other
}

/// `n - s`, in DER, with the byte that says what was signed.
fn high_form(compact: &[u8; 64]) -> Vec<u8> {
    use bitcoin::secp256k1::{Scalar, SecretKey};
    let (r, s) = compact.split_at(32);
    let s = SecretKey::from_slice(s).unwrap().negate();
    assert!(Scalar::from(s) > Scalar::ZERO);
    let integer = |bytes: &[u8]| {
        let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if digits[0] & 0x80 != 0 {
            digits.insert(0, 0);
        }
        [vec![2, u8::try_from(digits.len()).unwrap()], digits].concat()
    };
    let body = [integer(r), integer(&s.secret_bytes())].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body, vec![1]].concat()
}

#[tokio::test]
async fn a_payment_mined_under_a_malleated_id_is_told_once_under_that_one() {
    for over in BOTH {
        let mut node = Node::start(over, 1).await;
        let ours = node.ours(11);
        let legacy = node.purse.legacy_script();
        let funding = node.purse.pay(&node.core, &[(legacy, 50_000)]).await.unwrap();
        node.mine(1).await;
        let coin = node.purse.coins_of(&funding)[0].clone();
        let sent = node.purse.spend(&coin, &[(ours, 5_000)], 2_000).unwrap();
        node.core.send(&sent).await.unwrap();
        assert_eq!(all(&node.waiting().await), [paid(&sent, 0)]);
        let mined = malleated(&sent);
        assert_ne!(mined.compute_txid(), sent.compute_txid());
        node.mine_exactly(&[&mined]).await;
        assert_eq!(node.waiting().await, []);
        assert_eq!(all_told(&node.scan(1).await), [paid(&mined, 0)]);
    }
}

#[tokio::test]
async fn a_large_mempool_is_read_in_parts() {
    let mut node = Node::start(Over::Core, 1).await;
    let ours = node.ours(11);
    let coin = node.purse.coin().unwrap();
    let own = node.purse.script();
    let many: Vec<(ScriptBuf, u64)> = (0..150).map(|_| (own.clone(), 100_000)).collect();
    let fan = node.purse.spend(&coin, &many, 100_000).unwrap();
    node.mine_exactly(&[&fan]).await;
    let mut expected = Vec::new();
    for coin in node.purse.coins_of(&fan).iter().take(150) {
        let transaction = node.purse.spend(coin, &[(ours.clone(), 5_000)], 1_000).unwrap();
        node.core.send(&transaction).await.unwrap();
        expected.push(paid(&transaction, 0));
    }
    assert_eq!(all(&node.waiting().await), sorted(expected));
}
