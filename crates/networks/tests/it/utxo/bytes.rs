//! Blocks as bytes: recorded ones of Dogecoin and Litecoin, made ones, and ones that are broken.

use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness,
    absolute::LockTime,
    block::{Header, Version},
    consensus::{Encodable as _, serialize},
    hashes::Hash as _,
    hex::FromHex as _,
    transaction,
};
use farthing_domain::network::Family;
use farthing_networks::utxo::{
    block::{BadBlock, Origin, Read, Worker, read, read_unproved},
    rules::{ChainName, Rules},
};
use proptest::prelude::*;

fn rules(family: Family) -> Rules {
    Rules::of(family, ChainName::Mainnet).unwrap()
}

fn shown(hash: [u8; 32]) -> String {
    BlockHash::from_byte_array(hash).to_string()
}

/// The bytes of a recorded block: hexadecimal digits in lines.
pub(super) fn recorded_bytes(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    Vec::from_hex(&digits).unwrap()
}

fn all(_: &[u8]) -> bool {
    true
}

/// A transaction with one input of this script, which is a coinbase's when `spends` is nothing.
fn transaction(spends: Option<OutPoint>, script_sig: &[u8], outputs: &[(ScriptBuf, u64)]) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::from_consensus(7),
        input: vec![TxIn {
            previous_output: spends.unwrap_or_default(),
            script_sig: ScriptBuf::from_bytes(script_sig.to_vec()),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: outputs
            .iter()
            .map(|(script, units)| TxOut { script_pubkey: script.clone(), value: Amount::from_sat(*units) })
            .collect(),
    }
}

fn coinbase() -> Transaction {
    transaction(None, &[3, 0x40, 0x42, 0x0f], &[(script(1), 50)])
}

fn spending(number: u8, outputs: &[(ScriptBuf, u64)]) -> Transaction {
    let txid = bitcoin::Txid::from_byte_array([number; 32]);
    transaction(Some(OutPoint { txid, vout: 1 }), &[number; 100], outputs)
}

fn with_witness(mut transaction: Transaction) -> Transaction {
    transaction.input[0].witness = Witness::from_slice(&[vec![1; 71], vec![2; 33]]);
    transaction
}

fn script(number: u8) -> ScriptBuf {
    ScriptBuf::from_bytes([vec![0, 20], vec![number; 20]].concat())
}

fn block(transactions: Vec<Transaction>) -> Block {
    let header = Header {
        version: Version::TWO,
        prev_blockhash: BlockHash::from_byte_array([9; 32]),
        merkle_root: bitcoin::TxMerkleNode::all_zeros(),
        time: 1_700_000_000,
        bits: CompactTarget::from_consensus(0x207f_ffff),
        nonce: 0,
    };
    let mut block = Block { header, txdata: transactions };
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    block
}

#[test]
fn recorded_dogecoin_blocks_are_read_with_and_without_merged_mining() {
    let recorded: [(&str, &str); 5] = [
        (include_str!("recorded/dogecoin_1.hex"), "82bc68038f6034c0596b6e313729793a887fded6e92a31fbdf70863f89d9bea2"),
        (
            include_str!("recorded/dogecoin_250000.hex"),
            "0e4bcfe8d970979f7e30e2809ab51908d435677998cf759169407824d4f36460",
        ),
        (
            include_str!("recorded/dogecoin_371337.hex"),
            "60323982f9c5ff1b5a954eac9dc1269352835f47c2c5222691d80f0d50dcf053",
        ),
        (
            include_str!("recorded/dogecoin_748634.hex"),
            "bd98a06391115285265c04984e8505229739f6ffa5d498929a91fbe7c281ea7b",
        ),
        (
            include_str!("recorded/dogecoin_894863.hex"),
            "93a207e6d227f4d60ee64fad584b47255f654b0b6378d78e774123dd66f4fef9",
        ),
    ];
    for (digits, hash) in recorded {
        let bytes = recorded_bytes(digits);
        let block = read(&bytes, &rules(Family::Dogecoin), &all).unwrap();
        assert_eq!(shown(block.header.hash), hash);
        assert_eq!(block.hits[0].origin, Origin::Coinbase);
        assert!(rules(Family::Dogecoin).is_worked(&block.header), "{hash}");
        let changed = [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] ^ 1]].concat();
        assert_eq!(read(&changed, &rules(Family::Dogecoin), &all), Err(BadBlock::MerkleRoot), "{hash}");
    }
}

