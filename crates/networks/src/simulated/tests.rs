//! Simulated chains under any sequence of operations, and the adapter over them.
#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

use super::{
    Faults, Simulated,
    chain::{Chain, ChainError, Change, Output, Reorg, Salt, Unmined},
    run::{Run, Transaction},
};
use crate::{
    network::{Network, NetworkError, Scanned, Watch},
    watch_set::WatchSet,
};
use core::{
    future::Future,
    task::{Context, Poll, Waker},
};
use farthing_domain::{catalog::Catalog, network::Network as NetworkFacts, time::Timestamp};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeSet;

fn facts(slug: &str) -> NetworkFacts {
    let shipped = Catalog::shipped();
    shipped.networks().iter().find(|network| network.id.as_str() == slug).unwrap().clone()
}

fn salt(number: u64) -> Salt {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&number.to_be_bytes());
    salt
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn output(network: &NetworkFacts, units: u128, address: u8) -> Output {
    let shipped = Catalog::shipped();
    let asset = shipped.assets().iter().find(|asset| asset.id.network == network.id).unwrap();
    Output { asset: asset.id, decimals: asset.decimals, units, address: vec![address; 20] }
}

fn watch(addresses: &[u8]) -> Watch {
    let watch = Watch::new(WatchSet::new([7; 16]));
    addresses.iter().for_each(|address| watch.insert(&[*address; 20]));
    watch
}

/// The simulated network never waits, so that one poll is enough.
fn answer<T>(future: impl Future<Output = T>) -> T {
    match core::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the simulated network waited"),
    }
}

/// A chain with what a store would have kept of it.
struct Kept {
    network: NetworkFacts,
    simulated: Simulated,
    rows: Vec<(u64, String)>,
    mempool: Option<String>,
    salt: u64,
    now: i64,
}

impl Kept {
    fn new(slug: &str) -> Self {
        let network = facts(slug);
        let simulated = Simulated::restore(&network, &[], None).unwrap();
        Self { network, simulated, rows: Vec::new(), mempool: None, salt: 0, now: 1_000 }
    }

    fn next_salt(&mut self) -> Salt {
        self.salt += 1;
        salt(self.salt)
    }

    fn apply(&mut self, change: Change) {
        let rows = change.rows().unwrap();
        if let Some(height) = rows.cut_from {
            self.rows.retain(|(kept, _)| *kept < height);
        }
        self.rows.extend(rows.blocks);
        self.mempool = Some(rows.mempool);
        self.simulated.apply(change);
    }

    fn restored(&self) -> Simulated {
        let bodies: Vec<String> = self.rows.iter().map(|(_, body)| body.clone()).collect();
        Simulated::restore(&self.network, &bodies, self.mempool.as_deref()).unwrap()
    }

    fn pay(&mut self, units: &[u128]) -> String {
        let outputs = units.iter().map(|units| output(&self.network, *units, 1)).collect();
        let salt = self.next_salt();
        let (change, hash) = self.simulated.prepare_pay(outputs, at(self.now), salt).unwrap();
        self.apply(change);
        hash
    }

    fn mine(&mut self, count: u64) {
        let salt = self.next_salt();
        let (change, height) = self.simulated.prepare_mine(count, at(self.now), salt).unwrap();
        self.apply(change);
        assert_eq!(self.chain().height(), height);
    }

    fn reorg(&mut self, depth: u64, drop: &[String]) {
        let salt = self.next_salt();
        let (change, _) = self.simulated.prepare_reorg(depth, drop, at(self.now), salt).unwrap();
        self.apply(change);
    }

    fn chain(&self) -> Chain {
        self.simulated.with_chain(Clone::clone)
    }

    fn scan(&self, from: u64, to: u64) -> Scanned {
        answer(self.simulated.transfers(from, to, &watch(&[1]))).unwrap()
    }
}

/// Any operation; what it concerns is picked from what is there when it is played.
#[derive(Debug, Clone)]
enum Operation {
    Wait(i64),
    Pay(Vec<(u128, u8)>),
    Mine(u64),
    Reorg { depth: u64, drop: Vec<Index>, waiting: bool },
    Drop(Index),
    Replace(Index, u128),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => (0_i64..5_000).prop_map(Operation::Wait),
        5 => prop::collection::vec((0..=u128::MAX, 0_u8..4), 1..4).prop_map(Operation::Pay),
        5 => (1_u64..6).prop_map(Operation::Mine),
        4 => (1_u64..8, prop::collection::vec(any::<Index>(), 0..2), any::<bool>())
            .prop_map(|(depth, drop, waiting)| Operation::Reorg { depth, drop, waiting }),
        1 => any::<Index>().prop_map(Operation::Drop),
        1 => (any::<Index>(), 0..=u128::MAX).prop_map(|(which, units)| Operation::Replace(which, units)),
    ]
}

