//! A block's bytes: its header, what it pays to scripts that are watched, and the proof that the header commits to all of it.
//!
//! Every block is read whole: an output is found or is not in the block. Nothing is copied but the ids of transactions, which
//! the header's merkle root is checked against.

use super::{
    bytes::Bytes,
    merged_mining,
    rules::Rules,
    sha256d,
    transaction::{Extension, Hash, Transaction},
};
use crate::network::Watch;

/// Bytes of a header without proof of merged mining.
const HEADER_BYTES: usize = 80;
/// Outputs that are looked up together, at least.
const TOGETHER: usize = 256;
/// The lengths of scripts that have an address.
pub(super) const SCRIPT_BYTES: core::ops::RangeInclusive<usize> = 22..=34;

/// Why bytes are not a block of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBlock {
    /// They end too early, go on too long, or are not laid out as a block.
    #[error("the bytes are not a block")]
    Malformed,
    /// The header does not commit to the transactions: some are missing, changed or added.
    #[error("the transactions are not those that the block's header commits to")]
    MerkleRoot,
    /// The work that the header shows was done for something else.
    #[error("its proof of merged mining is not one for this block")]
    MergedMining,
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
    /// Whose header shows its work.
    pub worker: Worker,
}

/// Whose header shows the work for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// Its own.
    Itself,
    /// Another chain's, which commits to it (merged mining).
    Other([u8; 80]),
    /// Another chain's, which is not shown beside a header alone: the block itself shows it.
    NotShown,
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

/// Says which scripts are watched, of many at a time.
pub trait Watched {
    /// Appends the places of the watched ones among these scripts to `found`, ascending.
    fn among(&self, scripts: &[&[u8]], found: &mut Vec<usize>);
}

impl<F: Fn(&[u8]) -> bool> Watched for F {
    fn among(&self, scripts: &[&[u8]], found: &mut Vec<usize>) {
        found.extend(scripts.iter().enumerate().filter(|(_, script)| self(script)).map(|(place, _)| place));
    }
}

impl Watched for Watch {
    fn among(&self, scripts: &[&[u8]], found: &mut Vec<usize>) {
        let of_address = scripts.iter().enumerate().filter(|(_, script)| SCRIPT_BYTES.contains(&script.len()));
        let mut asked: Vec<_> = of_address.map(|(place, script)| (place, self.fingerprint(script))).collect();
        self.keep_watched(&mut asked);
        found.extend(asked.into_iter().map(|(place, _)| place));
    }
}

/// Reads a whole block and finds what it pays to scripts that are watched. With the proof that nothing is missing.
///
/// # Errors
/// When the bytes are not a block, or its header does not commit to them.
pub fn read<'a>(bytes: &'a [u8], rules: &Rules, watched: &impl Watched) -> Result<Read<'a>, BadBlock> {
    let mut ids = Vec::new();
    let read = walk(bytes, rules, watched, |transaction| ids.push(transaction.id()))?;
    if merkle_root(ids) != Some(read.header.merkle_root) {
        return Err(BadBlock::MerkleRoot);
    }
    Ok(read)
}

/// The same without the proof: for blocks that were proved before, and to measure what the proof costs.
///
/// # Errors
/// When the bytes are not a block.
pub fn read_unproved<'a>(bytes: &'a [u8], rules: &Rules, watched: &impl Watched) -> Result<Read<'a>, BadBlock> {
    walk(bytes, rules, watched, |_| ())
}

fn walk<'a>(
    bytes: &'a [u8],
    rules: &Rules,
    watched: &impl Watched,
    mut each: impl FnMut(&Transaction<'a>),
) -> Result<Read<'a>, BadBlock> {
    let mut bytes = Bytes::new(bytes);
    let header = read_header(&mut bytes, rules)?;
    let count = bytes.count().ok_or(BadBlock::Malformed)?;
    let extension = if rules.extension_block { Extension::Mark } else { Extension::Never };
    let mut search = Search::new(watched);
    let mut height = None;
    let mut ends_in_payout = false;
    for number in 0..count {
        let transaction = Transaction::read(&mut bytes, extension).ok_or(BadBlock::Malformed)?;
        // Inner nodes of the merkle tree passed off as transactions would not begin with a coinbase.
        if transaction.coinbase_script.is_some() != (number == 0) {
            return Err(BadBlock::Coinbase);
        }
        height = height.or_else(|| stated_height(transaction.coinbase_script?));
        search.add(transaction);
        each(&transaction);
        ends_in_payout = transaction.is_extension_payout;
    }
    // Litecoin's extension block follows the transactions, when the last one pays out of it.
    if !bytes.rest().is_empty() && !ends_in_payout {
        return Err(BadBlock::Malformed);
    }
    Ok(Read { header, height, hits: search.finish() })
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

