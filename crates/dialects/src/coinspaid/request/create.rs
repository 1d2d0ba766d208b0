//! `invoices/create`: three kinds of invoice, told apart by `timer` and `sender_currency` (A.8).

use super::{amount, boolean, fields, reference, short_text, text};
use crate::{
    coinspaid::{
        currencies,
        errors::{Errors, Fault},
    },
    exact_number,
    native::{
        request::email,
        web_address::{self, PlainHttp},
    },
    strict_json::fields::Fields,
};
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    decimal::{Decimal, DecimalError},
    fiat::Fiat,
    invoice::{Choice, Invoice, Terms},
    money::{Amount, FiatAmount},
    name::AssetCode,
    price::Price,
};
use serde::{Deserialize, Serialize};
use url::Host;

/// The longest title, in characters.
const TITLE_CHARACTERS_MAX: usize = 50;
/// Of a description so many characters are kept; longer ones are sent by real shops and are no mistake (A.13).
const DESCRIPTION_CHARACTERS_KEPT: usize = 1000;
/// Places that amounts have in this API.
pub(in crate::coinspaid) const PLACES: u8 = 8;

/// What the request said beyond the terms, kept with the invoice to be echoed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The name on the invoice.
    pub title: String,
    /// The currency to be credited, by the code that was sent.
    pub currency: String,
    /// The coin that the merchant chose, by the code that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_currency: Option<String>,
    /// Where the payer returns to from a confirmed invoice.
    pub url_success: String,
    /// Where the payer returns to from a failed one.
    pub url_failed: String,
    /// The merchant's id of the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user_reference: Option<String>,
    /// Who the payer is (A.10): kept as it was sent, and never looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
}

impl Said {
    /// What was said of an invoice of this API; `None` of another.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Option<Self> {
        serde_json::from_str(&invoice.terms.foreign.as_ref()?.said).ok()
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// The terms. What the gateway has to add is where they come from.
    pub terms: Terms,
    /// What is to be echoed.
    pub said: Said,
}

/// Why there is no invoice to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The body cannot be read.
    Fault(Fault),
    /// Fields are wrong.
    Errors(Errors),
}

/// What can be sold: the catalogue, and whether a coin has a rate in a fiat currency now.
pub struct OnSale<'a> {
    /// Networks and assets.
    pub catalog: &'a Catalog,
    /// Whether there is a rate.
    pub has_rate: &'a dyn Fn(AssetCode, Fiat) -> bool,
}

impl CreateInvoice {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, every field at once.
    pub fn parse(body: &[u8], on_sale: &OnSale<'_>) -> Result<Self, Refused> {
        let fields = fields(body).map_err(Refused::Fault)?;
        let mut errors = Errors::default();
        let read = Read::of(&fields, &mut errors);
        let priced = priced(&fields, &read, on_sale, &mut errors);
        let (Some(priced), true) = (priced, errors.is_empty()) else { return Err(Refused::Errors(errors)) };
        let terms = Terms {
            price: priced.price,
            choice: priced.choice,
            is_deferred: !read.timer,
            tolerance: Decimal::ZERO,
            window_seconds: None,
            description: Some(read.shown()),
            external_id: Some(read.foreign_id),
            idempotency_key: None,
            metadata: "{}".to_owned(),
            redirect_url: None,
            customer_email: Some(read.email_user),
            coins: priced.coins,
            foreign: None,
        };
        let said = Said {
            title: read.title,
            currency: priced.currency,
            sender_currency: priced.sender_currency,
            url_success: read.url_success,
            url_failed: read.url_failed,
            end_user_reference: read.end_user_reference,
            sender: sender(&fields),
        };
        Ok(Self { terms, said })
    }
}

/// The fields that do not concern money. Where one is missing, `errors` has it, and the value is of no use.
struct Read {
    timer: bool,
    title: String,
    description: Option<String>,
    foreign_id: String,
    url_success: String,
    url_failed: String,
    email_user: String,
    end_user_reference: Option<String>,
}