fn hashes<'a>(transactions: impl Iterator<Item = &'a Transaction>) -> Vec<String> {
    transactions.map(|transaction| transaction.hash.clone()).collect()
}

/// Plays an operation; one that does not fit the chain is refused and changes nothing.
fn play(kept: &mut Kept, operation: Operation) -> Result<(), TestCaseError> {
    let chain = kept.chain();
    let waiting = hashes(chain.mempool());
    let salt = kept.next_salt();
    let now = at(kept.now);
    match operation {
        Operation::Wait(seconds) => kept.now += seconds,
        Operation::Pay(outputs) => {
            let outputs = outputs.iter().map(|(units, address)| output(&kept.network, *units, *address)).collect();
            let (change, hash) = chain.prepare_pay(outputs, now, salt).unwrap();
            kept.apply(change);
            prop_assert_eq!(hashes(kept.chain().mempool()).pop(), Some(hash));
        }
        Operation::Mine(count) => {
            kept.mine(count);
            prop_assert_eq!(kept.chain().height(), chain.height() + count);
            prop_assert_eq!(hashes(kept.chain().above(chain.height())), waiting);
        }
        Operation::Reorg { depth, drop, waiting: to_mempool } => play_reorg(kept, depth, &drop, to_mempool)?,
        Operation::Drop(which) if !waiting.is_empty() => {
            let gone = which.get(&waiting);
            kept.apply(chain.prepare_drop(gone).unwrap());
            prop_assert!(!hashes(kept.chain().mempool()).contains(gone));
        }
        Operation::Replace(which, units) if !waiting.is_empty() => {
            let outputs = vec![output(&kept.network, units, 1)];
            let replaced: &String = which.get(&waiting);
            let (change, _) = chain.prepare_replace(replaced, outputs, now, salt).unwrap();
            kept.apply(change);
            prop_assert_eq!(kept.chain().mempool().count(), waiting.len());
        }
        Operation::Drop(_) | Operation::Replace(..) => {
            let unknown = ChainError::UnknownTransaction("none".to_owned());
            prop_assert_eq!(chain.prepare_drop("none").unwrap_err(), unknown);
        }
    }
    Ok(())
}

fn play_reorg(kept: &mut Kept, depth: u64, drop: &[Index], to_mempool: bool) -> Result<(), TestCaseError> {
    let chain = kept.chain();
    let fork = chain.height().saturating_sub(depth);
    let before: BTreeSet<String> = hashes(chain.above(fork).chain(chain.mempool())).into_iter().collect();
    let candidates: Vec<String> = before.iter().cloned().collect();
    let drop: Vec<String> =
        drop.iter().filter(|_| !before.is_empty()).map(|which| which.get(&candidates).clone()).collect();
    let unmined = if to_mempool { Unmined::Waiting } else { Unmined::MinedAgain };
    let salt = kept.next_salt();
    let prepared = chain.prepare_reorg(&Reorg { depth, drop: &drop, unmined }, at(kept.now), salt);
    if depth > chain.height() {
        prop_assert_eq!(prepared.unwrap_err(), ChainError::TooDeep { depth, height: chain.height() });
        return Ok(());
    }
    let (change, height) = prepared.unwrap();
    kept.apply(change);
    let now = kept.chain();
    prop_assert_eq!(now.height(), height);
    prop_assert_eq!(height, chain.height() + 1);
    prop_assert_eq!(now.header(fork), chain.header(fork), "what is below the fork stays");
    for lost in fork + 1..=chain.height() {
        prop_assert_ne!(now.header(lost).unwrap().block.hash, chain.header(lost).unwrap().block.hash);
    }
    let expected: BTreeSet<String> = before.into_iter().filter(|hash| !drop.contains(hash)).collect();
    let after: BTreeSet<String> = hashes(now.above(fork).chain(now.mempool())).into_iter().collect();
    prop_assert_eq!(after, expected, "nothing but what was dropped is gone");
    for mined in chain.above(fork).filter(|_| !to_mempool).filter(|lost| !drop.contains(&lost.hash)) {
        prop_assert_eq!(now.height_of(&mined.hash), chain.height_of(&mined.hash));
    }
    Ok(())
}

