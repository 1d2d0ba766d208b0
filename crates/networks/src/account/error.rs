//! Why a text is not an account. No message ever repeats any part of the text: it may be a secret.

use core::fmt;

use thiserror::Error;

use crate::address::Place;

/// What a private key was recognised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretKind {
    /// `xprv`, `zprv`, `tprv`, `Ltpv`, `dgpv` and the like.
    ExtendedPrivateKey,
    /// A Bitcoin-style wallet import key, or one encrypted by BIP-38.
    WalletImportKey,
    /// 64 or 128 hexadecimal digits.
    HexadecimalKey,
    /// A list of words.
    SeedPhrase,
    /// The 64 bytes of a Solana key pair in base58.
    SolanaKeyPair,
    /// A JSON array of bytes, as Solana's tools write key files.
    ByteArray,
    /// A PEM block.
    PemBlock,
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExtendedPrivateKey => "an extended private key (xprv, zprv, tprv, …)",
            Self::WalletImportKey => "a private key in wallet import format",
            Self::HexadecimalKey => "a private key in hexadecimal",
            Self::SeedPhrase => "a seed phrase",
            Self::SolanaKeyPair => "a Solana secret key",
            Self::ByteArray => "a secret key as a JSON array of bytes",
            Self::PemBlock => "a private key in a PEM block",
        })
    }
}

/// What is wrong with a line of a pool of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PoolLineError {
    /// Not base58.
    #[error("this is not base58")]
    NotBase58,
    /// Base58, but not of 32 bytes.
    #[error("a Solana address has 32 bytes, this has {0}")]
    WrongLength(usize),
    /// No private key can belong to it: a program's account, a token account, or a mistyped line.
    #[error(
        "no private key can belong to this address (it may be a token account or a program's \
         account, or be mistyped): money sent to it would be lost"
    )]
    NotAPublicKey,
    /// It was there before.
    #[error("the address is already on line {0}")]
    Duplicate(usize),
}

/// Why an operator's text is not an account, or why an account has no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountError {
    /// A private key where a public one belongs.
    #[error(
        "this looks like {0}. Farthing is watch-only and never takes a private key: give the \
         account's public key instead, and treat this one as exposed if the file was shared"
    )]
    PrivateKey(SecretKind),
    /// An address where an account belongs.
    #[error("this is one address; an account key is needed, from which many addresses can be made")]
    OneAddress,
    /// One public key, which makes one address.
    #[error("this is a single public key; an extended public key (xpub) is needed")]
    OnePublicKey,
    /// A key of another network.
    #[error("this is a {seen} key, and the network is {wanted}")]
    OtherNetwork {
        /// Where the key belongs: `testnet`, `Litecoin`.
        seen: &'static str,
        /// The network that was to be configured.
        wanted: Place,
    },
    /// `Ypub`, `Zpub`: several of them make an address, and only a descriptor says how.
    #[error("this is a key of a multi-signature wallet: give the wallet's output descriptor")]
    MultisigKey,
    /// The key's version says one kind of script and the place where it stands says another.
    #[error("inside a descriptor write the key as xpub or tpub: the descriptor names the script")]
    ScriptNamedTwice,
    /// A `ypub` or `zpub`, or a segwit script, where there is no segwit.
    #[error("{0} has no segregated witness: use pkh(…) or a key for legacy addresses")]
    NoSegwit(Place),
    /// Looks like an extended key, but the checksum is wrong.
    #[error("the extended public key is mistyped or cut short: its checksum is wrong")]
    KeyChecksum,
    /// Decodes, but is not an extended public key.
    #[error("the extended public key is malformed")]
    MalformedKey,
    /// The checksum after `#` does not match the descriptor.
    #[error("the descriptor's checksum (after #) is wrong: the descriptor was changed or cut")]
    DescriptorChecksum,
    /// A hardened step after an extended public key.
    #[error("a hardened step (h or ') after a public key needs the private key")]
    HardenedStep,
    /// A path that does not end in a wildcard makes the same address for ever.
    #[error("the path must end in /* so that each payment gets an address of its own")]
    NoWildcard,
    /// A descriptor without addresses, such as `pk(…)`.
    #[error("a descriptor of this type has no address")]
    NoAddress,
    /// A descriptor that cannot be spent, or not safely.
    #[error("the descriptor is not safe to receive with: {0}")]
    UnsafeDescriptor(&'static str),
    /// A descriptor for a network whose addresses are not scripts.
    #[error("{0} takes an extended public key, not a descriptor")]
    DescriptorNotUsed(Place),
    /// None of the forms that an account can have on this network.
    #[error("this is not an account for {wanted}: give {expected}")]
    NotAnAccount {
        /// The network.
        wanted: Place,
        /// What can be given.
        expected: &'static str,
    },
    /// A pool without an address.
    #[error("the pool has no address")]
    EmptyPool,
    /// A line of a pool.
    #[error("line {line}: {problem}")]
    PoolLine {
        /// Counted from 1, comments and empty lines included.
        line: usize,
        /// What is wrong with it.
        problem: PoolLineError,
    },
    /// More lines than a pool may have.
    #[error("the pool has more than {0} addresses")]
    PoolTooLarge(usize),
    /// The index is past the end of the pool.
    #[error("the pool's {size} addresses are used up")]
    PoolExhausted {
        /// Addresses in the pool.
        size: u32,
    },
    /// The index is 2^31 or more.
    #[error("an address index must be below 2147483648")]
    IndexTooLarge,
    /// BIP-32 has no key at this index (a chance of 1 in 2^127): use the next.
    #[error("there is no key at this index: use the next one")]
    NoKeyAtIndex,
}

/// What may be a mistake in an account, though it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountWarning {
    /// Not the depth of an account key, so that a wallet may look elsewhere.
    #[error(
        "the extended key is at depth {0}; an account key, such as m/84'/0'/0', is at depth 3. \
         Make sure that your wallet shows the first address"
    )]
    UnusualDepth(u8),
    /// The last step before the wildcard is 1.
    #[error("the path ends in /1/*, which wallets use for change; payers' addresses are at /0/*")]
    ChangeChain,
    /// An `xpub` says nothing of scripts.
    #[error(
        "the key does not say which script it is for: taken as native segwit (BIP-84). Give a \
         descriptor or a zpub to be sure"
    )]
    TakenAsNativeSegwit,
}
