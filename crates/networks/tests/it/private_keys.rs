//! Private keys are refused, whatever their form, and never repeated.

use bitcoin::{
    NetworkKind::{Main, Test},
    PrivateKey, base58,
};
use farthing_networks::{
    account::{Account, AccountError, SecretKind},
    address::{AddressFamily, Chain},
};
use proptest::prelude::*;

use crate::phrase::{self, ed25519, private_account};

fn assert_refused(secret: &str, expected: SecretKind) {
    for family in AddressFamily::ALL {
        for chain in Chain::ALL {
            let error = Account::parse(family, chain, secret).unwrap_err();
            assert_eq!(error, AccountError::PrivateKey(expected), "{family} {chain}");
            assert_says_nothing_of(secret, &error);
        }
    }
}

fn assert_says_nothing_of(secret: &str, error: &AccountError) {
    let said = format!("{error} {error:?} {error:#?}");
    let characters: Vec<char> = secret.chars().collect();
    for window in characters.windows(8) {
        let part: String = window.iter().collect();
        assert!(!said.contains(&part), "the error repeats a part of the secret");
    }
}

/// The last character replaced, as a slip of the keyboard would.
fn mistyped(secret: &str) -> String {
    let mut text = secret.to_owned();
    let last = text.pop().unwrap();
    text.push(if last == 'z' { 'y' } else { 'z' });
    text
}

fn extended(version: [u8; 4]) -> String {
    let mut payload = private_account(Main, "m/84'/0'/0'").encode();
    payload[..4].copy_from_slice(&version);
    base58::encode_check(&payload)
}

#[test]
fn extended_private_keys_of_every_coin_are_refused() {
    let versions: [[u8; 4]; 15] = [
        [0x04, 0x88, 0xad, 0xe4],
        [0x04, 0x9d, 0x78, 0x78],
        [0x04, 0xb2, 0x43, 0x0c],
        [0x02, 0x95, 0xb0, 0x05],
        [0x02, 0xaa, 0x7a, 0x99],
        [0x04, 0x35, 0x83, 0x94],
        [0x04, 0x4a, 0x4e, 0x28],
        [0x04, 0x5f, 0x18, 0xbc],
        [0x02, 0x42, 0x85, 0xb5],
        [0x02, 0x57, 0x50, 0x48],
        [0x01, 0x9d, 0x9c, 0xfe],
        [0x01, 0xb2, 0x67, 0x92],
        [0x04, 0x36, 0xef, 0x7d],
        [0x02, 0xfa, 0xc3, 0x98],
        [0x04, 0x32, 0xa2, 0x43],
    ];
    for version in versions {
        let secret = extended(version);
        assert_refused(&secret, SecretKind::ExtendedPrivateKey);
        assert_refused(&mistyped(&secret), SecretKind::ExtendedPrivateKey);
        assert_refused(&format!("  {secret}/0/*\n"), SecretKind::ExtendedPrivateKey);
        assert_refused(&format!("wpkh({secret}/0/*)"), SecretKind::ExtendedPrivateKey);
    }
}

#[test]
fn a_private_key_under_a_public_or_unknown_version_is_refused() {
    for version in [[0x04, 0x88, 0xb2, 0x1e], [0x03, 0xe2, 0x59, 0x45]] {
        assert_refused(&extended(version), SecretKind::ExtendedPrivateKey);
    }
}

#[test]
fn one_private_key_among_public_ones_is_refused() {
    let public = phrase::account(Main, "m/48'/0'/1'/2'");
    let secret = private_account(Main, "m/48'/0'/0'/2'");
    let text = format!("wsh(sortedmulti(1,{public}/0/*,[73c5da0a]{secret}/0/*))");
    let error = Account::parse(AddressFamily::Bitcoin, Chain::Mainnet, &text).unwrap_err();
    assert_eq!(error, AccountError::PrivateKey(SecretKind::ExtendedPrivateKey));
    assert_says_nothing_of(&secret.to_string(), &error);
}

