//! A body's fields, whether it is a JSON object or a form: the vendor's own samples send forms (A3).
//!
//! Both are read strictly as wholes, one value a name, and leniently by field: an empty text is absent, and a number is its digits.

use crate::{
    strict_json::fields::{Fields, unquoted},
    txcash::errors::Errors,
};
use url::form_urlencoded;

/// A body's fields.
pub(super) enum Body<'a> {
    /// Of a JSON object.
    Json(Fields<'a>),
    /// Of a form.
    Form(Vec<(String, String)>),
}

impl<'a> Body<'a> {
    /// Reads a body: JSON where it is called so or begins like an object, whatever it is called; else a form.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn read(content_type: Option<&str>, bytes: &'a [u8]) -> Result<Self, Errors> {
        let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        let is_json = media_type.eq_ignore_ascii_case("application/json");
        if is_json || bytes.trim_ascii_start().starts_with(b"{") {
            let fields = Fields::parse(bytes).map_err(|error| Errors::unreadable(error.to_string()))?;
            return Ok(Self::Json(fields));
        }
        if media_type.to_ascii_lowercase().starts_with("multipart/") || std::str::from_utf8(bytes).is_err() {
            let wanted = "the request body must be a JSON object or application/x-www-form-urlencoded, in UTF-8";
            return Err(Errors::unreadable(wanted.to_owned()));
        }
        let pairs = form_urlencoded::parse(bytes.trim_ascii());
        Ok(Self::Form(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }

    /// A field's text without spaces around it; `None` where it is absent, empty or wrong.
    pub(super) fn text(&self, name: &'static str, errors: &mut Errors) -> Option<String> {
        let text = match self {
            Self::Json(fields) => json_text(fields.raw(name)?, name, errors)?,
            Self::Form(pairs) => form_text(pairs, name, errors)?,
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The same of a list separated by commas, which JSON may also send as one of texts.
    pub(super) fn list(&self, name: &'static str, errors: &mut Errors) -> Option<String> {
        let raw = match self {
            Self::Json(fields) => fields.raw(name).filter(|raw| raw.starts_with('[')),
            Self::Form(_) => None,
        };
        let Some(raw) = raw else { return self.text(name, errors) };
        let Ok(items) = serde_json::from_str::<Vec<String>>(raw) else {
            errors.invalid(name, "must be a string");
            return None;
        };
        (!items.is_empty()).then(|| items.join(","))
    }
}

fn json_text(raw: &str, name: &'static str, errors: &mut Errors) -> Option<String> {
    let is_number = raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let text = if is_number { Some(raw.to_owned()) } else { unquoted(raw) };
    if text.is_none() {
        errors.invalid(name, "must be a string or a number");
    }
    text
}

fn form_text(pairs: &[(String, String)], name: &'static str, errors: &mut Errors) -> Option<String> {
    let mut values = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    let value = values.next()?;
    if values.next().is_some() {
        errors.invalid(name, "appears twice");
        return None;
    }
    if value.contains(['\0', char::REPLACEMENT_CHARACTER]) {
        errors.invalid(name, "must be text in UTF-8");
        return None;
    }
    Some(value.clone())
}
