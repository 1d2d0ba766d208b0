//! Reading `CoinsPaid`'s requests: lenient about types, since clients send numbers as texts and texts as numbers (A.13), and
//! exact about amounts. Nothing here decides anything beyond what a field means.

pub(super) mod create;

pub use create::{CreateInvoice, OnSale, Refused, Said};

use super::errors::{Errors, Fault};
use crate::{
    exact_number,
    strict_json::fields::{Fields, unquoted},
};
use farthing_domain::decimal::Decimal;

/// The longest reference of a merchant's or payer's, in characters.
const REFERENCE_CHARACTERS_MAX: usize = 255;

/// A body's fields. `{}`, `[]` and `null` are all "no parameters" (A.13); what is empty or no JSON is bad content.
///
/// # Errors
/// [`Fault::BadContent`].
pub fn fields(body: &[u8]) -> Result<Fields<'_>, Fault> {
    match body.trim_ascii_start().first() {
        Some(b'{') => Fields::parse(body).map_err(|_| Fault::BadContent),
        _ if matches!(body.trim_ascii(), b"[]" | b"null") => Ok(Fields::empty()),
        _ => Err(Fault::BadContent),
    }
}

/// Whether a `Content-Type` is JSON; parameters do not matter (A.13).
#[must_use]
pub fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// A field's text; a number is its digits. Null and empty texts are absent; other values are wrong.
fn text(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> Option<String> {
    let raw = fields.raw(name)?;
    let text = if raw.starts_with('"') { unquoted(raw) } else { digits(raw) };
    if text.is_none() {
        errors.add(name, format!("The {} must be a string.", name.replace('_', " ")));
    }
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn digits(raw: &str) -> Option<String> {
    raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.to_owned())
}

/// A text that may be left out.
pub(super) fn optional(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> Option<String> {
    text(fields, name, errors)
}

/// A reference of the merchant's own that may be left out.
pub(super) fn reference(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> Option<String> {
    short_text(fields, name, REFERENCE_CHARACTERS_MAX, errors)
}

/// The same, of at most so many characters.
fn short_text(fields: &Fields<'_>, name: &'static str, characters_max: usize, errors: &mut Errors) -> Option<String> {
    let text = text(fields, name, errors)?;
    if text.chars().count() > characters_max {
        errors.too_long(name, characters_max);
        return None;
    }
    Some(text)
}

/// A boolean, as JSON or as clients spell one in a text: `"0"`, `"1"`, `"True"`.
fn boolean(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> Option<bool> {
    let raw = fields.raw(name)?;
    let text = unquoted(raw).unwrap_or_else(|| raw.to_owned()).trim().to_ascii_lowercase();
    match text.as_str() {
        "" => None,
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => {
            errors.add(name, format!("The {} field must be true or false.", name.replace('_', " ")));
            None
        }
    }
}

/// An amount, as a number or a text, exactly.
fn amount(fields: &Fields<'_>, name: &'static str, errors: &mut Errors) -> Option<Decimal> {
    let raw = fields.raw(name)?;
    if unquoted(raw).is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    let number = exact_number::read_number_or_text(raw);
    if number.is_err() {
        errors.add(name, format!("The {} must be a number.", name.replace('_', " ")));
    }
    number.ok()
}

/// The filters of `currencies/list`: `visible`, which all of ours are.
///
/// # Errors
/// What is wrong with it.
pub fn visible(fields: &Fields<'_>) -> Result<Option<bool>, Errors> {
    let mut errors = Errors::default();
    let visible = boolean(fields, "visible", &mut errors);
    if errors.is_empty() { Ok(visible) } else { Err(errors) }
}

/// A pair of currencies, each of which may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairFilter {
    /// Only from this one.
    pub from: Option<String>,
    /// Only to this one.
    pub to: Option<String>,
}

impl PairFilter {
    /// Reads the filters of `currencies/pairs` and `currencies/rates`; `is_known` says which currencies there are.
    ///
    /// # Errors
    /// A currency that there is not.
    pub fn read(fields: &Fields<'_>, is_known: &dyn Fn(&str) -> bool) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut side = |name| {
            let code = text(fields, name, &mut errors).map(|code| code.to_ascii_uppercase());
            if code.as_deref().is_some_and(|code| !is_known(code)) {
                errors.selected(name);
            }
            code
        };
        let filter = Self { from: side("currency_from"), to: side("currency_to") };
        if errors.is_empty() { Ok(filter) } else { Err(errors) }
    }
}

/// What `transactions/info` asks for: exactly one of three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By our number.
    Id(String),
    /// By the merchant's own reference.
    ForeignId(String),
    /// By a transaction's hash.
    TxId(String),
}

impl Wanted {
    /// Reads which.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn read(fields: &Fields<'_>) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut sent = |name| text(fields, name, &mut errors);
        let found = (sent("id"), sent("foreign_id"), sent("txid"));
        if !errors.is_empty() {
            return Err(errors);
        }
        match found {
            (Some(id), None, None) => Ok(Self::Id(id)),
            (None, Some(foreign_id), None) => Ok(Self::ForeignId(foreign_id)),
            (None, None, Some(txid)) => Ok(Self::TxId(txid)),
            (None, None, None) => {
                let message = "The id field is required when none of foreign id / txid are present.";
                Err(Errors::one("id", message))
            }
            _ => Err(Errors::one("id", "Only one of id, foreign id and txid may be present.")),
        }
    }

    /// The field by which it was asked for.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::ForeignId(_) => "foreign_id",
            Self::TxId(_) => "txid",
        }
    }
}