/// A recorded block whose work was done for Litecoin, with where its proof and its transactions begin.
fn merged() -> (Vec<u8>, usize) {
    let bytes = recorded_bytes(include_str!("recorded/dogecoin_371337.hex"));
    // The other chain's header is the proof's end; it is known by the root that its coinbase leads to.
    let Worker::Other(parent) = read(&bytes, &rules(Family::Dogecoin), &all).unwrap().header.worker else {
        panic!("it shows its own work")
    };
    let at = bytes.windows(80).position(|part| part == parent).unwrap();
    (bytes, at.checked_add(80).unwrap())
}

#[test]
fn work_that_was_done_for_another_block_is_none_for_this_one() {
    let (bytes, end) = merged();
    let rules = rules(Family::Dogecoin);
    // Whatever of header and proof is changed: it is not read, or it shows no work. The other block's own hash stands
    // for nothing: it is the 32 bytes behind its coinbase.
    let mut unnoticed = Vec::new();
    for at in 0..end {
        let mut changed = bytes.clone();
        changed[at] ^= 0x04;
        if read_unproved(&changed, &rules, &all).is_ok_and(|block| rules.is_worked(&block.header)) {
            unnoticed.push(at);
        }
    }
    assert_eq!(unnoticed.len(), 32, "{unnoticed:?}");
    assert_eq!(unnoticed[31] - unnoticed[0], 31, "{unnoticed:?}");

    // Another block of ours with the same proof: a payment more, made for nothing.
    let mut forged = bytes.clone();
    forged[36] ^= 1;
    assert_eq!(read(&forged, &rules, &all), Err(BadBlock::MergedMining));
    // The header alone, without the flag and its own work.
    let mut alone = [&bytes[..80], &bytes[end..]].concat();
    alone[1] &= !1;
    let block = read(&alone, &rules, &all).unwrap();
    assert_eq!(block.header.worker, Worker::Itself);
    assert!(!rules.is_worked(&block.header));
}

#[test]
fn dogecoin_s_target_eases_by_half_a_block_and_no_more() {
    let rules = rules(Family::Dogecoin);
    assert!(rules.may_follow(0x1a01_0000, 5_000_000, 0x1a01_8000));
    assert!(!rules.may_follow(0x1a01_0000, 5_000_000, 0x1a01_8001));
    assert!(rules.may_follow(0x1a01_0000, 5_000_000, 0x1900_8000), "harder");
    assert!(rules.may_lead((5_000_000, 0x1a01_0000), (5_000_010, 0x1b10_0000)));
    assert!(!rules.may_lead((5_000_000, 0x1a01_0000), (5_000_010, 0x1e0f_ffff)), "from nothing to no work at all");
    let mut easy = read(&merged().0, &rules, &all).unwrap().header;
    easy.bits = 0x1f00_ffff;
    assert!(!rules.is_worked(&easy), "a target above the chain's limit");
}

#[test]
fn a_header_with_merged_mining_is_not_a_bitcoin_block() {
    let bytes = recorded_bytes(include_str!("recorded/dogecoin_371337.hex"));
    assert!(read(&bytes, &rules(Family::Bitcoin), &all).is_err());
}

