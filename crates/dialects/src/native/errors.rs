//! The native API's errors: a closed list of codes, each with its HTTP status, and the envelope that carries them.
//!
//! A message is a sentence for the person who wrote the client. It never holds a secret or an internal's name.

use farthing_domain::invoice::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::Meta;
use crate::strict_json::{JsonError, fields::FieldProblem};

/// What went wrong (contract, section 3). Several share a word on the wire and differ in their HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The body, a parameter or a header is wrong.
    Validation,
    /// The body is larger than is read.
    PayloadTooLarge,
    /// The body is not JSON by its own header.
    UnsupportedMediaType,
    /// The resource's state does not allow it.
    InvalidState,
    /// `amount_usd` was sent with another fiat currency.
    ConflictingAmountFields,
    /// `fiat_currency` is not among the fifteen.
    InvalidFiatCurrency,
    /// The key is missing, malformed, revoked or unknown.
    Unauthorized,
    /// The key lacks the permission, or belongs to the wrong environment for this call.
    Forbidden,
    /// There is no such resource, or it is somebody else's.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// Something of that name exists already.
    Conflict,
    /// An idempotency key was used again with another request.
    IdempotencyKeyMismatch,
    /// Too many requests.
    RateLimited,
    /// A fault of ours.
    Internal,
    /// The network has been out of reach for long.
    GateOffline,
    /// The server is too busy or about to stop; the same request can be sent again.
    Unavailable,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 16] = [
        Self::Validation,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidState,
        Self::ConflictingAmountFields,
        Self::InvalidFiatCurrency,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::IdempotencyKeyMismatch,
        Self::RateLimited,
        Self::Internal,
        Self::GateOffline,
        Self::Unavailable,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validation | Self::PayloadTooLarge | Self::UnsupportedMediaType => "validation_error",
            Self::InvalidState => "invalid_state",
            Self::ConflictingAmountFields => "conflicting_amount_fields",
            Self::InvalidFiatCurrency => "invalid_fiat_currency",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::IdempotencyKeyMismatch => "idempotency_key_mismatch",
            Self::RateLimited => "rate_limited",
            Self::Internal => "internal_error",
            Self::GateOffline => "gate_offline",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Validation | Self::InvalidState | Self::ConflictingAmountFields | Self::InvalidFiatCurrency => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::IdempotencyKeyMismatch => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::GateOffline | Self::Unavailable => 503,
        }
    }
}

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Which.
    pub code: ErrorCode,
    /// A sentence.
    pub message: String,
    /// One entry for each wrong field: `amount: must be greater than zero`.
    pub details: Vec<String>,
    /// After how many seconds to try again: the `Retry-After` header. `None` where none is sent.
    pub retry_after_seconds: Option<u64>,
}

impl ApiError {
    /// An error about the request as a whole.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), retry_after_seconds: None }
    }

    /// One wrong field; `problem` reads on from its name: `must be greater than zero`.
    #[must_use]
    pub fn field(field: &str, problem: &str) -> Self {
        Self::coded_field(ErrorCode::Validation, field, problem)
    }

    /// One wrong field that has a code of its own.
    #[must_use]
    pub fn coded_field(code: ErrorCode, field: &str, problem: &str) -> Self {
        Self { details: vec![format!("{field}: {problem}")], ..Self::new(code, format!("{field} {problem}")) }
    }

    /// All wrong fields of a request.
    #[must_use]
    pub fn fields(problems: &[FieldProblem]) -> Self {
        let details = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
        let first = problems.first().map(|problem| format!("{} {}", problem.field, problem.message));
        let message = match (first, problems.len()) {
            (None, _) => "the request is not valid".to_owned(),
            (Some(first), 1) => first,
            (Some(first), count) => format!("{first} (one of {count} problems; see details)"),
        };
        Self { details, ..Self::new(ErrorCode::Validation, message) }
    }

    /// No such invoice, or it is another merchant's or environment's: the answer is the same.
    #[must_use]
    pub fn invoice_not_found() -> Self {
        Self::new(ErrorCode::NotFound, "invoice not found")
    }

    /// No such permanent address, or it is somebody else's.
    #[must_use]
    pub fn address_not_found() -> Self {
        Self::new(ErrorCode::NotFound, "address not found")
    }

    /// No such webhook endpoint, or it is somebody else's.
    #[must_use]
    pub fn endpoint_not_found() -> Self {
        Self::new(ErrorCode::NotFound, "webhook endpoint not found")
    }

    /// The key is missing, malformed, revoked or unknown; which of these is not said.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(ErrorCode::Unauthorized, "a valid API key is required in the X-API-Key header")
    }

    /// The key may not do this.
    #[must_use]
    pub fn lacks_permission(permission: super::api_keys::Permission) -> Self {
        Self::new(ErrorCode::Forbidden, format!("this API key lacks the permission {permission}"))
    }

    /// An idempotency key that came with another request before.
    #[must_use]
    pub fn idempotency_key_mismatch() -> Self {
        Self::coded_field(
            ErrorCode::IdempotencyKeyMismatch,
            "idempotency_key",
            "was already used with a different request",
        )
    }

    /// Too many requests.
    #[must_use]
    pub fn rate_limited(seconds: u64) -> Self {
        let message = format!("rate limit exceeded, retry after {seconds} seconds");
        Self { retry_after_seconds: Some(seconds), ..Self::new(ErrorCode::RateLimited, message) }
    }

    /// A body of more than `bytes_max` bytes.
    #[must_use]
    pub fn payload_too_large(bytes_max: usize) -> Self {
        Self::new(ErrorCode::PayloadTooLarge, format!("the request body is larger than {bytes_max} bytes"))
    }

    /// A fault of ours; the cause is in the log under the request id.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "something went wrong on our side; quote the request id when you report it")
    }

    /// Too busy, or about to stop: nothing was acknowledged, and the same request can be sent again.
    #[must_use]
    pub fn unavailable(retry_after_seconds: u64) -> Self {
        let message = "the server cannot take this request now; send it again";
        Self { retry_after_seconds: Some(retry_after_seconds), ..Self::new(ErrorCode::Unavailable, message) }
    }

    /// The network has been out of reach for long, so no invoice can be made on it.
    #[must_use]
    pub fn gate_offline(network: &str) -> Self {
        Self::new(ErrorCode::GateOffline, format!("the network {network} is temporarily unavailable"))
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// The body that is sent.
    #[must_use]
    pub fn body(self, request_id: impl Into<String>) -> ErrorBody {
        ErrorBody {
            error: ErrorView { code: self.code.as_str(), message: self.message, details: self.details },
            meta: Meta { request_id: request_id.into() },
        }
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        let sentence = error.to_string();
        let details = error.path.iter().map(|_| sentence.clone()).collect();
        Self { details, ..Self::new(ErrorCode::Validation, sentence) }
    }
}

