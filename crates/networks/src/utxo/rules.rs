//! What Bitcoin, Litecoin and Dogecoin differ in, as data: one table.
//!
//! Sources: each chain's `chainparams.cpp` and `consensus.h`. A genesis hash is deliberately not among it: it is recorded at
//! first contact.

use super::block::{Origin, RawHeader};
use bitcoin::{BlockHash, CompactTarget, Target, hashes::Hash as _};
use farthing_domain::network::Family;

/// Blocks between two changes of the target (Bitcoin).
const RETARGET_BLOCKS: u64 = 2016;

/// Which chain of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainName {
    /// The one with real money.
    Mainnet,
    /// The public test chain before `testnet4`.
    Testnet,
    /// Bitcoin's public test chain (BIP-94).
    Testnet4,
    /// A public test chain whose blocks are signed (BIP-325).
    Signet,
    /// A private chain.
    Regtest,
}

impl ChainName {
    /// Every chain.
    pub const ALL: [Self; 5] = [Self::Mainnet, Self::Testnet, Self::Testnet4, Self::Signet, Self::Regtest];

    /// As the configuration names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Testnet4 => "testnet4",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        }
    }

    /// As `getblockchaininfo` names it.
    #[must_use]
    pub const fn node_name(self) -> &'static str {
        match self {
            Self::Mainnet => "main",
            Self::Testnet => "test",
            Self::Testnet4 | Self::Signet | Self::Regtest => self.as_str(),
        }
    }

    /// The chain of that name in the configuration.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chain| chain.as_str() == name)
    }
}

/// The function whose value must meet a header's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkFunction {
    /// The one that blocks are named by.
    Sha256d,
    /// scrypt with N = 1024, r = 1, p = 1 (Litecoin).
    Scrypt,
}

/// How the work behind a header is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The function's value meets the target in the header.
    Done {
        /// The function.
        function: WorkFunction,
        /// The easiest target that there may be, in compact form.
        limit: u32,
        /// Whether the target changes only where and by as much as Bitcoin's rules for its main chain let it.
        is_retargeted: bool,
    },
    /// Not at all: the work may have been done for another chain, and targets change with each block.
    Unchecked,
}

/// What reading a chain's blocks needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Headers may carry a proof of merged mining.
    pub merged_mining: bool,
    /// Blocks may carry an extension block (Litecoin's MWEB).
    pub extension_block: bool,
    /// How work is checked.
    pub work: Work,
    /// Blocks, its own included, after which newly made money may be spent.
    pub coinbase_maturity: u64,
    /// The same for money out of the extension block.
    pub extension_maturity: u64,
}

impl Rules {
    /// The rules of a chain; `None` for families without outputs.
    #[must_use]
    pub const fn of(family: Family, chain: ChainName) -> Option<Self> {
        let is_retargeted = matches!(chain, ChainName::Mainnet);
        let (limit, litecoin_limit) = match chain {
            ChainName::Mainnet | ChainName::Testnet | ChainName::Testnet4 => (0x1d00_ffff, 0x1e0f_ffff),
            ChainName::Signet => (0x1e03_77ae, 0x1e03_77ae),
            ChainName::Regtest => (0x207f_ffff, 0x207f_ffff),
        };
        let bitcoin = Self {
            merged_mining: false,
            extension_block: false,
            work: Work::Done { function: WorkFunction::Sha256d, limit, is_retargeted },
            coinbase_maturity: 100,
            extension_maturity: 0,
        };
        Some(match family {
            Family::Bitcoin => bitcoin,
            Family::Litecoin => Self {
                extension_block: true,
                work: Work::Done { function: WorkFunction::Scrypt, limit: litecoin_limit, is_retargeted },
                extension_maturity: 6,
                ..bitcoin
            },
            Family::Dogecoin => {
                let coinbase_maturity = if matches!(chain, ChainName::Regtest) { 60 } else { 240 };
                Self { merged_mining: true, work: Work::Unchecked, coinbase_maturity, ..bitcoin }
            }
            Family::Evm | Family::Tron | Family::Solana => return None,
        })
    }

    /// The height that the chain must have reached before money of a block at `height` can be final; `None` when it is
    /// spendable at once.
    #[must_use]
    pub const fn matures_at(&self, origin: Origin, height: u64) -> Option<u64> {
        let blocks = match origin {
            Origin::Spent => return None,
            Origin::Coinbase => self.coinbase_maturity,
            Origin::Extension => self.extension_maturity,
        };
        Some(height.saturating_add(blocks).saturating_sub(1))
    }

    /// Whether a header shows the work that its own target asks for.
    #[must_use]
    pub fn is_worked(&self, header: &RawHeader) -> bool {
        let Work::Done { function, limit, .. } = self.work else { return true };
        let value = match function {
            WorkFunction::Sha256d => Some(header.hash),
            WorkFunction::Scrypt => scrypt(&header.bytes),
        };
        let target = target(header.bits);
        let is_met = |value| target.is_met_by(BlockHash::from_byte_array(value));
        target <= self::target(limit) && value.is_some_and(is_met)
    }

    /// Whether targets follow Bitcoin's rules, so that a block's can be compared with the one below.
    #[must_use]
    pub const fn is_retargeted(&self) -> bool {
        matches!(self.work, Work::Done { is_retargeted: true, .. })
    }

    /// Whether the block of a header must state its height (BIP-34), and stakes its work on it.
    #[must_use]
    pub const fn states_height(&self, header: &RawHeader) -> bool {
        !matches!(self.work, Work::Unchecked) && header.version != 1
    }

    /// Whether a header at `height` may ask for its target on top of a block with the target `below`.
    #[must_use]
    pub fn may_follow(&self, below: u32, height: u64, bits: u32) -> bool {
        let Work::Done { limit, is_retargeted: true, .. } = self.work else { return true };
        if height.is_multiple_of(RETARGET_BLOCKS) {
            return target(bits) <= eased(below, 1, limit);
        }
        bits == below
    }

    /// Whether the chain may have come from one block's target to another's, height and target each: at most four times easier
    /// with each period between, and within one as well, because another branch may have ended the last one otherwise.
    #[must_use]
    pub fn may_lead(&self, earlier: (u64, u32), later: (u64, u32)) -> bool {
        let Work::Done { limit, is_retargeted: true, .. } = self.work else { return true };
        let period = |height: u64| height.checked_div(RETARGET_BLOCKS).unwrap_or_default();
        let periods = period(later.0).saturating_sub(period(earlier.0)).max(1);
        target(later.1) <= eased(earlier.1, periods, limit)
    }
}

/// The easiest target after so many periods, in each of which it may become four times as easy.
fn eased(bits: u32, periods: u64, limit: u32) -> Target {
    let limit = target(limit);
    let mut easiest = target(bits);
    for _ in 0..periods {
        if easiest >= limit {
            break;
        }
        easiest = easiest.max_transition_threshold_unchecked();
    }
    easiest.min(limit)
}

/// Litecoin's function of a header, which is its own salt.
fn scrypt(header: &[u8]) -> Option<[u8; 32]> {
    let parameters = scrypt::Params::new(10, 1, 1).ok()?;
    let mut value = [0; 32];
    scrypt::scrypt(header, header, &parameters, &mut value).ok()?;
    Some(value)
}

fn target(bits: u32) -> Target {
    Target::from_compact(CompactTarget::from_consensus(bits))
}