/// What must hold of a chain whatever happened to it.
fn check(kept: &Kept) -> Result<(), TestCaseError> {
    let chain = kept.chain();
    let mut seen = BTreeSet::new();
    for height in 1..=chain.height() {
        let (below, block) = (chain.header(height - 1).unwrap(), chain.header(height).unwrap());
        prop_assert_eq!(block.block.height, height);
        prop_assert_eq!(&block.parent, &below.block.hash);
        prop_assert!(block.time >= below.time && block.time <= at(kept.now));
        prop_assert!(seen.insert(block.block.hash));
    }
    prop_assert_eq!(chain.header(chain.height() + 1), None);
    let all = hashes(chain.above(0).chain(chain.mempool()));
    let distinct: BTreeSet<&String> = all.iter().collect();
    prop_assert_eq!(distinct.len(), all.len(), "a transaction is there twice");
    prop_assert_eq!(&kept.restored().with_chain(Clone::clone), &chain);
    Ok(())
}

fn any_slug() -> impl Strategy<Value = String> {
    let slugs: Vec<String> = Catalog::shipped().networks().iter().map(|network| network.id.to_string()).collect();
    prop::sample::select(slugs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_chain_stays_whole_and_restorable_whatever_happens(
        slug in any_slug(),
        operations in prop::collection::vec(operation(), 1..40),
    ) {
        let mut kept = Kept::new(&slug);
        for operation in operations {
            play(&mut kept, operation)?;
            check(&kept)?;
        }
    }

    #[test]
    fn ranges_however_split_tell_the_same_transfers(
        operations in prop::collection::vec(operation(), 1..40),
        cuts in prop::collection::vec(any::<Index>(), 0..5),
    ) {
        let mut kept = Kept::new("ethereum");
        for operation in operations {
            play(&mut kept, operation)?;
        }
        kept.mine(1);
        let tip = kept.chain().height();
        let whole = kept.scan(0, tip);
        let blocks_count = usize::try_from(tip + 1).unwrap();
        let mut ends: BTreeSet<u64> = cuts.iter().map(|cut| u64::try_from(cut.index(blocks_count)).unwrap()).collect();
        ends.insert(tip);
        let (mut blocks, mut from, mut parent) = (Vec::new(), 0, whole.parent.clone());
        for end in ends {
            let part = kept.scan(from, end);
            prop_assert_eq!(&part.parent, &parent);
            prop_assert_eq!(Some(part.end.clone()), kept.chain().header(end));
            parent = part.end.block.hash;
            blocks.extend(part.blocks);
            from = end + 1;
        }
        prop_assert!(blocks.iter().all(|block| !block.transfers.is_empty()));
        prop_assert_eq!(blocks, whole.blocks);
    }
}

#[test]
fn a_payment_waits_until_it_is_mined() {
    let mut kept = Kept::new("bitcoin");
    kept.mine(3);
    let hash = kept.pay(&[5, 7]);
    let waiting = answer(kept.simulated.mempool(&watch(&[1]))).unwrap().unwrap();
    let seen: Vec<_> = waiting.iter().map(|seen| (seen.transfer.position.as_str(), seen.transfer.units)).collect();
    assert_eq!(seen, [("0", 5), ("1", 7)]);
    assert_eq!(waiting[0].since, Some(at(kept.now)));
    assert!(kept.scan(0, 3).blocks.is_empty());

    kept.mine(2);
    assert_eq!(kept.chain().height_of(&hash), Some(4));
    assert_eq!(answer(kept.simulated.mempool(&watch(&[1]))).unwrap(), Some(vec![]));
    let blocks = kept.scan(1, 5).blocks;
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].header.block.height, 4);
    assert_eq!(blocks[0].transfers[1].transaction, hash);
}

#[test]
fn nobody_elses_transfers_are_told() {
    let mut kept = Kept::new("tron");
    kept.pay(&[5]);
    assert_eq!(answer(kept.simulated.mempool(&watch(&[2]))).unwrap(), Some(vec![]));
    kept.mine(1);
    assert!(answer(kept.simulated.transfers(1, 1, &watch(&[]))).unwrap().blocks.is_empty());
}

