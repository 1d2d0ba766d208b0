//! Reading Payhubix' create request (B4).
//!
//! It is lenient about what the official plugins send (an empty list of currencies, numbers as order ids, empty texts), and
//! exact about amounts. Nothing here decides anything beyond what a field means.

use super::{currencies, errors::Refused};
use crate::{
    exact_number,
    native::{
        request::email,
        web_address::{self, PlainHttp},
    },
    strict_json::fields::{Fields, unquoted},
};
use farthing_domain::{
    asset::AssetId,
    catalog::Catalog,
    decimal::{Decimal, DecimalError},
    fiat::Fiat,
    invoice::{Choice, Invoice, Terms},
    money::FiatAmount,
    name::AssetCode,
    price::Price,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The longest e-mail address and description, in characters.
const TEXT_CHARACTERS_MAX: usize = 200;
/// The longest order id, in characters.
const ORDER_CHARACTERS_MAX: usize = 100;
/// The longest web address: 200 is documented, and return addresses of real shops are longer (B16).
const URL_CHARACTERS_MAX: usize = 2048;
/// The most currencies that are listed; there are fewer.
const CURRENCIES_MAX: usize = 200;

/// What the request said beyond the terms, kept with the invoice to be echoed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Where it says that notifications go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Where it says that the payer returns to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
}

impl Said {
    /// What was said of an invoice; nothing of one of another API.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Self {
        let foreign = invoice.terms.foreign.as_ref();
        foreign.and_then(|foreign| serde_json::from_str(&foreign.said).ok()).unwrap_or_default()
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// The terms. What the gateway has to add is where they come from.
    pub terms: Terms,
    /// What is to be echoed.
    pub said: Said,
    /// The shop that the body names.
    pub shop_id: Option<String>,
}

/// What can be sold, and where shops may be.
pub struct OnSale<'a> {
    /// Networks and assets.
    pub catalog: &'a Catalog,
    /// Whether there is a rate.
    pub has_rate: &'a dyn Fn(AssetCode, Fiat) -> bool,
    /// Where callbacks may go without TLS.
    pub plain_http: PlainHttp,
}

impl CreateInvoice {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, every field at once.
    pub fn parse(body: &[u8], on_sale: &OnSale<'_>) -> Result<Self, Refused> {
        let mut fields = Fields::parse(body)?;
        let price = price(&mut fields, on_sale);
        let window_seconds = window_seconds(&mut fields);
        let coins = coins(&mut fields, price, on_sale);
        let customer_email = customer_email(&mut fields);
        let external_id = text(&mut fields, "order_id", ORDER_CHARACTERS_MAX);
        let description = text(&mut fields, "order_description", TEXT_CHARACTERS_MAX);
        let shop_id = text(&mut fields, "shop_id", TEXT_CHARACTERS_MAX);
        let callback_url = web_page(&mut fields, "callback_url", on_sale.plain_http);
        let browser = match on_sale.plain_http {
            PlainHttp::Never | PlainHttp::OnLoopback => PlainHttp::OnLoopback,
            PlainHttp::Everywhere => PlainHttp::Everywhere,
        };
        let redirect_url = web_page(&mut fields, "redirect_url", browser);
        fields.finish()?;
        let (Some(price), Some(window_seconds)) = (price, window_seconds) else {
            return Err(Refused::field("the request body", "cannot be read"));
        };
        // Where the merchant names one coin there is nothing to choose.
        let (choice, coins) = match *coins.as_slice() {
            [only] => (Choice::Fixed(only), Vec::new()),
            _ => (Choice::Any, coins),
        };
        let terms = Terms {
            price: Price::Fiat(price),
            choice,
            is_deferred: false,
            tolerance: Decimal::ZERO,
            window_seconds: Some(window_seconds),
            description,
            external_id,
            idempotency_key: None,
            metadata: "{}".to_owned(),
            redirect_url: redirect_url.clone().or_else(|| callback_url.clone()),
            customer_email,
            coins,
            foreign: None,
        };
        Ok(Self { terms, said: Said { callback_url, redirect_url }, shop_id })
    }
}

/// A field's text; a number is taken as it was written. Null and empty texts are absent.
fn text(fields: &mut Fields<'_>, name: &'static str, characters_max: usize) -> Option<String> {
    let raw = fields.raw(name)?;
    let is_number = raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let text = if is_number { Some(raw.to_owned()) } else { unquoted(raw) };
    let Some(text) = text else {
        fields.refuse(name, "must be a string");
        return None;
    };
    let text = text.trim();
    if text.chars().count() > characters_max {
        fields.refuse(name, format!("must be at most {characters_max} characters"));
        return None;
    }
    (!text.is_empty()).then(|| text.to_owned())
}