impl From<Vec<FieldProblem>> for ApiError {
    fn from(problems: Vec<FieldProblem>) -> Self {
        Self::fields(&problems)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Locked(_) | Refusal::NotOffered(_) => {
                Self::field("currency", &format!("is not accepted: {refusal}"))
            }
            Refusal::State { .. } | Refusal::Policy(_) | Refusal::TooManyChoices => {
                Self::new(ErrorCode::InvalidState, refusal.to_string())
            }
            Refusal::NoSuchPayment => Self::new(ErrorCode::NotFound, refusal.to_string()),
        }
    }
}

/// An error as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorView,
    /// About the answer.
    pub meta: Meta,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorView {
    /// A stable word to branch on.
    #[schema(value_type = String, example = "validation_error")]
    pub code: &'static str,
    /// A sentence for people.
    #[schema(example = "amount must be greater than zero")]
    pub message: String,
    /// One entry for each wrong field; empty where no field is to blame.
    #[schema(example = json!(["amount: must be greater than zero"]))]
    pub details: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_every_documented_code_has_its_documented_status() {
        for (word, status) in [
            ("validation_error", 400),
            ("invalid_state", 400),
            ("conflicting_amount_fields", 400),
            ("invalid_fiat_currency", 400),
            ("unauthorized", 401),
            ("forbidden", 403),
            ("not_found", 404),
            ("conflict", 409),
            ("idempotency_key_mismatch", 422),
            ("rate_limited", 429),
            ("internal_error", 500),
            ("gate_offline", 503),
        ] {
            let has = ErrorCode::ALL.iter().any(|code| code.as_str() == word && code.status() == status);
            assert!(has, "{word} {status}");
        }
    }

    #[test]
    fn section_2_the_error_envelope() {
        let body = ApiError::field("amount", "must be greater than zero").body("req_1");
        let expected = serde_json::json!({
            "error": {
                "code": "validation_error",
                "message": "amount must be greater than zero",
                "details": ["amount: must be greater than zero"],
            },
            "meta": { "request_id": "req_1" },
        });
        assert_eq!(serde_json::to_value(body).unwrap(), expected);
    }

    #[test]
    fn section_2_the_message_of_a_rate_limit() {
        let error = ApiError::rate_limited(7);
        assert_eq!(
            (error.message.as_str(), error.retry_after_seconds),
            ("rate limit exceeded, retry after 7 seconds", Some(7))
        );
    }

    #[test]
    fn several_problems_are_all_in_the_details() {
        let problem = |field: &str| FieldProblem { field: field.to_owned(), message: "is wrong".to_owned() };
        let error = ApiError::fields(&[problem("a"), problem("b")]);
        assert_eq!(error.details, ["a: is wrong", "b: is wrong"]);
        assert_eq!(error.message, "a is wrong (one of 2 problems; see details)");
    }
}
