//! `GET /api/v1/rates`: what one coin costs in fiat money.

use farthing_domain::{name::AssetCode, rate::Rate};
use serde::Serialize;
use utoipa::ToSchema;

use super::moment::rfc3339;

/// A rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateView {
    /// The currency's code, on whatever network.
    #[schema(example = "BTC")]
    pub currency: String,
    /// The fiat currency.
    #[schema(example = "USD")]
    pub fiat_currency: String,
    /// What one coin costs: a decimal string.
    #[schema(example = "60000")]
    pub rate: String,
    /// The moment the rate is of.
    #[schema(format = DateTime, example = "2026-03-01T12:00:00Z")]
    pub updated_at: String,
    /// Where it comes from.
    #[schema(example = json!(["kraken", "coinbase"]))]
    pub sources: Vec<String>,
}

impl RateView {
    /// Shows a currency's rate.
    #[must_use]
    pub fn of(currency: AssetCode, rate: &Rate) -> Self {
        Self {
            currency: currency.to_string(),
            fiat_currency: rate.currency.to_string(),
            rate: rate.value.to_string(),
            updated_at: rfc3339(rate.at),
            sources: rate.sources.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_domain::{fiat::Fiat, time::Timestamp};

    #[test]
    fn a_rate_is_a_decimal_string_with_its_time_and_sources() {
        let at = Timestamp::from_seconds(1_772_366_400);
        let rate = Rate::fixed("60000.50".parse().unwrap(), Fiat::USD, at, vec!["offline".to_owned()]).unwrap();
        let expected = serde_json::json!({
            "currency": "BTC",
            "fiat_currency": "USD",
            "rate": "60000.5",
            "updated_at": "2026-03-01T12:00:00Z",
            "sources": ["offline"],
        });
        assert_eq!(serde_json::to_value(RateView::of(AssetCode::new("BTC").unwrap(), &rate)).unwrap(), expected);
    }
}
