//! Addresses: the text a payer sees and the bytes a chain yields, always together.
//!
//! Parsing is strict: an address of another network, a wrong checksum or an unusual spelling is
//! refused, never repaired. Nothing here knows keys.

mod base58;
mod evm;
mod segwit;
mod solana;
mod tron;
mod utxo;

use core::fmt;

use farthing_domain::network::Family;
use thiserror::Error;

/// Longest text looked at, in bytes; every real address is shorter.
const TEXT_BYTES_MAX: usize = 128;

/// Networks whose addresses look alike. All EVM networks are one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressFamily {
    /// Bitcoin.
    Bitcoin,
    /// Litecoin.
    Litecoin,
    /// Dogecoin, which has no segregated witness.
    Dogecoin,
    /// Ethereum and every chain with its addresses.
    Evm,
    /// Tron.
    Tron,
    /// Solana.
    Solana,
}

impl AddressFamily {
    /// Every family, in the order used when an address of an unknown network is recognised.
    pub const ALL: [Self; 6] = [Self::Bitcoin, Self::Litecoin, Self::Dogecoin, Self::Evm, Self::Tron, Self::Solana];

    /// Whether [`Chain`] changes how an address of this family is written.
    #[must_use]
    pub const fn marks_the_chain(self) -> bool {
        match self {
            Self::Bitcoin | Self::Litecoin | Self::Dogecoin => true,
            Self::Evm | Self::Tron | Self::Solana => false,
        }
    }
}

impl From<Family> for AddressFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::Bitcoin => Self::Bitcoin,
            Family::Litecoin => Self::Litecoin,
            Family::Dogecoin => Self::Dogecoin,
            Family::Evm => Self::Evm,
            Family::Tron => Self::Tron,
            Family::Solana => Self::Solana,
        }
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bitcoin => "Bitcoin",
            Self::Litecoin => "Litecoin",
            Self::Dogecoin => "Dogecoin",
            Self::Evm => "EVM",
            Self::Tron => "Tron",
            Self::Solana => "Solana",
        })
    }
}

/// Which chain of a family. Addresses of EVM networks, Tron and Solana do not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chain {
    /// The chain with real money.
    Mainnet,
    /// Public test chains; signet writes its addresses as testnet does.
    Testnet,
    /// A private chain for rehearsals.
    Regtest,
}

impl Chain {
    /// Every chain.
    pub const ALL: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Regtest];
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Regtest => "regtest",
        })
    }
}

/// The networks an address is written for, as words: `Bitcoin testnet`, `Tron`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The family.
    pub family: AddressFamily,
    /// The chain of the family.
    pub chain: Chain,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.family.marks_the_chain() {
            write!(f, "{} {}", self.family, self.chain)
        } else {
            write!(f, "{}", self.family)
        }
    }
}

/// Why a text is not an address, or bytes have no address. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// A good address of another network.
    #[error("this is a {seen} address, not a {wanted} address")]
    OtherNetwork {
        /// What was wanted.
        wanted: Place,
        /// What the address is. Where several chains write it alike, the first of them.
        seen: Place,
    },
    /// The checksum is wrong: a character was mistyped or the address was cut.
    #[error("the address has a wrong checksum: check every character")]
    Checksum,
    /// Upper and lower case are mixed where that is not allowed.
    #[error("the address mixes upper and lower case")]
    MixedCase,
    /// A witness version or program length that no wallet can spend today.
    #[error("the address is of a form that is not in use")]
    UnknownForm,
    /// Not an address of the wanted network nor of any other that is known.
    #[error("this is not a {0} address")]
    NotAnAddress(Place),
    /// The bytes are not of a form that has an address on this network.
    #[error("these bytes have no {0} address")]
    NoTextForm(Place),
}

/// An address: its text, and the bytes by which a scan recognises it.
///
/// Two addresses are equal when both are. Addresses of different families never compare usefully.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    text: Box<str>,
    bytes: Box<[u8]>,
}

impl Address {
    /// Reads an address of the given network, exactly as wallets write it.
    ///
    /// Spellings with the same meaning (an all upper-case bech32 address, an EVM address without
    /// its checksum) are accepted and written in the usual way by [`Address::text`].
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse(family: AddressFamily, chain: Chain, text: &str) -> Result<Self, AddressError> {
        let wanted = Place { family, chain };
        if text.len() > TEXT_BYTES_MAX {
            return Err(AddressError::NotAnAddress(wanted));
        }
        match read(wanted, text) {
            Ok(bytes) => Self::from_bytes(family, chain, &bytes),
            Err(AddressError::NotAnAddress(_)) => Err(match recognise(wanted, text) {
                Some(seen) => AddressError::OtherNetwork { wanted, seen },
                None => AddressError::NotAnAddress(wanted),
            }),
            Err(error) => Err(error),
        }
    }

    /// The address whose canonical bytes these are: a script public key on Bitcoin, Litecoin and
    /// Dogecoin, 20 bytes on EVM networks and Tron, 32 bytes on Solana.
    ///
    /// # Errors
    /// [`AddressError::NoTextForm`] when the bytes are of another form, such as a bare multisig script.
    pub fn from_bytes(family: AddressFamily, chain: Chain, bytes: &[u8]) -> Result<Self, AddressError> {
        let place = Place { family, chain };
        let text = match family {
            AddressFamily::Bitcoin | AddressFamily::Litecoin | AddressFamily::Dogecoin => {
                utxo::write(family, chain, bytes)
            }
            AddressFamily::Evm => evm::write(bytes),
            AddressFamily::Tron => tron::write(bytes),
            AddressFamily::Solana => solana::write(bytes),
        }
        .ok_or(AddressError::NoTextForm(place))?;
        Ok(Self { text: text.into_boxed_str(), bytes: bytes.into() })
    }

    /// The address as it is shown to payers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a scan of the chain yields for this address: a script public key on Bitcoin, Litecoin
    /// and Dogecoin, 20 bytes on EVM networks and Tron, 32 bytes on Solana.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn read(place: Place, text: &str) -> Result<Vec<u8>, AddressError> {
    match place.family {
        AddressFamily::Bitcoin | AddressFamily::Litecoin | AddressFamily::Dogecoin => utxo::read(place, text),
        AddressFamily::Evm => evm::read(place, text),
        AddressFamily::Tron => tron::read(place, text),
        AddressFamily::Solana => solana::read(place, text),
    }
}

/// The network that a text is a good address of, if any. The wanted family goes first, because
/// the test chains of several families share their version bytes; Solana goes last, because it has
/// no checksum that would prove the guess.
fn recognise(wanted: Place, text: &str) -> Option<Place> {
    let families =
        core::iter::once(wanted.family).chain(AddressFamily::ALL.into_iter().filter(|f| *f != wanted.family));
    families
        .flat_map(|family| Chain::ALL.map(|chain| Place { family, chain }))
        .find(|place| *place != wanted && read(*place, text).is_ok())
}
