//! txn.pro's errors: objects of JSON:API, whose status is a number (B.2).

use serde_json::{Value, json};

/// What is wrong with a request: one object for each thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<Wrong>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    status: u16,
    code: &'static str,
    title: String,
    detail: Option<String>,
}

/// What is wrong with a request as a whole, or on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No key, or none of ours.
    Unauthorized,
    /// Neither such a path nor such a thing.
    NotFound,
    /// No network has this code.
    NetworkNotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// No JSON, or no resource in it.
    BadRequest,
    /// A body that calls itself something else than JSON.
    UnsupportedMediaType,
    /// The body is too large.
    PayloadTooLarge,
    /// These currencies, or a currency and this network, are not exchanged. Also what needs money to go out.
    PairNotSupported,
    /// The reference was used before.
    ReferenceTaken,
    /// The text is no address of the network.
    InvalidAddress,
    /// What this gateway has no means to do.
    NotSupported,
    /// More requests than a key may send.
    TooManyRequests,
    /// It cannot be done now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Fault {
    const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Unauthorized => (401, "unauthorized", "HTTP Token: Access denied."),
            Self::NotFound => (404, "not_found", "Record not found"),
            Self::NetworkNotFound => (404, "network_not_found", "Record not found"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "Method not allowed"),
            Self::BadRequest => (400, "bad_request", "Bad request"),
            Self::UnsupportedMediaType => (415, "unsupported_media_type", "Unsupported media type"),
            Self::PayloadTooLarge => (413, "payload_too_large", "Payload too large"),
            Self::PairNotSupported => (422, "currency_pair_not_supported", "Currency pair not supported"),
            Self::ReferenceTaken => (422, "reference_has_already_been_taken", "Reference has already been taken"),
            Self::InvalidAddress => (422, "invalid_address", "Invalid address"),
            Self::NotSupported => (422, "not_supported", "Not supported"),
            Self::TooManyRequests => (429, "too_many_requests", "Too many requests"),
            Self::Unavailable => (503, "service_unavailable", "Service unavailable"),
            Self::Internal => (500, "internal_server_error", "Internal server error"),
        }
    }
}

impl From<Fault> for Errors {
    fn from(fault: Fault) -> Self {
        let mut errors = Self::default();
        errors.add(fault, None);
        errors
    }
}

impl Errors {
    /// A fault with a sentence more.
    #[must_use]
    pub fn detailed(fault: Fault, detail: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(fault, Some(detail.into()));
        errors
    }

    fn add(&mut self, fault: Fault, detail: Option<String>) {
        let (status, code, title) = fault.parts();
        self.0.push(Wrong { status, code, title: title.to_owned(), detail });
    }

    /// An attribute that must be there and is not.
    pub fn blank(&mut self, attribute: &str) {
        let title = format!("{attribute} can't be blank");
        self.0.push(Wrong { status: 422, code: "blank", title, detail: None });
    }

    /// An attribute that is not what it must be.
    pub fn invalid(&mut self, attribute: &str, detail: impl Into<String>) {
        let title = format!("{attribute} is invalid");
        self.0.push(Wrong { status: 422, code: "invalid", title, detail: Some(detail.into()) });
    }

    /// An amount outside of its limit.
    pub(super) fn beyond_limit(&mut self, code: &'static str, title: &str, detail: String) {
        self.0.push(Wrong { status: 422, code, title: title.to_owned(), detail: Some(detail) });
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The HTTP status: the first error's.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.first().map_or(500, |wrong| wrong.status)
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let errors: Vec<Value> = self.0.iter().map(Wrong::object).collect();
        json!({ "errors": errors }).to_string().into_bytes()
    }

    /// `value`, where nothing is wrong.
    ///
    /// # Errors
    /// What is wrong. Something is, where there is no value: its reader said what.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            Some(_) | None if !self.is_empty() => Err(self),
            Some(_) | None => Err(Fault::BadRequest.into()),
        }
    }
}

impl Wrong {
    fn object(&self) -> Value {
        let mut object = json!({ "status": self.status, "title": self.title, "code": self.code });
        if let (Some(detail), Value::Object(members)) = (&self.detail, &mut object) {
            members.insert("detail".to_owned(), Value::String(detail.clone()));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(errors: &Errors) -> Value {
        serde_json::from_slice(&errors.body()).unwrap()
    }

    #[test]
    fn b_2_the_documented_objects() {
        assert_eq!(
            shown(&Fault::Unauthorized.into()),
            json!({ "errors": [{ "status": 401, "title": "HTTP Token: Access denied.", "code": "unauthorized" }] })
        );
        assert_eq!(
            shown(&Fault::NetworkNotFound.into()),
            json!({ "errors": [{ "status": 404, "title": "Record not found", "code": "network_not_found" }] })
        );
    }

    #[test]
    fn b_14_one_error_for_each_attribute() {
        let mut errors = Errors::default();
        errors.blank("amountBilled");
        errors.invalid("reference", "at most 255 characters");
        assert_eq!(errors.status(), 422);
        let titles: Vec<Value> =
            shown(&errors)["errors"].as_array().unwrap().iter().map(|error| error["title"].clone()).collect();
        assert_eq!(titles, [json!("amountBilled can't be blank"), json!("reference is invalid")]);
    }
}
