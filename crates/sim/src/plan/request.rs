//! What shops ask for.

use super::{ASSETS, Action};
use crate::simulation::{Simulation, TEST};
use farthing_domain::{asset::Asset, money::Amount, policy::Dialect};
use serde_json::{Map, Value, json};

/// Windows that shops ask for, in minutes; 0 is the default.
const WINDOWS: [u64; 6] = [0, 1, 5, 15, 60, 240];
/// Fiat prices that shops ask for.
const FIAT: [(&str, &str); 4] = [("EUR", "12.34"), ("USD", "100"), ("JPY", "5000"), ("GBP", "0.99")];

impl Simulation {
    /// One of the assets that shops sell for.
    pub(super) fn an_asset(&mut self) -> Option<Asset> {
        let (code, network) = *self.dice.pick(&ASSETS)?;
        self.gateway().ok()?.environment(TEST).catalog.resolve(code, Some(network)).ok().cloned()
    }

    pub(super) fn choose_create(&mut self) -> Option<Action> {
        let owner = *self.dice.pick(&self.memory.owners)?;
        let mut request = match self.dice.below(10) {
            0..=6 => self.crypto_request()?,
            7 => self.fiat_request(true)?,
            _ => self.fiat_request(false)?,
        };
        if self.dice.percent(60) {
            // Shops number their keys alike: one shop's key says nothing about another's.
            let used = self.memory.keys.keys().filter(|(merchant, _)| *merchant == owner.merchant).count();
            request.insert("idempotency_key".to_owned(), json!(format!("key-{used}")));
        }
        let minutes = *self.dice.pick(&WINDOWS)?;
        if minutes > 0 {
            request.insert("expiry_minutes".to_owned(), json!(minutes));
        }
        let dialect = if self.dice.percent(60) { Dialect::Native } else { *self.dice.pick(&Dialect::ALL)? };
        Some(Action::Create { owner, body: Value::Object(request).to_string(), dialect })
    }

    fn crypto_request(&mut self) -> Option<Map<String, Value>> {
        let asset = self.an_asset()?;
        let mut units = u128::from(self.dice.between(1_000, 5_000_000));
        if self.dice.percent(10) {
            // More than 64 bits of atomic units.
            units = units.saturating_mul(1_000_000_000_000_000_000).saturating_add(u128::from(self.dice.roll()));
        }
        let mut request = Map::new();
        request.insert("currency".to_owned(), json!(asset.id.code.as_str()));
        request.insert("network".to_owned(), json!(asset.id.network.as_str()));
        request.insert("amount".to_owned(), json!(Amount::of(&asset, units).to_string()));
        if self.dice.percent(30) {
            let tolerance = Amount::of(&asset, units.checked_div(50).unwrap_or_default());
            request.insert("payment_tolerance".to_owned(), json!(tolerance.to_string()));
        }
        if self.dice.percent(15) {
            request.insert("deferred".to_owned(), json!(true));
        }
        Some(request)
    }

    fn fiat_request(&mut self, is_locked: bool) -> Option<Map<String, Value>> {
        let (currency, amount) = *self.dice.pick(&FIAT)?;
        let mut request = Map::new();
        request.insert("fiat_currency".to_owned(), json!(currency));
        request.insert("amount_fiat".to_owned(), json!(amount));
        if is_locked {
            let asset = self.an_asset()?;
            request.insert("currency".to_owned(), json!(asset.id.code.as_str()));
            request.insert("network".to_owned(), json!(asset.id.network.as_str()));
            request.insert("deferred".to_owned(), json!(true));
        }
        Some(request)
    }

    pub(super) fn choose_repeat(&mut self) -> Option<Action> {
        let used: Vec<_> = self.memory.keys.keys().cloned().collect();
        let (merchant, key) = self.dice.pick(&used)?.clone();
        Some(Action::Repeat { merchant, key, is_same: self.dice.percent(65) })
    }
}
