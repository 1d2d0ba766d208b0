//! Reading txn.pro's requests: lenient about letters' case and about numbers that come as such, exact about amounts (B.1, B.4.1).
//!
//! Nothing here decides anything beyond what an attribute means.

use super::{
    errors::{Errors, Fault},
    limits,
    networks::CodedNetwork,
};
use crate::{
    exact_number,
    native::web_address::{self, PlainHttp},
    strict_json::{
        self,
        fields::{Fields, unquoted},
    },
};
use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    decimal::{Decimal, DecimalError},
    fiat::Fiat,
    id::Environment,
    invoice::{Choice, Invoice, Terms},
    money::{Amount, FiatAmount},
    name::AssetCode,
    price::Price,
};
use serde::{Deserialize, Serialize};

/// The longest reference of a merchant's, in characters.
const REFERENCE_CHARACTERS_MAX: usize = 255;
/// The longest code of a currency or network that is looked at, in characters.
const CODE_CHARACTERS_MAX: usize = 64;
/// The longest web address, in characters.
const URL_CHARACTERS_MAX: usize = 2048;
/// The longest address that is looked at, in characters.
const ADDRESS_CHARACTERS_MAX: usize = 255;
/// Ways to pay in a request that are looked at.
const METHODS_MAX: usize = 16;

/// Whether a `Content-Type` is JSON:API's or plain JSON; parameters do not matter (B.1).
#[must_use]
pub fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["application/vnd.api+json", "application/json"].iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

/// The attributes of a request's resource; what is wrong with its type is added to `errors`.
///
/// # Errors
/// [`Fault::BadRequest`] for a body that is no JSON or has no resource.
pub fn attributes<'b>(body: &'b [u8], kind: &str, errors: &mut Errors) -> Result<Fields<'b>, Errors> {
    let bad = |detail: String| Errors::detailed(Fault::BadRequest, detail);
    let document = Fields::parse(body).map_err(|error| bad(error.to_string()))?;
    let object =
        |raw: &'b str, what: &str| Fields::parse(raw.as_bytes()).map_err(|_| bad(format!("{what} must be an object")));
    let resource = object(document.raw("data").ok_or_else(|| bad("data is missing".to_owned()))?, "data")?;
    match resource.raw("type").map(unquoted) {
        None => errors.blank("type"),
        Some(Some(text)) if text == kind => {}
        Some(_) => errors.invalid("type", format!("must be {kind}")),
    }
    resource.raw("attributes").map_or_else(|| Ok(Fields::empty()), |raw| object(raw, "data.attributes"))
}

/// The members of a body that is plain JSON.
///
/// # Errors
/// [`Fault::BadRequest`].
fn members(body: &[u8]) -> Result<Fields<'_>, Errors> {
    strict_json::check(body)
        .and_then(|()| Fields::parse(body))
        .map_err(|error| Errors::detailed(Fault::BadRequest, error.to_string()))
}

/// A text; a whole number is its digits. Null and empty texts are absent, others are wrong.
pub(super) fn text(fields: &Fields<'_>, name: &str, characters_max: usize, errors: &mut Errors) -> Option<String> {
    let raw = fields.raw(name)?;
    let digits = || (raw.len() <= 20 && raw.bytes().all(|byte| byte.is_ascii_digit())).then(|| raw.to_owned());
    let Some(text) = unquoted(raw).or_else(digits) else {
        errors.invalid(name, "must be a string");
        return None;
    };
    let text = text.trim();
    if text.chars().count() > characters_max {
        errors.invalid(name, format!("is too long (maximum is {characters_max} characters)"));
        return None;
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// A code of a currency or network.
pub(super) fn code(fields: &Fields<'_>, name: &str, errors: &mut Errors) -> Option<String> {
    text(fields, name, CODE_CHARACTERS_MAX, errors)
}

/// The merchant's own reference.
pub(super) fn reference(fields: &Fields<'_>, errors: &mut Errors) -> Option<String> {
    text(fields, "reference", REFERENCE_CHARACTERS_MAX, errors)
}

/// A text that must be there.
pub(super) fn needed(fields: &Fields<'_>, name: &str, errors: &mut Errors) -> Option<String> {
    let is_sent = fields.raw(name).is_some_and(|raw| unquoted(raw).is_none_or(|text| !text.trim().is_empty()));
    if !is_sent {
        errors.blank(name);
        return None;
    }
    code(fields, name, errors)
}

/// What the request said beyond the terms, kept with the invoice to be echoed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The network's code as it was sent.
    pub network: String,
    /// Where the payer returns to from a completed invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_redirect_url: Option<String>,
    /// Where the payer returns to otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsuccess_redirect_url: Option<String>,
    /// The settlement currency, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_currency: Option<String>,
}

impl Said {
    /// What was said of an invoice of this API; nothing of another.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Self {
        let foreign = invoice.terms.foreign.as_ref();
        foreign.and_then(|foreign| serde_json::from_str(&foreign.said).ok()).unwrap_or_default()
    }
}

