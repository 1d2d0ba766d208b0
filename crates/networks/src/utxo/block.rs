//! A block's bytes: its header, what it pays to scripts that are watched, and the proof that the header commits to all of it.
//!
//! Every block is read whole: an output is found or is not in the block. Nothing is copied but the ids of transactions, which
//! the header's merkle root is checked against.

use super::{
    bytes::Bytes,
    rules::Rules,
    sha256d,
    transaction::{Extension, Hash, Transaction},
};

/// Bytes of a header without proof of merged mining.
const HEADER_BYTES: usize = 80;
/// Set in the version of a header that carries a proof of merged mining.
const MERGED_MINING: u32 = 0x100;
/// Hashes of a merkle branch, at most: enough for more transactions than fit into any block.
const BRANCH_MAX: u64 = 30;

/// Why bytes are not a block of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBlock {
    /// They end too early, go on too long, or are not laid out as a block.
    #[error("the bytes are not a block")]
    Malformed,
    /// The header does not commit to the transactions: some are missing, changed or added.
    #[error("the transactions are not those that the block's header commits to")]
    MerkleRoot,
    /// The first transaction is not a coinbase, or another one is.
    #[error("the block does not begin with its one coinbase")]
    Coinbase,
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawHeader {
    /// The header as it is hashed.
    pub bytes: [u8; 80],
    /// Its version, which on some chains holds flags.
    pub version: u32,
    /// The block's hash: of the header's 80 bytes.
    pub hash: [u8; 32],
    /// The hash of the block below.
    pub parent: [u8; 32],
    /// What it commits to.
    pub merkle_root: [u8; 32],
    /// The block's own time, in seconds since 1970.
    pub time: u32,
    /// The target that its hash had to meet, in compact form.
    pub bits: u32,
}

/// Where money comes from that may not be spent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From another transaction's outputs.
    Spent,
    /// Newly made by the block.
    Coinbase,
    /// Out of Litecoin's extension block.
    Extension,
}

/// An output to a script that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The transaction's id.
    pub transaction: [u8; 32],
    /// Which of its outputs.
    pub output: u32,
    /// How much, in atomic units.
    pub units: u64,
    /// The script.
    pub script: &'a [u8],
    /// Where the money comes from.
    pub origin: Origin,
}

/// What a block's bytes hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<'a> {
    /// The header.
    pub header: RawHeader,
    /// The height that the coinbase states (BIP-34), and with it the header's work; `None` in the first years' blocks.
    pub height: Option<u64>,
    /// Outputs to watched scripts, in the block's order.
    pub hits: Vec<Hit<'a>>,
}

/// Reads a whole block and finds what it pays to scripts that `is_watched`. With the proof that nothing is missing.
///
/// # Errors
/// When the bytes are not a block, or its header does not commit to them.
pub fn read<'a>(bytes: &'a [u8], rules: &Rules, is_watched: impl Fn(&[u8]) -> bool) -> Result<Read<'a>, BadBlock> {
    let mut ids = Vec::new();
    let read = walk(bytes, rules, is_watched, |transaction| ids.push(transaction.id()))?;
    if merkle_root(ids) != Some(read.header.merkle_root) {
        return Err(BadBlock::MerkleRoot);
    }
    Ok(read)
}

/// The same without the proof: for blocks that were proved before, and to measure what the proof costs.
///
/// # Errors
/// When the bytes are not a block.
pub fn read_unproved<'a>(
    bytes: &'a [u8],
    rules: &Rules,
    is_watched: impl Fn(&[u8]) -> bool,
) -> Result<Read<'a>, BadBlock> {
    walk(bytes, rules, is_watched, |_| ())
}

