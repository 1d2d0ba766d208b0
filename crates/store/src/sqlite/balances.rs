//! What an owner received, over all of its invoices.

use super::{
    Reader,
    rows::{environment_number, json},
};
use crate::error::StoreError;
use farthing_domain::{asset::AssetId, id::Owner, payment::Payment};
use rusqlite::params;
use std::collections::BTreeMap;

impl Reader<'_> {
    /// Final money in each asset, in atomic units, whatever became of the invoices that it was paid to.
    ///
    /// # Errors
    /// When the database cannot be read, or a sum does not fit.
    pub fn received(&self, owner: Owner) -> Result<BTreeMap<AssetId, u128>, StoreError> {
        let sql = "SELECT p.body FROM invoices i JOIN payments p ON p.invoice = i.id
                   WHERE i.merchant = ?1 AND i.environment = ?2 AND p.stage = 2";
        let (merchant, environment) = (owner.merchant.0.as_bytes(), environment_number(owner.environment));
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![merchant, environment])?;
        let mut received: BTreeMap<AssetId, u128> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let payment: Payment = json(row, "body")?;
            let sum = received.entry(payment.asset).or_default();
            let too_much = || StoreError::Corrupt(format!("the sum of {} does not fit", payment.asset));
            *sum = sum.checked_add(payment.units).ok_or_else(too_much)?;
        }
        Ok(received)
    }
}