/// What can be sold: the catalogue, and whether a coin has a rate in a fiat currency now.
#[derive(Clone, Copy)]
pub struct OnSale<'a> {
    /// The credential's environment.
    pub environment: Environment,
    /// Networks and assets.
    pub catalog: &'a Catalog,
    /// Whether there is a rate.
    pub has_rate: &'a dyn Fn(AssetCode, Fiat) -> bool,
}

impl OnSale<'_> {
    /// The coin that a currency means on a network.
    ///
    /// # Errors
    /// [`Fault::NetworkNotFound`], and [`Fault::PairNotSupported`] for another coin than the network's.
    pub(super) fn coin(&self, network: &str, currency: &str) -> Result<&Asset, Errors> {
        let found = CodedNetwork::find(network, self.environment).and_then(|known| known.asset(self.catalog));
        let asset = found.ok_or(Fault::NetworkNotFound)?;
        if asset.id.code.as_str().eq_ignore_ascii_case(currency) {
            return Ok(asset);
        }
        Err(Fault::PairNotSupported.into())
    }
}

/// `POST /invoices`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvoice {
    /// The terms. What the gateway has to add is where they come from.
    pub terms: Terms,
    /// What is to be echoed.
    pub said: Said,
}

impl CreateInvoice {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it, every attribute at once; then what cannot be sold.
    pub fn parse(body: &[u8], on_sale: &OnSale<'_>) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let fields = attributes(body, "invoices", &mut errors)?;
        let asked = Asked::read(&fields, &mut errors);
        let target = code(&fields, "targetCurrency", &mut errors);
        let account = code(&fields, "targetAccountId", &mut errors);
        let success = web_page(&fields, "successRedirectUrl", &mut errors);
        let unsuccess = web_page(&fields, "unsuccessRedirectUrl", &mut errors);
        let external_id = reference(&fields, &mut errors);
        let is_on_chain = payment_methods(&fields, &mut errors);
        let asked = errors.or(asked)?;
        let asset = on_sale.coin(&asked.network, &asked.charged)?;
        let is_kept = target.as_deref().is_none_or(|target| asset.id.code.as_str().eq_ignore_ascii_case(target));
        if account.is_some() || !is_kept {
            let detail = "money stays in the coin that it was paid in, in your own wallet";
            return Err(Errors::detailed(Fault::PairNotSupported, detail));
        }
        if !is_on_chain {
            return Err(Errors::detailed(Fault::NotSupported, "paymentMethods: only on_chain is served"));
        }
        let said = Said {
            network: asked.network.clone(),
            success_redirect_url: success,
            unsuccess_redirect_url: unsuccess,
            target_currency: target.map(|_| asset.id.code.to_string()),
        };
        Ok(Self { terms: terms(asked.price(asset, on_sale)?, asset, external_id), said })
    }
}

fn terms(price: Price, asset: &Asset, external_id: Option<String>) -> Terms {
    Terms {
        price,
        choice: Choice::Fixed(asset.id),
        is_deferred: false,
        tolerance: Decimal::ZERO,
        window_seconds: None,
        description: None,
        external_id,
        idempotency_key: None,
        metadata: "{}".to_owned(),
        redirect_url: None,
        customer_email: None,
        coins: Vec::new(),
        foreign: None,
    }
}

/// What must be said of an invoice.
struct Asked {
    amount: Decimal,
    billed: String,
    charged: String,
    network: String,
}

impl Asked {
    fn read(fields: &Fields<'_>, errors: &mut Errors) -> Option<Self> {
        let amount = amount(fields, errors);
        let billed = needed(fields, "billedCurrency", errors);
        let charged = needed(fields, "chargedCurrency", errors);
        let network = needed(fields, "network", errors);
        Some(Self { amount: amount?, billed: billed?.to_ascii_uppercase(), charged: charged?, network: network? })
    }

