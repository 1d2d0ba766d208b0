//! How much may be asked of the pages: streams at once and changes a minute, by address.
//!
//! Addresses are for fairness only; they are never written down. One household has a /64 of IPv6.

use farthing_domain::time::Timestamp;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// Streams of one address.
pub(super) const STREAMS_PER_ADDRESS_MAX: usize = 20;
/// Streams of all.
const STREAMS_MAX: usize = 5_000;
/// Changes that one address may ask for in a minute.
pub(super) const CHANGES_PER_MINUTE_MAX: u32 = 60;
/// Addresses whose changes are counted at once; beyond, all are counted anew.
const COUNTED_MAX: usize = 20_000;
const MINUTE_MS: i64 = 60_000;

/// Open streams by address.
#[derive(Default)]
pub(super) struct Streams(Mutex<HashMap<IpAddr, usize>>);

/// One open stream; it is counted until this is dropped.
pub(super) struct Seat {
    streams: Arc<Streams>,
    address: IpAddr,
}

impl Streams {
    /// A seat for one more stream; `None` when the address, or everybody, has too many.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = household(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().fold(0, |sum, count| sum.saturating_add(*count));
        let own = open.get(&address).copied().unwrap_or_default();
        if all >= STREAMS_MAX || own >= STREAMS_PER_ADDRESS_MAX {
            return None;
        }
        open.insert(address, own.saturating_add(1));
        Some(Seat { streams: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            open.remove(&self.address);
        } else {
            open.insert(self.address, left);
        }
    }
}

/// Changes by address in the running minute.
#[derive(Default)]
pub(super) struct Changes(Mutex<(i64, HashMap<IpAddr, u32>)>);

impl Changes {
    /// Whether the address may ask for one more change now, by real time.
    pub(super) fn allow(&self, address: IpAddr, now: Timestamp) -> bool {
        let minute = now.milliseconds().div_euclid(MINUTE_MS);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted_minute, counts) = &mut *counted;
        if *counted_minute != minute || counts.len() >= COUNTED_MAX {
            *counted_minute = minute;
            counts.clear();
        }
        let count = counts.entry(household(address)).or_default();
        *count = count.saturating_add(1);
        *count <= CHANGES_PER_MINUTE_MAX
    }
}

/// An address without what its owner can vary at will.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        short @ IpAddr::V4(_) => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_has_so_many_streams_and_gets_one_back_when_one_ends() {
        let streams = Arc::new(Streams::default());
        let address = |n: usize| format!("2001:db8::{n:x}").parse().unwrap();
        let mut seats: Vec<Seat> = (0..STREAMS_PER_ADDRESS_MAX).map(|n| streams.enter(address(n)).unwrap()).collect();
        assert!(streams.enter(address(99)).is_none());
        assert!(streams.enter("192.0.2.1".parse().unwrap()).is_some());
        seats.pop();
        assert!(streams.enter(address(99)).is_some());
        seats.clear();
        assert!(streams.0.lock().unwrap().is_empty());
    }

    #[test]
    fn changes_are_counted_by_the_minute() {
        let changes = Changes::default();
        let address = "192.0.2.1".parse().unwrap();
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert!((0..CHANGES_PER_MINUTE_MAX).all(|_| changes.allow(address, at(0))));
        assert!(!changes.allow(address, at(59)));
        assert!(changes.allow("192.0.2.2".parse().unwrap(), at(59)));
        assert!(changes.allow(address, at(60)));
    }
}