#[test]
fn the_first_litecoin_block_is_read() {
    let bytes = recorded_bytes(include_str!("recorded/litecoin_1.hex"));
    let block = read(&bytes, &rules(Family::Litecoin), &all).unwrap();
    assert_eq!(shown(block.header.hash), "80ca095ed10b02e53d769eb6eaf92cd04e9e0759e5be4a8477b42911ba49c78f");
    assert_eq!(block.hits[0].units, 5_000_000_000);
    assert_eq!(shown(block.header.parent), "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2");
    let rules = rules(Family::Litecoin);
    assert!(rules.is_worked(&block.header), "by scrypt, not by the block's hash");
    let mut other = block.header;
    other.bytes[79] ^= 1;
    assert!(!rules.is_worked(&other), "another nonce");
    other = block.header;
    other.bits = 0x1d00_ffff;
    assert!(!rules.is_worked(&other), "a harder target");
}

/// As Litecoin writes a transaction that pays out of its extension block (LIP-0004): a flag, and a mark without a body.
fn extension_payout(transaction: &Transaction) -> Vec<u8> {
    let plain = serialize(transaction);
    let (version, rest) = plain.split_at(4);
    let (body, lock_time) = rest.split_at(rest.len().saturating_sub(4));
    [version, &[0, 8], body, &[0], lock_time].concat()
}

fn litecoin_block(payout: &Transaction, extension_block: &[u8]) -> Vec<u8> {
    let block = block(vec![coinbase(), spending(2, &[(script(2), 2)]), payout.clone()]);
    let mut bytes = serialize(&block.header);
    bytes.push(3);
    for transaction in &block.txdata[..2] {
        transaction.consensus_encode(&mut bytes).unwrap();
    }
    [bytes, extension_payout(payout), extension_block.to_vec()].concat()
}

#[test]
fn litecoin_pays_out_of_its_extension_block_by_a_usual_output_that_matures() {
    let payout = spending(3, &[(script(3), 3), (script(4), 4)]);
    let bytes = litecoin_block(&payout, &[1, 2, 3, 4, 5]);
    let rules = rules(Family::Litecoin);
    let block = read(&bytes, &rules, &|found: &[u8]| found == script(4).as_bytes()).unwrap();
    let [hit] = &block.hits[..] else { panic!("{:?}", block.hits) };
    assert_eq!(hit.transaction, payout.compute_txid().to_byte_array());
    assert_eq!((hit.output, hit.units, hit.origin), (1, 4, Origin::Extension));
    assert_eq!(rules.matures_at(hit.origin, 1000), Some(1005));
    assert_eq!(read(&bytes, &self::rules(Family::Bitcoin), &all), Err(BadBlock::Malformed));
}

#[test]
fn bytes_behind_a_block_are_an_extension_block_only_after_a_payout() {
    let plain = serialize(&block(vec![coinbase(), spending(2, &[(script(2), 2)])]));
    for family in [Family::Bitcoin, Family::Litecoin, Family::Dogecoin] {
        assert!(read(&plain, &rules(family), &all).is_ok());
        let longer = [plain.clone(), vec![0]].concat();
        assert_eq!(read(&longer, &rules(family), &all), Err(BadBlock::Malformed), "{family:?}");
    }
}

#[test]
fn ids_leave_out_the_witness() {
    let plain = spending(2, &[(script(2), 2)]);
    let witnessed = with_witness(spending(3, &[(script(3), 3)]));
    let ids = [&plain, &witnessed].map(|transaction| transaction.compute_txid().to_byte_array());
    let block = block(vec![with_witness(coinbase()), plain, witnessed]);
    let bytes = serialize(&block);
    let block = read(&bytes, &rules(Family::Bitcoin), &|found: &[u8]| found != script(1).as_bytes()).unwrap();
    let told: Vec<_> = block.hits.iter().map(|hit| (hit.transaction, hit.units)).collect();
    assert_eq!(told, [(ids[0], 2), (ids[1], 3)]);
    assert_eq!(block.height, Some(1_000_000));
}

