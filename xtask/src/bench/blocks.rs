//! What reading a block costs: parsed, matched against a million addresses, proved; next to rust-bitcoin's parse of the same.

use super::numbers::{Line, decimal, hundredths, median, per_second};
use anyhow::{Context, Result, ensure};
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut,
    Txid, Witness,
    absolute::LockTime,
    block::{Header, Version},
    consensus::{deserialize, serialize},
    hashes::{Hash, sha256},
    hex::DisplayHex,
    transaction,
};
use farthing_domain::network::Family;
use farthing_networks::{
    network::Watch,
    utxo::{
        block::{read, read_unproved},
        rules::{ChainName, Rules},
    },
    watch_set::WatchSet,
};
use std::fs;

/// As large as Bitcoin's blocks are when they are full.
const BLOCK_BYTES: usize = 2_000_000;
const WATCHED: u64 = 1_000_000;
/// Outputs to watched addresses in the block.
const OURS: usize = 10;
const RUNS: usize = 5;
/// Blocks read in each run.
const BLOCKS: usize = 200;
/// Blocks a second and core that catching up must reach.
const BLOCKS_MIN: u64 = 300;
/// Hundredths of rust-bitcoin's time that reading may take.
const RATIO_MAX: u64 = 150;

/// All that is measured of blocks.
pub(super) fn lines() -> Result<Vec<Line>> {
    let block = block();
    let bytes = serialize(&block);
    let rules = Rules::of(Family::Bitcoin, ChainName::Mainnet).context("bitcoin has rules")?;
    let watch = watched(&block);
    let nothing = |_: &[u8]| false;
    let found = read_unproved(&bytes, &rules, &watch)?.hits.len();
    ensure!(found == OURS, "{found} outputs were found instead of {OURS}");
    let parsed = microseconds(|| read_unproved(&bytes, &rules, &nothing).map(|read| read.hits.len()))?;
    let matched = microseconds(|| read_unproved(&bytes, &rules, &watch).map(|read| read.hits.len()))?;
    let proved = microseconds(|| read(&bytes, &rules, &watch).map(|read| read.hits.len()))?;
    let theirs = microseconds(|| deserialize::<Block>(&bytes).map(|block| block.txdata.len()))?;
    let digits = bytes.to_lower_hex_string();
    let decoded = microseconds(|| alloy_primitives::hex::decode(&digits).map(|bytes| bytes.len()))?;
    let (transactions, outputs) = (block.txdata.len(), outputs(&block));
    let of_blocks = format!("blocks of {} bytes, {transactions} transactions, {outputs} outputs", bytes.len());
    let rate = |took: u64| format!("{}/s", per_second(BLOCKS, took));
    let ratio = |took: u64| decimal(hundredths(took, theirs));
    Ok(vec![
        Line::plain(format!("{of_blocks}: parsed on one core"), rate(parsed)),
        Line::with_goal(
            "the same, and matched against a million watched scripts",
            rate(matched),
            "300/s or more, aim 1,000",
            per_second(BLOCKS, matched) >= BLOCKS_MIN,
        ),
        Line::with_goal(
            "the same, with the merkle root proved, as every block is",
            rate(proved),
            "300/s or more",
            per_second(BLOCKS, proved) >= BLOCKS_MIN,
        ),
        Line::with_goal(
            "parsed and matched, as a part of rust-bitcoin's time to parse the same",
            ratio(matched),
            "1.50 or less, aim 0.50",
            hundredths(matched, theirs) <= RATIO_MAX,
        ),
        Line::plain("proved as well, as a part of the same", ratio(proved)),
        Line::plain("the block's hexadecimal digits, as nodes answer them, decoded", rate(decoded)),
    ])
}