#[test]
fn a_reorganisation_mines_again_at_the_same_height() {
    let mut kept = Kept::new("bitcoin");
    let (kept_hash, dropped) = (kept.pay(&[1]), kept.pay(&[2]));
    kept.mine(1);
    kept.mine(4);
    let before = kept.chain();
    kept.reorg(5, core::slice::from_ref(&dropped));
    let chain = kept.chain();
    assert_eq!((chain.height(), chain.height_of(&kept_hash), chain.height_of(&dropped)), (6, Some(1), None));
    assert_ne!(before.header(1).unwrap().block, chain.header(1).unwrap().block);
    assert_eq!(before.header(0), chain.header(0));
}

#[test]
fn a_reorganisation_inside_of_a_run_keeps_its_lower_part() {
    let mut kept = Kept::new("solana");
    let hash = kept.pay(&[1]);
    kept.mine(100);
    let before = kept.chain();
    kept.reorg(30, &[]);
    let chain = kept.chain();
    assert_eq!(chain.header(70), before.header(70));
    assert_ne!(chain.header(71), before.header(71));
    assert_eq!((chain.height(), chain.height_of(&hash)), (101, Some(1)));
    assert_eq!(kept.rows.len(), 2);
    assert_eq!(kept.restored().with_chain(Clone::clone), chain);
}

