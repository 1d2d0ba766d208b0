//! What an entry of the watch set costs in memory.

use super::numbers::{Line, decimal, hundredths};
use farthing_networks::watch_set::WatchSet;

const ADDRESSES: u64 = 1_000_000;
const BYTES_MAX: u64 = 40;

/// The set's whole memory over a million addresses, inserted one by one as sales do.
pub(super) fn bytes_per_address() -> Line {
    let mut set = WatchSet::new([7; 16]);
    for number in 0..ADDRESSES {
        let mut address = [0; 20];
        for (byte, random) in address.iter_mut().zip(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()) {
            *byte = random;
        }
        set.insert(&address);
    }
    let bytes = u64::try_from(set.heap_bytes()).unwrap_or(u64::MAX);
    let each = decimal(hundredths(bytes, u64::try_from(set.len()).unwrap_or(1)));
    let is_met = bytes <= BYTES_MAX.saturating_mul(ADDRESSES);
    Line::with_goal("watch set of a million addresses", format!("{each} bytes each"), "40 bytes or less", is_met)
}