/// The median of several runs over [`BLOCKS`] blocks, in microseconds of processor time: other programs may be running.
fn microseconds<T, E: std::error::Error + Send + Sync + 'static>(mut one: impl FnMut() -> Result<T, E>) -> Result<u64> {
    let mut took = Vec::new();
    for _ in 0..RUNS {
        let began = processor_time()?;
        for _ in 0..BLOCKS {
            std::hint::black_box(one()?);
        }
        took.push(processor_time()?.saturating_sub(began) / 1000);
    }
    Ok(median(&took))
}

/// What the kernel counted for this thread, in nanoseconds.
fn processor_time() -> Result<u64> {
    let counted =
        fs::read_to_string("/proc/thread-self/schedstat").context("the kernel does not count threads' time")?;
    let nanoseconds = counted.split_whitespace().next().context("an empty count")?;
    Ok(nanoseconds.parse()?)
}

fn outputs(block: &Block) -> usize {
    block.txdata.iter().map(|transaction| transaction.output.len()).sum()
}

/// A million addresses, some of which the block pays to.
fn watched(block: &Block) -> Watch {
    let mut set = WatchSet::with_capacity([7; 16], usize::try_from(WATCHED).unwrap_or_default());
    for number in 0..WATCHED {
        set.insert(script("ours", number).as_bytes());
    }
    let scripts = block.txdata.iter().flat_map(|transaction| &transaction.output).map(|output| &output.script_pubkey);
    let step = outputs(block).checked_div(OURS).unwrap_or(1).saturating_add(1);
    for script in scripts.skip(1).step_by(step) {
        set.insert(script.as_bytes());
    }
    Watch::new(set)
}

fn digest(kind: &str, number: u64) -> [u8; 32] {
    sha256::Hash::hash(&[kind.as_bytes(), &number.to_be_bytes()].concat()).to_byte_array()
}

/// A script of a kind as often as blocks have it: half P2WPKH, a quarter Taproot, the rest older ones.
fn script(kind: &str, number: u64) -> ScriptBuf {
    let hash = digest(kind, number);
    let short = hash.get(..20).unwrap_or_default();
    let bytes = match number % 8 {
        0..4 => [&[0, 20][..], short].concat(),
        4 | 5 => [&[0x51, 32][..], &hash].concat(),
        6 => [&[0x76, 0xa9, 20][..], short, &[0x88, 0xac]].concat(),
        _ => [&[0xa9, 20][..], short, &[0x87]].concat(),
    };
    ScriptBuf::from_bytes(bytes)
}

/// One to four inputs with a signature each, one to four outputs, as payments have them.
fn transaction(number: u64) -> Transaction {
    let input = |index: u64| TxIn {
        previous_output: OutPoint { txid: Txid::from_byte_array(digest("spent", number ^ (index << 32))), vout: 1 },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::from_slice(&[vec![0x30; 71], vec![2; 33]]),
    };
    let output = |index: u64| TxOut {
        value: Amount::from_sat(number.saturating_add(index)),
        script_pubkey: script("theirs", number.saturating_mul(4).saturating_add(index)),
    };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: (0..=number % 4).map(input).collect(),
        output: (0..=(number / 4) % 4).map(output).collect(),
    }
}

fn block() -> Block {
    let mut coinbase = transaction(0);
    for input in &mut coinbase.input {
        input.previous_output = OutPoint::null();
    }
    let header = Header {
        version: Version::TWO,
        prev_blockhash: BlockHash::all_zeros(),
        merkle_root: TxMerkleNode::all_zeros(),
        time: 1_700_000_000,
        bits: CompactTarget::from_consensus(0x1d00_ffff),
        nonce: 0,
    };
    let mut block = Block { header, txdata: vec![coinbase] };
    let mut bytes = 0;
    for number in 1.. {
        let next = transaction(number);
        bytes = next.total_size().saturating_add(bytes);
        if bytes > BLOCK_BYTES {
            break;
        }
        block.txdata.push(next);
    }
    if let Some(root) = block.compute_merkle_root() {
        block.header.merkle_root = root;
    }
    block
}
