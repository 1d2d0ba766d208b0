//! The accounts of simulated networks: made at random once per installation, from points that nobody has a private key for.
//!
//! Nobody can spend from them, and nobody needs to. What is kept is a text that [`read`] turns into the same account again.

use crate::{
    account::{Account, AccountError},
    address::Chain,
};
use bitcoin::{
    NetworkKind,
    bip32::{ChainCode, ChildNumber, Fingerprint, Xpub},
    secp256k1::{Parity, PublicKey, XOnlyPublicKey},
};
use farthing_domain::network::Family;
use sha2::{Digest, Sha256};

/// The depth of an account key: `m/44'/60'/0'`.
const ACCOUNT_DEPTH: u8 = 3;
/// Hashes tried for a point; every second one is one.
const TRIES_MAX: u32 = 256;

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedAccountError {
    /// The text is no account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The random bytes make no key, by a chance that is no chance.
    #[error("these random bytes make no key")]
    NoKey,
}

/// Makes an account from random bytes, which the caller forgets: the public text to be kept.
///
/// For Solana, which has no public derivation, the text is a public seed of points that nobody has a private key for.
///
/// # Errors
/// When the bytes make no key.
pub fn make(family: Family, random: &[u8; 32]) -> Result<String, SimulatedAccountError> {
    let network = match family {
        Family::Bitcoin | Family::Litecoin | Family::Dogecoin => NetworkKind::Test,
        Family::Evm | Family::Tron => NetworkKind::Main,
        Family::Solana => return Ok(hex::encode(random)),
    };
    let account = Xpub {
        network,
        depth: ACCOUNT_DEPTH,
        parent_fingerprint: Fingerprint::default(),
        child_number: ChildNumber::Hardened { index: 0 },
        public_key: point(random).ok_or(SimulatedAccountError::NoKey)?,
        chain_code: ChainCode::from(hash(b"chain code", random, 0)),
    };
    Ok(account.to_string())
}

/// The first of a row of hashes that is a point of the curve: there is no private key to throw away.
fn point(random: &[u8; 32]) -> Option<PublicKey> {
    (0..TRIES_MAX).find_map(|attempt| {
        let [sign, ..] = hash(b"sign", random, attempt);
        let parity = if sign.is_multiple_of(2) { Parity::Even } else { Parity::Odd };
        let x = XOnlyPublicKey::from_slice(&hash(b"point", random, attempt)).ok()?;
        Some(PublicKey::from_x_only_public_key(x, parity))
    })
}

fn hash(what: &[u8], random: &[u8; 32], attempt: u32) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(what);
    hash.update(random);
    hash.update(attempt.to_be_bytes());
    hash.finalize().into()
}

/// The account of a text that [`make`] made. Addresses take the testnet's form where the network has one.
///
/// # Errors
/// When the text is no such account.
pub fn read(family: Family, text: &str) -> Result<Account, SimulatedAccountError> {
    if family != Family::Solana {
        return Ok(Account::parse(family.into(), Chain::Testnet, text)?);
    }
    let seed = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    Ok(Account::endless_simulated_pool(seed.ok_or(SimulatedAccountError::NoKey)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [Family; 6] =
        [Family::Bitcoin, Family::Litecoin, Family::Dogecoin, Family::Evm, Family::Tron, Family::Solana];

    #[test]
    fn every_family_has_accounts_whose_addresses_look_like_a_test_network_s() {
        let prefixes = ["tb1q", "tltc1q", "n", "0x", "T", ""];
        for (family, prefix) in FAMILIES.into_iter().zip(prefixes) {
            let text = make(family, &[7; 32]).unwrap();
            let account = read(family, &text).unwrap();
            let (first, second) = (account.address(0).unwrap(), account.address(1).unwrap());
            assert!(first.text().starts_with(prefix) || prefix == "n" && first.text().starts_with('m'), "{first}");
            assert_ne!(first.text(), second.text());
            assert_eq!(read(family, &text).unwrap().address(1).unwrap().text(), second.text());
            assert_ne!(make(family, &[8; 32]).unwrap(), text);
        }
    }

    #[test]
    fn what_is_kept_is_no_private_key() {
        for family in FAMILIES {
            assert!(!make(family, &[7; 32]).unwrap().contains("prv"));
        }
    }

    #[test]
    fn an_address_of_the_endless_pool_is_one_that_a_real_pool_would_take() {
        let account = read(Family::Solana, &make(Family::Solana, &[7; 32]).unwrap()).unwrap();
        let list: Vec<String> = (0..5).map(|index| account.address(index).unwrap().text().to_owned()).collect();
        assert!(Account::parse(Family::Solana.into(), Chain::Mainnet, &list.join("\n")).is_ok());
    }
}