impl Read {
    fn of(fields: &Fields<'_>, errors: &mut Errors) -> Self {
        if text(fields, "type", errors).is_some_and(|kind| kind != "fill_or_kill" && kind != "good_until_expired") {
            errors.selected("type");
        }
        let timer = boolean(fields, "timer", errors);
        // Until 2020 the title was called name.
        let title = if fields.has("title") { "title" } else { "name" };
        let title = short_text(fields, title, TITLE_CHARACTERS_MAX, errors);
        let description = text(fields, "description", errors);
        let foreign_id = reference(fields, "foreign_id", errors);
        let end_user_reference = reference(fields, "end_user_reference", errors);
        if timer.is_none() {
            errors.required("timer");
        }
        Self {
            timer: timer.unwrap_or_default(),
            title: required(title, "title", errors),
            description: description.map(|text| text.chars().take(DESCRIPTION_CHARACTERS_KEPT).collect()),
            foreign_id: required(foreign_id, "foreign_id", errors),
            url_success: web_page(fields, "url_success", errors),
            url_failed: web_page(fields, "url_failed", errors),
            email_user: email_address(fields, errors),
            end_user_reference,
        }
    }

    /// What the payer is shown.
    fn shown(&self) -> String {
        match &self.description {
            Some(description) if *description != self.title => format!("{}: {description}", self.title),
            Some(_) | None => self.title.clone(),
        }
    }
}

fn required(text: Option<String>, name: &'static str, errors: &mut Errors) -> String {
    if text.is_none() {
        errors.required(name);
    }
    text.unwrap_or_default()
}

/// An address to return to: https, and a name that is no IP address.
fn web_page(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> String {
    let url = text(fields, name, errors);
    let is_good = |url: &String| {
        let vetted = web_address::vetted(url, PlainHttp::Never);
        url.len() <= 2048 && vetted.is_ok_and(|url| matches!(url.host(), Some(Host::Domain(_))))
    };
    if url.as_ref().is_some_and(|url| !is_good(url)) {
        errors.format(name);
    }
    required(url, name, errors)
}

fn email_address(fields: &Fields<'_>, errors: &mut Errors) -> String {
    let address = text(fields, "email_user", errors);
    if address.as_deref().is_some_and(|address| !email::is_plausible(address)) {
        errors.add("email_user", "The email user must be a valid email address.");
    }
    required(address, "email_user", errors)
}

/// Who the payer is, as it was sent.
pub(in crate::coinspaid) fn sender(fields: &Fields<'_>) -> Option<String> {
    let members: Vec<String> = ["sender_type", "sender_data"]
        .into_iter()
        .filter_map(|name| Some(format!("\"{name}\":{}", fields.raw(name)?)))
        .collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// What is asked for, and what it can be paid with.
struct Priced {
    price: Price,
    choice: Choice,
    coins: Vec<AssetId>,
    currency: String,
    sender_currency: Option<String>,
}

/// The currency that is to be credited.
enum Credited<'c> {
    Fiat(Fiat),
    Asset(&'c Asset),
}

fn priced(fields: &Fields<'_>, read: &Read, on_sale: &OnSale<'_>, errors: &mut Errors) -> Option<Priced> {
    let code = text(fields, "currency", errors).map(|code| code.to_ascii_uppercase());
    let sender_code = text(fields, "sender_currency", errors).map(|code| code.to_ascii_uppercase());
    let number = amount(fields, "amount", errors);
    let code = required(code, "currency", errors);
    if number.is_none() {
        errors.required("amount");
    }
    let credited = credited(&code, on_sale, errors);
    let sender = sender_code.as_deref().and_then(|code| {
        let found = currencies::asset(code, on_sale.catalog);
        if found.is_none() {
            errors.selected("sender_currency");
        }
        found
    });
    let credited = credited?;
    let price = price(&credited, number?, errors)?;
    let is_open = |asset: AssetId| is_exchanged(&credited, asset, on_sale);
    let choice = match sender {
        Some(sender) if !is_open(sender.id) => {
            errors.add("sender_currency", "Exchange is unavailable for given currencies");
            return None;
        }
        Some(sender) => Choice::Fixed(sender.id),
        None => Choice::Any,
    };
    // An open invoice is one on which nothing was chosen yet, also where there is one coin to choose.
    let is_chosen = read.timer && sender.is_some();
    let all = currencies::assets(on_sale.catalog).map(|(_, asset)| asset.id);
    let coins = if is_chosen { Vec::new() } else { all.filter(|asset| is_open(*asset)).collect() };
    Some(Priced { price, choice, coins, currency: code, sender_currency: sender_code })
}

fn credited<'c>(code: &str, on_sale: &OnSale<'c>, errors: &mut Errors) -> Option<Credited<'c>> {
    if code.is_empty() {
        return None;
    }
    let fiat = code.parse::<Fiat>().ok();
    let has_any_rate =
        |fiat: Fiat| on_sale.catalog.assets().iter().any(|asset| (on_sale.has_rate)(asset.id.code, fiat));
    let found = match (currencies::asset(code, on_sale.catalog), fiat) {
        (Some(asset), _) => Some(Credited::Asset(asset)),
        (None, Some(fiat)) if has_any_rate(fiat) => Some(Credited::Fiat(fiat)),
        (None, _) => None,
    };
    if found.is_none() {
        errors.selected("currency");
    }
    found
}

