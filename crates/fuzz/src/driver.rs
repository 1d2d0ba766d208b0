//! Runs a target over changes of its seeds: a fixed number of them, the same for the same seed number. For a long search use
//! coverage, by `cargo xtask fuzz`.

use crate::Target;

/// The longest input that is made.
const BYTES_MAX: usize = 4096;
/// Bytes and pieces that mean something to one of the parsers.
const PIECES: [&[u8]; 40] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b".",
    b"-",
    b"+",
    b"e",
    b"0",
    b"9",
    b"\0",
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\u0000",
    b"\\ud800",
    b"\\uDC00",
    b"null",
    b"true",
    b"1e400",
    b"340282366920938463463374607431768211456",
    b"0.",
    b"/",
    b"@",
    b"#",
    b"?",
    b"%",
    b"xprv",
    b"\xd9\xa3",
    b"'",
    b"h",
];

/// Feeds every seed as it is, then `count` inputs made of them.
///
/// # Panics
/// When the target breaks a promise; the input was printed by then.
pub fn run(target: &Target, count: u32, seed: u64) {
    for input in target.seeds {
        feed(target, input);
    }
    let mut chance = Chance(seed);
    for _ in 0..count {
        feed(target, &made(target.seeds, &mut chance));
    }
}

fn feed(target: &Target, input: &[u8]) {
    let shown = Shown { name: target.name, input };
    (target.feed)(input);
    std::mem::forget(shown);
}

/// Prints the input when it is dropped, which happens only when the target panicked.
struct Shown<'a> {
    name: &'static str,
    input: &'a [u8],
}

impl Drop for Shown<'_> {
    #[expect(clippy::print_stderr, reason = "the input that broke a target is the test's whole result")]
    fn drop(&mut self) {
        eprintln!("{} breaks on b\"{}\"", self.name, self.input.escape_ascii());
    }
}

/// A seed with one to six changes: bytes changed, removed, added, parts repeated, cut off, or taken from another seed.
fn made(seeds: &[&[u8]], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chance.pick(seeds).unwrap_or_default().to_vec();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len().saturating_add(1));
        match chance.below(8) {
            0 => {
                let flip = 1_u8.checked_shl(u32::try_from(chance.below(8)).unwrap_or_default()).unwrap_or_default();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= flip;
                }
            }
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => {
                let end = at.saturating_add(chance.below(16)).min(bytes.len());
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = chance.below(bytes.len().saturating_add(1));
                bytes.splice(to..to, part);
            }
            3 => {
                let other = chance.pick(seeds).unwrap_or_default();
                let from = other.get(chance.below(other.len())..).unwrap_or_default();
                bytes.truncate(at);
                bytes.extend_from_slice(from);
            }
            4 if chance.below(4) == 0 => bytes.truncate(at),
            5 => {
                if let (Some(byte), Ok(new)) = (bytes.get_mut(at), u8::try_from(chance.below(256))) {
                    *byte = new;
                }
            }
            _ => {
                let piece = chance.pick(&PIECES).unwrap_or_default();
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

/// Random numbers that a seed repeats (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        (mixed ^ (mixed >> 31)).checked_rem(bound).and_then(|rest| usize::try_from(rest).ok()).unwrap_or_default()
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> Option<&'a [u8]> {
        from.get(self.below(from.len())).copied()
    }
}
