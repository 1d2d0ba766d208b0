//! The amount rules b to i of the contract, section 4.1: which amount is the price, and in what it may be paid.

use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    decimal::{Decimal, DecimalError},
    fiat::{self, Fiat},
    invoice::Choice,
    money::{Amount, FiatAmount},
    price::Price,
};

use super::body::CreateInvoiceBody;
use crate::native::{
    errors::{ApiError, ErrorCode},
    form::Form,
    forms::pair_problem,
};

/// The largest fiat price, in the currency's smallest units: with it every due that a rate makes fits 128 bits.
const FIAT_MINOR_MAX: u128 = 1_000_000_000_000_000_000;

/// The part of the terms that the amount fields decide.
pub(super) struct Pricing {
    pub(super) price: Price,
    pub(super) choice: Choice,
    pub(super) is_deferred: bool,
    pub(super) tolerance: Decimal,
}

impl Pricing {
    /// `None` where a problem was recorded in the form.
    pub(super) fn read(
        sent: &CreateInvoiceBody,
        catalog: &Catalog,
        form: &mut Form<'_>,
    ) -> Result<Option<Self>, ApiError> {
        // Rules b and c: amount_fiat wins over its old name.
        let fiat = match (&sent.amount_fiat, &sent.amount_usd) {
            (Some(text), _) => Some(("amount_fiat", text.as_str())),
            (None, Some(text)) => Some(("amount_usd", text.as_str())),
            (None, None) => None,
        };
        // Rule d.
        if sent.amount.is_some() && fiat.is_some() {
            form.refuse("amount", "cannot be sent together with a fiat amount");
            return Ok(None);
        }
        let currency = fiat_currency(sent)?;
        let priced = match (&sent.amount, fiat) {
            (Some(amount), _) => priced_in_asset(sent, amount, catalog, form),
            (None, Some((field, text))) => priced_in_fiat(sent, field, text, currency, catalog, form),
            (None, None) => {
                refuse_missing_amount(sent, catalog, form);
                None
            }
        };
        let Some((price, choice, is_deferred)) = priced else {
            return Ok(None);
        };
        let tolerance = tolerance(sent, &price, form);
        Ok(tolerance.map(|tolerance| Self { price, choice, is_deferred, tolerance }))
    }
}

/// Rule e, also where the price is not in fiat: a wrong code is never silently dropped.
fn fiat_currency(sent: &CreateInvoiceBody) -> Result<Fiat, ApiError> {
    let Some(code) = sent.fiat_currency.as_deref() else {
        return Ok(Fiat::USD);
    };
    let known = fiat::NATIVE.contains(&code).then(|| code.parse::<Fiat>().ok()).flatten();
    known.ok_or_else(|| {
        let problem = format!("must be one of {}", fiat::NATIVE.join(", "));
        ApiError::coded_field(ErrorCode::InvalidFiatCurrency, "fiat_currency", &problem)
    })
}

fn priced_in_asset(
    sent: &CreateInvoiceBody,
    amount: &str,
    catalog: &Catalog,
    form: &mut Form<'_>,
) -> Option<(Price, Choice, bool)> {
    let Some(code) = sent.currency.as_deref() else {
        form.require("currency", "is required with amount");
        refuse_unreadable(amount, "amount", form);
        return None;
    };
    let Some(asset) = pair(code, sent.network.as_deref(), catalog, form) else {
        refuse_unreadable(amount, "amount", form);
        return None;
    };
    match Amount::parse(asset, amount) {
        Ok(amount) if amount.units > 0 => {
            Some((Price::Asset(amount), Choice::Fixed(asset.id), sent.deferred.unwrap_or(false)))
        }
        Ok(_) => refused("amount", "must be greater than zero", form),
        Err(DecimalError::Places(places)) => {
            refused("amount", &format!("has more decimal places than {} has ({places})", asset.id), form)
        }
        Err(error @ (DecimalError::Form | DecimalError::Range)) => refused("amount", &error.to_string(), form),
    }
}

