//! What is wrong with an address of ours itself, whatever was paid to it.

use super::Holder;
use core::fmt;
use farthing_domain::{
    name::{AssetCode, NetworkId},
    time::Timestamp,
};

/// What was found at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Code, where there was to be an account of a key: whoever put it there has the key.
    Code,
    /// A token that its issuer has frozen there: it cannot be spent.
    Frozen(AssetCode),
    /// A token that came from somebody whom its issuer has frozen since: it may be frozen next.
    PayerFrozen(AssetCode),
}

impl What {
    /// As it is written down: `code`, `frozen USDT`, `payer frozen USDT`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let code = |text: &str| AssetCode::new(text).ok();
        if text == "code" {
            return Some(Self::Code);
        }
        match text.strip_prefix("payer frozen ") {
            Some(of_payer) => code(of_payer).map(Self::PayerFrozen),
            None => text.strip_prefix("frozen ").and_then(code).map(Self::Frozen),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("code"),
            Self::Frozen(code) => write!(f, "frozen {code}"),
            Self::PayerFrozen(code) => write!(f, "payer frozen {code}"),
        }
    }
}

/// Something wrong with an address, until a later look finds it gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// On which network.
    pub network: NetworkId,
    /// The address, as its canonical bytes.
    pub address: Vec<u8>,
    /// The address as people read it.
    pub shown: String,
    /// What the address is bound to.
    pub holder: Holder,
    /// What is wrong.
    pub what: What,
    /// When it was found first.
    pub found_at: Timestamp,
    /// When the operator acknowledged it: it is no alarm any more, and stays known as long as it is found.
    pub acknowledged_at: Option<Timestamp>,
}
