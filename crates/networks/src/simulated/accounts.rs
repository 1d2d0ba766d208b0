//! The accounts of simulated networks: made at random once per installation, their private parts thrown away at once.
//!
//! Nobody can spend from them, and nobody needs to. What is kept is a text that [`read`] turns into the same account again.

use crate::{
    account::{Account, AccountError},
    address::Chain,
};
use bitcoin::{
    NetworkKind,
    bip32::{DerivationPath, Xpriv, Xpub},
    secp256k1::Secp256k1,
};
use farthing_domain::network::Family;

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedAccountError {
    /// The text is no account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The random bytes make no key, by a chance of 1 in 2^127.
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
    let (kind, path) = match family {
        Family::Bitcoin | Family::Litecoin => (NetworkKind::Test, "m/84'/1'/0'"),
        Family::Dogecoin => (NetworkKind::Test, "m/44'/1'/0'"),
        Family::Evm => (NetworkKind::Main, "m/44'/60'/0'"),
        Family::Tron => (NetworkKind::Main, "m/44'/195'/0'"),
        Family::Solana => return Ok(hex::encode(random)),
    };
    let secp = Secp256k1::new();
    let no_key = |_| SimulatedAccountError::NoKey;
    let path: DerivationPath = path.parse().map_err(no_key)?;
    let master = Xpriv::new_master(kind, random).map_err(no_key)?;
    let account = master.derive_priv(&secp, &path).map_err(no_key)?;
    Ok(Xpub::from_priv(&secp, &account).to_string())
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
