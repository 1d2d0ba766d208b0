//! What a peer is told whose request could not be read.
//!
//! The answer has the native API's envelope, because no route was chosen yet. It never repeats what was sent.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the refusals of a process, so that an answer can be found in the log.
static REFUSALS: AtomicU64 = AtomicU64::new(1);

/// Why a head was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a request, or one that two readers would understand differently; the sentence says why.
    Malformed(&'static str),
    /// The target is longer than it may be.
    TargetTooLong,
    /// The head is longer than it may be, or has too many lines.
    HeadTooLarge,
    /// The head was not complete in time.
    HeadTooSlow,
}

impl Refusal {
    /// The whole answer. Logs it under the same request id.
    pub(super) fn answer(self) -> String {
        let (status, message) = match self {
            Refusal::Malformed(message) => ("400 Bad Request", message),
            Refusal::TargetTooLong => ("414 URI Too Long", "the request target is too long"),
            Refusal::HeadTooLarge => ("431 Request Header Fields Too Large", "the request head is too large"),
            Refusal::HeadTooSlow => ("408 Request Timeout", "the request head took too long to arrive"),
        };
        let number = REFUSALS.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("req_edge{number:016x}");
        tracing::debug!(request_id, status, message, "request refused at the edge");
        let body = format!(
            r#"{{"error":{{"code":"validation_error","message":"{message}","details":[]}},"meta":{{"request_id":"{request_id}"}}}}"#
        );
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}