/// Outputs on their way to be looked up, many at a time: each look is at another place of the memory.
struct Search<'a, 'w, W> {
    watched: &'w W,
    transactions: Vec<Transaction<'a>>,
    scripts: Vec<&'a [u8]>,
    /// Of each script: the place of its transaction, the output's number, its units.
    outputs: Vec<(usize, u32, u64)>,
    hits: Vec<Hit<'a>>,
}

impl<'a, 'w, W: Watched> Search<'a, 'w, W> {
    const fn new(watched: &'w W) -> Self {
        Self { watched, transactions: Vec::new(), scripts: Vec::new(), outputs: Vec::new(), hits: Vec::new() }
    }

    fn add(&mut self, transaction: Transaction<'a>) {
        let place = self.transactions.len();
        for output in transaction.outputs() {
            self.scripts.push(output.script);
            self.outputs.push((place, output.number, output.units));
        }
        self.transactions.push(transaction);
        if self.scripts.len() >= TOGETHER {
            self.look_up();
        }
    }

    fn look_up(&mut self) {
        let mut found = Vec::new();
        self.watched.among(&self.scripts, &mut found);
        let mut last: Option<(usize, Hash)> = None;
        for place in found {
            let (Some(&script), Some(&(of, output, units))) = (self.scripts.get(place), self.outputs.get(place)) else {
                continue;
            };
            let Some(transaction) = self.transactions.get(of) else { continue };
            let id = last.filter(|(known, _)| *known == of).map_or_else(|| transaction.id(), |(_, id)| id);
            last = Some((of, id));
            self.hits.push(Hit { transaction: id, output, units, script, origin: origin(transaction) });
        }
        self.transactions.clear();
        self.scripts.clear();
        self.outputs.clear();
    }

    fn finish(mut self) -> Vec<Hit<'a>> {
        self.look_up();
        self.hits
    }
}

const fn origin(transaction: &Transaction<'_>) -> Origin {
    match (transaction.coinbase_script, transaction.is_extension_payout) {
        (Some(_), _) => Origin::Coinbase,
        (None, true) => Origin::Extension,
        (None, false) => Origin::Spent,
    }
}

/// Reads a header alone, as nodes answer it: with or without the proof of merged mining behind it.
pub(super) fn header_of(bytes: &[u8], rules: &Rules) -> Option<RawHeader> {
    let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let header = parse_header(header)?;
    if !is_merged(&header, rules) {
        return Some(header);
    }
    match read_header(&mut Bytes::new(bytes), rules) {
        Ok(header) => Some(header),
        Err(BadBlock::Malformed) => Some(RawHeader { worker: Worker::NotShown, ..header }),
        Err(BadBlock::MergedMining | BadBlock::MerkleRoot | BadBlock::Coinbase) => None,
    }
}

const fn is_merged(header: &RawHeader, rules: &Rules) -> bool {
    rules.merged_mining && header.version & merged_mining::FLAG != 0
}

fn read_header(bytes: &mut Bytes<'_>, rules: &Rules) -> Result<RawHeader, BadBlock> {
    let header = bytes.array().and_then(parse_header).ok_or(BadBlock::Malformed)?;
    if !is_merged(&header, rules) {
        return Ok(header);
    }
    let proof = merged_mining::Proof::read(bytes).ok_or(BadBlock::Malformed)?;
    let worker = proof.header_for(&header).ok_or(BadBlock::MergedMining)?;
    Ok(RawHeader { worker: Worker::Other(worker), ..header })
}

pub(super) fn parse_header(bytes: &[u8; HEADER_BYTES]) -> Option<RawHeader> {
    let mut parts = Bytes::new(bytes);
    let version = parts.u32()?;
    let (parent, merkle_root) = (*parts.array()?, *parts.array()?);
    let (time, bits) = (parts.u32()?, parts.u32()?);
    let hash = sha256d::of_parts([bytes, &[], &[]]);
    Some(RawHeader { bytes: *bytes, version, hash, parent, merkle_root, time, bits, worker: Worker::Itself })
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
