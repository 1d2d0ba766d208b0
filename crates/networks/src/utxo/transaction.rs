//! One transaction as it stands in a block or in a node's answer: where its parts are, and its id. Nothing is copied.
//!
//! The id is made of the parts without witness and without Litecoin's extension, so that it is the one that blocks commit to.

use super::{bytes::Bytes, sha256d};

/// A transaction's or a block's hash, in the order in which it is hashed; texts show it reversed.
pub(super) type Hash = [u8; 32];

/// Follows where inputs would be counted: an extended serialisation (BIP-144).
const MARKER: u8 = 0;
/// Flag of the extended serialisation: witnesses follow the outputs.
const FLAG_WITNESS: u8 = 0x01;
/// Flag of Litecoin's: a part of the extension block follows the witnesses (LIP-0004).
const FLAG_EXTENSION: u8 = 0x08;
/// Bytes of an outpoint.
const OUTPOINT_BYTES: usize = 36;
/// The outpoint that only a coinbase spends.
const NO_OUTPOINT: [u8; OUTPOINT_BYTES] = {
    let mut outpoint = [0; OUTPOINT_BYTES];
    let [.., a, b, c, d] = &mut outpoint;
    (*a, *b, *c, *d) = (0xff, 0xff, 0xff, 0xff);
    outpoint
};

/// What may follow a transaction's witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    /// Nothing: the chain has none.
    Never,
    /// In a block: only the mark of the transaction that pays out of the extension block.
    Mark,
    /// On its own: the mark, or a body of which only the end is known.
    Body,
}

/// A transaction's parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transaction<'a> {
    version: &'a [u8; 4],
    /// Inputs and outputs, each with their count.
    body: &'a [u8],
    lock_time: &'a [u8; 4],
    outputs: Bytes<'a>,
    output_count: u64,
    /// The script of its only input, when it makes new money and spends nothing.
    pub(super) coinbase_script: Option<&'a [u8]>,
    /// Pays out of Litecoin's extension block.
    pub(super) is_extension_payout: bool,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Output<'a> {
    pub(super) number: u32,
    pub(super) units: u64,
    pub(super) script: &'a [u8],
}

impl<'a> Transaction<'a> {
    /// Reads one; `None` when the bytes are not one.
    pub(super) fn read(bytes: &mut Bytes<'a>, extension: Extension) -> Option<Self> {
        let version = bytes.array()?;
        let flags = read_flags(bytes, extension)?;
        let body_start = *bytes;
        let (input_count, coinbase_script) = skip_inputs(bytes)?;
        let output_count = bytes.count()?;
        let outputs = *bytes;
        for _ in 0..output_count {
            bytes.array::<8>()?;
            bytes.counted()?;
        }
        let body = bytes.since(body_start);
        if flags & FLAG_WITNESS != 0 {
            skip_witnesses(bytes, input_count)?;
        }
        let is_extension_payout = flags & FLAG_EXTENSION != 0 && skip_extension(bytes, extension)?;
        let lock_time = bytes.array()?;
        Some(Self { version, body, lock_time, outputs, output_count, coinbase_script, is_extension_payout })
    }

    /// Reads one that stands alone.
    pub(super) fn alone(bytes: &'a [u8], extension: Extension) -> Option<Self> {
        let mut bytes = Bytes::new(bytes);
        let transaction = Self::read(&mut bytes, extension)?;
        bytes.rest().is_empty().then_some(transaction)
    }

    pub(super) fn id(&self) -> Hash {
        sha256d::of_parts([self.version, self.body, self.lock_time])
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = Output<'a>> + use<'a> {
        let mut bytes = self.outputs;
        // Numbers are 32 bits wide in an outpoint, and no block has room for as many.
        let count = u32::try_from(self.output_count).unwrap_or(u32::MAX);
        (0..count).map_while(move |number| Some(Output { number, units: bytes.u64()?, script: bytes.counted()? }))
    }
}

fn read_flags(bytes: &mut Bytes<'_>, extension: Extension) -> Option<u8> {
    if bytes.rest().first() != Some(&MARKER) {
        return Some(0);
    }
    bytes.byte()?;
    let flags = bytes.byte()?;
    let known = if extension == Extension::Never { FLAG_WITNESS } else { FLAG_WITNESS | FLAG_EXTENSION };
    (flags != 0 && flags & !known == 0).then_some(flags)
}

/// How many inputs there are; with the only one's script when they are a coinbase's.
fn skip_inputs<'a>(bytes: &mut Bytes<'a>) -> Option<(u64, Option<&'a [u8]>)> {
    let count = bytes.count()?;
    let mut coinbase_script = None;
    for _ in 0..count {
        let spends_nothing = bytes.array::<OUTPOINT_BYTES>()? == &NO_OUTPOINT;
        let script = bytes.counted()?;
        coinbase_script = Some(script).filter(|_| spends_nothing);
        bytes.array::<4>()?;
    }
    Some((count, coinbase_script.filter(|_| count == 1)))
}

fn skip_witnesses(bytes: &mut Bytes<'_>, input_count: u64) -> Option<()> {
    for _ in 0..input_count {
        for _ in 0..bytes.count()? {
            bytes.counted()?;
        }
    }
    Some(())
}

/// Whether it is the mark of the transaction that pays out of the extension block: an absent body.
fn skip_extension(bytes: &mut Bytes<'_>, extension: Extension) -> Option<bool> {
    if bytes.byte()? == 0 {
        return Some(true);
    }
    if extension != Extension::Body {
        return None;
    }
    // The body is the extension's own; of what follows it only the lock time's length is known.
    bytes.take(bytes.rest().len().checked_sub(4)?)?;
    Some(false)
}

/// A hash as texts show it.
pub(super) fn hash_text(hash: &Hash) -> String {
    let mut reversed = *hash;
    reversed.reverse();
    hex::encode(reversed)
}

/// The hash that a text shows; `None` when it is not one.
pub(super) fn hash_from_text(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).ok()?;
    hash.reverse();
    Some(hash)
}
