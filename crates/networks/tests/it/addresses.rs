//! Address texts: strict to read, and the same when written again.

use farthing_networks::address::{
    Address, AddressError,
    AddressFamily::{self, Bitcoin, Dogecoin, Evm, Litecoin, Solana, Tron},
    Chain::{self, Mainnet, Regtest, Testnet},
};
use proptest::prelude::*;

const BASE58: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const HEXADECIMAL: &str = "0123456789abcdefABCDEF";

fn refused(family: AddressFamily, chain: Chain, text: &str) -> AddressError {
    Address::parse(family, chain, text).unwrap_err()
}

/// Every form of canonical bytes that the family knows, made of a hash.
fn forms(family: AddressFamily, hash: [u8; 32]) -> Vec<Vec<u8>> {
    let script = |start: &[u8], hash: &[u8], end: &[u8]| [start, hash, end].concat();
    let legacy =
        vec![script(&[0x76, 0xa9, 0x14], &hash[..20], &[0x88, 0xac]), script(&[0xa9, 0x14], &hash[..20], &[0x87])];
    let segwit = vec![
        script(&[0x00, 0x14], &hash[..20], &[]),
        script(&[0x00, 0x20], &hash, &[]),
        script(&[0x51, 0x20], &hash, &[]),
    ];
    match family {
        Bitcoin | Litecoin => [legacy, segwit].concat(),
        Dogecoin => legacy,
        Evm | Tron => vec![hash[..20].to_vec()],
        Solana => vec![hash.to_vec()],
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_the_same(hash: [u8; 32]) {
        for family in AddressFamily::ALL {
            for chain in Chain::ALL {
                for bytes in forms(family, hash) {
                    let address = Address::from_bytes(family, chain, &bytes).unwrap();
                    prop_assert_eq!(address.bytes(), &bytes[..]);
                    let again = Address::parse(family, chain, address.text()).unwrap();
                    prop_assert_eq!(&again, &address);
                    prop_assert_eq!(again.to_string(), address.text());
                }
            }
        }
    }

    #[test]
    fn bitcoin_addresses_are_those_of_the_bitcoin_library(hash: [u8; 32]) {
        use bitcoin::Network;
        let networks = [
            (Mainnet, Network::Bitcoin),
            (Testnet, Network::Signet),
            (Regtest, Network::Regtest),
        ];
        for (chain, network) in networks {
            for bytes in forms(Bitcoin, hash) {
                let script = bitcoin::Script::from_bytes(&bytes);
                let expected = bitcoin::Address::from_script(script, network).unwrap().to_string();
                let address = Address::from_bytes(Bitcoin, chain, &bytes).unwrap();
                prop_assert_eq!(address.text(), expected);
            }
        }
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,100}") {
        for family in AddressFamily::ALL {
            drop(Address::parse(family, Mainnet, &text));
        }
    }

    #[test]
    fn one_wrong_character_is_noticed(
        hash: [u8; 32],
        place in any::<prop::sample::Index>(),
        replacement in any::<prop::sample::Index>(),
    ) {
        for family in [Bitcoin, Litecoin, Dogecoin, Tron] {
            for chain in Chain::ALL {
                for bytes in forms(family, hash) {
                    let address = Address::from_bytes(family, chain, &bytes).unwrap();
                    let changed = with_one_change(address.text(), place, replacement);
                    let unchanged = changed == address.text();
                    prop_assert!(unchanged || Address::parse(family, chain, &changed).is_err());
                }
            }
        }
    }
}

fn with_one_change(text: &str, place: prop::sample::Index, replacement: prop::sample::Index) -> String {
    let segwit = ["bc1", "tb1", "bcrt1", "ltc1", "tltc1", "rltc1"];
    let segwit = segwit.iter().any(|start| text.starts_with(start));
    let alphabet = if segwit { BECH32 } else { BASE58 };
    let mut changed = text.as_bytes().to_vec();
    changed[place.index(text.len())] = *replacement.get(alphabet.as_bytes());
    String::from_utf8(changed).unwrap()
}

