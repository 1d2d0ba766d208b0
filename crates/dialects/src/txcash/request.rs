//! Reading TX.Cash's requests (A3, A6): lenient about how a field is sent, exact about amounts.
//!
//! Nothing here decides anything beyond what a field means.

mod body;
mod duration;

use super::{
    coins::{self, NoCoins},
    errors::{Code, Errors},
};
use crate::{
    exact_number,
    native::web_address::{self, PlainHttp},
};
use body::Body;
use duration::NoDuration;
use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    decimal::{Decimal, DecimalError},
    fiat::Fiat,
    invoice::{Choice, Foreign, Invoice, Terms},
    money::FiatAmount,
    name::AssetCode,
    price::Price,
};
use serde::{Deserialize, Serialize};

/// The longest text of a merchant's own, in characters: our limit, since none is documented.
const TEXT_CHARACTERS_MAX: usize = 2000;
/// The longest web address, in characters.
const URL_CHARACTERS_MAX: usize = 2048;
/// The largest amount in smallest units, so that no due overflows.
const MINOR_MAX: u128 = 1_000_000_000_000_000_000;
/// How long an invoice is valid where nothing is said, in seconds (A10).
const VALID_SECONDS: i64 = 3600;

/// What a request said beyond the terms, kept with the invoice to be echoed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The invoice's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the payer returns to from a paid invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Where the payer returns to from one that ended otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_url: Option<String>,
    /// The merchant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_data1: Option<String>,
    /// The merchant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta_data2: Option<String>,
}

impl Said {
    /// What was said of an invoice of this API; `None` of another.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Option<Self> {
        let Foreign { said, .. } = invoice.terms.foreign.as_ref()?;
        serde_json::from_str(said).ok()
    }

    /// What the payer is shown.
    fn shown(&self) -> Option<String> {
        match (&self.name, &self.description) {
            (Some(name), Some(description)) if name != description => Some(format!("{name}: {description}")),
            (name, description) => name.clone().or_else(|| description.clone()),
        }
    }

    /// The merchant's own texts as the native API shows them.
    fn metadata(&self) -> String {
        let texts = [("meta_data1", &self.meta_data1), ("meta_data2", &self.meta_data2)];
        let sent = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into())));
        serde_json::Value::Object(sent.collect()).to_string()
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// The terms. What the gateway has to add is where they come from.
    pub terms: Terms,
    /// What is to be echoed.
    pub said: Said,
    /// Where callbacks go, by its form only.
    pub callback_url: Option<String>,
}

/// What can be sold: the catalogue, and whether a coin has a rate in a fiat currency now.
pub struct OnSale<'a> {
    /// Networks and assets.
    pub catalog: &'a Catalog,
    /// Whether there is a rate.
    pub has_rate: &'a dyn Fn(AssetCode, Fiat) -> bool,
}

impl CreateInvoice {
    /// Reads a request's body, a JSON object or a form.
    ///
    /// # Errors
    /// What is wrong with it, every field at once.
    pub fn parse(content_type: Option<&str>, bytes: &[u8], on_sale: &OnSale<'_>) -> Result<Self, Errors> {
        let body = Body::read(content_type, bytes)?;
        let mut errors = Errors::default();
        let currency = currency(&body, &mut errors);
        let price = currency.and_then(|currency| price(&body, currency, &mut errors));
        let coins = currency.and_then(|currency| coins(&body, currency, on_sale, &mut errors));
        let window_seconds = valid_for(&body, &mut errors);
        let mut own = |name| short_text(&body, name, &mut errors);
        let (name, description) = (own("name"), own("description"));
        let (meta_data1, meta_data2) = (own("meta_data1"), own("meta_data2"));
        let mut url = |name| web_page(&body, name, &mut errors);
        let (callback_url, success_url, fail_url) = (url("callback_url"), url("success_url"), url("fail_url"));
        let said = Said { name, description, success_url, fail_url, meta_data1, meta_data2 };
        let (Some(price), Some(coins), true) = (price, coins, errors.is_empty()) else { return Err(errors) };
        let terms = Terms {
            price: Price::Fiat(price),
            choice: Choice::Any,
            is_deferred: false,
            tolerance: Decimal::ZERO,
            window_seconds: Some(window_seconds.unwrap_or(VALID_SECONDS)),
            description: said.shown(),
            external_id: None,
            idempotency_key: None,
            metadata: said.metadata(),
            redirect_url: None,
            customer_email: None,
            coins,
            foreign: None,
        };
        Ok(Self { terms, said, callback_url })
    }
}

