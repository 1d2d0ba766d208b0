//! Addresses of every family and chain.

use super::text;
use crate::Target;
use farthing_networks::address::{Address, AddressFamily, Chain};

/// Addresses as text and as bytes.
pub(super) const ADDRESSES: Target = Target {
    name: "addresses",
    feed,
    seeds: &[
        b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        b"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        b"bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        b"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
        b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        b"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        b"ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
        b"LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",
        b"DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
        b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        b"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        b"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        b"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        b"\x00\x14\x75\x1e\x76\xe8\x19\x91\x96\xd4\x54\x94\x1c\x45\xd1\xb3\xa3\x23\xf1\x43\x3b\xd6",
        b"\x76\xa9\x14\x62\xe9\x07\xb1\x5c\xbf\x27\xd5\x42\x53\x99\xeb\xf6\xf0\xfb\x50\xeb\xb8\x8f\x18\x88\xac",
    ],
};

fn feed(bytes: &[u8]) {
    for family in AddressFamily::ALL {
        for chain in [Chain::Mainnet, Chain::Testnet, Chain::Regtest] {
            if let Ok(address) = Address::parse(family, chain, text(bytes)) {
                is_one_address(family, chain, &address);
            }
            if let Ok(address) = Address::from_bytes(family, chain, bytes) {
                assert_eq!(address.bytes(), bytes);
                is_one_address(family, chain, &address);
            }
        }
    }
}

/// Text and bytes lead to each other.
fn is_one_address(family: AddressFamily, chain: Chain, address: &Address) {
    assert_eq!(Address::parse(family, chain, address.text()).as_ref(), Ok(address));
    assert_eq!(Address::from_bytes(family, chain, address.bytes()).as_ref(), Ok(address));
}
