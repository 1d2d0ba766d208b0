//! The published test phrase `abandon … about`: its seed, and the accounts that wallets make of it.

use bitcoin::{
    NetworkKind, base58,
    bip32::{DerivationPath, Xpriv, Xpub},
    secp256k1::Secp256k1,
};

pub(crate) const WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon about";
const SEED: &str = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1\
                    9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4";

pub(crate) fn seed() -> Vec<u8> {
    hex::decode(SEED).unwrap()
}

pub(crate) fn private_account(kind: NetworkKind, path: &str) -> Xpriv {
    let path: DerivationPath = path.parse().unwrap();
    let master = Xpriv::new_master(kind, &seed()).unwrap();
    master.derive_priv(&Secp256k1::new(), &path).unwrap()
}

pub(crate) fn account(kind: NetworkKind, path: &str) -> Xpub {
    Xpub::from_priv(&Secp256k1::new(), &private_account(kind, path))
}

/// The same extended key with other version bytes.
pub(crate) fn spelled(key: &Xpub, version: [u8; 4]) -> String {
    let mut payload = key.encode();
    payload[..4].copy_from_slice(&version);
    base58::encode_check(&payload)
}

/// An ed25519 key of the phrase, by SLIP-10.
pub(crate) fn ed25519(path: &[u32]) -> ed25519_dalek::SigningKey {
    use bitcoin::hashes::{Hash, HashEngine, Hmac, HmacEngine, sha512};
    let mac = |key: &[u8], message: &[u8]| {
        let mut engine = HmacEngine::<sha512::Hash>::new(key);
        engine.input(message);
        Hmac::from_engine(engine).to_byte_array()
    };
    let mut node = mac(b"ed25519 seed", &seed());
    for step in path {
        let mut message = vec![0];
        message.extend_from_slice(&node[..32]);
        message.extend_from_slice(&(step | 1 << 31).to_be_bytes());
        node = mac(&node[32..], &message);
    }
    ed25519_dalek::SigningKey::from_bytes(node[..32].try_into().unwrap())
}
