//! How many requests a key or an address may send in a minute.
//!
//! Only counts: who somebody is was found out before.

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
};

/// After so many checks, what is not limited any more is forgotten.
const CHECKS_BETWEEN_CLEANING: u64 = 4096;

/// Keys remembered before they are looked through for what can be forgotten.
const REMEMBERED: usize = 10_000;

/// A limit for each of many.
pub(crate) struct Limiter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU64,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// So many requests in a minute; `None` for 0, which is no limit.
    pub(crate) fn per_minute(count: u32) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(count)?);
        Some(Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default(), checks: AtomicU64::new(0) })
    }

    /// Counts a request.
    ///
    /// # Errors
    /// In how many seconds to come again, at least 1.
    pub(crate) fn check(&self, key: &K) -> Result<(), u64> {
        self.clean_now_and_then();
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
        })
    }

    fn clean_now_and_then(&self) {
        let checks = self.checks.fetch_add(1, Ordering::Relaxed);
        let is_time = checks.checked_rem(CHECKS_BETWEEN_CLEANING) == Some(0);
        if is_time && self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
    }
}

/// What is counted of an address: with IPv6 its /64, which one customer has as a whole.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_is_told_when_to_come_again() {
        let limiter = Limiter::per_minute(2).unwrap();
        assert_eq!((limiter.check(&"a"), limiter.check(&"a")), (Ok(()), Ok(())));
        let wait = limiter.check(&"a").unwrap_err();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(limiter.check(&"b"), Ok(()));
    }

    #[test]
    fn no_limit_is_none() {
        assert!(Limiter::<u8>::per_minute(0).is_none());
    }

    #[test]
    fn a_customer_has_one_address_however_many_it_has() {
        let text = |text: &str| counted(text.parse().unwrap()).to_string();
        assert_eq!(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(text("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
