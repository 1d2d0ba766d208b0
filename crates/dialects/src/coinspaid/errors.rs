//! `CoinsPaid`'s errors: three shapes, which clients tell apart by status and key (A.3).

use super::php_json::Php;

/// What is wrong with a request as a whole (A.3.2), and what is wrong on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No key header, or a URL that does not exist.
    NoKey,
    /// A key that is unknown or revoked.
    BadKey,
    /// No signature header.
    NoSignature,
    /// A signature that is not the body's.
    BadSignature,
    /// A body that is not JSON, or is called something else.
    BadContent,
    /// More requests than a key may send. The wait is in a header.
    TooMany,
    /// The store cannot take it now. The wait is in a header.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Fault {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NoKey | Self::BadKey | Self::NoSignature | Self::BadSignature => 403,
            Self::BadContent => 400,
            Self::TooMany => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// The answer's body. A rate limit has the documented code of the network in front of the vendor (A.3.4); the last two are
    /// not documented and have the form of the others.
    #[must_use]
    pub fn body(self) -> Vec<u8> {
        let (error, code) = match self {
            Self::NoKey => ("No key header", "required_header_key"),
            Self::BadKey => ("Bad key header", "bad_header_key"),
            Self::NoSignature => ("No signature header", "required_header_signature"),
            Self::BadSignature => ("Bad signature header", "bad_header_signature"),
            Self::BadContent => ("Bad content format", "bad_content_format"),
            Self::TooMany => return Errors::one("error", "error code: 1015").body(),
            Self::Unavailable => ("Service unavailable", "service_unavailable"),
            Self::Internal => ("Internal error", "internal_error"),
        };
        Php::Object(vec![("error", Php::text(error)), ("code", Php::text(code))]).bytes()
    }
}

/// What is wrong with fields: one sentence a field (A.3.1). The status is 400.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// One field's.
    #[must_use]
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        Self(vec![(field, message.into())])
    }

    /// An invoice that is confirmed or failed cannot be failed any more (A.3.3).
    #[must_use]
    pub fn invalid_invoice_state() -> Self {
        let message = "Invoice cannot be failed in its current state.";
        Self(vec![("error", message.to_owned()), ("code", "invalid_invoice_state".to_owned())])
    }

    /// Adds a field's; the first of a field stays.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        if !self.0.iter().any(|(known, _)| *known == field) {
            self.0.push((field, message.into()));
        }
    }

    /// `The <field> field is required.`
    pub fn required(&mut self, field: &'static str) {
        self.add(field, format!("The {} field is required.", spaced(field)));
    }

    /// `The selected <field> is invalid.`
    pub fn selected(&mut self, field: &'static str) {
        self.add(field, selected(field));
    }

    /// `The <field> format is invalid.`
    pub fn format(&mut self, field: &'static str) {
        self.add(field, format!("The {} format is invalid.", spaced(field)));
    }

    /// `The <field> may not be greater than <n> characters.`
    pub fn too_long(&mut self, field: &'static str, characters_max: usize) {
        let field_text = spaced(field);
        self.add(field, format!("The {field_text} may not be greater than {characters_max} characters."));
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let members = self.0.iter().map(|(field, message)| (*field, Php::text(message.as_str()))).collect();
        Php::Object(vec![("errors", Php::Object(members))]).bytes()
    }
}

/// `The selected <field> is invalid.`
#[must_use]
pub fn selected(field: &str) -> String {
    format!("The selected {} is invalid.", spaced(field))
}

/// A field's name as sentences have it: with spaces.
fn spaced(field: &str) -> String {
    field.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_texts() {
        let mut errors = Errors::default();
        errors.required("foreign_id");
        errors.selected("currency_from");
        errors.format("url_success");
        errors.too_long("title", 50);
        errors.add("title", "never shown");
        let expected = r#"{"errors":{"foreign_id":"The foreign id field is required.","currency_from":"The selected currency from is invalid.","url_success":"The url success format is invalid.","title":"The title may not be greater than 50 characters."}}"#;
        assert_eq!(String::from_utf8(errors.body()).unwrap(), expected);
        assert_eq!(Fault::NoKey.body(), br#"{"error":"No key header","code":"required_header_key"}"#);
    }
}