fn price(fields: &mut Fields<'_>, on_sale: &OnSale<'_>) -> Option<FiatAmount> {
    let number = number(fields);
    let had_symbol = fields.has("currency_symbol");
    let symbol = text(fields, "currency_symbol", TEXT_CHARACTERS_MAX).map(|symbol| symbol.to_ascii_uppercase());
    let has_any_rate =
        |fiat: Fiat| on_sale.catalog.assets().iter().any(|asset| (on_sale.has_rate)(asset.id.code, fiat));
    let currency = match symbol.map(|symbol| symbol.parse::<Fiat>()) {
        None if had_symbol => {
            fields.refuse("currency_symbol", "must be the symbol of a fiat currency, such as USD");
            None
        }
        None => {
            fields.refuse("currency_symbol", "is required");
            None
        }
        Some(Ok(fiat)) if has_any_rate(fiat) => Some(fiat),
        Some(_) => {
            fields.refuse("currency_symbol", "is not a supported fiat currency");
            None
        }
    };
    let (number, currency) = number.zip(currency)?;
    match exact_number::units(number, currency.minor_digits()) {
        Ok(minor) => Some(FiatAmount { currency, minor }),
        Err(DecimalError::Range) => {
            fields.refuse("currency_amount", "is too large");
            None
        }
        Err(DecimalError::Form | DecimalError::Places(_)) => {
            let digits = currency.minor_digits();
            fields.refuse("currency_amount", format!("must have at most {digits} decimal places in {currency}"));
            None
        }
    }
}

fn number(fields: &mut Fields<'_>) -> Option<Decimal> {
    let raw = fields.raw("currency_amount").filter(|raw| *raw != "\"\"");
    let Some(raw) = raw else {
        fields.refuse("currency_amount", "is required");
        return None;
    };
    let number = exact_number::read_number_or_text(raw);
    let problem = match number {
        Ok(number) if !number.is_zero() => return Some(number),
        Err(DecimalError::Range) => "is too large",
        Ok(_) | Err(DecimalError::Form | DecimalError::Places(_)) => "must be a number greater than 0",
    };
    fields.refuse("currency_amount", problem);
    None
}

/// `H:MM` or `HH:MM`, 00:01 to 99:59 (B16).
fn window_seconds(fields: &mut Fields<'_>) -> Option<i64> {
    let had_time = fields.raw("time_for_payment").is_some_and(|raw| raw != "\"\"");
    let time = text(fields, "time_for_payment", TEXT_CHARACTERS_MAX);
    let seconds = time.as_deref().and_then(seconds_of);
    if seconds.is_none() {
        let problem = if had_time { "must be a time in the form HH:MM, from 00:01 to 99:59" } else { "is required" };
        fields.refuse("time_for_payment", problem);
    }
    seconds
}

fn seconds_of(time: &str) -> Option<i64> {
    let (hours, minutes) = time.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_form = matches!(hours.len(), 1 | 2) && minutes.len() == 2 && digits(hours) && digits(minutes);
    let minutes = minutes.parse::<i64>().ok().filter(|minutes| has_form && *minutes < 60)?;
    let minutes = hours.parse::<i64>().ok()?.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60).filter(|seconds| *seconds > 0)
}

/// The coins that may be paid with; none named means all.
fn coins(fields: &mut Fields<'_>, price: Option<FiatAmount>, on_sale: &OnSale<'_>) -> Vec<AssetId> {
    let Some(raw) = fields.raw("currencies").filter(|raw| *raw != "\"\"") else { return Vec::new() };
    let items: Option<Vec<&RawValue>> = raw.starts_with('[').then(|| serde_json::from_str(raw).ok()).flatten();
    let Some(items) = items.filter(|items| items.len() <= CURRENCIES_MAX) else {
        fields.refuse("currencies", "must be a list of currency ids");
        return Vec::new();
    };
    let mut coins = Vec::new();
    for item in items {
        let id = item.get().trim_matches('"').parse::<u32>().ok();
        let Some(asset) = id.and_then(|id| currencies::currency(id, on_sale.catalog)) else {
            let shown: String = item.get().chars().take(20).collect();
            fields.refuse("currencies", format!("has {shown}, which is not the id of a supported currency"));
            return Vec::new();
        };
        if !coins.contains(&asset.id) {
            coins.push(asset.id);
        }
    }
    let is_sold = |asset: &AssetId| price.is_none_or(|price| (on_sale.has_rate)(asset.code, price.currency));
    if !coins.is_empty() && !coins.iter().any(is_sold) {
        fields.refuse("currencies", "has no currency with a rate in currency_symbol");
    }
    coins
}

fn customer_email(fields: &mut Fields<'_>) -> Option<String> {
    let address = text(fields, "customer_email", TEXT_CHARACTERS_MAX)?;
    if !email::is_plausible(&address) {
        fields.refuse("customer_email", "must be a valid email address");
    }
    Some(address)
}

fn web_page(fields: &mut Fields<'_>, name: &'static str, plain: PlainHttp) -> Option<String> {
    let url = text(fields, name, URL_CHARACTERS_MAX)?;
    if let Err(problem) = web_address::vet(&url, plain) {
        fields.refuse(name, problem);
    }
    Some(url)
}

#[cfg(test)]
mod tests;