/// Whether money in an asset can be credited: coins become what they are, and fiat is an amount by a rate.
fn is_exchanged(credited: &Credited<'_>, asset: AssetId, on_sale: &OnSale<'_>) -> bool {
    match credited {
        Credited::Asset(credited) => credited.id == asset,
        Credited::Fiat(fiat) => (on_sale.has_rate)(asset.code, *fiat),
    }
}

fn price(credited: &Credited<'_>, number: Decimal, errors: &mut Errors) -> Option<Price> {
    if number.is_zero() {
        errors.add("amount", "The amount must be greater than 0.");
        return None;
    }
    let price = match credited {
        Credited::Fiat(currency) => {
            let minor = exact_number::units(number, currency.minor_digits());
            minor.map(|minor| Price::Fiat(FiatAmount { currency: *currency, minor }))
        }
        Credited::Asset(asset) => {
            let places = asset.decimals.min(PLACES);
            let number = exact_number::units(number, places).and_then(|units| Decimal::new(units, places));
            number.and_then(|number| number.units(asset.decimals)).map(|units| Price::Asset(Amount::of(asset, units)))
        }
    };
    match price {
        Ok(price) => Some(price),
        Err(DecimalError::Range) => {
            errors.add("amount", "The amount is too large.");
            None
        }
        Err(DecimalError::Form | DecimalError::Places(_)) => {
            errors.format("amount");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> CreateInvoice {
        let body = format!(
            r#"{{"timer":false,"title":"Order","foreign_id":"f","currency":"EUR","amount":1,"url_success":"https://shop.example/ok",
            "url_failed":"https://shop.example/no","email_user":"payer@shop.example"{more}}}"#
        );
        let catalog = Catalog::shipped();
        CreateInvoice::parse(body.as_bytes(), &OnSale { catalog: &catalog, has_rate: &|_, _| true }).unwrap()
    }

    #[test]
    fn a_10_who_pays_is_kept_as_it_was_sent() {
        assert_eq!(parse("").said.sender, None);
        let sender = r#""sender_type":"natural","sender_data":{"first_name":"Ada","date_of_birth":"1815-12-10"}"#;
        let said = parse(&format!(",{sender}")).said;
        assert_eq!(said.sender, Some(format!("{{{sender}}}")));
        assert_eq!(serde_json::from_str::<Said>(&serde_json::to_string(&said).unwrap()).unwrap(), said);
    }

    #[test]
    fn a_13_of_a_long_description_the_first_thousand_characters_are_kept() {
        let shown = |characters: usize| {
            parse(&format!(r#","description":"{}""#, "é".repeat(characters))).terms.description.unwrap().chars().count()
        };
        let title = "Order: ".len();
        assert_eq!((shown(999), shown(1000), shown(1500)), (title + 999, title + 1000, title + 1000));
    }
}
