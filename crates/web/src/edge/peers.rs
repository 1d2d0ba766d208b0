//! How many connections each address has open.
//!
//! Counts only; it keeps nothing of an address that has no connection.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The counts of all addresses.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    taken: Option<(Peers, IpAddr)>,
}

impl Peers {
    pub(super) fn new(each_max: usize) -> Self {
        Peers { open: Arc::default(), each_max }
    }

    /// A place for one more connection of this address, if it has not all of its places taken.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Seat> {
        let address = payer_of_the_line(address);
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Seat { taken: Some((self.clone(), address)) })
    }

    fn leave(&self, address: IpAddr) {
        let mut open = self.lock();
        let Some(count) = open.get_mut(&address) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            open.remove(&address);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// The place of somebody who is not counted.
    pub(super) fn uncounted() -> Self {
        Seat { taken: None }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((peers, address)) = self.taken.take() {
            peers.leave(address);
        }
    }
}

/// A line's subscriber has a whole /64 of IPv6 to himself.
fn payer_of_the_line(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_its_places_and_gets_them_back() {
        let peers = Peers::new(2);
        let first = peers.enter(address("192.0.2.1"));
        let second = peers.enter(address("192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(peers.enter(address("192.0.2.1")).is_none());
        assert!(peers.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(peers.enter(address("192.0.2.1")).is_some());
        drop(second);
        assert!(peers.lock().is_empty());
    }

    #[test]
    fn one_line_of_ipv6_is_one_peer() {
        let peers = Peers::new(1);
        let _seat = peers.enter(address("2001:db8:0:1::1"));
        assert!(peers.enter(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(peers.enter(address("2001:db8:0:2::1")).is_some());
    }
}
