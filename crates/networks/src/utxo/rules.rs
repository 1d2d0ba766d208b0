//! What Bitcoin, Litecoin and Dogecoin differ in, as data: one table.
//!
//! Sources: each chain's `chainparams.cpp` and `consensus.h`. A genesis hash is deliberately not among it: it is recorded at
//! first contact.

use super::block::{Origin, RawHeader, Worker};
use alloy_primitives::U256;
use bitcoin::{BlockHash, CompactTarget, Target, hashes::Hash as _};
use farthing_domain::network::Family;

/// Blocks between two changes of the target (Bitcoin).
const RETARGET_BLOCKS: u64 = 2016;
/// From here on Dogecoin's target changes with each block (`DigiShield`).
const DIGISHIELD_FROM: u64 = 145_000;
/// From here on Dogecoin's blocks must state their height.
const DOGECOIN_HEIGHTS_FROM: u64 = 1_034_383;
/// Blocks by which two branches of a chain may have been apart, when their targets are compared.
const BRANCH_BLOCKS: u64 = 12;

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
    /// scrypt with N = 1024, r = 1, p = 1 (Litecoin, Dogecoin).
    Scrypt,
    /// None: a private chain, whose work is worth nothing, of a kind of which no node can be had for a rehearsal.
    Unchecked,
}

/// How the work behind a header is checked: the function's value meets the target in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// The function.
    pub function: WorkFunction,
    /// The easiest target that there may be, in compact form.
    pub limit: u32,
    /// How the target may change.
    pub retarget: Retarget,
}

/// How a chain's target may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retarget {
    /// In any way: a chain for tests.
    Freely,
    /// Every 2,016 blocks, to at most four times as easy (Bitcoin, Litecoin).
    Periods,
    /// With every block, to at most one and a half times as easy (Dogecoin's `DigiShield`).
    EachBlock,
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
        let is_main = matches!(chain, ChainName::Mainnet);
        let retarget = if is_main { Retarget::Periods } else { Retarget::Freely };
        let (limit, scrypt_limit) = match chain {
            ChainName::Mainnet | ChainName::Testnet | ChainName::Testnet4 => (0x1d00_ffff, 0x1e0f_ffff),
            ChainName::Signet => (0x1e03_77ae, 0x1e03_77ae),
            ChainName::Regtest => (0x207f_ffff, 0x207f_ffff),
        };
        let bitcoin = Self {
            merged_mining: false,
            extension_block: false,
            work: Work { function: WorkFunction::Sha256d, limit, retarget },
            coinbase_maturity: 100,
            extension_maturity: 0,
        };
        Some(match family {
            Family::Bitcoin => bitcoin,
            Family::Litecoin => Self {
                extension_block: true,
                work: Work { function: WorkFunction::Scrypt, limit: scrypt_limit, retarget },
                extension_maturity: 6,
                ..bitcoin
            },
            Family::Dogecoin => {
                let coinbase_maturity = if matches!(chain, ChainName::Regtest) { 60 } else { 240 };
                let retarget = if is_main { Retarget::EachBlock } else { Retarget::Freely };
                let is_private = matches!(chain, ChainName::Regtest);
                let function = if is_private { WorkFunction::Unchecked } else { WorkFunction::Scrypt };
                let work = Work { function, limit: scrypt_limit, retarget };
                Self { merged_mining: true, work, coinbase_maturity, ..bitcoin }
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
        let Work { function, limit, .. } = self.work;
        let target = target(header.bits);
        if target > self::target(limit) {
            return false;
        }
        let value = match (function, &header.worker) {
            (WorkFunction::Unchecked, _) | (_, Worker::NotShown) => return true,
            (WorkFunction::Sha256d, Worker::Itself | Worker::Other(_)) => Some(header.hash),
            (WorkFunction::Scrypt, Worker::Itself) => scrypt(&header.bytes),
            (WorkFunction::Scrypt, Worker::Other(bytes)) => scrypt(bytes),
        };
        value.is_some_and(|value| target.is_met_by(BlockHash::from_byte_array(value)))
    }

    /// Whether targets follow a rule, so that a block's can be compared with the one below.
    #[must_use]
    pub const fn is_retargeted(&self) -> bool {
        !matches!(self.work.retarget, Retarget::Freely)
    }

    /// Whether the block of a header at a height must state that height (BIP-34), and stakes its work on it.
    #[must_use]
    pub const fn states_height(&self, header: &RawHeader, height: u64) -> bool {
        match (self.merged_mining, self.work.retarget) {
            (true, Retarget::Freely) => false,
            (true, Retarget::Periods | Retarget::EachBlock) => height >= DOGECOIN_HEIGHTS_FROM,
            (false, _) => height > 0 && header.version != 1,
        }
    }

    /// Whether a header at `height` may ask for its target on top of a block with the target `below`.
    #[must_use]
    pub fn may_follow(&self, below: u32, height: u64, bits: u32) -> bool {
        let is_period = height.is_multiple_of(RETARGET_BLOCKS);
        match self.work.retarget {
            Retarget::Freely => true,
            Retarget::Periods if is_period => target(bits) <= self.eased(below, 1),
            Retarget::Periods => bits == below,
            Retarget::EachBlock => height < DIGISHIELD_FROM || target(bits) <= self.eased(below, 1),
        }
    }

    /// Whether the chain may have come from one block's target to another's, height and target each: at most as much easier as
    /// its rule lets it become in between, and a little more, because another branch may have come to the last one otherwise.
    #[must_use]
    pub fn may_lead(&self, earlier: (u64, u32), later: (u64, u32)) -> bool {
        let period = |height: u64| height.checked_div(RETARGET_BLOCKS).unwrap_or_default();
        let steps = match self.work.retarget {
            Retarget::Freely => return true,
            Retarget::Periods => period(later.0).saturating_sub(period(earlier.0)).max(1),
            Retarget::EachBlock if later.0 < DIGISHIELD_FROM => return true,
            Retarget::EachBlock => later.0.saturating_sub(earlier.0).saturating_add(BRANCH_BLOCKS),
        };
        target(later.1) <= self.eased(earlier.1, steps)
    }

    /// The easiest target after so many changes.
    fn eased(&self, bits: u32, steps: u64) -> Target {
        let number = |target: Target| U256::from_be_bytes(target.to_be_bytes());
        let limit = number(target(self.work.limit));
        let mut easiest = number(target(bits));
        for _ in 0..steps {
            if easiest >= limit {
                break;
            }
            easiest = match self.work.retarget {
                Retarget::Freely => limit,
                Retarget::Periods => easiest.saturating_mul(U256::from(4)),
                Retarget::EachBlock => easiest.saturating_add(easiest.wrapping_shr(1)),
            };
        }
        Target::from_be_bytes(easiest.min(limit).to_be_bytes())
    }
}

/// Litecoin's and Dogecoin's function of a header, which is its own salt.
fn scrypt(header: &[u8]) -> Option<[u8; 32]> {
    let parameters = scrypt::Params::new(10, 1, 1).ok()?;
    let mut value = [0; 32];
    scrypt::scrypt(header, header, &parameters, &mut value).ok()?;
    Some(value)
}

fn target(bits: u32) -> Target {
    Target::from_compact(CompactTarget::from_consensus(bits))
}
