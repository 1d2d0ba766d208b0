//! From every error of the layers below to the native API's error: the one place where that is decided.
//!
//! A client's mistake names the field. A fault of ours is logged here once, with its cause, and told without it.

use crate::edge::body::BodyError;
use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use farthing_dialects::native::{
    errors::{ApiError, ErrorCode},
    forms::pair_error,
};
use farthing_domain::catalog::PairError;
use farthing_gateway::{
    addresses::NoAddress, change_invoice::ChangeError, create_invoice::CreateError, endpoints::EndpointError,
    quotes::NoQuote, rates::NoRate, read_invoice::ReadError, scan::ScanError, static_addresses::TakeError,
    test_mode::TestModeError,
};
use farthing_store::StoreError;
use std::error::Error;

/// Seconds after which a busy store is asked again.
const BUSY_RETRY_SECONDS: u64 = 1;

/// Seconds after which a process that ends itself has come back.
const RESTART_RETRY_SECONDS: u64 = 5;

/// Seconds after which somebody may have made room on the disk.
const DISK_RETRY_SECONDS: u64 = 60;

/// The largest body, as the message names it; the setting may be another, but hardly anybody changes it.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Why a call is not answered as it wished.
pub(crate) enum Failure {
    /// To be told as it is.
    Told(ApiError),
    /// A fault of ours, to be logged.
    Internal(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A fault of ours.
    pub(crate) fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// What the client is told. Logs what it is not.
    pub(crate) fn told(self) -> ApiError {
        match self {
            Self::Told(error) => error,
            Self::Internal(error) => {
                tracing::error!(error = %chain(&*error), "a request failed");
                ApiError::internal()
            }
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The error's answer, in the envelope.
pub(crate) fn answer(error: ApiError, request_id: &str) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = error.retry_after_seconds;
    // An error's body holds texts only, which always can be written.
    let body = serde_json::to_vec(&error.body(request_id)).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Told(error)
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Told(match error {
            BodyError::TooLarge => ApiError::payload_too_large(BODY_BYTES_MAX),
            BodyError::TooSlow | BodyError::Broken => ApiError::new(ErrorCode::Validation, error.to_string()),
        })
    }
}

/// In how many seconds a store that cannot take it now is asked again; `None` for a fault.
pub(crate) fn retry_seconds(error: &StoreError) -> Option<u64> {
    match error {
        StoreError::Busy => Some(BUSY_RETRY_SECONDS),
        StoreError::Unknown | StoreError::Failed => Some(RESTART_RETRY_SECONDS),
        StoreError::DiskFull => Some(DISK_RETRY_SECONDS),
        StoreError::Sqlite(_) if error.is_disk_failure() => {
            tracing::error!(%error, "the disk failed under a request");
            Some(DISK_RETRY_SECONDS)
        }
        StoreError::DecisionPanicked
        | StoreError::Corrupt(_)
        | StoreError::Locked(_)
        | StoreError::LogLost(_)
        | StoreError::ForeignLog(_)
        | StoreError::DatabaseLost(_)
        | StoreError::Newer { .. }
        | StoreError::OldSqlite(_)
        | StoreError::File { .. }
        | StoreError::Exists(_)
        | StoreError::Sealing(_)
        | StoreError::Sqlite(_) => None,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let Some(seconds) = retry_seconds(&error) else { return Self::internal(error) };
        tracing::warn!(%error, "a request cannot be taken now");
        Self::Told(ApiError::unavailable(seconds))
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Store(error) => error.into(),
            CreateError::ReferenceTaken => ApiError::field("external_id", "was used before").into(),
            CreateError::KeyMismatch => ApiError::idempotency_key_mismatch().into(),
            CreateError::Quote(NoQuote::Address(NoAddress::Store(error))) => error.into(),
            CreateError::Quote(error) => no_quote(error, "amount_fiat"),
        }
    }
}

impl From<TakeError> for Failure {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Store(error) => error.into(),
            TakeError::KeyMismatch => ApiError::idempotency_key_mismatch().into(),
            TakeError::Quote(NoQuote::Address(NoAddress::Store(error))) => error.into(),
            TakeError::Quote(error) => no_quote(error, "currency"),
            TakeError::Mismatch(error) => error.into(),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            // The alarm was raised where it was found.
            ReadError::AddressMismatch(_) => Self::internal(error),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Store(error) => error.into(),
            ChangeError::NotFound => ApiError::invoice_not_found().into(),
            ChangeError::Refused(refusal) => Self::Told(refusal.into()),
            ChangeError::Quote(NoQuote::Address(NoAddress::Store(error))) => error.into(),
            ChangeError::Quote(error) => no_quote(error, "currency"),
        }
    }
}