#[test]
fn every_cut_and_every_flipped_bit_of_what_is_committed_to_is_found() {
    let bytes = serialize(&block(vec![coinbase(), spending(2, &[(script(2), 2)]), spending(3, &[(script(3), 3)])]));
    let rules = rules(Family::Bitcoin);
    assert!(read(&bytes, &rules, &all).is_ok());
    for length in 0..bytes.len() {
        assert_eq!(read(&bytes[..length], &rules, &all), Err(BadBlock::Malformed), "{length}");
    }
    for at in 80..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(read(&changed, &rules, &all).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn transactions_that_are_missing_added_or_swapped_are_found() {
    let rules = rules(Family::Bitcoin);
    let transactions = vec![coinbase(), spending(2, &[(script(2), 2)]), spending(3, &[(script(3), 3)])];
    let honest = block(transactions.clone());
    let forged = |transactions: Vec<Transaction>| serialize(&Block { header: honest.header, txdata: transactions });
    assert!(read(&forged(transactions.clone()), &rules, &all).is_ok());
    let [first, second, third] = [0, 1, 2].map(|at| transactions[at].clone());
    let lies = [
        (vec![first.clone(), second.clone()], BadBlock::MerkleRoot),
        (vec![first.clone(), third.clone(), second.clone()], BadBlock::MerkleRoot),
        (vec![first.clone(), second.clone(), third.clone(), spending(4, &[])], BadBlock::MerkleRoot),
        // The same root as the honest block's (CVE-2012-2459).
        (vec![first.clone(), second.clone(), third.clone(), third.clone()], BadBlock::MerkleRoot),
        (vec![second.clone(), first.clone(), third.clone()], BadBlock::Coinbase),
        (vec![first.clone(), first], BadBlock::Coinbase),
        (vec![], BadBlock::MerkleRoot),
    ];
    for (transactions, why) in lies {
        assert_eq!(read(&forged(transactions), &rules, &all), Err(why));
    }
}

/// Two hashes side by side are 64 bytes, as a small transaction is: a tree cut one row above its leaves has the same root.
#[test]
fn inner_nodes_are_not_passed_off_as_transactions() {
    let transactions: Vec<Transaction> =
        core::iter::once(coinbase()).chain((2..5).map(|number| spending(number, &[(script(number), 1)]))).collect();
    let honest = block(transactions.clone());
    let ids: Vec<[u8; 32]> = transactions.iter().map(|one| one.compute_txid().to_byte_array()).collect();
    let mut forged = serialize(&honest.header);
    forged.push(2);
    for pair in ids.chunks(2) {
        forged.extend(pair.concat());
    }
    assert!(read(&forged, &rules(Family::Bitcoin), &all).is_err());
}

#[test]
fn a_coinbase_states_its_height() {
    let heights: [(&[u8], Option<u64>); 8] = [
        (&[0x51], Some(1)),
        (&[0x60], Some(16)),
        (&[1, 17, 0], Some(17)),
        (&[2, 0xff, 0x00], Some(255)),
        (&[3, 0x40, 0x42, 0x0f], Some(1_000_000)),
        (&[3, 0x40, 0x42], None),
        (&[1, 0x80], None),
        (&[0x4d, 1, 2, 3], None),
    ];
    for (script_sig, height) in heights {
        let bytes = serialize(&block(vec![transaction(None, script_sig, &[])]));
        assert_eq!(read(&bytes, &rules(Family::Bitcoin), &all).unwrap().height, height, "{script_sig:?}");
    }
}

#[test]
fn work_and_targets_follow_the_chains_rules() {
    let header: Header = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin).header;
    let bytes = serialize(&bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin));
    let mut genesis = read(&bytes, &rules(Family::Bitcoin), &all).unwrap().header;
    assert_eq!(shown(genesis.hash), header.block_hash().to_string());
    let rules = rules(Family::Bitcoin);
    assert!(rules.is_worked(&genesis));
    genesis.hash[31] = 1;
    assert!(!rules.is_worked(&genesis), "a hash above its target");
    genesis.hash = [0; 32];
    genesis.bits = 0x207f_ffff;
    assert!(!rules.is_worked(&genesis), "a target above the chain's limit");

    // Targets of real blocks: 2016 to a period, 0x1d00ffff until block 32,256.
    assert!(rules.may_follow(0x1d00_ffff, 32_255, 0x1d00_ffff));
    assert!(rules.may_follow(0x1d00_ffff, 32_256, 0x1d00_d86a));
    assert!(!rules.may_follow(0x1d00_d86a, 32_257, 0x1d00_ffff), "a change within a period");
    assert!(!rules.may_follow(0x1700_ffff, 40_320, 0x1704_0000), "more than four times as easy");
    assert!(rules.may_follow(0x1700_ffff, 40_320, 0x1703_fffc));
    assert!(!rules.may_lead((40_320, 0x1700_ffff), (40_400, 0x1710_0000)));
    assert!(rules.may_lead((40_320, 0x1700_ffff), (44_352, 0x170f_fff0)), "two periods later");
    let regtest = Rules::of(Family::Bitcoin, ChainName::Regtest).unwrap();
    assert!(regtest.may_follow(0x207f_ffff, 1, 0x1d00_ffff));
}

