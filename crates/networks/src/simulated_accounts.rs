//! Accounts of the test environment's simulated networks: real address forms that nobody holds a private key of.
//!
//! The keys are random points of the curve, not made from private keys: there is nothing to throw away and nothing to steal.
//! What is kept of an account is its public text.

use crate::{
    account::{Account, AccountError},
    address::{AddressFamily, Chain},
};
use bitcoin::{
    NetworkKind,
    bip32::{ChainCode, ChildNumber, Fingerprint, Xpub},
    secp256k1::PublicKey,
};
use sha2::{Digest, Sha256};

/// Where an account key stands below its seed (BIP-44: purpose, coin, account).
const ACCOUNT_DEPTH: u8 = 3;
/// What the text of a simulated pool begins with.
const POOL: &str = "simulated-pool:";
/// Hashes tried for a point; each is the x coordinate of one by a chance of one half.
const TRIES: u32 = 256;

/// A new account's public text, from random bytes. Different families must be given different bytes.
#[must_use]
pub fn simulated_account(family: AddressFamily, entropy: [u8; 32]) -> String {
    match family {
        AddressFamily::Solana => format!("{POOL}{}", hex::encode(entropy)),
        AddressFamily::Bitcoin
        | AddressFamily::Litecoin
        | AddressFamily::Dogecoin
        | AddressFamily::Evm
        | AddressFamily::Tron => Xpub {
            network: NetworkKind::Test,
            depth: ACCOUNT_DEPTH,
            parent_fingerprint: Fingerprint::default(),
            child_number: ChildNumber::Hardened { index: 0 },
            public_key: random_point(&entropy),
            chain_code: ChainCode::from(hash(&entropy, b"chain code", 0)),
        }
        .to_string(),
    }
}

/// The account of a text that [`simulated_account`] made, with addresses in the network's testnet form.
///
/// # Errors
/// When the text is none of that family.
pub fn read_simulated_account(family: AddressFamily, text: &str) -> Result<Account, AccountError> {
    match text.strip_prefix(POOL) {
        Some(seed) if family == AddressFamily::Solana => {
            let mut bytes = [0; 32];
            hex::decode_to_slice(seed, &mut bytes).map_err(|_| AccountError::MalformedKey)?;
            Ok(Account::endless_simulated_pool(bytes))
        }
        Some(_) | None => Account::parse(family, Chain::Testnet, text),
    }
}

/// A point of the curve that was found by its x coordinate: its private key was never known to anybody.
fn random_point(entropy: &[u8; 32]) -> PublicKey {
    let found = (0..TRIES).find_map(|counter| {
        let mut compressed = [2; 33];
        let (_, x) = compressed.split_first_mut()?;
        x.copy_from_slice(&hash(entropy, b"public key", counter));
        PublicKey::from_slice(&compressed).ok()
    });
    #[expect(clippy::expect_used, reason = "each hash fails by a chance of one half; all of them by one in 2^256")]
    found.expect("one of many hashes is on the curve")
}

fn hash(entropy: &[u8; 32], purpose: &[u8], counter: u32) -> [u8; 32] {
    Sha256::new().chain_update(entropy).chain_update(purpose).chain_update(counter.to_be_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_addresses_in_its_testnet_form() {
        let begins = [
            (AddressFamily::Bitcoin, "tb1q"),
            (AddressFamily::Litecoin, "tltc1q"),
            (AddressFamily::Dogecoin, "n"),
            (AddressFamily::Evm, "0x"),
            (AddressFamily::Tron, "T"),
            (AddressFamily::Solana, ""),
        ];
        for (family, begin) in begins {
            let text = simulated_account(family, [7; 32]);
            let account = read_simulated_account(family, &text).unwrap();
            let first = account.address(0).unwrap();
            assert!(first.text().starts_with(begin), "{family}: {}", first.text());
            assert_ne!(first.bytes(), account.address(1).unwrap().bytes());
            let again = read_simulated_account(family, &text).unwrap();
            assert_eq!(again.address(0).unwrap(), first, "{family}");
            assert_eq!(again.key_id(), account.key_id(), "{family}");
        }
    }

    #[test]
    fn other_bytes_are_another_account() {
        for family in AddressFamily::ALL {
            let [one, two] = [1, 2].map(|byte| read_simulated_account(family, &simulated_account(family, [byte; 32])));
            assert_ne!(one.unwrap().key_id(), two.unwrap().key_id(), "{family}");
        }
    }

    #[test]
    fn the_simulated_pool_never_ends_and_its_addresses_are_valid_ones() {
        let account = Account::endless_simulated_pool([3; 32]);
        assert_eq!(account.size(), 1 << 31);
        for index in [0, 1, 2, 1_000_000, (1 << 31) - 1] {
            let address = account.address(index).unwrap();
            let listed = Account::parse(AddressFamily::Solana, Chain::Mainnet, address.text()).unwrap();
            assert_eq!(listed.address(0).unwrap().bytes(), address.bytes());
        }
        assert!(account.address(1 << 31).is_err());
    }

    #[test]
    fn a_text_of_another_family_is_refused() {
        let pool = simulated_account(AddressFamily::Solana, [1; 32]);
        assert!(read_simulated_account(AddressFamily::Bitcoin, &pool).is_err());
        assert!(read_simulated_account(AddressFamily::Solana, "simulated-pool:xyz").is_err());
    }
}
