//! What an entry of the watch set costs in memory.

use super::numbers::{Line, decimal, hundredths};
use anyhow::{Context, Result};
use farthing_networks::watch_set::WatchSet;
use std::fs;

const ADDRESSES: u64 = 1_000_000;
/// As many as ten years of a thousand invoices an hour hand out.
const MANY: u64 = 10_000_000;
const BYTES_MAX: u64 = 40;

/// The set's whole memory over a million addresses, inserted one by one as sales do.
pub(super) fn bytes_per_address() -> Line {
    let set = filled(ADDRESSES);
    let bytes = u64::try_from(set.heap_bytes()).unwrap_or(u64::MAX);
    line("watch set of a million scripts, grown one by one", bytes, &set)
}

/// The same over ten million, by what the kernel counts for the process: at rest, and while the set grew.
pub(super) fn of_ten_million() -> Result<Vec<Line>> {
    let before = kernel_bytes("VmRSS:")?;
    let set = filled(MANY);
    let at_rest = kernel_bytes("VmRSS:")?.saturating_sub(before);
    let peak = kernel_bytes("VmHWM:")?.saturating_sub(before);
    let counted = u64::try_from(set.heap_bytes()).unwrap_or(u64::MAX);
    Ok(vec![
        line("watch set of ten million scripts, grown one by one", counted, &set),
        line("the same, as the kernel counts memory", at_rest, &set),
        line("the same at its peak, while it grew", peak, &set),
    ])
}

fn filled(count: u64) -> WatchSet {
    let mut set = WatchSet::new([7; 16]);
    // P2WPKH: two bytes and a hash of twenty.
    let mut script = [0; 22];
    for number in 0..count {
        for (byte, random) in script.iter_mut().skip(2).zip(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()) {
            *byte = random;
        }
        set.insert(&script);
    }
    set
}

fn line(name: &str, bytes: u64, set: &WatchSet) -> Line {
    let entries = u64::try_from(set.len()).unwrap_or(1);
    let each = decimal(hundredths(bytes, entries));
    let is_met = bytes <= BYTES_MAX.saturating_mul(entries);
    Line::with_goal(name, format!("{each} bytes each"), "40 bytes or less", is_met)
}

/// A line of what the kernel says of this process, in bytes.
fn kernel_bytes(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("the kernel does not tell of processes")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the kernel does not count memory")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kibibytes.saturating_mul(1024))
}
