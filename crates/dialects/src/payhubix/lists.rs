//! Lists (B10 to B12): their queries, and the pages around what they show.
//!
//! `page` and `per_page` are documented as required by some lists and as optional by others; they are optional everywhere.

use super::{errors::Refused, status::InvoiceStatus};
use crate::native::forms::Query;
use farthing_domain::{fiat::Fiat, name::AssetCode};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Rows of a page where the query does not say.
const PER_PAGE_DEFAULT: u32 = 20;
/// The most rows of a page.
const PER_PAGE_MAX: u32 = 100;
/// The last page that is looked for.
const PAGE_MAX: u64 = 1_000_000_000;

/// Which page of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// From 1.
    pub page: u64,
    /// Rows of a page: 1 to 100.
    pub per_page: u32,
}

impl PageQuery {
    fn read(query: &mut Query) -> Self {
        let page = query.number("page", 1, PAGE_MAX).unwrap_or(1);
        let per_page = query.number("per_page", 1, u64::from(PER_PAGE_MAX));
        let per_page = per_page.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(PER_PAGE_DEFAULT);
        Self { page, per_page }
    }

    /// How many rows come before the page.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(u64::from(self.per_page))
    }

    /// The number of the page's first row, from 1.
    #[must_use]
    pub fn first_index(self) -> u64 {
        self.offset().saturating_add(1)
    }
}

/// `GET` of invoices (B10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoicesQuery {
    /// Which page.
    pub page: PageQuery,
    /// Only in this status.
    pub status: Option<InvoiceStatus>,
    /// Only priced in this currency.
    pub fiat: Option<Fiat>,
    /// Oldest first.
    pub is_ascending: bool,
}

impl InvoicesQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// Every parameter that is wrong.
    pub fn parse(query: &str) -> Result<Self, Refused> {
        let mut query = Query::parse(query);
        let page = PageQuery::read(&mut query);
        let status = parsed::<InvoiceStatus>(&mut query, "status");
        let fiat = query.text("currency_symbol", 10).map(|code| code.to_ascii_uppercase().parse::<Fiat>());
        if let Some(Err(error)) = &fiat {
            query.refuse("currency_symbol", error.to_string());
        }
        let is_ascending = direction(&mut query, "created_at") == Some(Direction::Ascending);
        finish(query, Self { page, status, fiat: fiat.and_then(Result::ok), is_ascending })
    }
}

/// `GET` of shops (B11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShopsQuery {
    /// Which page.
    pub page: PageQuery,
    /// Only shops that are enabled, or only such that are not.
    pub is_enabled: Option<bool>,
}

impl ShopsQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// Every parameter that is wrong.
    pub fn parse(query: &str) -> Result<Self, Refused> {
        let mut query = Query::parse(query);
        let page = PageQuery::read(&mut query);
        let is_enabled = match query.text("status", 10).as_deref() {
            None => None,
            Some("Enable") => Some(true),
            Some("Disable") => Some(false),
            Some(_) => {
                query.refuse("status", "must be Enable or Disable");
                None
            }
        };
        // There is one shop, so either order is right.
        direction(&mut query, "created_at");
        finish(query, Self { page, is_enabled })
    }
}

/// In which order transfers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferOrder {
    /// The latest first.
    Newest,
    /// The earliest first.
    Oldest,
    /// The largest number of coins first, whatever the coin.
    Largest,
    /// The smallest number of coins first.
    Smallest,
}

/// `GET` of transfers (B12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransfersQuery {
    /// Which page.
    pub page: PageQuery,
    /// Whether the filters ask for transfers that go out, of which there are none.
    pub is_outgoing: bool,
    /// Only in this coin.
    pub code: Option<AssetCode>,
    /// The order.
    pub order: TransferOrder,
}

