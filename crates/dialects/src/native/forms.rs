//! The smaller requests of invoices and lists: ids in paths, query strings, an activation.
//!
//! Parameters that nobody knows are ignored; one that is known is read strictly and named when it is wrong.

use farthing_domain::{
    asset::Asset,
    catalog::{Catalog, PairError},
    id::Environment,
    name::AssetCode,
    standing::Status,
};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{errors::ApiError, form::Form};
use crate::strict_json::fields::FieldProblem;

/// The most items in one answer.
pub const LIMIT_MAX: u32 = 100;

/// How many items an answer has where nothing else was asked for.
pub const LIMIT_DEFAULT: u32 = 20;

/// The largest offset: what 63 bits hold, which every database can skip.
const OFFSET_MAX: u64 = 9_223_372_036_854_775_807;

/// Reads an id in a path: the 36 characters of a UUID.
///
/// # Errors
/// 400 naming `id`.
pub fn parse_id(text: &str) -> Result<Uuid, ApiError> {
    let id = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    id.ok_or_else(|| ApiError::field("id", "must be a UUID"))
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery {
    /// At most so many items: 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// After so many.
    pub offset: u64,
}

impl PageQuery {
    /// Reads `limit` and `offset`.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut query = Query::parse(query);
        let page = query.page();
        query.finish(page)
    }
}

/// `GET /api/v1/invoices`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Any of these statuses; empty: all.
    pub statuses: Vec<Status>,
    /// In this currency.
    pub currency: Option<AssetCode>,
    /// With this reference of the merchant's.
    pub external_id: Option<String>,
    /// The part of the list.
    pub page: PageQuery,
}

impl ListQuery {
    /// Reads a query string. `status` takes several, separated by commas.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut query = Query::parse(query);
        let list = Self {
            statuses: query.statuses(),
            currency: query.currency(),
            external_id: query.text("external_id", 255),
            page: query.page(),
        };
        query.finish(list)
    }
}

/// `GET /api/v1/events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsQuery {
    /// Events with a greater sequence number; 0 is from the first.
    pub after: u64,
    /// At most so many: 1 to [`LIMIT_MAX`].
    pub limit: u32,
}

impl EventsQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut query = Query::parse(query);
        let events = Self { after: query.number("after", 0, OFFSET_MAX).unwrap_or(0), limit: query.limit() };
        query.finish(events)
    }
}

/// The public lists: `GET /api/v1/currencies`, `GET /api/v1/rates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicQuery {
    /// Whose networks and rates.
    pub environment: Environment,
    /// Of this currency only.
    pub currency: Option<AssetCode>,
}

impl PublicQuery {
    /// Reads a query string. Where it names no environment it is `of_key`, that of a key that was sent, else live.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn parse(query: &str, of_key: Option<Environment>) -> Result<Self, ApiError> {
        let mut query = Query::parse(query);
        let environment = match query.text("environment", 10).map(|text| text.parse::<Environment>()) {
            None => of_key.unwrap_or(Environment::Live),
            Some(Ok(environment)) => environment,
            Some(Err(error)) => {
                query.refuse("environment", error.to_string());
                Environment::Live
            }
        };
        let public = Self { environment, currency: query.currency() };
        query.finish(public)
    }
}

/// The payer's or merchant's choice of a currency for a draft: `POST /api/v1/invoices/{id}/activate`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(as = ActivateBody, example = json!({ "currency": "USDT", "network": "tron" }))]
pub struct Activate {
    /// The currency to pay in; may be left out where the invoice is locked to one.
    #[schema(max_length = 20, example = "USDT")]
    pub currency: Option<String>,
    /// Its network; needed where several carry it.
    #[schema(max_length = 30, example = "tron")]
    pub network: Option<String>,
}

impl Activate {
    /// Reads the body; an empty one is a choice of nothing.
    ///
    /// # Errors
    /// 400 naming every wrong field.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Form::parse_optional(body)?;
        let activate = Self { currency: form.text("currency", 20), network: form.text("network", 30) };
        if activate.currency.is_none() && activate.network.is_some() {
            form.require("currency", "is required when network is sent");
        }
        form.finish(Some(activate))
    }

    /// The asset that was chosen; `None` where nothing was.
    ///
    /// # Errors
    /// 400 naming `currency` or `network` for a pair that is not on sale.
    pub fn asset<'c>(&self, catalog: &'c Catalog) -> Result<Option<&'c Asset>, ApiError> {
        let Some(currency) = self.currency.as_deref() else {
            return Ok(None);
        };
        catalog.resolve(currency, self.network.as_deref()).map(Some).map_err(|error| pair_error(&error))
    }
}

