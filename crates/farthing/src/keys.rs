//! `keys`: account keys made offline from words (BIP-39), for pasting into the configuration.
//!
//! The words pass through this file only: printed once when they are new, read from standard input when they are not, never from
//! the command line and never written anywhere. What the gateway gets is public.

use crate::{
    cli::{Keys, Pool},
    output,
};
use anyhow::{Context, bail};
use bip39::Mnemonic;
use bitcoin::{
    NetworkKind,
    bip32::{DerivationPath, Xpriv, Xpub},
    hashes::{Hash, HashEngine, Hmac, HmacEngine, sha512},
    secp256k1::{All, Secp256k1},
};
use ed25519_dalek::SigningKey;
use farthing_networks::{
    account::Account,
    address::{Address, AddressFamily, Chain},
};
use miniscript::{Descriptor, descriptor::DescriptorPublicKey};
use std::io::{IsTerminal, Read};

/// 256 bits: 24 words.
const ENTROPY_BYTES: usize = 32;
/// More than any 24 words take.
const INPUT_BYTES_MAX: u64 = 4096;
/// Addresses shown of each account, to compare with a wallet.
const FIRST_ADDRESSES: u32 = 3;
/// SLIP-0010: the key of the first HMAC.
const ED25519_SEED: &[u8] = b"ed25519 seed";
/// The bit that makes a step hardened.
const HARDENED: u32 = 1 << 31;

/// One account to paste.
struct AccountKey {
    /// The network's section in the configuration.
    sections: &'static str,
    family: AddressFamily,
    text: String,
}

/// Everything that words make.
struct AccountKeys {
    accounts: Vec<AccountKey>,
    solana: Vec<String>,
}

/// Carries out `keys new` and `keys derive`.
///
/// # Errors
/// When the words are not good ones, or nothing can be printed.
pub(crate) fn execute(command: &Keys) -> anyhow::Result<()> {
    match command {
        Keys::New(pool) => new(*pool),
        Keys::Derive(pool) => derive(*pool),
    }
}

fn new(pool: Pool) -> anyhow::Result<()> {
    let mut entropy = [0; ENTROPY_BYTES];
    getrandom::fill(&mut entropy).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    let words = Mnemonic::from_entropy(&entropy)?;
    let keys = account_keys(&words, pool.solana)?;
    output::say(
        "Write these 24 words down, on paper. They are the money: whoever has them can spend it, without them nobody can.",
    )?;
    output::say("They are shown this once and stored nowhere.\n")?;
    let numbered: Vec<String> =
        words.words().zip(1_u32..).map(|(word, number)| format!("{number:>2} {word}")).collect();
    let rows: Vec<Vec<String>> = numbered.chunks(6).map(<[String]>::to_vec).collect();
    output::say(&format!("{}\n", output::table(&rows)))?;
    output::say(&paste(&keys))?;
    Ok(output::say("\n# To compare with a wallet: farthing keys derive (it reads the words from standard input)")?)
}

fn derive(pool: Pool) -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() {
        output::say("Type the words, then Enter and Ctrl-D:")?;
    }
    let mut text = String::new();
    std::io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text).context("the words cannot be read")?;
    let words = read_words(&text)?;
    let keys = account_keys(&words, pool.solana)?;
    output::say(&paste(&keys))?;
    Ok(output::say(&format!("\n{}", first_addresses(&keys)?))?)
}

/// Words with white space between, numbered or not. An error never repeats one.
fn read_words(text: &str) -> anyhow::Result<Mnemonic> {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect();
    let count = words.len();
    Mnemonic::parse(words.join(" ")).map_err(|error| match error {
        bip39::Error::BadWordCount(_) => anyhow::anyhow!("there are {count} words; a phrase has 12, 15, 18, 21 or 24"),
        bip39::Error::UnknownWord(index) => {
            anyhow::anyhow!("word {} is not in the list (BIP-39)", index.saturating_add(1))
        }
        bip39::Error::InvalidChecksum => {
            anyhow::anyhow!("the words' checksum is wrong: one is mistyped or they are out of order")
        }
        bip39::Error::BadEntropyBitCount(_) | bip39::Error::AmbiguousLanguages(_) => {
            anyhow::anyhow!("these are no words of BIP-39")
        }
    })
}