#[test]
fn wallet_import_keys_of_every_coin_are_refused() {
    let key = private_account(Main, "m/84'/0'/0'/0/0").private_key;
    let mut secrets = vec![
        PrivateKey::new(key, Main).to_wif(),
        PrivateKey::new_uncompressed(key, Main).to_wif(),
        PrivateKey::new(key, Test).to_wif(),
        PrivateKey::new_uncompressed(key, Test).to_wif(),
    ];
    // Litecoin, Dogecoin, Dogecoin's testnet.
    for version in [0xb0, 0x9e, 0xf1] {
        let payload = [&[version], &key.secret_bytes()[..], &[1]].concat();
        secrets.push(base58::encode_check(&payload));
        secrets.push(base58::encode_check(&payload[..33]));
    }
    for secret in secrets {
        assert_refused(&secret, SecretKind::WalletImportKey);
        assert_refused(&format!("wpkh({secret})"), SecretKind::WalletImportKey);
    }
    let wif = PrivateKey::new(key, Main).to_wif();
    assert_refused(&mistyped(&wif), SecretKind::WalletImportKey);
    // BIP-38's first vector.
    let encrypted = "6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg";
    assert_refused(encrypted, SecretKind::WalletImportKey);
}

#[test]
fn hexadecimal_keys_are_refused() {
    let key = hex::encode(private_account(Main, "m/44'/60'/0'/0/0").private_key.secret_bytes());
    let upper = key.to_uppercase();
    for secret in
        [key.clone(), format!("0x{key}"), format!("0X{upper}"), format!(" {upper}\n"), format!("{key}{upper}")]
    {
        assert_refused(&secret, SecretKind::HexadecimalKey);
    }
}

#[test]
fn seed_phrases_are_refused_however_they_are_laid_out() {
    let words: Vec<&str> = phrase::WORDS.split(' ').collect();
    let numbered: Vec<String> = (1..).zip(&words).map(|(n, w)| format!("{n}. {w}")).collect();
    for secret in [
        phrase::WORDS.to_owned(),
        phrase::WORDS.to_uppercase(),
        format!("  {}  ", words.join("   ")),
        words.join("\n"),
        words.join(", "),
        numbered.join("\n"),
        [phrase::WORDS, phrase::WORDS].join(" "),
        ["abaco", "zuppa", "ábaco", "éxito"].repeat(3).join(" "),
        "的 一 是 在 不 了 有 和 人 这 中 大".to_owned(),
    ] {
        assert_refused(&secret, SecretKind::SeedPhrase);
    }
}

#[test]
fn solana_secret_keys_are_refused() {
    let key = ed25519(&[44, 501, 0, 0]).to_keypair_bytes();
    let text = bs58::encode(key).into_string();
    assert_refused(&text, SecretKind::SolanaKeyPair);
    let json = serde_json::to_string(&key.to_vec()).unwrap();
    assert_refused(&json, SecretKind::ByteArray);
    assert_refused(&json.replace(',', ",\n  "), SecretKind::ByteArray);
    assert_refused(&serde_json::to_string(&key[..32]).unwrap(), SecretKind::ByteArray);
    let good = "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk";
    for secret in [text, json, phrase::WORDS.to_owned()] {
        let pool = format!("# the shop's pool\n{good}\n{secret}\n");
        let family = AddressFamily::Solana;
        let error = Account::parse(family, Chain::Mainnet, &pool).unwrap_err();
        assert!(matches!(error, AccountError::PrivateKey(_)), "{error}");
        assert_says_nothing_of(&secret, &error);
    }
}

#[test]
fn a_pem_block_is_refused() {
    let secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----";
    assert_refused(secret, SecretKind::PemBlock);
}

#[test]
fn the_message_says_what_was_seen_and_that_farthing_only_watches() {
    let message = AccountError::PrivateKey(SecretKind::SeedPhrase).to_string();
    assert!(message.contains("a seed phrase"));
    assert!(message.contains("watch-only"));
}

proptest! {
    #[test]
    fn no_error_repeats_any_part_of_a_broken_secret(
        bytes in prop::array::uniform32(1_u8..),
        cut in 0_usize..40,
        family in prop::sample::select(AddressFamily::ALL.to_vec()),
    ) {
        let hexadecimal = hex::encode(bytes);
        let encoded = bs58::encode(bytes).into_string();
        let wif = base58::encode_check(&[&[0x80], &bytes[..], &[1]].concat());
        for secret in [hexadecimal, encoded, wif] {
            let cut_off: String = secret.chars().skip(cut).collect();
            let start: String = secret.chars().take(8).collect();
            for text in [
                cut_off.clone(),
                format!("wpkh({cut_off}/0/*)"),
                format!("tr({cut_off})#{start}"),
            ] {
                if let Err(error) = Account::parse(family, Chain::Mainnet, &text) {
                    assert_says_nothing_of(&secret, &error);
                }
            }
        }
    }
}
