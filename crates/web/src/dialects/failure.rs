//! Why a call of a dialect is not answered as it wished: what a route found wrong, or trouble that every API tells in its words.
//!
//! A fault of ours is logged here once, with its cause, and told without it.

use crate::{edge::body::BodyError, native::failure::retry_seconds};
use axum::response::Response;
use farthing_gateway::{quotes::NoQuote, read_invoice::ReadError};
use farthing_store::StoreError;
use std::error::Error;

/// Seconds after which something that cannot be sold now may be sold again.
const SOLD_AGAIN_SECONDS: u64 = 5;

/// What can go wrong around a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No route has this path.
    NoSuchRoute,
    /// The path has no such method.
    NoSuchMethod,
    /// The body is larger than it may be.
    TooLarge,
    /// The body did not arrive whole.
    Broken,
    /// Too many requests; come again in so many seconds.
    Limited(u64),
    /// It cannot be taken now; come again in so many seconds.
    Unavailable(u64),
    /// A fault of ours.
    Internal,
}

impl Trouble {
    /// In how many seconds to come again.
    pub(super) const fn retry_after_seconds(self) -> Option<u64> {
        match self {
            Self::Limited(seconds) | Self::Unavailable(seconds) => Some(seconds),
            Self::NoSuchRoute | Self::NoSuchMethod | Self::TooLarge | Self::Broken | Self::Internal => None,
        }
    }
}

/// Why a call is not answered as it wished.
#[derive(Debug)]
pub(super) enum Failure {
    /// What a route says is wrong, in the API's own form.
    Told(Box<Response>),
    /// What the API has yet to say.
    Trouble(Trouble),
}

impl Failure {
    /// Nothing can be sold at the moment, for a reason that is no client's.
    pub(super) fn nothing_to_sell(error: &NoQuote) -> Self {
        tracing::error!(%error, "nothing can be sold");
        Self::Trouble(Trouble::Unavailable(SOLD_AGAIN_SECONDS))
    }

    /// What a route says is wrong.
    pub(super) fn told(response: Response) -> Self {
        Self::Told(Box::new(response))
    }

    /// A fault of ours.
    pub(super) fn internal(error: &(dyn Error + Send + Sync)) -> Self {
        tracing::error!(%error, "a request failed");
        Self::Trouble(Trouble::Internal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match retry_seconds(&error) {
            Some(seconds) => {
                tracing::warn!(%error, "a request cannot be taken now");
                Self::Trouble(Trouble::Unavailable(seconds))
            }
            None => Self::internal(&error),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            // The alarm was raised where that was found.
            ReadError::AddressMismatch(_) => Self::Trouble(Trouble::Internal),
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Trouble(match error {
            BodyError::TooLarge => Trouble::TooLarge,
            BodyError::TooSlow | BodyError::Broken => Trouble::Broken,
        })
    }
}
