//! An operator's account: public key material from which the addresses of payments are made.
//!
//! Watch-only. A private key in any form is refused before anything else looks at the text, and no
//! error, `Debug` or log repeats any of it. Whoever holds a whole account key can see every payment
//! made to it, so the key itself never appears in `Debug` either.

mod chain_key;
mod error;
mod expression;
mod extended_key;
mod pool;
mod script;
mod secret;

use core::{fmt, str::FromStr};

use alloy_primitives::{Address as EvmAddress, keccak256};
use bitcoin::{
    hashes::{Hash, sha256},
    secp256k1::PublicKey,
};
use miniscript::descriptor::DescriptorPublicKey;

pub use self::error::{AccountError, AccountWarning, PoolLineError, SecretKind};
use self::{
    chain_key::ChainKey,
    extended_key::ScriptHint,
    script::{ScriptAccount, ScriptSource},
};
use crate::address::{Address, AddressError, AddressFamily, Chain, Place};

/// Longest text of an account other than a pool, in bytes: a descriptor of twenty keys has 3,000.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Indexes from here on are hardened, which public keys cannot derive (BIP-32).
const INDEX_END: u32 = 1 << 31;

/// Names the key material of an account: equal for accounts that must share one index.
///
/// Every spelling of the same keys has the same id, on every network: one xpub on all EVM networks
/// and Tron, one descriptor with or without origins and checksum, `zpub…` and `wpkh(xpub…/0/*)`. A
/// pool is named by its first address, so it keeps its id while it grows at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKeyId([u8; 16]);

impl AccountKeyId {
    fn of(identity: &str) -> Self {
        let digest = sha256::Hash::hash(format!("farthing account 1\n{identity}").as_bytes());
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest.to_byte_array();
        Self(id)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The id with these bytes, as [`AccountKeyId::to_bytes`] gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for AccountKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Where an account's addresses come from.
#[derive(Clone)]
enum Source {
    /// Addresses are hashes of scripts.
    Scripts(ScriptSource),
    /// Addresses are hashes of public keys, on EVM networks and Tron.
    Keys(ChainKey),
    /// Addresses made elsewhere.
    Pool(Vec<[u8; 32]>),
    /// Addresses of a simulated network's pool, which refills itself.
    Endless([u8; 32]),
}

/// An account on one network family and chain.
#[derive(Clone)]
pub struct Account {
    place: Place,
    key_id: AccountKeyId,
    warnings: Vec<AccountWarning>,
    source: Source,
}

impl Account {
    /// Reads an account as an operator wrote it.
    ///
    /// - Bitcoin, Litecoin, Dogecoin: an output descriptor, or an extended account key, whose
    ///   external chain is then used: `ypub` and `Mtub` nested segwit (BIP-49), `zpub` native
    ///   segwit (BIP-84), `xpub` and `Ltub` native segwit too, on Dogecoin always legacy (BIP-44).
    /// - EVM networks, Tron: an extended account key (`m/44'/60'/0'`, `m/44'/195'/0'`).
    /// - Solana: a pool, one base58 address a line, `#` before comments.
    ///
    /// # Errors
    /// See [`AccountError`]; a private key is [`AccountError::PrivateKey`] on every network.
    pub fn parse(family: AddressFamily, chain: Chain, text: &str) -> Result<Self, AccountError> {
        let place = Place { family, chain };
        match family {
            AddressFamily::Bitcoin | AddressFamily::Litecoin | AddressFamily::Dogecoin => {
                Self::parse_scripts(place, text)
            }
            AddressFamily::Evm | AddressFamily::Tron => Self::parse_keys(place, text),
            AddressFamily::Solana => Self::parse_pool(place, text),
        }
    }

    fn parse_scripts(place: Place, text: &str) -> Result<Self, AccountError> {
        let text = checked(place, text)?;
        let ScriptAccount { source, warnings } = if text.contains('(') {
            script::read_descriptor(place, text, expected(place))?
        } else {
            script::read_key(place, text)?.ok_or_else(|| no_key(place, text))?
        };
        Ok(Self { place, key_id: AccountKeyId::of(&source.identity()), warnings, source: Source::Scripts(source) })
    }

    fn parse_keys(place: Place, text: &str) -> Result<Self, AccountError> {
        let text = checked(place, text)?;
        if text.contains('(') {
            return Err(AccountError::DescriptorNotUsed(place));
        }
        let expression = expression::read(place, text)?.ok_or_else(|| no_key(place, text))?;
        // Other spellings are of Bitcoin's coins and were refused with the network.
        if expression.hint != ScriptHint::Unsaid {
            return Err(AccountError::MalformedKey);
        }
        Ok(Self {
            place,
            key_id: AccountKeyId::of(&format!("keys({})", expression.key.identity())),
            warnings: expression.warnings,
            source: Source::Keys(expression.key),
        })
    }

    fn parse_pool(place: Place, text: &str) -> Result<Self, AccountError> {
        let bare: String = pool::lines(text).flat_map(|line| [line, "\n"]).collect();
        if let Some(kind) = secret::find(&bare) {
            return Err(AccountError::PrivateKey(kind));
        }
        let addresses = pool::read(text)?;
        let first = addresses.first().ok_or(AccountError::EmptyPool)?;
        Ok(Self {
            place,
            key_id: AccountKeyId::of(&format!("pool({})", hex::encode(first))),
            warnings: Vec::new(),
            source: Source::Pool(addresses),
        })
    }

    /// A pool that never ends, on a simulated Solana: nobody has the private keys of its addresses.
    #[must_use]
    pub fn endless_simulated_pool(seed: [u8; 32]) -> Self {
        Self {
            place: Place { family: AddressFamily::Solana, chain: Chain::Testnet },
            key_id: AccountKeyId::of(&format!("endless({})", hex::encode(seed))),
            warnings: Vec::new(),
            source: Source::Endless(seed),
        }
    }

    /// The address at an index: always the same one for the same account and index.
    ///
    /// # Errors
    /// [`AccountError::PoolExhausted`] past the end of a pool, [`AccountError::IndexTooLarge`] from
    /// 2^31, and [`AccountError::NoKeyAtIndex`] by a chance of 1 in 2^127.
    pub fn address(&self, index: u32) -> Result<Address, AccountError> {
        if index >= INDEX_END {
            return Err(AccountError::IndexTooLarge);
        }
        let Place { family, chain } = self.place;
        let address = match &self.source {
            Source::Scripts(scripts) => {
                let script = scripts.script_pubkey(index)?;
                Address::from_bytes(family, chain, script.as_bytes())
            }
            Source::Keys(key) => Address::from_bytes(family, chain, key_hash(&key.child(index)?).as_slice()),
            Source::Pool(addresses) => {
                let place = usize::try_from(index).unwrap_or(usize::MAX);
                let address = addresses.get(place).ok_or(AccountError::PoolExhausted { size: self.size() })?;
                Address::from_bytes(family, chain, address)
            }
            Source::Endless(seed) => {
                Address::from_bytes(family, chain, &pool::endless(seed, index).ok_or(AccountError::NoKeyAtIndex)?)
            }
        };
        address.map_err(|_| AccountError::NoAddress)
    }

    /// How many addresses there are: the pool's size, or 2^31.
    #[must_use]
    pub fn size(&self) -> u32 {
        match &self.source {
            Source::Pool(addresses) => u32::try_from(addresses.len()).unwrap_or(INDEX_END),
            Source::Scripts(_) | Source::Keys(_) | Source::Endless(_) => INDEX_END,
        }
    }

    /// Names the key material; see [`AccountKeyId`].
    #[must_use]
    pub fn key_id(&self) -> AccountKeyId {
        self.key_id
    }

    /// The network family that the account was read for.
    #[must_use]
    pub fn family(&self) -> AddressFamily {
        self.place.family
    }

    /// The chain that the account was read for.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.place.chain
    }

    /// What the operator should look at before relying on the account.
    #[must_use]
    pub fn warnings(&self) -> &[AccountWarning] {
        &self.warnings
    }
}

/// Shows the id only.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.key_id)
    }
}