impl TransfersQuery {
    /// Reads a query string. The documents swap the examples of `side` and `type`, and misspell one; either word is taken by
    /// either filter.
    ///
    /// # Errors
    /// Every parameter that is wrong.
    pub fn parse(query: &str) -> Result<Self, Refused> {
        let mut query = Query::parse(query);
        let page = PageQuery::read(&mut query);
        let mut is_outgoing = false;
        for name in ["side", "type"] {
            match query.text(name, 20).as_deref() {
                None | Some("Invoice" | "Incoming" | "Incomig") => {}
                Some("Withdraw" | "Payout" | "Deposit") => is_outgoing = true,
                Some(_) => query.refuse(name, "must be one of Invoice, Withdraw, Deposit, Incoming, Payout"),
            }
        }
        let code = parsed::<AssetCode>(&mut query, "symbol");
        // Gen-1 spells it create_at.
        let created = direction(&mut query, "create_at").or_else(|| direction(&mut query, "created_at"));
        let order = match (direction(&mut query, "amount"), created) {
            (Some(Direction::Ascending), _) => TransferOrder::Smallest,
            (Some(Direction::Descending), _) => TransferOrder::Largest,
            (None, Some(Direction::Ascending)) => TransferOrder::Oldest,
            (None, Some(Direction::Descending) | None) => TransferOrder::Newest,
        };
        finish(query, Self { page, is_outgoing, code, order })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

fn direction(query: &mut Query, name: &'static str) -> Option<Direction> {
    match query.text(name, 10)?.as_str() {
        "asc" => Some(Direction::Ascending),
        "desc" => Some(Direction::Descending),
        _ => {
            query.refuse(name, "must be asc or desc");
            None
        }
    }
}

fn parsed<T: core::str::FromStr<Err: ToString>>(query: &mut Query, name: &'static str) -> Option<T> {
    match query.text(name, 40)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            query.refuse(name, error.to_string());
            None
        }
    }
}

fn finish<T>(query: Query, read: T) -> Result<T, Refused> {
    let problems = query.problems();
    if problems.is_empty() { Ok(read) } else { Err(problems.into()) }
}

/// A page of a list: where it is, and its rows under the list's own name. A page that is not there has number 0 (B2).
#[derive(Debug, Clone)]
pub struct PageView<T> {
    /// What the rows are called: `invoices`, `shops`, `transfers`.
    pub name: &'static str,
    /// Which page it is.
    pub page: PageQuery,
    /// Rows of the whole list.
    pub total: u64,
    /// The page's rows.
    pub rows: Vec<T>,
}

impl<T: Serialize> Serialize for PageView<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page_count = self.total.div_ceil(u64::from(self.page.per_page.max(1)));
        let page = self.page.page;
        let next = page.saturating_add(1);
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("page_count", &page_count)?;
        map.serialize_entry("page", &page)?;
        map.serialize_entry("previous_page", &page.saturating_sub(1))?;
        map.serialize_entry("next_page", &if next <= page_count { next } else { 0 })?;
        map.serialize_entry(self.name, &self.rows)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_it_is() {
        let shown = |page, total| {
            let page = PageQuery { page, per_page: 20 };
            serde_json::to_string(&PageView { name: "shops", page, total, rows: vec![1] }).unwrap()
        };
        assert_eq!(shown(1, 1), r#"{"page_count":1,"page":1,"previous_page":0,"next_page":0,"shops":[1]}"#);
        assert_eq!(shown(2, 41), r#"{"page_count":3,"page":2,"previous_page":1,"next_page":3,"shops":[1]}"#);
        assert_eq!(shown(1, 0), r#"{"page_count":0,"page":1,"previous_page":0,"next_page":0,"shops":[1]}"#);
    }

    #[test]
    fn swapped_and_misspelt_filters_are_understood() {
        let read = |query: &str| TransfersQuery::parse(query).unwrap();
        assert!(!read("side=Incomig&type=Invoice").is_outgoing);
        assert!(read("side=Payout").is_outgoing && read("type=Withdraw").is_outgoing);
        assert_eq!(read("create_at=asc").order, TransferOrder::Oldest);
        assert_eq!(read("amount=desc&create_at=asc").order, TransferOrder::Largest);
        let wrong = TransfersQuery::parse("side=Sideways&per_page=101&page=0").unwrap_err();
        assert_eq!(wrong.status, 400);
        for name in ["side", "per_page", "page"] {
            assert!(wrong.message.contains(&format!("{name} must be")), "{}", wrong.message);
        }
    }
}
