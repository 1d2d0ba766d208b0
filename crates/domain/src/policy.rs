//! Policies: what APIs differ in, as data. The numbers are those of `contracts/comparison.md`; an operator can change each.

use crate::time::Timestamp;
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// One minute, in seconds.
const MINUTE: i64 = 60;
/// One hour, in seconds.
const HOUR: i64 = 3600;
/// One day, in seconds.
const DAY: i64 = 86_400;

/// Which API's rules an invoice follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Farthing's own API.
    Native,
    /// `CoinsPaid` v2.
    CoinsPaid,
    /// Payhubix v1.
    Payhubix,
    /// TX.Cash v1.
    TxCash,
    /// txn.pro v1.
    TxnPro,
}

impl Dialect {
    /// All five, native first.
    pub const ALL: [Self; 5] = [Self::Native, Self::CoinsPaid, Self::Payhubix, Self::TxCash, Self::TxnPro];

    /// Its name in configuration, stored rows and the invoice's `source`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::CoinsPaid => "coinspaid",
            Self::Payhubix => "payhubix",
            Self::TxCash => "txcash",
            Self::TxnPro => "txnpro",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == text).ok_or(UnknownDialect)
    }
}

/// A text that names no dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of native, coinspaid, payhubix, txcash, txnpro")]
pub struct UnknownDialect;

/// When an invoice's window starts to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowStart {
    /// When the invoice is created, whether or not the payer has chosen a coin.
    Creation,
    /// At creation, or at the first activation of a draft; another choice does not move it.
    FirstActivation,
}

/// How long a payer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its length in seconds where the invoice does not say otherwise.
    pub seconds: i64,
    /// From when it runs.
    pub start: WindowStart,
}

/// How long money that was seen in time may take to become final before it is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grace {
    /// So many seconds after the window.
    AfterWindow(i64),
    /// So many seconds after the latest sighting within the window.
    AfterLatestSighting(i64),
    /// Until so many seconds after creation.
    AfterCreation(i64),
}

/// Whether late money counts towards the invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateMoney {
    /// It is recorded and waits for the merchant's decision.
    Ask,
    /// It is recorded and never counts.
    Never,
    /// It counts by the invoice's own quote.
    CreditLockedRate,
    /// It counts by a quote made when it is recorded, until so many seconds after creation (`None`: for ever).
    CreditCurrentRate {
        /// The last moment at which it counts, in seconds after creation.
        until: Option<i64>,
    },
}

/// What money short of the amount does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortMoney {
    /// The payer can pay the rest until the window ends.
    StaysOpen,
    /// The invoice ends when all money seen by the first final payment is final or gone.
    EndsWithFirstFinal,
}

/// Up to when the merchant may cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantCancel {
    /// In `draft` or `pending`, nothing seen.
    WhileNothingSeen,
    /// Until it is final, also while money waits for confirmations.
    WhileNotFinal,
    /// Never.
    Never,
}

/// One API's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whose rules these are by default.
    pub dialect: Dialect,
    /// How long a draft waits for the payer's choice, in seconds; `None` where the choice falls within the window.
    pub draft_seconds: Option<i64>,
    /// The payer's window; `None` for deposits to a permanent address.
    pub window: Option<Window>,
    /// How long a rate is held, in seconds; `None`: as long as the window.
    pub quote_seconds: Option<i64>,
    /// Whether a lapsed quote is renewed, on the same address, when it is looked at.
    pub quote_renews: bool,
    /// Patience with money that is seen and not final.
    pub grace: Grace,
    /// What late money means.
    pub late: LateMoney,
    /// What short money means.
    pub short: ShortMoney,
    /// An expired invoice stays open to late money until so many seconds after creation; `None`: it is final at once.
    pub expired_open_seconds: Option<i64>,
    /// Up to when the merchant may cancel.
    pub merchant_cancel: MerchantCancel,
    /// Whether the payer may cancel on the page while nothing is seen.
    pub payer_cancel: bool,
}

impl Policy {
    /// The default policy of an API.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Native => Self::native(),
            Dialect::CoinsPaid => Self::coinspaid(),
            Dialect::Payhubix => Self::payhubix(),
            Dialect::TxCash => Self::txcash(),
            Dialect::TxnPro => Self::txnpro(),
        }
    }

    /// A deposit to a permanent address: an invoice of its own, priced at that deposit, without a window.
    #[must_use]
    pub fn permanent_address(dialect: Dialect) -> Self {
        Self {
            window: None,
            draft_seconds: None,
            merchant_cancel: MerchantCancel::Never,
            payer_cancel: false,
            ..Self::of(dialect)
        }
    }

    /// Whether late money recorded at `now` counts at the rate of the day.
    #[must_use]
    pub fn late_counts_at(&self, created_at: Timestamp, now: Timestamp) -> bool {
        match self.late {
            LateMoney::CreditCurrentRate { until } => {
                until.is_none_or(|seconds| now <= created_at.plus_seconds(seconds))
            }
            LateMoney::Ask | LateMoney::Never | LateMoney::CreditLockedRate => false,
        }
    }

    fn native() -> Self {
        Self {
            dialect: Dialect::Native,
            draft_seconds: Some(7 * DAY),
            window: Some(Window { seconds: 30 * MINUTE, start: WindowStart::FirstActivation }),
            quote_seconds: None,
            quote_renews: false,
            grace: Grace::AfterWindow(24 * HOUR),
            late: LateMoney::Ask,
            short: ShortMoney::StaysOpen,
            expired_open_seconds: None,
            merchant_cancel: MerchantCancel::WhileNothingSeen,
            payer_cancel: false,
        }
    }

    fn coinspaid() -> Self {
        Self {
            dialect: Dialect::CoinsPaid,
            window: Some(Window { seconds: 15 * MINUTE, start: WindowStart::FirstActivation }),
            quote_seconds: Some(15 * MINUTE),
            grace: Grace::AfterLatestSighting(24 * HOUR),
            late: LateMoney::Never,
            merchant_cancel: MerchantCancel::WhileNotFinal,
            ..Self::native()
        }
    }

    fn payhubix() -> Self {
        Self {
            dialect: Dialect::Payhubix,
            draft_seconds: None,
            window: Some(Window { seconds: 30 * MINUTE, start: WindowStart::Creation }),
            quote_seconds: Some(30 * MINUTE),
            quote_renews: true,
            merchant_cancel: MerchantCancel::Never,
            payer_cancel: true,
            ..Self::native()
        }
    }

    fn txcash() -> Self {
        Self { dialect: Dialect::TxCash, quote_seconds: Some(60 * MINUTE), ..Self::payhubix() }
    }

    fn txnpro() -> Self {
        Self {
            dialect: Dialect::TxnPro,
            draft_seconds: None,
            window: Some(Window { seconds: 20 * MINUTE, start: WindowStart::Creation }),
            quote_seconds: Some(20 * MINUTE),
            grace: Grace::AfterCreation(168 * HOUR),
            late: LateMoney::CreditCurrentRate { until: Some(168 * HOUR) },
            short: ShortMoney::EndsWithFirstFinal,
            expired_open_seconds: Some(168 * HOUR),
            merchant_cancel: MerchantCancel::Never,
            ..Self::native()
        }
    }
}
