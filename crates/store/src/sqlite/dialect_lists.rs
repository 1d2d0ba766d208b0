//! Lists that dialects show: their own invoices, and transfers to an owner's wallet.

use super::{
    Reader,
    rows::{environment_number, json, number, uuid},
};
use crate::{
    error::StoreError,
    records::{DialectFilter, Page, TransferFilter, TransferOrder, TransferRecord},
};
use farthing_domain::{
    id::{InvoiceId, Owner},
    invoice::Invoice,
    policy::Dialect,
    standing::Status,
};
use rusqlite::{ToSql, params_from_iter};

/// Conditions joined by `AND`, and what their question marks stand for.
struct Where {
    condition: String,
    parameters: Vec<Box<dyn ToSql>>,
}

impl Where {
    fn owner(owner: Owner) -> Self {
        Self {
            condition: "i.merchant = ? AND i.environment = ?".to_owned(),
            parameters: vec![Box::new(*owner.merchant.0.as_bytes()), Box::new(environment_number(owner.environment))],
        }
    }

    fn and(&mut self, condition: &str, parameters: Vec<Box<dyn ToSql>>) {
        self.condition.push_str(" AND ");
        self.condition.push_str(condition);
        self.parameters.extend(parameters);
    }
}

/// `i.status IN (…)` for these statuses; never for none.
fn among(statuses: &[Status]) -> (String, Vec<Box<dyn ToSql>>) {
    let marks = vec!["?"; statuses.len()].join(", ");
    let words = statuses.iter().map(|status| -> Box<dyn ToSql> { Box::new(status.as_str()) });
    (format!("i.status IN ({marks})"), words.collect())
}

impl Reader<'_> {
    /// A page of the owner's invoices of one dialect, and how many the whole list has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dialect_invoices(
        &self,
        owner: Owner,
        dialect: Dialect,
        filter: &DialectFilter,
        page: Page,
    ) -> Result<(Vec<Invoice>, u64), StoreError> {
        let mut of = Where::owner(owner);
        of.and("json_extract(p.body, '$.dialect') = ?", vec![Box::new(dialect.as_str())]);
        if let Some(fiat) = &filter.fiat {
            of.and("json_extract(i.terms, '$.price.fiat.currency') = ?", vec![Box::new(fiat.to_string())]);
        }
        if let Some(standings) = &filter.standings {
            let (mut condition, mut parameters) = among(&standings.statuses);
            if let Some(is_final) = standings.is_final {
                condition.push_str(" AND json_extract(i.standing, '$.is_final') = ?");
                parameters.push(Box::new(is_final));
            }
            if let Some(is_chosen) = standings.is_chosen {
                condition.push_str(" AND (i.activation_count > 0) = ?");
                parameters.push(Box::new(is_chosen));
            }
            let (always, words) = among(&standings.always);
            parameters.extend(words);
            of.and(&format!("(({condition}) OR {always})"), parameters);
        }
        let from = "FROM invoices i JOIN policies p ON p.number = i.policy";
        let total = self.count(&format!("SELECT COUNT(*) {from} WHERE {}", of.condition), &of.parameters)?;
        let order = if filter.is_ascending { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT {} WHERE {} ORDER BY i.id {order} LIMIT ? OFFSET ?",
            super::invoices::COLUMNS,
            of.condition
        );
        of.parameters.push(Box::new(page.limit));
        of.parameters.push(Box::new(i64::try_from(page.offset).unwrap_or(i64::MAX)));
        Ok((self.invoices_of(&sql, params_from_iter(of.parameters.iter()))?, total))
    }

    /// A page of the final payments to the owner's invoices of every API, and how many the whole list has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn transfers(
        &self,
        owner: Owner,
        filter: &TransferFilter,
        page: Page,
    ) -> Result<(Vec<TransferRecord>, u64), StoreError> {
        let mut of = Where::owner(owner);
        of.and("p.stage = 2", Vec::new());
        if let Some(code) = &filter.code {
            of.and("json_extract(p.body, '$.asset.code') = ?", vec![Box::new(code.to_string())]);
        }
        let from = "FROM invoices i JOIN payments p ON p.invoice = i.id";
        let total = self.count(&format!("SELECT COUNT(*) {from} WHERE {}", of.condition), &of.parameters)?;
        let seen = "json_extract(p.body, '$.first_seen')";
        // Only an order is made of these numbers, so that they may be rounded.
        let coins =
            "CAST(json_extract(p.body, '$.units') AS REAL) * CAST('1e-' || json_extract(p.body, '$.decimals') AS REAL)";
        let order = match filter.order {
            TransferOrder::Newest => format!("{seen} DESC"),
            TransferOrder::Oldest => format!("{seen} ASC"),
            TransferOrder::Largest => format!("{coins} DESC"),
            TransferOrder::Smallest => format!("{coins} ASC"),
        };
        let sql = format!(
            "SELECT p.invoice, p.body, json_extract(i.terms, '$.foreign.name') AS name {from} WHERE {}
             ORDER BY {order}, p.invoice DESC, p.ordinal DESC LIMIT ? OFFSET ?",
            of.condition
        );
        of.parameters.push(Box::new(page.limit));
        of.parameters.push(Box::new(i64::try_from(page.offset).unwrap_or(i64::MAX)));
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(of.parameters.iter()))?;
        let mut transfers = Vec::new();
        while let Some(row) = rows.next()? {
            let invoice = InvoiceId(uuid(row, "invoice")?);
            transfers.push(TransferRecord { invoice, name: row.get("name")?, payment: json(row, "body")? });
        }
        Ok((transfers, total))
    }

    fn count(&self, sql: &str, parameters: &[Box<dyn ToSql>]) -> Result<u64, StoreError> {
        let count: i64 =
            self.0.prepare_cached(sql)?.query_row(params_from_iter(parameters.iter()), |row| row.get(0))?;
        number(count, "count")
    }
}