fn priced_in_fiat(
    sent: &CreateInvoiceBody,
    field: &'static str,
    text: &str,
    currency: Fiat,
    catalog: &Catalog,
    form: &mut Form<'_>,
) -> Option<(Price, Choice, bool)> {
    let price = fiat_price(field, text, currency, form);
    let choice = match sent.currency.as_deref() {
        // Where nothing is on sale there is nothing to choose.
        None if sent.network.is_none() && catalog.assets().is_empty() => {
            form.require("currency", "cannot be chosen: no network is configured");
            None
        }
        // Rule f: the payer chooses, whatever `deferred` says.
        None if sent.network.is_none() => Some(Choice::Any),
        None => {
            form.require("currency", "is required when network is sent");
            None
        }
        // Rule g.
        Some(code) => {
            if sent.deferred != Some(true) {
                form.require("deferred", "must be true when a fiat amount is locked to a currency");
            }
            pair(code, sent.network.as_deref(), catalog, form).map(|asset| Choice::Fixed(asset.id))
        }
    };
    price.zip(choice).map(|(price, choice)| (price, choice, true))
}

fn fiat_price(field: &'static str, text: &str, currency: Fiat, form: &mut Form<'_>) -> Option<Price> {
    match FiatAmount::parse(currency, text) {
        Ok(amount) if amount.minor > FIAT_MINOR_MAX => refused(field, &DecimalError::Range.to_string(), form),
        Ok(amount) if amount.minor > 0 => Some(Price::Fiat(amount)),
        Ok(_) => refused(field, "must be greater than zero", form),
        Err(DecimalError::Places(places)) => {
            refused(field, &format!("has more decimal places than {currency} has ({places})"), form)
        }
        Err(error @ (DecimalError::Form | DecimalError::Range)) => refused(field, &error.to_string(), form),
    }
}

fn refuse_missing_amount(sent: &CreateInvoiceBody, catalog: &Catalog, form: &mut Form<'_>) {
    let is_told = ["amount", "amount_fiat", "amount_usd"].into_iter().any(|name| form.is_wrong(name));
    if !is_told {
        form.refuse("amount", "is required unless amount_fiat is sent");
    }
    match sent.currency.as_deref() {
        Some(code) => {
            pair(code, sent.network.as_deref(), catalog, form);
        }
        None if !is_told && sent.deferred != Some(true) => {
            form.require("currency", "is required unless amount_fiat is sent or deferred is true");
        }
        None => {}
    }
}

/// Rule i. `None` where a problem was recorded.
fn pair<'c>(code: &str, network: Option<&str>, catalog: &'c Catalog, form: &mut Form<'_>) -> Option<&'c Asset> {
    // A network that could not be read was told already; inferring another would only confuse.
    if form.is_wrong("network") {
        return None;
    }
    match catalog.resolve(code, network) {
        Ok(asset) => Some(asset),
        Err(error) => {
            let (field, problem) = pair_problem(&error);
            refused(field, &problem, form)
        }
    }
}

/// The largest accepted shortfall: less than the price, in its own digits.
fn tolerance(sent: &CreateInvoiceBody, price: &Price, form: &mut Form<'_>) -> Option<Decimal> {
    let Some(text) = sent.payment_tolerance.as_deref() else {
        return Some(Decimal::ZERO);
    };
    let number = match text.parse::<Decimal>() {
        Ok(number) => number,
        Err(error) => return refused("payment_tolerance", &error.to_string(), form),
    };
    match price.units_of(number) {
        Ok(units) if units < price.units() => Some(number.normalised()),
        Ok(_) => refused("payment_tolerance", "must be less than the price", form),
        Err(error) => refused("payment_tolerance", &error.to_string(), form),
    }
}

/// Where the asset is unknown, what is wrong with the amount in any asset is told all the same.
fn refuse_unreadable(text: &str, field: &'static str, form: &mut Form<'_>) {
    match text.parse::<Decimal>() {
        Ok(number) if number.is_zero() => form.refuse(field, "must be greater than zero"),
        Ok(_) => {}
        Err(error) => form.refuse(field, error.to_string()),
    }
}

fn refused<T>(field: &'static str, problem: &str, form: &mut Form<'_>) -> Option<T> {
    form.refuse(field, problem);
    None
}
