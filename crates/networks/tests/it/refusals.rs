//! What is not an account is refused, and the reason is told.

use bitcoin::NetworkKind::{Main, Test};
use farthing_networks::{
    account::{Account, AccountError, PoolLineError},
    address::{
        AddressFamily::{self, Bitcoin, Dogecoin, Evm, Litecoin, Solana, Tron},
        Chain::{self, Mainnet, Regtest, Testnet},
    },
};

use proptest::prelude::*;

use crate::phrase::{account, ed25519, spelled};

fn refused(family: AddressFamily, chain: Chain, text: &str) -> AccountError {
    Account::parse(family, chain, text).unwrap_err()
}

fn first(characters: usize, text: &str) -> String {
    text.chars().take(characters).collect()
}

#[test]
fn keys_of_another_network_are_refused_in_every_place() {
    let main = account(Main, "m/84'/0'/0'");
    let test = account(Test, "m/84'/1'/0'");
    let litecoin = spelled(&main, [0x01, 0x9d, 0xa4, 0x62]);
    let dogecoin = spelled(&main, [0x02, 0xfa, 0xca, 0xfd]);
    let zpub = spelled(&main, [0x04, 0xb2, 0x47, 0x46]);
    let vpub = spelled(&test, [0x04, 0x5f, 0x1c, 0xf6]);
    let cases = [
        (Bitcoin, Mainnet, test.to_string(), "testnet"),
        (Bitcoin, Mainnet, format!("wpkh({test}/0/*)"), "testnet"),
        (Bitcoin, Mainnet, vpub.clone(), "testnet"),
        (Bitcoin, Testnet, main.to_string(), "mainnet"),
        (Bitcoin, Regtest, format!("tr({main}/0/*)"), "mainnet"),
        (Bitcoin, Mainnet, litecoin.clone(), "Litecoin"),
        (Bitcoin, Mainnet, dogecoin.clone(), "Dogecoin"),
        (Litecoin, Mainnet, dogecoin, "Dogecoin"),
        (Litecoin, Testnet, litecoin.clone(), "mainnet"),
        (Dogecoin, Mainnet, zpub.clone(), "Bitcoin"),
        (Dogecoin, Mainnet, test.to_string(), "testnet"),
        (Evm, Mainnet, test.to_string(), "testnet"),
        (Evm, Mainnet, zpub, "Bitcoin"),
        (Tron, Mainnet, litecoin, "Litecoin"),
        (Tron, Testnet, vpub, "Bitcoin"),
    ];
    for (family, chain, text, expected) in cases {
        match refused(family, chain, &text) {
            AccountError::OtherNetwork { seen, .. } => assert_eq!(seen, expected),
            other => panic!("{family} {chain}: {other}"),
        }
    }
    let message = refused(Bitcoin, Mainnet, &test.to_string()).to_string();
    assert_eq!(message, "this is a testnet key, and the network is Bitcoin mainnet");
}

#[test]
fn descriptors_that_cannot_receive_safely_are_refused() {
    let key = account(Main, "m/84'/0'/0'");
    let point = hex::encode(key.public_key.serialize());
    let cases = [
        (format!("wpkh({key}/0h/*)"), AccountError::HardenedStep),
        (format!("wpkh({key}/0/*')"), AccountError::HardenedStep),
        (format!("wpkh({key}/0/*)#qqqqqqqq"), AccountError::DescriptorChecksum),
        (format!("wpkh({key}/0/*)#"), AccountError::DescriptorChecksum),
        (format!("wpkh({key}/0/0)"), AccountError::NoWildcard),
        (format!("pk({key}/0/*)"), AccountError::NoAddress),
        (format!("wpkh({point})"), AccountError::OnePublicKey),
        (format!("wpkh({}/0/*)", spelled(&key, [0x04, 0xb2, 0x47, 0x46])), AccountError::ScriptNamedTwice),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(Bitcoin, Mainnet, &text), expected, "{text}");
    }
    let repeated = format!("wsh(and_v(v:pk({key}/0/*),pk({key}/0/*)))");
    assert!(matches!(refused(Bitcoin, Mainnet, &repeated), AccountError::UnsafeDescriptor(_)));
    for text in ["wpkh(", "wpkh()", "raw(deadbeef)", "()"] {
        let error = refused(Bitcoin, Mainnet, text);
        assert!(matches!(error, AccountError::NotAnAccount { .. } | AccountError::OnePublicKey), "{text}: {error}");
    }
    let garbled = format!("wpkh({key}/0/*");
    assert!(matches!(refused(Bitcoin, Mainnet, &garbled), AccountError::NotAnAccount { .. }));
}

#[test]
fn dogecoin_refuses_every_segwit_form() {
    let key = account(Main, "m/44'/3'/0'");
    for text in [
        format!("wpkh({key}/0/*)"),
        format!("sh(wpkh({key}/0/*))"),
        format!("tr({key}/0/*)"),
        format!("wsh(pk({key}/0/*))"),
    ] {
        let error = refused(Dogecoin, Mainnet, &text);
        assert!(matches!(error, AccountError::NoSegwit(_)), "{error}");
    }
}