/// The text without white space around it, when it holds no private key and is of a sane length.
fn checked(place: Place, text: &str) -> Result<&str, AccountError> {
    if let Some(kind) = secret::find(text) {
        return Err(AccountError::PrivateKey(kind));
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(AccountError::NotAnAccount { wanted: place, expected: expected(place) });
    }
    Ok(text.trim())
}

/// What a text without an extended key is instead.
fn no_key(place: Place, text: &str) -> AccountError {
    let parsed = Address::parse(place.family, place.chain, text);
    if matches!(parsed, Ok(_) | Err(AddressError::OtherNetwork { .. })) {
        return AccountError::OneAddress;
    }
    if DescriptorPublicKey::from_str(text).is_ok() {
        return AccountError::OnePublicKey;
    }
    AccountError::NotAnAccount { wanted: place, expected: expected(place) }
}

fn expected(place: Place) -> &'static str {
    match place.family {
        AddressFamily::Bitcoin | AddressFamily::Litecoin => {
            "an output descriptor such as wpkh(xpub…/0/*), or the account's extended public key"
        }
        AddressFamily::Dogecoin => "an output descriptor such as pkh(xpub…/0/*), or the account's extended public key",
        AddressFamily::Evm => "the extended public key (xpub) of m/44'/60'/0'",
        AddressFamily::Tron => "the extended public key (xpub) of m/44'/195'/0'",
        AddressFamily::Solana => "a list of addresses, one a line",
    }
}

/// The last 20 bytes of the Keccak-256 hash of a public key, as EVM networks and Tron have it.
fn key_hash(key: &PublicKey) -> EvmAddress {
    let [_, coordinates @ ..] = key.serialize_uncompressed();
    EvmAddress::from_word(keccak256(coordinates))
}
