//! The key of an external chain, from which every address is one derivation step away.

use std::sync::LazyLock;

use bitcoin::{
    bip32::{ChildNumber, Xpub},
    secp256k1::{PublicKey, Secp256k1, SignOnly, VerifyOnly},
};

use super::AccountError;

/// One context for the whole process, because making one is slow. It can verify and nothing else.
pub(super) static SECP256K1: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

/// Multiplies the generator, for steps of public derivation. No private key of an account is ever here: a step is public.
static GENERATOR: LazyLock<Secp256k1<SignOnly>> = LazyLock::new(Secp256k1::signing_only);

/// The extended public key whose children are the addresses' keys.
#[derive(Clone)]
pub(super) struct ChainKey(Xpub);

impl ChainKey {
    /// Walks a path, without hardened steps, down from an extended key.
    pub(super) fn new(key: &Xpub, path: &[ChildNumber]) -> Result<Self, AccountError> {
        if path.iter().any(ChildNumber::is_hardened) {
            return Err(AccountError::HardenedStep);
        }
        key.derive_pub(&*SECP256K1, &path).map(Self).map_err(|_| AccountError::MalformedKey)
    }

    pub(super) fn as_xpub(&self) -> &Xpub {
        &self.0
    }

    /// The public key at an index. Not `Xpub::ckd_pub`, which also hashes the parent for a
    /// fingerprint that no address needs.
    pub(super) fn child(&self, index: u32) -> Result<PublicKey, AccountError> {
        let number = ChildNumber::from_normal_idx(index).map_err(|_| AccountError::IndexTooLarge)?;
        let (tweak, _) = self.0.ckd_pub_tweak(number).map_err(|_| AccountError::NoKeyAtIndex)?;
        // The tweak's own point by the precomputed multiples of the generator, and one addition: half of what a general
        // multiplication costs.
        let step = PublicKey::from_secret_key(&GENERATOR, &tweak);
        self.0.public_key.combine(&step).map_err(|_| AccountError::NoKeyAtIndex)
    }

    /// The key without what spellings and networks add to it: public key and chain code.
    pub(super) fn identity(&self) -> String {
        identity(&self.0)
    }
}

/// Public key and chain code in hexadecimal: equal for every spelling of the same key.
pub(super) fn identity(key: &Xpub) -> String {
    let mut text = hex::encode(key.public_key.serialize());
    text.push_str(&hex::encode(key.chain_code.to_bytes()));
    text
}