fn account_keys(words: &Mnemonic, solana: u32) -> anyhow::Result<AccountKeys> {
    let seed = words.to_seed("");
    let secp = Secp256k1::new();
    let master = Xpriv::new_master(NetworkKind::Main, &seed)?;
    let accounts = vec![
        script_account("bitcoin", AddressFamily::Bitcoin, &secp, &master, ("wpkh", "84h/0h/0h"))?,
        script_account("litecoin", AddressFamily::Litecoin, &secp, &master, ("wpkh", "84h/2h/0h"))?,
        script_account("dogecoin", AddressFamily::Dogecoin, &secp, &master, ("pkh", "44h/3h/0h"))?,
        key_account("ethereum, polygon, bsc, arbitrum, base", AddressFamily::Evm, &secp, &master, "44h/60h/0h")?,
        key_account("tron", AddressFamily::Tron, &secp, &master, "44h/195h/0h")?,
    ];
    let addresses = (0..solana).map(|index| solana_address(&seed, index)).collect::<anyhow::Result<_>>()?;
    Ok(AccountKeys { accounts, solana: addresses })
}

/// The public key of an account below the master key.
fn public_key(secp: &Secp256k1<All>, master: &Xpriv, path: &str) -> anyhow::Result<Xpub> {
    let path: DerivationPath = format!("m/{path}").parse()?;
    Ok(Xpub::from_priv(secp, &master.derive_priv(secp, &path)?))
}

/// A descriptor with its origin and checksum (BIP-380): wallets and nodes read it without questions.
fn script_account(
    sections: &'static str,
    family: AddressFamily,
    secp: &Secp256k1<All>,
    master: &Xpriv,
    (script, path): (&str, &str),
) -> anyhow::Result<AccountKey> {
    let key = public_key(secp, master, path)?;
    let text = format!("{script}([{}/{path}]{key}/0/*)", master.fingerprint(secp));
    // Printing a descriptor adds the checksum.
    let text = text.parse::<Descriptor<DescriptorPublicKey>>()?.to_string();
    Ok(AccountKey { sections, family, text: text.replace('\'', "h") }).and_then(checksummed)
}

/// Some spell hardened steps with an apostrophe, some with an h; the checksum is of the spelling.
fn checksummed(account: AccountKey) -> anyhow::Result<AccountKey> {
    let body = account.text.split_once('#').map_or(account.text.as_str(), |(body, _)| body);
    let mut engine = miniscript::descriptor::checksum::Engine::new();
    engine.input(body)?;
    let text = format!("{body}#{}", engine.checksum());
    Ok(AccountKey { text, ..account })
}

fn key_account(
    sections: &'static str,
    family: AddressFamily,
    secp: &Secp256k1<All>,
    master: &Xpriv,
    path: &str,
) -> anyhow::Result<AccountKey> {
    Ok(AccountKey { sections, family, text: public_key(secp, master, path)?.to_string() })
}

/// The address of m/44'/501'/index'/0' (SLIP-0010, as Solana wallets derive accounts).
fn solana_address(seed: &[u8; 64], index: u32) -> anyhow::Result<String> {
    let (mut key, mut chain) = split_hmac(ED25519_SEED, &[seed]);
    for step in [44, 501, index, 0] {
        let number = (step | HARDENED).to_be_bytes();
        (key, chain) = split_hmac(&chain, &[&[0], &key, &number]);
    }
    let public = SigningKey::from_bytes(&key).verifying_key();
    let address = Address::from_bytes(AddressFamily::Solana, Chain::Mainnet, public.as_bytes());
    match address {
        Ok(address) => Ok(address.text().to_owned()),
        Err(error) => bail!("no address: {error}"),
    }
}

/// HMAC-SHA512 in halves: a key and a chain code.
fn split_hmac(key: &[u8], parts: &[&[u8]]) -> ([u8; 32], [u8; 32]) {
    let mut engine: HmacEngine<sha512::Hash> = HmacEngine::new(key);
    for part in parts {
        engine.input(part);
    }
    let bytes = Hmac::<sha512::Hash>::from_engine(engine).to_byte_array();
    let (mut left, mut right) = ([0; 32], [0; 32]);
    for (to, from) in left.iter_mut().chain(right.iter_mut()).zip(bytes) {
        *to = from;
    }
    (left, right)
}

