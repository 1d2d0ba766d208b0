//! The test-mode API: paying, mining, reorganising and moving the clock of the simulated world.
//!
//! Every number has a bound, so that one call never keeps the server busy for long.

use core::{fmt, str::FromStr};
use farthing_domain::{asset::Asset, decimal::Decimal, id::Environment, money::Amount, time::Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{errors::ApiError, form::Form, moment::rfc3339};

/// The most confirmations that one payment is mined to.
pub const CONFIRMATIONS_MAX: i64 = 1_000;

/// The most blocks that one call mines.
pub const BLOCKS_MAX: i64 = 10_000;

/// The deepest reorganisation.
pub const DEPTH_MAX: i64 = 100;

/// The most transactions that one reorganisation drops.
pub const DROPPED_MAX: usize = 100;

/// The furthest that one call moves the clock, in seconds: 366 days.
pub const ADVANCE_SECONDS_MAX: i64 = 31_622_400;

/// A simulated payment: `POST /api/v1/test/invoices/{id}/payments`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = TestPaymentBody, example = json!({ "amount": "0.0015", "confirmations": 0 }))]
pub struct TestPayment {
    /// How much, a decimal string in the currency paid.
    #[schema(value_type = String, max_length = 50, example = "0.0015")]
    pub amount: Decimal,
    /// How many confirmations to mine; 0 leaves it in the mempool.
    #[schema(minimum = 0, maximum = 1000, default = 0, value_type = Option<u32>)]
    pub confirmations: u32,
    /// The currency paid; the invoice's where it is left out.
    #[schema(max_length = 20, example = "BTC")]
    pub currency: Option<String>,
    /// Its network; the invoice's where it is left out.
    #[schema(max_length = 30, example = "bitcoin")]
    pub network: Option<String>,
}

impl TestPayment {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming every wrong field.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let text = form.decimal("amount", 50);
        let amount = match text.as_deref().map(str::parse::<Decimal>) {
            Some(Ok(amount)) if !amount.is_zero() => Some(amount),
            Some(Ok(_)) => {
                form.refuse("amount", "must be greater than zero");
                None
            }
            Some(Err(error)) => {
                form.refuse("amount", error.to_string());
                None
            }
            None => {
                form.require("amount", "is required");
                None
            }
        };
        let confirmations = form.integer("confirmations", 0..=CONFIRMATIONS_MAX).unwrap_or(0);
        let currency = form.text("currency", 20);
        let network = form.text("network", 30);
        let confirmations = u32::try_from(confirmations).unwrap_or(0);
        form.finish(amount.map(|amount| Self { amount, confirmations, currency, network }))
    }

    /// The amount in the asset that is paid.
    ///
    /// # Errors
    /// 400 naming `amount` when it has more digits than the asset.
    pub fn amount_in(&self, asset: &Asset) -> Result<Amount, ApiError> {
        let units = self.amount.units(asset.decimals).map_err(|error| ApiError::field("amount", &error.to_string()))?;
        Ok(Amount::of(asset, units))
    }
}

/// A simulated payment as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TestPayment)]
pub struct TestPaymentView {
    /// The transaction's hash.
    #[schema(example = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098")]
    pub tx_hash: String,
    /// How much was paid.
    #[schema(example = "0.0015")]
    pub amount: String,
    /// In which currency.
    #[schema(example = "BTC")]
    pub currency: String,
    /// On which network.
    #[schema(example = "bitcoin")]
    pub network: String,
    /// How many confirmations it has.
    #[schema(example = 0)]
    pub confirmations: u32,
}

impl TestPaymentView {
    /// Shows a payment.
    #[must_use]
    pub fn of(tx_hash: String, paid: Amount, confirmations: u32) -> Self {
        Self {
            tx_hash,
            amount: paid.to_string(),
            currency: paid.asset.code.to_string(),
            network: paid.asset.network.to_string(),
            confirmations,
        }
    }
}

/// What can be played through with an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// The amount due, final.
    Exact,
    /// Less than is due.
    Underpay,
    /// More than is due.
    Overpay,
    /// After the window.
    Late,
    /// A payment whose block is replaced, and that is mined again.
    Reorg,
    /// A payment that another transaction replaces.
    DoubleSpend,
    /// Money of an asset that was not asked for.
    WrongToken,
    /// The amount due in two parts.
    Split,
}

