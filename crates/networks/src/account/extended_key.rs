//! Extended public keys (BIP-32) in every spelling wallets export, and what the spelling says.
//!
//! Version bytes: SLIP-132 and each coin's `chainparams.cpp`.

use bitcoin::{
    NetworkKind::{self, Main, Test},
    base58,
    bip32::Xpub,
};

use self::ScriptHint::{Multisig, NativeSegwit, NestedSegwit, Unsaid};
use super::AccountError;
use crate::address::{
    AddressFamily::{self, Bitcoin, Dogecoin, Litecoin},
    Chain, Place,
};

/// Bytes of a serialised extended key.
pub(super) const EXTENDED_KEY_BYTES: usize = 78;
/// No shorter run of letters and digits is a whole extended key.
const TEXT_BYTES_MIN: usize = 100;

/// What a key's version says of the script its addresses have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptHint {
    /// Nothing, or too little to rely on.
    Unsaid,
    /// `ypub`, `upub`, `Mtub`: segwit inside pay-to-script-hash (BIP-49).
    NestedSegwit,
    /// `zpub`, `vpub`: native segwit (BIP-84).
    NativeSegwit,
    /// `Ypub`, `Zpub`, `Upub`, `Vpub`: one of several keys of an address.
    Multisig,
}

/// What the four version bytes of an extended public key stand for.
struct Version {
    bytes: [u8; 4],
    /// The coin that uses it; `None` when many do. Bitcoin's segwit spellings serve Litecoin too.
    coin: Option<AddressFamily>,
    kind: NetworkKind,
    hint: ScriptHint,
}

const fn version(bytes: [u8; 4], coin: Option<AddressFamily>, kind: NetworkKind, hint: ScriptHint) -> Version {
    Version { bytes, coin, kind, hint }
}

const XPUB: [u8; 4] = [0x04, 0x88, 0xb2, 0x1e];
const TPUB: [u8; 4] = [0x04, 0x35, 0x87, 0xcf];

const VERSIONS: [Version; 15] = [
    version(XPUB, None, Main, Unsaid),
    version([0x04, 0x9d, 0x7c, 0xb2], Some(Bitcoin), Main, NestedSegwit), // ypub
    version([0x04, 0xb2, 0x47, 0x46], Some(Bitcoin), Main, NativeSegwit), // zpub
    version([0x02, 0x95, 0xb4, 0x3f], Some(Bitcoin), Main, Multisig),     // Ypub
    version([0x02, 0xaa, 0x7e, 0xd3], Some(Bitcoin), Main, Multisig),     // Zpub
    version(TPUB, None, Test, Unsaid),
    version([0x04, 0x4a, 0x52, 0x62], Some(Bitcoin), Test, NestedSegwit), // upub
    version([0x04, 0x5f, 0x1c, 0xf6], Some(Bitcoin), Test, NativeSegwit), // vpub
    version([0x02, 0x42, 0x89, 0xef], Some(Bitcoin), Test, Multisig),     // Upub
    version([0x02, 0x57, 0x54, 0x83], Some(Bitcoin), Test, Multisig),     // Vpub
    version([0x01, 0x9d, 0xa4, 0x62], Some(Litecoin), Main, Unsaid),      // Ltub
    version([0x01, 0xb2, 0x6e, 0xf6], Some(Litecoin), Main, NestedSegwit), // Mtub
    version([0x04, 0x36, 0xf6, 0xe1], Some(Litecoin), Test, Unsaid),      // ttub
    version([0x02, 0xfa, 0xca, 0xfd], Some(Dogecoin), Main, Unsaid),      // dgub
    version([0x04, 0x32, 0xa9, 0xa8], Some(Dogecoin), Test, Unsaid),      // tgub
];

/// Whether the bytes of an extended key hold a private one: a zero byte stands before it, where a
/// public key begins with 2 or 3, whatever the version says.
pub(super) fn is_private(payload: &[u8]) -> bool {
    payload.get(45) == Some(&0)
}

/// Whether a run of letters and digits is meant as an extended key, whole, mistyped or cut.
pub(super) fn is_meant(token: &str) -> bool {
    let begins = token.len() >= 20 && matches!(token.get(1..4), Some("pub" | "tub"));
    let dogecoin = token.len() >= 20 && matches!(token.get(..4), Some("dgub" | "tgub"));
    let hexadecimal = token.bytes().all(|b| b.is_ascii_hexdigit());
    begins || dogecoin || (token.len() >= TEXT_BYTES_MIN && !hexadecimal)
}

/// Reads an extended public key for a network.
pub(super) fn read(place: Place, token: &str) -> Result<(Xpub, ScriptHint), AccountError> {
    let mut payload = base58::decode_check(token).map_err(|_| AccountError::KeyChecksum)?;
    if payload.len() != EXTENDED_KEY_BYTES {
        return Err(AccountError::MalformedKey);
    }
    let known =
        VERSIONS.iter().find(|version| payload.starts_with(&version.bytes)).ok_or(AccountError::MalformedKey)?;
    let hint = check_network(place, known)?;
    let common = match known.kind {
        Main => XPUB,
        Test => TPUB,
    };
    payload.splice(..common.len(), common);
    let key = Xpub::decode(&payload).map_err(|_| AccountError::MalformedKey)?;
    let master = key.depth == 0;
    let has_parent = key.parent_fingerprint.to_bytes() != [0; 4] || u32::from(key.child_number) != 0;
    if master && has_parent {
        return Err(AccountError::MalformedKey);
    }
    Ok((key, hint))
}

fn check_network(place: Place, version: &Version) -> Result<ScriptHint, AccountError> {
    let coin_agrees = match (version.coin, place.family) {
        (None, _) => true,
        (Some(Bitcoin), Bitcoin | Litecoin) => true,
        (Some(coin), family) => coin == family,
    };
    if !coin_agrees {
        let seen = match version.coin {
            Some(Litecoin) => "Litecoin",
            Some(Dogecoin) => "Dogecoin",
            _ => "Bitcoin",
        };
        return Err(AccountError::OtherNetwork { seen, wanted: place });
    }
    // Wallets of EVM networks, Tron and Solana write xpub on their test chains too.
    let chain_agrees = match (version.kind, place.chain) {
        (Main, Chain::Mainnet) | (Test, Chain::Testnet | Chain::Regtest) => true,
        (Main, Chain::Testnet | Chain::Regtest) => !place.family.marks_the_chain(),
        (Test, Chain::Mainnet) => false,
    };
    if !chain_agrees {
        let seen = match version.kind {
            Main => "mainnet",
            Test => "testnet",
        };
        return Err(AccountError::OtherNetwork { seen, wanted: place });
    }
    Ok(version.hint)
}