#[test]
fn an_equal_salt_still_makes_another_branch() {
    let mut kept = Kept::new("base");
    kept.mine(2);
    let mut hashes = BTreeSet::from([kept.chain().header(1).unwrap().block.hash]);
    for depth in 2..6 {
        let (change, _) = kept.simulated.prepare_reorg(depth, &[], at(kept.now), salt(1)).unwrap();
        kept.apply(change);
        assert!(hashes.insert(kept.chain().header(1).unwrap().block.hash));
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let mut kept = Kept::new("bitcoin");
    let hash = kept.pay(&[1]);
    kept.mine(2);
    let (chain, now) = (kept.chain(), at(kept.now));
    let unknown = |hash: &str| ChainError::UnknownTransaction(hash.to_owned());
    let drop_both = [hash.clone(), "abc".to_owned()];
    let reorg = |depth, drop| chain.prepare_reorg(&Reorg { depth, drop, unmined: Unmined::MinedAgain }, now, salt(9));
    assert_eq!(reorg(0, &[]), Err(ChainError::NoBlock));
    assert_eq!(reorg(3, &[]), Err(ChainError::TooDeep { depth: 3, height: 2 }));
    assert_eq!(reorg(1, &drop_both[..1]), Err(unknown(&hash)), "its block stays");
    assert_eq!(reorg(2, &drop_both), Err(unknown("abc")));
    assert_eq!(chain.prepare_mine(0, now, salt(9)), Err(ChainError::NoBlock));
    assert_eq!(chain.prepare_mine(u64::MAX, now, salt(9)), Err(ChainError::TooLong));
    assert_eq!(chain.prepare_mine(1, at(999), salt(9)), Err(ChainError::ClockBehind));
    assert_eq!(chain.prepare_drop(&hash), Err(unknown(&hash)));
    assert_eq!(chain.prepare_pay(vec![], now, salt(9)), Err(ChainError::NoOutput));
    let elsewhere = output(&facts("tron"), 1, 1);
    assert_eq!(
        chain.prepare_pay(vec![elsewhere.clone()], now, salt(9)),
        Err(ChainError::OtherNetwork(elsewhere.asset))
    );
    let twice = chain.prepare_pay(vec![output(&kept.network, 1, 1)], now, salt(1));
    assert_eq!(twice, Err(ChainError::KnownTransaction(hash)));
}

#[test]
fn hashes_have_their_networks_form() {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    for network in Catalog::shipped().networks() {
        let mut kept = Kept::new(network.id.as_str());
        let transaction = kept.pay(&[1]);
        kept.mine(1);
        let block = kept.chain().header(1).unwrap().block.hash;
        match network.id.as_str() {
            "bitcoin" | "litecoin" | "dogecoin" => {
                assert!(transaction.len() == 64 && is_hex(&transaction) && block.len() == 64 && is_hex(&block));
            }
            "tron" => {
                assert!(transaction.len() == 64 && is_hex(&transaction) && block.len() == 64 && is_hex(&block));
                assert!(block.starts_with("0000000000000001"));
            }
            "solana" => {
                assert_eq!(bs58::decode(&transaction).into_vec().unwrap().len(), 64);
                assert_eq!(bs58::decode(&block).into_vec().unwrap().len(), 32);
            }
            _ => {
                for text in [&transaction, &block] {
                    assert!(text.len() == 66 && is_hex(text.strip_prefix("0x").unwrap()), "{text}");
                }
            }
        }
    }
}

#[test]
fn every_network_has_an_identity_of_its_own_that_stays() {
    let mut seen = BTreeSet::new();
    for network in Catalog::shipped().networks() {
        let mut kept = Kept::new(network.id.as_str());
        let identity = answer(kept.simulated.identity()).unwrap().to_string();
        kept.mine(3);
        kept.reorg(3, &[]);
        assert_eq!(answer(kept.restored().identity()).unwrap().to_string(), identity);
        assert!(seen.insert(identity));
    }
}

#[test]
fn a_million_empty_blocks_are_one_row() {
    let mut kept = Kept::new("polygon");
    kept.mine(1_000_000);
    assert_eq!(kept.chain().height(), 1_000_000);
    assert_eq!(kept.rows.len(), 1);
    kept.reorg(1, &[]);
    assert_eq!(kept.chain().height(), 1_000_001);
}

#[test]
fn a_lagging_provider_knows_nothing_above_its_head() {
    let mut kept = Kept::new("litecoin");
    kept.mine(3);
    kept.pay(&[5]);
    kept.mine(2);
    kept.simulated.set_faults(Faults { lag: 2, ..Faults::default() });
    let simulated = &kept.simulated;
    assert_eq!(answer(simulated.tip()).unwrap().head, kept.chain().header(3).unwrap());
    assert_eq!(answer(simulated.header(4)).unwrap(), None);
    let refused = answer(simulated.transfers(1, 4, &watch(&[1])));
    assert_eq!(refused, Err(NetworkError::Lagging { head: 3, asked: 4 }));
    assert!(answer(simulated.transfers(1, 3, &watch(&[1]))).unwrap().blocks.is_empty());
    assert_eq!(answer(simulated.mempool(&watch(&[1]))).unwrap().unwrap().len(), 1);

    simulated.set_faults(Faults::default());
    assert_eq!(answer(simulated.transfers(1, 5, &watch(&[1]))).unwrap().blocks.len(), 1);
    assert_eq!(answer(simulated.mempool(&watch(&[1]))).unwrap(), Some(vec![]));
}

#[test]
fn an_unreachable_provider_answers_nothing() {
    let kept = Kept::new("bsc");
    kept.simulated.set_faults(Faults { unreachable: true, lag: 0 });
    let network: &dyn Network = &kept.simulated;
    let unreachable = |error| matches!(error, NetworkError::Unreachable(_));
    assert!(unreachable(answer(network.identity()).unwrap_err()));
    assert!(unreachable(answer(network.tip()).unwrap_err()));
    assert!(unreachable(answer(network.header(0)).unwrap_err()));
    assert!(unreachable(answer(network.transfers(0, 0, &watch(&[]))).unwrap_err()));
    assert!(unreachable(answer(network.mempool(&watch(&[]))).unwrap_err()));
}

#[test]
fn a_range_is_neither_empty_nor_too_long() {
    let mut kept = Kept::new("arbitrum");
    kept.mine(20_000);
    let most = kept.simulated.range_max();
    assert!(answer(kept.simulated.transfers(1, most, &watch(&[]))).is_ok());
    for (from, to) in [(1, most + 1), (3, 2)] {
        let refused = answer(kept.simulated.transfers(from, to, &watch(&[])));
        assert!(matches!(refused, Err(NetworkError::Inconsistent(_))), "{from} to {to}");
    }
}

#[test]
fn kept_blocks_that_do_not_follow_each_other_are_refused() {
    let mut kept = Kept::new("dogecoin");
    let hash = kept.pay(&[1]);
    kept.mine(2);
    kept.now += 10;
    kept.mine(2);
    let bodies: Vec<String> = kept.rows.iter().map(|(_, body)| body.clone()).collect();
    let restore = |bodies: &[String]| Simulated::restore(&kept.network, bodies, None).map(|_| ());
    assert!(restore(&bodies).is_ok());
    assert!(restore(&bodies[1..]).is_err(), "a hole");
    assert!(restore(&["{}".to_owned()]).is_err(), "no block at all");
    let runs: Vec<Run> = bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let broken = |change: &dyn Fn(&mut Run)| {
        let mut second = runs[1].clone();
        change(&mut second);
        Chain::restore(&kept.network, vec![runs[0].clone(), second], Vec::new()).is_err()
    };
    assert!(broken(&|run| run.count = 0));
    assert!(broken(&|run| run.time = at(1)));
    assert!(broken(&|run| run.transactions.clone_from(&runs[0].transactions)), "{hash} twice");
    assert!(!broken(&|_| ()));
}