impl Scenario {
    /// All, in the documentation's order.
    pub const ALL: [Self; 8] = [
        Self::Exact,
        Self::Underpay,
        Self::Overpay,
        Self::Late,
        Self::Reorg,
        Self::DoubleSpend,
        Self::WrongToken,
        Self::Split,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Underpay => "underpay",
            Self::Overpay => "overpay",
            Self::Late => "late",
            Self::Reorg => "reorg",
            Self::DoubleSpend => "double_spend",
            Self::WrongToken => "wrong_token",
            Self::Split => "split",
        }
    }

    /// Reads `POST /api/v1/test/invoices/{id}/scenarios`.
    ///
    /// # Errors
    /// 400 naming `scenario`.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let text = form.text("scenario", 64);
        let scenario = match text.as_deref().map(str::parse::<Self>) {
            Some(Ok(scenario)) => Some(scenario),
            Some(Err(error)) => {
                form.refuse("scenario", error.to_string());
                None
            }
            None => {
                form.require("scenario", "is required");
                None
            }
        };
        form.finish(scenario)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of exact, underpay, overpay, late, reorg, double_spend, wrong_token, split")]
pub struct UnknownScenario;

impl FromStr for Scenario {
    type Err = UnknownScenario;
    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        Self::ALL.into_iter().find(|scenario| scenario.as_str() == text).ok_or(UnknownScenario)
    }
}

/// The body of a scenario, for the documentation.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(example = json!({ "scenario": "exact" }))]
pub struct ScenarioBody {
    /// `exact`, `underpay`, `overpay`, `late`, `reorg`, `double_spend`, `wrong_token` or `split`.
    #[schema(example = "exact")]
    pub scenario: String,
}

/// A scenario as it was played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PlayedScenario)]
pub struct ScenarioView {
    /// Which.
    #[schema(value_type = String, example = "exact")]
    pub scenario: &'static str,
    /// The payments that it made, in order.
    pub payments: Vec<TestPaymentView>,
}

/// Mining: `POST /api/v1/test/networks/{network}/blocks`. The body may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = MineBody, example = json!({ "count": 1 }))]
pub struct Mine {
    /// How many blocks.
    #[schema(minimum = 1, maximum = 10000, default = 1, value_type = Option<u32>)]
    pub count: u32,
}

impl Mine {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming `count`.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse_optional(body)?;
        let count = form.integer("count", 1..=BLOCKS_MAX).unwrap_or(1);
        form.finish(u32::try_from(count).ok().map(|count| Self { count }))
    }
}

/// A reorganisation: `POST /api/v1/test/networks/{network}/reorg`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = ReorgBody, example = json!({ "depth": 2, "drop": [] }))]
pub struct Reorg {
    /// How many of the last blocks are replaced.
    #[schema(minimum = 1, maximum = 100)]
    pub depth: u32,
    /// Transactions that the new blocks leave out for good; others go back to the mempool or are mined again.
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub drop: Vec<String>,
}

impl Reorg {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming every wrong field.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let depth = form.integer("depth", 1..=DEPTH_MAX);
        if depth.is_none() {
            form.require("depth", "is required");
        }
        let drop = form.text_list("drop", DROPPED_MAX, 128).unwrap_or_default();
        form.finish(depth.and_then(|depth| u32::try_from(depth).ok()).map(|depth| Self { depth, drop }))
    }
}

/// A simulated chain after a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SimulatedChain)]
pub struct ChainView {
    /// The network.
    #[schema(example = "bitcoin")]
    pub network: String,
    /// The height of its head.
    #[schema(example = 104)]
    pub height: u64,
    /// The head's hash.
    #[schema(example = "2f1c8e7b6a5d4c3b2a19080706050403020100ffeeddccbbaa99887766554433")]
    pub hash: String,
}

/// Moving the test environment's clock: `POST /api/v1/test/clock/advance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = AdvanceClockBody, example = json!({ "seconds": 60 }))]
pub struct AdvanceClock {
    /// By how many seconds: 366 days at the most. Altogether the clock gets 36,600 days ahead of real time, not more.
    #[schema(minimum = 1, maximum = 31622400)]
    pub seconds: i64,
}

impl AdvanceClock {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 naming `seconds`.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse(body)?;
        let seconds = form.integer("seconds", 1..=ADVANCE_SECONDS_MAX);
        if seconds.is_none() {
            form.require("seconds", "is required");
        }
        form.finish(seconds.map(|seconds| Self { seconds }))
    }
}

/// The test environment's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TestClock)]
pub struct ClockView {
    /// What it shows.
    #[schema(format = DateTime, example = "2026-03-01T12:01:00Z")]
    pub now: String,
    /// Always `test`.
    #[schema(value_type = String, example = "test")]
    pub environment: &'static str,
}

impl ClockView {
    /// Shows the clock.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self { now: rfc3339(now), environment: Environment::Test.as_str() }
    }
}

#[cfg(test)]
mod tests;
