//! What an invoice comes to in one asset, at which address, for how long.

use crate::{decimal::units_text, money::Amount, rate::Rate, time::Timestamp};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// An amount due in an asset. An invoice keeps all of its quotes, oldest first; money counts by the one in force when it
/// was first seen, else by the latest before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is due; never zero.
    pub due: Amount,
    /// The step in which the due counts, in atomic units: one for a price in the asset itself, the last place that people
    /// can type for a due made by a rate.
    #[serde(with = "units_text")]
    pub step: u128,
    /// The rate that made the due; `None` for a price in the asset itself.
    pub rate: Option<Rate>,
    /// Where to pay it, in the network's own form. Each (invoice, asset) keeps one address for ever.
    pub address: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When its rate lapses; `None` where there is no window.
    pub ends_at: Option<Timestamp>,
}
