//! Reconciling balances: which live invoices to look at, what is recorded of them, and the surpluses that nothing explains.

use super::{
    Reader, Transaction,
    addresses::{holder_columns, holder_of},
    invoices::columns,
    rows::{json, timestamp, uuid},
};
use crate::{
    error::StoreError,
    records::{Holder, Surplus},
};
use farthing_domain::{
    asset::AssetId,
    id::InvoiceId,
    invoice::Invoice,
    name::{AssetCode, NetworkId},
    payment::Payment,
    time::Timestamp,
};
use rusqlite::{Row, params};
use std::collections::BTreeMap;

impl Reader<'_> {
    /// Live invoices after `after`, in the order of their ids, which is that of their making; without those that are not as they
    /// were written, for which the others must not wait.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_live_invoices(&self, after: InvoiceId, limit: u32) -> Result<Vec<Invoice>, StoreError> {
        let sql = format!("SELECT {} WHERE i.environment = 0 AND i.id > ?1 ORDER BY i.id LIMIT ?2", columns());
        self.whole_invoices_of(&sql, params![after.0.as_bytes(), limit])
    }

    /// Some live invoices, whoever's they are, without those that are not as they were written.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn any_invoices(&self, ids: &[InvoiceId]) -> Result<Vec<Invoice>, StoreError> {
        let sql = format!("SELECT {} WHERE i.id = ?1", columns());
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.whole_invoices_of(&sql, params![id.0.as_bytes()])?);
        }
        Ok(found)
    }

    /// Whether nothing about an invoice changes by itself any more and its window, if it had one, ended before a moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_at_rest(&self, invoice: InvoiceId, since: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM invoices WHERE id = ?1 AND (due_at IS NOT NULL OR deadline > ?2))";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row(params![invoice.0.as_bytes(), since.milliseconds()], |row| row.get(0))?)
    }

    /// The payments on a network to what an address is bound to: all that stand, counted or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn payments_on(&self, holder: Holder, network: NetworkId) -> Result<Vec<Payment>, StoreError> {
        let sql = match holder {
            Holder::Invoice(_) => {
                "SELECT body FROM payments WHERE invoice = ?1 AND network = ?2 AND environment = 0 AND stage IN (0, 1, 2)"
            }
            Holder::StaticAddress(_) => {
                "SELECT p.body FROM static_address_invoices s JOIN payments p ON p.invoice = s.invoice
                 WHERE s.address = ?1 AND p.network = ?2 AND p.environment = 0 AND p.stage IN (0, 1, 2)"
            }
        };
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![holder_columns(holder).1.as_bytes(), network.as_str()])?;
        let mut payments = Vec::new();
        while let Some(row) = rows.next()? {
            payments.push(json(row, "body")?);
        }
        Ok(payments)
    }

    /// What is recorded on a network of the payments to what an address is bound to, by asset: all that stand, counted or not.
    ///
    /// # Errors
    /// When the database cannot be read, or sums do not fit.
    pub fn recorded_on(&self, holder: Holder, network: NetworkId) -> Result<BTreeMap<AssetId, u128>, StoreError> {
        let mut sums: BTreeMap<AssetId, u128> = BTreeMap::new();
        for payment in self.payments_on(holder, network)? {
            let sum = sums.entry(payment.asset).or_default();
            *sum = sum
                .checked_add(payment.units)
                .ok_or_else(|| StoreError::Corrupt(format!("payments of {holder} are too large")))?;
        }
        Ok(sums)
    }

    /// Every surplus that nothing explains.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn surpluses(&self) -> Result<Vec<Surplus>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT * FROM surpluses ORDER BY found_at, network, address, code")?;
        let mut rows = statement.query([])?;
        let mut surpluses = Vec::new();
        while let Some(row) = rows.next()? {
            surpluses.push(read_surplus(row)?);
        }
        Ok(surpluses)
    }
}

impl Transaction<'_> {
    /// Keeps a surplus; one that is known keeps the time at which it was found first.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_surplus(&mut self, surplus: &Surplus) -> Result<(), StoreError> {
        let sql = "INSERT INTO surpluses (network, address, code, holder_kind, holder, shown, balance, recorded, found_at, acknowledged_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                   ON CONFLICT (network, address, code) DO UPDATE
                   SET balance = excluded.balance, recorded = excluded.recorded, acknowledged_at = excluded.acknowledged_at";
        let (kind, holder) = holder_columns(surplus.holder);
        self.connection().prepare_cached(sql)?.execute(params![
            surplus.asset.network.as_str(),
            surplus.address,
            surplus.asset.code.as_str(),
            kind,
            holder.as_bytes(),
            surplus.shown,
            surplus.balance.to_string(),
            surplus.recorded.to_string(),
            surplus.found_at.milliseconds(),
            surplus.acknowledged_at.map(Timestamp::milliseconds),
        ])?;
        Ok(())
    }

    /// Forgets what was found of an asset at an address.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear_surplus(&mut self, asset: AssetId, address: &[u8]) -> Result<(), StoreError> {
        let sql = "DELETE FROM surpluses WHERE network = ?1 AND address = ?2 AND code = ?3";
        let (network, code) = (asset.network.as_str(), asset.code.as_str());
        self.connection().prepare_cached(sql)?.execute(params![network, address, code])?;
        Ok(())
    }
}

fn read_surplus(row: &Row<'_>) -> Result<Surplus, StoreError> {
    let text = |column: &str| row.get::<_, String>(column);
    let corrupt = |what: &str| StoreError::Corrupt(format!("surplus: {what}"));
    let units = |column: &str| text(column)?.parse().map_err(|_| corrupt(column));
    Ok(Surplus {
        asset: AssetId {
            code: AssetCode::new(&text("code")?).map_err(|_| corrupt("code"))?,
            network: NetworkId::new(&text("network")?).map_err(|_| corrupt("network"))?,
        },
        address: row.get("address")?,
        shown: text("shown")?,
        holder: holder_of(row.get("holder_kind")?, uuid(row, "holder")?)?,
        balance: units("balance")?,
        recorded: units("recorded")?,
        found_at: timestamp(row, "found_at")?,
        acknowledged_at: row.get::<_, Option<i64>>("acknowledged_at")?.map(Timestamp::from_milliseconds),
    })
}