    /// The price: in fiat money that has a rate, or in the coin itself.
    fn price(&self, asset: &Asset, on_sale: &OnSale<'_>) -> Result<Price, Errors> {
        let fiat = self.billed.parse::<Fiat>().ok().filter(|fiat| (on_sale.has_rate)(asset.id.code, *fiat));
        let places = match fiat {
            Some(fiat) => fiat.minor_digits(),
            None if self.billed == asset.id.code.as_str() => asset.due_places(),
            None => return Err(Fault::PairNotSupported.into()),
        };
        let mut errors = Errors::default();
        let counted = exact_number::units(self.amount, places);
        let amount = counted.and_then(|units| Decimal::new(units, places)).unwrap_or(self.amount);
        limits::check(&self.billed, amount, places, &mut errors);
        if counted == Err(DecimalError::Places(places)) {
            errors.invalid("amountBilled", format!("has more than {places} digits after the point"));
        }
        let price = match fiat {
            Some(currency) => counted.map(|minor| Price::Fiat(FiatAmount { currency, minor })),
            None => amount.units(asset.decimals).map(|units| Price::Asset(Amount::of(asset, units))),
        };
        if errors.is_empty() && price.is_err() {
            errors.invalid("amountBilled", "is too large");
        }
        errors.or(price.ok())
    }
}

/// The amount, as a text or a number, exactly.
fn amount(fields: &Fields<'_>, errors: &mut Errors) -> Option<Decimal> {
    const NAME: &str = "amountBilled";
    let raw = fields.raw(NAME).filter(|raw| unquoted(raw).is_none_or(|text| !text.trim().is_empty()));
    let Some(raw) = raw else {
        errors.blank(NAME);
        return None;
    };
    match exact_number::read_number_or_text(raw) {
        Ok(amount) => return Some(amount),
        Err(DecimalError::Range) => errors.invalid(NAME, "is too large"),
        Err(_) => errors.invalid(NAME, "must be a decimal string such as \"10.00\""),
    }
    None
}

/// An address to return to.
fn web_page(fields: &Fields<'_>, name: &str, errors: &mut Errors) -> Option<String> {
    let url = text(fields, name, URL_CHARACTERS_MAX, errors)?;
    match web_address::vet(&url, PlainHttp::OnLoopback) {
        Ok(()) => Some(url),
        Err(problem) => {
            errors.invalid(name, problem);
            None
        }
    }
}

/// Whether the payer may pay on a chain, which is the only way there is here.
fn payment_methods(fields: &Fields<'_>, errors: &mut Errors) -> bool {
    const NAME: &str = "paymentMethods";
    let Some(raw) = fields.raw(NAME) else { return true };
    let Ok(methods) = serde_json::from_str::<Vec<String>>(raw) else {
        errors.invalid(NAME, "must be an array of strings");
        return true;
    };
    let is_known = |method: &String| ["on_chain", "binance_pay", "nft"].contains(&method.as_str());
    if methods.len() > METHODS_MAX || !methods.iter().all(is_known) {
        errors.invalid(NAME, "must be among on_chain, binance_pay, nft");
    }
    methods.is_empty() || methods.iter().any(|method| method == "on_chain")
}

/// `POST /addresses/validate`: an address and the code of a network (B.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidateAddress {
    /// The text.
    pub address: String,
    /// The network's code.
    pub network: String,
}

impl ValidateAddress {
    /// Reads a request, which is plain JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Self, Errors> {
        let fields = members(body)?;
        let mut errors = Errors::default();
        let address = text(&fields, "address", ADDRESS_CHARACTERS_MAX, &mut errors);
        if address.is_none() && errors.is_empty() {
            errors.blank("address");
        }
        let network = needed(&fields, "network", &mut errors);
        errors.or(address.zip(network).map(|(address, network)| Self { address, network }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(body: &[u8]) -> Result<CreateInvoice, Errors> {
        let catalog = Catalog::shipped();
        let has_rate = |_: AssetCode, fiat: Fiat| fiat == Fiat::USD;
        CreateInvoice::parse(body, &OnSale { environment: Environment::Test, catalog: &catalog, has_rate: &has_rate })
    }

    fn asked(amount: &str, billed: &str) -> Vec<u8> {
        format!(
            r#"{{"data":{{"type":"invoices","attributes":{{"amountBilled":{amount},"billedCurrency":"{billed}","chargedCurrency":"USDT","network":"ttrx:usdt"}}}}}}"#
        )
        .into_bytes()
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused_with_an_error(body in any::<Vec<u8>>(), text in "[\\[\\]{}\",:a-z0-9 .-]{0,80}") {
            for body in [body, text.clone().into_bytes(), asked(&text, "USD"), asked("\"10\"", &text)] {
                if let Err(errors) = parse(&body) {
                    prop_assert!(!errors.is_empty() && (400..500).contains(&errors.status()));
                }
            }
        }

        #[test]
        fn an_amount_within_the_limits_is_the_price_to_the_cent(cents in 1_000_u128..=10_000_000) {
            let text = Decimal::new(cents, 2).unwrap().to_string();
            for raw in [text.clone(), format!("\"{text}\"")] {
                let price = parse(&asked(&raw, "usd")).unwrap().terms.price;
                prop_assert_eq!(price, Price::Fiat(FiatAmount { currency: Fiat::USD, minor: cents }));
            }
        }
    }
}