/// Reads which coin an address is asked for in.
///
/// # Errors
/// When none is named, or there is no such coin.
pub fn payment_currency(content_type: Option<&str>, bytes: &[u8]) -> Result<AssetId, Errors> {
    let field = "payment_currency";
    let body = Body::read(content_type, bytes)?;
    let mut errors = Errors::default();
    let Some(code) = body.text(field, &mut errors) else {
        errors.add(Code::MissingField, field, "is required");
        return Err(errors);
    };
    coins::asset(&code).ok_or_else(|| Errors::one(Code::Invalid, field, NoCoins::Unknown(code).to_string()))
}

fn currency(body: &Body<'_>, errors: &mut Errors) -> Option<Fiat> {
    let code = body.text("currency", errors);
    let currency = code.map_or(Ok(Fiat::USD), |code| code.to_ascii_uppercase().parse());
    if currency.is_err() {
        errors.invalid("currency", "must be an ISO 4217 currency code");
    }
    currency.ok()
}

fn price(body: &Body<'_>, currency: Fiat, errors: &mut Errors) -> Option<FiatAmount> {
    let field = "amount";
    let Some(text) = body.text(field, errors) else {
        errors.add(Code::MissingField, field, "is required");
        return None;
    };
    let minor = exact_number::read(&text).and_then(|number| exact_number::units(number, currency.minor_digits()));
    let problem = match minor {
        Ok(0) => "must be greater than zero".to_owned(),
        Ok(minor) if minor <= MINOR_MAX => return Some(FiatAmount { currency, minor }),
        Ok(_) | Err(DecimalError::Range) => "is too large".to_owned(),
        Err(DecimalError::Places(_)) => {
            format!("has more decimal places than {currency} has ({})", currency.minor_digits())
        }
        Err(DecimalError::Form) => "must be a positive number".to_owned(),
    };
    errors.invalid(field, problem);
    None
}

fn coins(body: &Body<'_>, currency: Fiat, on_sale: &OnSale<'_>, errors: &mut Errors) -> Option<Vec<AssetId>> {
    let field = "payment_currencies";
    let filters = body.list(field, errors);
    let is_sold = |asset: AssetId| on_sale.catalog.asset(asset).is_some() && (on_sale.has_rate)(asset.code, currency);
    match coins::chosen(filters.as_deref().unwrap_or(coins::DEFAULT_FILTER), &is_sold) {
        Ok(coins) => return Some(coins),
        Err(problem @ NoCoins::Unknown(_)) => errors.invalid(field, problem.to_string()),
        Err(problem @ (NoCoins::NotSold(_) | NoCoins::Nothing)) => {
            errors.add(Code::Unprocessable, field, format!("{problem} for {currency}"));
        }
    }
    None
}

fn valid_for(body: &Body<'_>, errors: &mut Errors) -> Option<i64> {
    let field = "valid_for";
    match duration::seconds(&body.text(field, errors)?) {
        Ok(seconds) => return Some(seconds),
        Err(NoDuration::Form) => {
            errors.invalid(field, "must be a duration such as 300s or 2h45m; units are s, m and h");
        }
        Err(NoDuration::Range) => errors.invalid(field, "must be from 1m to 720h"),
    }
    None
}

fn short_text(body: &Body<'_>, field: &'static str, errors: &mut Errors) -> Option<String> {
    let text = body.text(field, errors)?;
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        errors.invalid(field, format!("must be at most {TEXT_CHARACTERS_MAX} characters"));
        return None;
    }
    Some(text)
}

/// An absolute address, `http:` or `https:` (A3).
fn web_page(body: &Body<'_>, field: &'static str, errors: &mut Errors) -> Option<String> {
    let url = body.text(field, errors)?;
    if url.len() > URL_CHARACTERS_MAX {
        errors.invalid(field, format!("must be at most {URL_CHARACTERS_MAX} characters"));
        return None;
    }
    match web_address::vet(&url, PlainHttp::Everywhere) {
        Ok(()) => Some(url),
        Err(problem) => {
            errors.invalid(field, problem);
            None
        }
    }
}

#[cfg(test)]
mod tests;
