//! Lists: an owner's invoices, and transfers to its wallet.

use super::{
    Reader, checksums,
    invoices::{altered, columns},
    rows::{environment_number, json, number, to_json, uuid},
};
use crate::{
    error::StoreError,
    records::{InvoiceFilter, Page, StandingFilter, TransferFilter, TransferOrder, TransferRecord},
};
use farthing_domain::{
    id::{InvoiceId, Owner},
    invoice::Invoice,
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

    fn invoices(owner: Owner, filter: &InvoiceFilter) -> Result<Self, StoreError> {
        let mut of = Self::owner(owner);
        if !filter.statuses.is_empty() {
            let (condition, parameters) = among(&filter.statuses);
            of.and(&condition, parameters);
        }
        if let Some(standings) = &filter.standings {
            of.in_standings(standings);
        }
        if let Some(currency) = &filter.currency {
            of.and("i.currency = ?", vec![Box::new(currency.to_ascii_uppercase())]);
        }
        if let Some(external_id) = &filter.external_id {
            of.and("i.external_id = ?", vec![Box::new(external_id.clone())]);
        }
        if let Some(source) = &filter.source {
            of.and("i.source = ?", vec![Box::new(to_json(source)?)]);
        }
        if let Some(fiat) = &filter.fiat {
            of.and("json_extract(i.terms, '$.price.fiat.currency') = ?", vec![Box::new(fiat.to_string())]);
        }
        if let Some(from) = filter.created_from {
            of.and("i.created_at >= ?", vec![Box::new(from.milliseconds())]);
        }
        if let Some(to) = filter.created_to {
            of.and("i.created_at <= ?", vec![Box::new(to.milliseconds())]);
        }
        Ok(of)
    }

    fn in_standings(&mut self, standings: &StandingFilter) {
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
        self.and(&format!("(({condition}) OR {always})"), parameters);
    }

    fn and(&mut self, condition: &str, parameters: Vec<Box<dyn ToSql>>) {
        self.condition.push_str(" AND ");
        self.condition.push_str(condition);
        self.parameters.extend(parameters);
    }

    fn on(&mut self, page: Page) {
        self.parameters.push(Box::new(page.limit));
        self.parameters.push(Box::new(i64::try_from(page.offset).unwrap_or(i64::MAX)));
    }
}

/// `i.status IN (…)` for these statuses; never for none.
fn among(statuses: &[Status]) -> (String, Vec<Box<dyn ToSql>>) {
    let marks = vec!["?"; statuses.len()].join(", ");
    let words = statuses.iter().map(|status| -> Box<dyn ToSql> { Box::new(status.as_str()) });
    (format!("i.status IN ({marks})"), words.collect())
}

impl Reader<'_> {
    /// A page of the owner's invoices, in the filter's order, and how many the whole list has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invoices(
        &self,
        owner: Owner,
        filter: &InvoiceFilter,
        page: Page,
    ) -> Result<(Vec<Invoice>, u64), StoreError> {
        let mut of = Where::invoices(owner, filter)?;
        let total = self.count(&format!("SELECT COUNT(*) FROM invoices i WHERE {}", of.condition), &of.parameters)?;
        // Ids are in the order of creation.
        let order = if filter.is_oldest_first { "ASC" } else { "DESC" };
        let sql = format!("SELECT {} WHERE {} ORDER BY i.id {order} LIMIT ? OFFSET ?", columns(), of.condition);
        of.on(page);
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
            "SELECT p.invoice, p.body, {} IS p.checksum AS is_whole, json_extract(i.terms, '$.foreign.name') AS name {from} WHERE {}
             ORDER BY {order}, p.invoice DESC, p.ordinal DESC LIMIT ? OFFSET ?",
            checksums::PAYMENT,
            of.condition
        );
        of.on(page);
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(of.parameters.iter()))?;
        let mut transfers = Vec::new();
        while let Some(row) = rows.next()? {
            let invoice = InvoiceId(uuid(row, "invoice")?);
            if !checksums::is_whole(row)? {
                return Err(altered(invoice));
            }
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