#[test]
fn every_single_change_of_published_addresses_is_refused() {
    let examples = [
        (Bitcoin, Mainnet, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", BECH32),
        (Bitcoin, Mainnet, "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", BECH32),
        (Bitcoin, Mainnet, "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf", BASE58),
        (Litecoin, Mainnet, "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh", BECH32),
        (Dogecoin, Mainnet, "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC", BASE58),
        (Tron, Mainnet, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH", BASE58),
        (Evm, Mainnet, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", HEXADECIMAL),
        (Evm, Mainnet, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94", HEXADECIMAL),
    ];
    for (family, chain, text, alphabet) in examples {
        for changed in single_changes(text, alphabet) {
            let parsed = Address::parse(family, chain, &changed);
            assert!(parsed.is_err(), "{changed}");
        }
    }
}

/// The text with each character replaced by each other one of the alphabet.
fn single_changes(text: &str, alphabet: &str) -> Vec<String> {
    let places = 0..text.len();
    places
        .flat_map(|place| alphabet.bytes().map(move |new| (place, new)))
        .map(|(place, new)| {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = new;
            String::from_utf8(changed).unwrap()
        })
        .filter(|changed| changed != text)
        .collect()
}

#[test]
fn the_examples_of_eip_55_are_read_and_written() {
    for text in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        let address = Address::parse(Evm, Mainnet, text).unwrap();
        assert_eq!(address.text(), text);
        let lower = Address::parse(Evm, Mainnet, &text.to_lowercase()).unwrap();
        assert_eq!(lower, address);
    }
    let wrong = "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    assert_eq!(refused(Evm, Mainnet, wrong), AddressError::Checksum);
}

#[test]
fn the_examples_of_bip_173_and_bip_350_are_judged_as_they_say() {
    let upper = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4";
    let address = Address::parse(Bitcoin, Mainnet, upper).unwrap();
    assert_eq!(address.text(), upper.to_lowercase());
    let cases = [
        (Mainnet, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", AddressError::Checksum),
        (Testnet, "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7", AddressError::MixedCase),
        // Version 1 with bech32's checksum, version 0 with bech32m's.
        (Mainnet, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", AddressError::Checksum),
        (
            Mainnet,
            "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
            AddressError::Checksum,
        ),
        // A witness version that is not in use.
        (Mainnet, "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", AddressError::UnknownForm),
    ];
    for (chain, text, expected) in cases {
        assert_eq!(refused(Bitcoin, chain, text), expected, "{text}");
    }
}

const BITCOIN: &str = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu";
const TESTNET: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
const NESTED: &str = "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf";
const NESTED_TESTNET: &str = "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2";
const LITECOIN: &str = "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh";
const LITECOIN_LEGACY: &str = "LUWPbpM43E2p7ZSh8cyTBEkvpHmr3cB8Ez";
const DOGECOIN: &str = "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC";
const EVM: &str = "0x9858EfFD232B4033E47d90003D41EC34EcaEda94";
const TRON: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";
const SOLANA: &str = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";

#[test]
fn an_address_of_another_network_is_named() {
    let cases = [
        (Bitcoin, Mainnet, TESTNET, "Bitcoin testnet"),
        (Bitcoin, Testnet, BITCOIN, "Bitcoin mainnet"),
        (Litecoin, Mainnet, BITCOIN, "Bitcoin mainnet"),
        (Bitcoin, Mainnet, LITECOIN, "Litecoin mainnet"),
        (Litecoin, Mainnet, DOGECOIN, "Dogecoin mainnet"),
        (Dogecoin, Mainnet, LITECOIN_LEGACY, "Litecoin mainnet"),
        (Litecoin, Mainnet, NESTED, "Bitcoin mainnet"),
        (Bitcoin, Mainnet, NESTED_TESTNET, "Bitcoin testnet"),
        (Evm, Mainnet, TRON, "Tron"),
        (Tron, Mainnet, EVM, "EVM"),
        (Solana, Mainnet, TRON, "Tron"),
        (Tron, Mainnet, SOLANA, "Solana"),
    ];
    for (family, chain, text, expected) in cases {
        match refused(family, chain, text) {
            AddressError::OtherNetwork { seen, .. } => assert_eq!(seen.to_string(), expected),
            other => panic!("{text}: {other}"),
        }
    }
    assert_eq!(
        refused(Bitcoin, Mainnet, TESTNET).to_string(),
        "this is a Bitcoin testnet address, not a Bitcoin mainnet address"
    );
}

#[test]
fn what_is_no_address_at_all_is_refused() {
    let long = "1".repeat(200);
    for family in AddressFamily::ALL {
        for text in ["", " ", "0x", "hello", "bc1", "T", &long, "0X9858EfFD232B4033E47d90003D41EC34EcaEda94"] {
            let error = refused(family, Mainnet, text);
            let expected = matches!(error, AddressError::NotAnAddress(_) | AddressError::Checksum);
            assert!(expected, "{family} {text}: {error}");
        }
    }
    let padded = " bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu";
    assert!(Address::parse(Bitcoin, Mainnet, padded).is_err());
}

#[test]
fn bytes_without_an_address_are_refused() {
    let bare_key = [&[0x21, 0x02], &[7; 32][..], &[0xac]].concat();
    let data = [0x6a, 0x02, 0x01, 0x02];
    let anchor = [0x51, 0x02, 0x4e, 0x73];
    for bytes in [&bare_key[..], &data, &anchor, &[]] {
        let error = Address::from_bytes(Bitcoin, Mainnet, bytes).unwrap_err();
        assert!(matches!(error, AddressError::NoTextForm(_)));
    }
    let witness = [&[0x00, 0x14], &[7; 20][..]].concat();
    assert!(Address::from_bytes(Dogecoin, Mainnet, &witness).is_err());
    assert!(Address::from_bytes(Evm, Mainnet, &[0; 19]).is_err());
    assert!(Address::from_bytes(Tron, Mainnet, &[0; 21]).is_err());
    assert!(Address::from_bytes(Solana, Mainnet, &[0; 31]).is_err());
}
