//! Assets: a currency's code on a network, with the decimals that its units have there.

use crate::name::{AssetCode, NetworkId};
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// "USDT on tron". Two assets of one code on two networks are different things.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AssetId {
    /// The currency's code.
    pub code: AssetCode,
    /// The network that carries it.
    pub network: NetworkId,
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.code, self.network)
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An asset as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Code and network.
    pub id: AssetId,
    /// The currency's name: `Tether USD`.
    pub name: String,
    /// Digits after the point of one whole coin; pinned per contract (USDT has 6, on bsc 18).
    pub decimals: u8,
    /// The token's contract or mint as its network writes it; `None` for the native coin.
    pub contract: Option<String>,
    /// Whether it stands for a fiat currency, so that dues are made to 6 places.
    pub is_stablecoin: bool,
}

impl Asset {
    /// Places to which a due made by a rate is rounded up, so that people can type it: min(decimals, 8), stablecoins 6.
    #[must_use]
    pub fn due_places(&self) -> u8 {
        self.decimals.min(if self.is_stablecoin { 6 } else { 8 })
    }
}