/// A pair that is not on sale, as the error of the field that is to blame.
#[must_use]
pub fn pair_error(error: &PairError) -> ApiError {
    let (field, problem) = pair_problem(error);
    ApiError::field(field, &problem)
}

/// The field to blame for a pair that is not on sale, and what to say of it.
pub(super) fn pair_problem(error: &PairError) -> (&'static str, String) {
    match error {
        PairError::UnknownCurrency(_) => ("currency", "is not supported".to_owned()),
        PairError::NetworkRequired { code, networks } => {
            ("network", format!("is required for {code}: one of {networks}"))
        }
        PairError::UnsupportedPair { code, .. } => ("network", format!("does not carry {code}")),
    }
}

/// A query string's parameters, and what is wrong with them.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    problems: Vec<FieldProblem>,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            pairs: pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            problems: Vec::new(),
        }
    }

    /// A parameter of at most so many characters; an empty one is absent, one that is there twice is refused.
    pub(crate) fn text(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let (first, second) = (values.next().cloned(), values.next());
        if second.is_some() {
            self.refuse(name, "appears twice");
            return None;
        }
        let text = first.filter(|text| !text.is_empty())?;
        if text.chars().count() > chars_max {
            self.refuse(name, format!("must be at most {chars_max} characters"));
            return None;
        }
        if text.contains(['\0', char::REPLACEMENT_CHARACTER]) {
            self.refuse(name, "must be text in UTF-8");
            return None;
        }
        Some(text)
    }

    /// Decimal digits without sign, of a range.
    pub(crate) fn number(&mut self, name: &'static str, from: u64, to: u64) -> Option<u64> {
        let text = self.text(name, 64)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|number| is_plain && (from..=to).contains(number));
        if number.is_none() {
            self.refuse(name, format!("must be an integer from {from} to {to}"));
        }
        number
    }

    fn limit(&mut self) -> u32 {
        let limit = self.number("limit", 1, u64::from(LIMIT_MAX));
        limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(LIMIT_DEFAULT)
    }

    pub(super) fn page(&mut self) -> PageQuery {
        PageQuery { limit: self.limit(), offset: self.number("offset", 0, OFFSET_MAX).unwrap_or(0) }
    }

    pub(super) fn currency(&mut self) -> Option<AssetCode> {
        let text = self.text("currency", 20)?;
        let code = AssetCode::new(&text).ok();
        if code.is_none() {
            self.refuse("currency", "must be a currency code such as BTC");
        }
        code
    }

    fn statuses(&mut self) -> Vec<Status> {
        let Some(text) = self.text("status", 255) else {
            return Vec::new();
        };
        let mut statuses = Vec::new();
        for name in text.split(',').map(str::trim) {
            match name.parse::<Status>() {
                Ok(status) if statuses.contains(&status) => {}
                Ok(status) => statuses.push(status),
                Err(error) => {
                    self.refuse("status", error.to_string());
                    return Vec::new();
                }
            }
        }
        statuses
    }

    pub(crate) fn refuse(&mut self, field: &str, problem: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: problem.into() });
    }

    /// What is wrong, for APIs that tell it in their own form.
    pub(crate) fn problems(self) -> Vec<FieldProblem> {
        self.problems
    }

    pub(super) fn finish<T>(self, read: T) -> Result<T, ApiError> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems.into()) }
    }
}

/// The parameters of a page, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// At most so many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// After so many items.
    #[param(minimum = 0, default = 0)]
    pub offset: Option<u64>,
}

/// The parameters of the list of invoices, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// One status, or several separated by commas.
    #[param(max_length = 255, example = "pending,confirming")]
    pub status: Option<String>,
    /// In this currency.
    #[param(max_length = 20, example = "BTC")]
    pub currency: Option<String>,
    /// With this reference of yours.
    #[param(max_length = 255, example = "order-1042")]
    pub external_id: Option<String>,
    /// At most so many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// After so many items.
    #[param(minimum = 0, default = 0)]
    pub offset: Option<u64>,
}

/// The parameters of the event feed, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsParams {
    /// The last sequence number that you have; without it, from the first event.
    #[param(minimum = 0, default = 0)]
    pub after: Option<u64>,
    /// At most so many events.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// The parameters of the public lists, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PublicParams {
    /// `live` or `test`; without it, that of the key that was sent, else `live`.
    #[param(example = "test")]
    pub environment: Option<String>,
    /// Of this currency only.
    #[param(max_length = 20, example = "BTC")]
    pub currency: Option<String>,
}

#[cfg(test)]
mod tests;