fn walk<'a>(
    bytes: &'a [u8],
    rules: &Rules,
    is_watched: impl Fn(&[u8]) -> bool,
    mut each: impl FnMut(&Transaction<'a>),
) -> Result<Read<'a>, BadBlock> {
    let mut bytes = Bytes::new(bytes);
    let header = read_header(&mut bytes, rules).ok_or(BadBlock::Malformed)?;
    let count = bytes.count().ok_or(BadBlock::Malformed)?;
    let extension = if rules.extension_block { Extension::Mark } else { Extension::Never };
    let mut hits = Vec::new();
    let mut height = None;
    let mut ends_in_payout = false;
    for number in 0..count {
        let transaction = Transaction::read(&mut bytes, extension).ok_or(BadBlock::Malformed)?;
        // Inner nodes of the merkle tree passed off as transactions would not begin with a coinbase.
        if transaction.coinbase_script.is_some() != (number == 0) {
            return Err(BadBlock::Coinbase);
        }
        height = height.or_else(|| stated_height(transaction.coinbase_script?));
        find(&transaction, &is_watched, &mut hits);
        each(&transaction);
        ends_in_payout = transaction.is_extension_payout;
    }
    // Litecoin's extension block follows the transactions, when the last one pays out of it.
    if !bytes.rest().is_empty() && !ends_in_payout {
        return Err(BadBlock::Malformed);
    }
    Ok(Read { header, height, hits })
}

/// The number that a coinbase's script begins with: pushed as a small number's opcode or as up to four bytes.
fn stated_height(script: &[u8]) -> Option<u64> {
    let (&push, rest) = script.split_first()?;
    match push {
        0x51..=0x60 => Some(u64::from(push.saturating_sub(0x50))),
        1..=4 => {
            let bytes = rest.get(..usize::from(push))?;
            // The highest bit is the sign.
            let is_negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
            let height = bytes.iter().rev().fold(0, |height: u64, byte| (height << 8) | u64::from(*byte));
            Some(height).filter(|_| !is_negative)
        }
        _ => None,
    }
}

fn find<'a>(transaction: &Transaction<'a>, is_watched: &impl Fn(&[u8]) -> bool, hits: &mut Vec<Hit<'a>>) {
    let origin = match (transaction.coinbase_script, transaction.is_extension_payout) {
        (Some(_), _) => Origin::Coinbase,
        (None, true) => Origin::Extension,
        (None, false) => Origin::Spent,
    };
    let mut id = None;
    for output in transaction.outputs().filter(|output| is_watched(output.script)) {
        let transaction = *id.get_or_insert_with(|| transaction.id());
        hits.push(Hit { transaction, output: output.number, units: output.units, script: output.script, origin });
    }
}

/// Reads a header alone, as nodes answer it: with or without the proof of merged mining behind it.
pub(super) fn header_of(bytes: &[u8]) -> Option<RawHeader> {
    let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    parse_header(header)
}

fn read_header(bytes: &mut Bytes<'_>, rules: &Rules) -> Option<RawHeader> {
    let header = parse_header(bytes.array()?)?;
    if rules.merged_mining && header.version & MERGED_MINING != 0 {
        skip_merged_mining(bytes)?;
    }
    Some(header)
}

fn parse_header(bytes: &[u8; HEADER_BYTES]) -> Option<RawHeader> {
    let mut parts = Bytes::new(bytes);
    let version = parts.u32()?;
    let (parent, merkle_root) = (*parts.array()?, *parts.array()?);
    let (time, bits) = (parts.u32()?, parts.u32()?);
    let hash = sha256d::of_parts([bytes, &[], &[]]);
    Some(RawHeader { bytes: *bytes, version, hash, parent, merkle_root, time, bits })
}

/// The other chain's coinbase with its branch, this chain's branch, and the other chain's header.
fn skip_merged_mining(bytes: &mut Bytes<'_>) -> Option<()> {
    Transaction::read(bytes, Extension::Never)?;
    bytes.array::<32>()?;
    skip_branch(bytes)?;
    skip_branch(bytes)?;
    bytes.array::<HEADER_BYTES>()?;
    Some(())
}

fn skip_branch(bytes: &mut Bytes<'_>) -> Option<()> {
    for _ in 0..bytes.count().filter(|count| *count <= BRANCH_MAX)? {
        bytes.array::<32>()?;
    }
    bytes.array::<4>()?;
    Some(())
}

/// The root over transaction ids. `None` without any, and when two neighbours are equal: then the same root would prove
/// another list as well (CVE-2012-2459).
fn merkle_root(mut row: Vec<Hash>) -> Option<Hash> {
    while row.len() > 1 {
        let (pairs, odd) = row.as_chunks::<2>();
        if pairs.iter().any(|[left, right]| left == right) {
            return None;
        }
        let mut above: Vec<Hash> = pairs.iter().map(|[left, right]| sha256d::of_pair(left, right)).collect();
        above.extend(odd.iter().map(|last| sha256d::of_pair(last, last)));
        row = above;
    }
    row.first().copied()
}