/// Why nothing can be sold; `priced_by` is the request's field that a rate was needed for.
fn no_quote(error: NoQuote, priced_by: &str) -> Failure {
    Failure::Told(match &error {
        NoQuote::NotOnSale(asset) => {
            pair_error(&PairError::UnsupportedPair { code: asset.code, network: asset.network.to_string() })
        }
        NoQuote::NetworkOffline(network) => ApiError::gate_offline(network.as_str()),
        NoQuote::Rate(NoRate::UnknownPair(..) | NoRate::NoSource) | NoQuote::Due(..) => {
            ApiError::field(priced_by, &format!("cannot be priced: {error}"))
        }
        NoQuote::Rate(NoRate::Unusable(_) | NoRate::NotCurrent(..)) | NoQuote::Address(_) => {
            tracing::error!(error = %chain(&error), "nothing can be sold");
            let message = "no address or rate can be had for this currency at the moment";
            ApiError {
                retry_after_seconds: Some(RESTART_RETRY_SECONDS),
                ..ApiError::new(ErrorCode::GateOffline, message)
            }
        }
    })
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::Told(match error {
            EndpointError::Store(error) => return error.into(),
            EndpointError::NotFound(_) => ApiError::new(ErrorCode::NotFound, error.to_string()),
            EndpointError::Url(refusal) => {
                let text = refusal.to_string();
                ApiError::field("url", text.strip_prefix("the URL ").unwrap_or(&text))
            }
            EndpointError::TooMany => ApiError::new(ErrorCode::InvalidState, error.to_string()),
        })
    }
}

impl From<TestModeError> for Failure {
    fn from(error: TestModeError) -> Self {
        Self::Told(match error {
            TestModeError::Store(error) | TestModeError::Scan(ScanError::Store(error)) => return error.into(),
            TestModeError::Scan(error) => return Self::internal(error),
            TestModeError::NotFound => ApiError::invoice_not_found(),
            TestModeError::AddressNotFound => ApiError::address_not_found(),
            TestModeError::NotTest => ApiError::new(ErrorCode::Forbidden, error.to_string()),
            TestModeError::NoAddress(_) => ApiError::new(ErrorCode::InvalidState, error.to_string()),
            TestModeError::NoSuchNetwork(_) => ApiError::new(ErrorCode::NotFound, error.to_string()),
            TestModeError::TooFarAhead => ApiError::field("seconds", &error.to_string()),
            TestModeError::Amount(text) => ApiError::field("currency", &text),
            TestModeError::Chain(error) => ApiError::new(ErrorCode::Validation, error.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(failure: impl Into<Failure>) -> (u16, &'static str, Option<u64>) {
        let error = failure.into().told();
        (error.status(), error.code.as_str(), error.retry_after_seconds)
    }

    #[test]
    fn a_store_that_cannot_take_it_now_is_503_with_a_time_to_come_again() {
        assert_eq!(told(StoreError::Busy), (503, "unavailable", Some(1)));
        assert_eq!(told(StoreError::Unknown), (503, "unavailable", Some(5)));
        assert_eq!(told(StoreError::Failed), (503, "unavailable", Some(5)));
        assert_eq!(told(StoreError::DiskFull), (503, "unavailable", Some(60)));
    }

    #[test]
    fn a_fault_of_ours_tells_nothing_of_itself() {
        for error in [StoreError::DecisionPanicked, StoreError::Corrupt("row 7 of secrets".to_owned())] {
            let told = Failure::from(error).told();
            assert_eq!((told.status(), told.code.as_str()), (500, "internal_error"));
            assert!(!told.message.contains("row 7") && told.details.is_empty());
        }
        let response = answer(ApiError::internal(), "req_1");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn a_body_that_does_not_arrive_is_the_clients_concern() {
        assert_eq!(told(BodyError::TooLarge).0, 413);
        assert_eq!(told(BodyError::TooSlow).0, 400);
        assert_eq!(told(BodyError::Broken).0, 400);
    }
}
