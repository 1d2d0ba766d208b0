//! A request's body as a whole, within its size.
//!
//! Time is the guard's concern: a body that is too slow arrives here as an error. Never logs or interprets what it reads.

use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use std::{error::Error, io};

/// Used where a request did not come through the accept loop, as in tests of a router.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The accepted size of this request's body in bytes; the accept loop adds it to each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyBytesMax(pub(super) usize);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More than [`super::Limits::body_bytes_max`]: 413.
    #[error("the request body is too large")]
    TooLarge,
    /// Not complete within [`super::Limits::body_deadline`]: 408.
    #[error("the request body took too long to arrive")]
    TooSlow,
    /// Cut off, or its chunks are malformed: 400.
    #[error("the request body is incomplete or malformed")]
    Broken,
}

/// Reads the whole body, as sent. A body whose announced length is too large is refused before a byte of it is read.
///
/// # Errors
/// See [`BodyError`]; the connection is closed after the answer in each case.
pub async fn read_body(request: Request) -> Result<Bytes, BodyError> {
    let bytes_max = request.extensions().get::<BodyBytesMax>().map_or(BODY_BYTES_MAX, |max| max.0);
    let mut body = request.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bytes_max {
        return Err(BodyError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|error| classify(&error))?.into_data() else {
            continue;
        };
        let length = first.len().saturating_add(rest.len()).saturating_add(piece.len());
        if length > bytes_max {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() {
            // Most bodies come in one piece and need no copy.
            first = piece;
        } else {
            rest.extend_from_slice(&piece);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len().saturating_add(rest.len()));
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn classify(error: &axum::Error) -> BodyError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(here) = cause {
        if here.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return BodyError::TooSlow;
        }
        cause = here.source();
    }
    BodyError::Broken
}