/// What goes into the configuration.
fn paste(keys: &AccountKeys) -> String {
    let mut text = String::from("# Public keys, to be pasted into farthing.toml:\n");
    for account in &keys.accounts {
        text.push_str(&format!("\n# [networks.…] of {}\naccount = \"{}\"\n", account.sections, account.text));
    }
    let pool = keys.solana.join("\n");
    text.push_str(&format!(
        "\n# [networks.…] of solana: a pool; it may only grow at its end\naccount = \"\"\"\n{pool}\n\"\"\""
    ));
    text
}

fn first_addresses(keys: &AccountKeys) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for account in &keys.accounts {
        let parsed = Account::parse(account.family, Chain::Mainnet, &account.text)?;
        for index in 0..FIRST_ADDRESSES {
            let name = if index == 0 { account.family.to_string() } else { String::new() };
            rows.push(vec![name, format!("{index}"), parsed.address(index)?.text().to_owned()]);
        }
    }
    for (address, index) in keys.solana.iter().zip(0..FIRST_ADDRESSES) {
        let name = if index == 0 { "Solana".to_owned() } else { String::new() };
        rows.push(vec![name, format!("{index}"), address.clone()]);
    }
    Ok(format!("# The first addresses: your wallet must show the same.\n{}\n\n{}", output::table(&rows), gap_limit()))
}

/// What to expect of a wallet that looks for what was received: it stops where it thinks that nothing follows.
fn gap_limit() -> &'static str {
    "# Every invoice takes a new address, paid or not. A wallet made from the same words looks for money until it meets 20 unused\n\
     # addresses in a row (its gap limit), and so may not show what lies beyond. Nothing is lost: raise the wallet's gap limit\n\
     # (Sparrow, Electrum and Bitcoin Core can), and it shows up. The address of every payment is in Farthing's own records."
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABANDON: &str =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    #[test]
    fn the_published_phrase_makes_the_addresses_that_wallets_show() {
        let keys = account_keys(&read_words(ABANDON).unwrap(), 2).unwrap();
        let text = first_addresses(&keys).unwrap();
        assert!(text.contains("gap limit"));
        for address in [
            "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
            "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g",
            "ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh",
            "DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC",
            "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
            "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",
            "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk",
        ] {
            assert!(text.contains(address), "{address} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_to_be_pasted_is_accepted_and_has_no_private_key() {
        let keys = account_keys(&read_words(ABANDON).unwrap(), 3).unwrap();
        let text = paste(&keys);
        assert!(text.contains("wpkh([73c5da0a/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)#"), "{text}");
        for account in &keys.accounts {
            let parsed = Account::parse(account.family, Chain::Mainnet, &account.text).unwrap();
            assert!(parsed.warnings().is_empty(), "{}: {:?}", account.sections, parsed.warnings());
        }
        let pool = Account::parse(AddressFamily::Solana, Chain::Mainnet, &keys.solana.join("\n")).unwrap();
        assert_eq!(pool.size(), 3);
        assert!(!text.contains("prv") && !text.contains("abandon"));
    }

    #[test]
    fn slip_0010_vector_one() {
        let seed = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
        let (key, chain) = split_hmac(ED25519_SEED, &[&seed]);
        assert_eq!(hex::encode(key), "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7");
        assert_eq!(hex::encode(chain), "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb");
        let (key, _) = split_hmac(&chain, &[&[0], &key, &HARDENED.to_be_bytes()]);
        assert_eq!(hex::encode(key), "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3");
    }

    #[test]
    fn wrong_words_are_told_without_being_repeated() {
        for (text, said) in [
            ("abandon zebra", "there are 2 words"),
            (&ABANDON.replace("about", "secretword"), "word 12 is not in the list"),
            (&ABANDON.replace("about", "abandon"), "checksum"),
        ] {
            let error = read_words(text).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("secretword"), "{error}");
        }
        assert!(read_words(&format!(" 1 {} \n", ABANDON.to_uppercase())).is_ok());
    }
}