#[test]
fn coins_of_each_chain_mature_by_its_own_rule() {
    let matures = |family, chain| Rules::of(family, chain).unwrap().matures_at(Origin::Coinbase, 1000);
    assert_eq!(matures(Family::Bitcoin, ChainName::Mainnet), Some(1099));
    assert_eq!(matures(Family::Litecoin, ChainName::Mainnet), Some(1099));
    assert_eq!(matures(Family::Dogecoin, ChainName::Mainnet), Some(1239));
    assert_eq!(matures(Family::Dogecoin, ChainName::Regtest), Some(1059));
    assert_eq!(rules(Family::Bitcoin).matures_at(Origin::Spent, 1000), None);
    assert_eq!(Rules::of(Family::Evm, ChainName::Mainnet), None);
}

fn any_transaction() -> impl Strategy<Value = Transaction> {
    let scripts = prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<u32>()), 0..5);
    let inputs = prop::collection::vec((any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 0..300)), 1..4);
    (scripts, inputs, any::<bool>()).prop_map(|(outputs, inputs, has_witness)| {
        let mut made = spending(1, &[]);
        made.output = outputs
            .into_iter()
            .map(|(script, units)| TxOut {
                script_pubkey: ScriptBuf::from_bytes(script),
                value: Amount::from_sat(u64::from(units)),
            })
            .collect();
        made.input = inputs
            .into_iter()
            .map(|(txid, script)| TxIn {
                previous_output: OutPoint { txid: bitcoin::Txid::from_byte_array(txid), vout: 0 },
                script_sig: ScriptBuf::from_bytes(script.clone()),
                sequence: Sequence::ZERO,
                witness: if has_witness { Witness::from_slice(&[script]) } else { Witness::new() },
            })
            .collect();
        made
    })
}

proptest! {
    #[test]
    fn whatever_rust_bitcoin_writes_is_read_alike(others in prop::collection::vec(any_transaction(), 0..20)) {
        let block = block(core::iter::once(coinbase()).chain(others).collect());
        let bytes = serialize(&block);
        let Read { header, hits, .. } = read(&bytes, &rules(Family::Bitcoin), &all).unwrap();
        prop_assert_eq!(shown(header.hash), block.block_hash().to_string());
        let told: Vec<_> = hits.iter().map(|hit| (hit.transaction, hit.output, hit.units, hit.script.to_vec())).collect();
        let expected: Vec<_> = block
            .txdata
            .iter()
            .flat_map(|one| {
                let id = one.compute_txid().to_byte_array();
                (0..).zip(&one.output).map(move |(number, output)| {
                    (id, number, output.value.to_sat(), output.script_pubkey.to_bytes())
                })
            })
            .collect();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for family in [Family::Bitcoin, Family::Litecoin, Family::Dogecoin] {
            prop_assert!(read_unproved(&bytes, &rules(family), &all).is_err() || bytes.len() > 80);
        }
    }
}
