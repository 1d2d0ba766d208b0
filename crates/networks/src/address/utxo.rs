//! Addresses of Bitcoin, Litecoin and Dogecoin: one table of parameters, one way to read and write.
//!
//! Sources: each coin's `chainparams.cpp`. The canonical bytes are the script public key.

use bitcoin::{PubkeyHash, Script, ScriptBuf, ScriptHash, bech32::Hrp, hashes::Hash};

use super::{AddressError, AddressFamily, Chain, Place, base58, segwit};

/// How one chain writes its addresses.
struct Parameters {
    /// The human-readable part of segwit addresses; `None` where there is no segwit.
    hrp: Option<Hrp>,
    /// The version byte of pay-to-public-key-hash.
    p2pkh: u8,
    /// The version byte of pay-to-script-hash. Litecoin's first one (Bitcoin's) is not accepted.
    p2sh: u8,
}

const fn parameters(family: AddressFamily, chain: Chain) -> Option<Parameters> {
    let (hrp, p2pkh, p2sh) = match (family, chain) {
        (AddressFamily::Bitcoin, Chain::Mainnet) => (Some("bc"), 0x00, 0x05),
        (AddressFamily::Bitcoin, Chain::Testnet) => (Some("tb"), 0x6f, 0xc4),
        (AddressFamily::Bitcoin, Chain::Regtest) => (Some("bcrt"), 0x6f, 0xc4),
        (AddressFamily::Litecoin, Chain::Mainnet) => (Some("ltc"), 0x30, 0x32),
        (AddressFamily::Litecoin, Chain::Testnet) => (Some("tltc"), 0x6f, 0x3a),
        (AddressFamily::Litecoin, Chain::Regtest) => (Some("rltc"), 0x6f, 0x3a),
        (AddressFamily::Dogecoin, Chain::Mainnet) => (None, 0x1e, 0x16),
        (AddressFamily::Dogecoin, Chain::Testnet) => (None, 0x71, 0xc4),
        (AddressFamily::Dogecoin, Chain::Regtest) => (None, 0x6f, 0xc4),
        (AddressFamily::Evm | AddressFamily::Tron | AddressFamily::Solana, _) => return None,
    };
    let hrp = match hrp {
        Some(hrp) => Some(Hrp::parse_unchecked(hrp)),
        None => None,
    };
    Some(Parameters { hrp, p2pkh, p2sh })
}

/// The script public key of an address.
pub(super) fn read(place: Place, text: &str) -> Result<Vec<u8>, AddressError> {
    let unknown = AddressError::NotAnAddress(place);
    let parameters = parameters(place.family, place.chain).ok_or(unknown)?;
    let segwit = parameters.hrp.and_then(|hrp| segwit::read(hrp, text));
    if let Some(script) = segwit {
        return script.map(ScriptBuf::into_bytes);
    }
    let payload = base58::decode(text).ok_or(unknown)??;
    let (version, hash) = payload.split_first().ok_or(unknown)?;
    let hash = <[u8; 20]>::try_from(hash).map_err(|_| unknown)?;
    let script = if *version == parameters.p2pkh {
        ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array(hash))
    } else if *version == parameters.p2sh {
        ScriptBuf::new_p2sh(&ScriptHash::from_byte_array(hash))
    } else {
        return Err(unknown);
    };
    Ok(script.into_bytes())
}

/// The address of a script public key; `None` when it has none on this chain.
pub(super) fn write(family: AddressFamily, chain: Chain, bytes: &[u8]) -> Option<String> {
    let parameters = parameters(family, chain)?;
    let script = Script::from_bytes(bytes);
    if script.is_p2pkh() {
        return Some(base58::encode(parameters.p2pkh, bytes.get(3..23)?));
    }
    if script.is_p2sh() {
        return Some(base58::encode(parameters.p2sh, bytes.get(2..22)?));
    }
    segwit::write(parameters.hrp?, script)
}
