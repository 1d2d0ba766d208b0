//! Which IP addresses a request may go to: public unicast, and on request the operator's own network.
//!
//! IPv4 is public unless the registries say otherwise; IPv6 is refused unless it is global unicast. An address that carries
//! another one inside (mapped, translated, tunnelled) is judged by what it reaches, or refused. Nothing here reads text: the
//! forms in which an address can be written are the URL parser's business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can be reached at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Anybody, from anywhere.
    Public,
    /// This machine or its own network.
    Own,
    /// Nobody a webhook could be meant for.
    Never,
}

/// Whether a request may go to this address. `allow_private` admits the operator's own network: loopback, the private ranges
/// and the shared one. Link-local addresses, under which clouds hand out credentials, are never admitted.
pub(super) fn is_allowed(address: IpAddr, allow_private: bool) -> bool {
    let reach = match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    };
    match reach {
        Reach::Public => true,
        Reach::Own => allow_private,
        Reach::Never => false,
    }
}

/// Ranges that are not public (IANA's special-purpose registry, RFC 6890 and its successors), and addresses inside of other
/// ranges at which clouds serve metadata. The first that matches decides.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32, Reach); 21] = [
    (Ipv4Addr::new(100, 100, 100, 200), 32, Reach::Never), // a cloud's metadata
    (Ipv4Addr::new(168, 63, 129, 16), 32, Reach::Never),   // a cloud's metadata
    (Ipv4Addr::new(0, 0, 0, 0), 8, Reach::Never),          // "this network"; connects to loopback
    (Ipv4Addr::new(10, 0, 0, 0), 8, Reach::Own),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Reach::Own), // shared
    (Ipv4Addr::new(127, 0, 0, 0), 8, Reach::Own),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Reach::Never), // link-local
    (Ipv4Addr::new(172, 16, 0, 0), 12, Reach::Own),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reach::Never), // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24, Reach::Never), // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24, Reach::Never), // AS112
    (Ipv4Addr::new(192, 52, 193, 0), 24, Reach::Never), // multicast tunnels
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reach::Never), // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16, Reach::Own),
    (Ipv4Addr::new(192, 175, 48, 0), 24, Reach::Never), // AS112
    (Ipv4Addr::new(198, 18, 0, 0), 15, Reach::Never),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24, Reach::Never), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24, Reach::Never),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reach::Never),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reach::Never),     // reserved, broadcast
    (Ipv4Addr::new(255, 255, 255, 255), 32, Reach::Never),
];

/// Global unicast: everything else in IPv6 is refused unless [`EXCEPTIONS_V6`] names it.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What differs from the rule for IPv6. The first that matches decides.
const EXCEPTIONS_V6: [(Ipv6Addr, u32, Reach); 7] = [
    (Ipv6Addr::LOCALHOST, 128, Reach::Own),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Reach::Never), // a cloud's metadata
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Reach::Own),             // unique local
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Reach::Never),          // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Reach::Never),      // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Reach::Never),          // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Reach::Never),          // documentation
];

fn reach_v4(address: Ipv4Addr) -> Reach {
    let bits = address.to_bits();
    let found = NOT_PUBLIC_V4.iter().find(|(base, length, _)| (base.to_bits() ^ bits).leading_zeros() >= *length);
    found.map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = address.to_ipv4_mapped() {
        return reach_v4(inner);
    }
    let bits = address.to_bits();
    let is_within = |base: Ipv6Addr, length: u32| (base.to_bits() ^ bits).leading_zeros() >= length;
    match EXCEPTIONS_V6.iter().find(|(base, length, _)| is_within(*base, *length)) {
        Some((_, _, reach)) => *reach,
        None if is_within(GLOBAL_V6.0, GLOBAL_V6.1) => Reach::Public,
        None => Reach::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str, allow_private: bool) -> bool {
        is_allowed(text.parse().unwrap(), allow_private)
    }

    #[test]
    fn public_addresses_beside_forbidden_ranges_are_allowed() {
        let public = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
            169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
            198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 168.63.129.17
            2000::1 2001:200::1 2001:db7::1 2001:db9::1 2003::1 2606:4700:4700::1111 2a00:1450::1 3ffe::1 3fff:1000::1 ::ffff:8.8.8.8";
        for text in public.split_whitespace() {
            assert!(allowed(text, false), "{text} is public");
            assert!(allowed(text, true), "{text} is public");
        }
    }

    #[test]
    fn the_own_network_is_allowed_on_request_only() {
        let own = "127.0.0.1 127.255.255.255 10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255
            ::1 fc00::1 fd12:3456::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.1.2.3 ::ffff:192.168.1.1";
        for text in own.split_whitespace() {
            assert!(!allowed(text, false), "{text} is not public");
            assert!(allowed(text, true), "{text} is the operator's own");
        }
    }

    #[test]
    fn everything_else_is_never_allowed() {
        let never = "0.0.0.0 0.1.2.3 0.255.255.255 169.254.0.1 169.254.169.254 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1
            198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 100.100.100.200 168.63.129.16
            :: ::7f00:1 ::808:808 ::ffff:0.0.0.0 ::ffff:169.254.169.254 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1
            100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1
            3fff::1 3fff:fff::1 5f00::1 fe80::1 febf::1 fec0::1 feff::1 ff00::1 ff02::1 fd00:ec2::254 4000::1 1fff::1";
        for text in never.split_whitespace() {
            assert!(!allowed(text, false), "{text} must be refused");
            assert!(!allowed(text, true), "{text} must be refused even where private addresses are allowed");
        }
    }
}