#[test]
fn keys_that_are_cut_mistyped_or_alone_are_refused() {
    let key = account(Main, "m/44'/60'/0'");
    let text = key.to_string();
    let point = hex::encode(key.public_key.serialize());
    let multisig = spelled(&key, [0x02, 0xaa, 0x7e, 0xd3]);
    let mut flipped = key.encode();
    flipped[45] = 5;
    let off_curve = bitcoin::base58::encode_check(&flipped);
    let cases = [
        (Evm, first(90, &text), AccountError::KeyChecksum),
        (Evm, text.replacen('6', "7", 1), AccountError::KeyChecksum),
        (Evm, off_curve, AccountError::MalformedKey),
        (Evm, point.clone(), AccountError::OnePublicKey),
        (Bitcoin, point, AccountError::OnePublicKey),
        (Bitcoin, multisig, AccountError::MultisigKey),
        (Evm, format!("{text}/0"), AccountError::NoWildcard),
        (Evm, format!("{text}/0h/*"), AccountError::HardenedStep),
        (Evm, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94".to_owned(), AccountError::OneAddress),
        (Bitcoin, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH".to_owned(), AccountError::OneAddress),
    ];
    for (family, text, expected) in cases {
        assert_eq!(refused(family, Mainnet, &text), expected, "{text}");
    }
    for text in ["", " ", "xpub", "hello", "🦀", &"x".repeat(20_000)] {
        let error = refused(Evm, Mainnet, text);
        assert!(matches!(error, AccountError::NotAnAccount { .. }), "{error}");
    }
    assert!(matches!(refused(Evm, Mainnet, &format!("pkh({key}/0/*)")), AccountError::DescriptorNotUsed(_)));
}

#[test]
fn an_index_of_two_to_the_31_is_refused() {
    let key = account(Main, "m/44'/60'/0'").to_string();
    let account = Account::parse(Evm, Mainnet, &key).unwrap();
    assert!(account.address((1 << 31) - 1).is_ok());
    assert_eq!(account.address(1 << 31), Err(AccountError::IndexTooLarge));
    assert_eq!(account.size(), 1 << 31);
}

#[test]
fn a_pool_names_the_line_of_what_it_refuses() {
    let good = bs58::encode(ed25519(&[44, 501, 0, 0]).verifying_key().as_bytes()).into_string();
    // Token accounts and other program-derived addresses are off the curve, as these bytes are.
    let off_curve =
        (0_u8..=255).map(|n| [n; 32]).find(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).is_err()).unwrap();
    let off_curve = bs58::encode(off_curve).into_string();
    let cases = [
        ("0OIl".to_owned(), PoolLineError::NotBase58),
        ("x".repeat(5_000), PoolLineError::NotBase58),
        (first(40, &good), PoolLineError::WrongLength(0)),
        (good.clone(), PoolLineError::Duplicate(2)),
        (off_curve, PoolLineError::NotAPublicKey),
        // The system program: on the curve, but of small order.
        ("1".repeat(32), PoolLineError::NotAPublicKey),
    ];
    for (line, expected) in cases {
        let text = format!("# pool\n{good}\n\n{line} # fourth\n");
        match (refused(Solana, Mainnet, &text), expected) {
            (
                AccountError::PoolLine { line: 4, problem: PoolLineError::WrongLength(_) },
                PoolLineError::WrongLength(_),
            ) => {}
            (AccountError::PoolLine { line: 4, problem }, expected) => {
                assert_eq!(problem, expected);
            }
            (other, _) => panic!("{other}"),
        }
    }
    assert_eq!(refused(Solana, Mainnet, "# none\n\n"), AccountError::EmptyPool);
}

#[test]
fn a_pool_that_is_used_up_says_so() {
    let good = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
    let pool = Account::parse(Solana, Mainnet, good).unwrap();
    assert_eq!(pool.address(1), Err(AccountError::PoolExhausted { size: 1 }));
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[a-z0-9()<>;,/*#'{}@:|\u{e9} \\[\\]]{0,3}"), 0..4),
        start in 0_usize..7,
        family in prop::sample::select(AddressFamily::ALL.to_vec()),
    ) {
        let key = "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ";
        let starts = [
            format!("wpkh([73c5da0a/84h/0h/0h]{key}/<0;1>/*)"),
            format!("sh(wsh(sortedmulti(1,{key}/0/*,{key}/1/*)))"),
            format!("tr({key}/0/*,{{pk({key}/1/*),and_v(v:pk({key}/2/*),older(9))}})"),
            format!("wsh(or_d(pk({key}/0/*),and_v(v:pkh({key}/1/*),after(1000))))"),
            format!("[73c5da0a/44h]{key}/0/*"),
            key.to_owned(),
            String::new(),
        ];
        let mut text: Vec<char> = starts[start].chars().collect();
        for (place, new) in edits {
            let place = place.index(text.len().saturating_add(1));
            let end = place.saturating_add(new.len() % 3).min(text.len());
            text.splice(place..end, new.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(account) = Account::parse(family, Mainnet, &text) {
            for index in [0, 1, 0x7fff_ffff] {
                drop(account.address(index));
            }
        }
    }
}
