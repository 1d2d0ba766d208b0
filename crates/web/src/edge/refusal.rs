//! What a peer is told whose request could not be read.
//!
//! No route was chosen yet, so the answer has the form of the API whose prefix the target begins with, where that much could be
//! read, and otherwise the native API's. It never repeats what was sent.

use crate::dialects;
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
    /// The whole answer to what was read of a head. Logs it under the same request id.
    pub(super) fn answer(self, head: &[u8]) -> Vec<u8> {
        let (status, message) = match self {
            Refusal::Malformed(message) => ("400 Bad Request", message),
            Refusal::TargetTooLong => ("414 URI Too Long", "the request target is too long"),
            Refusal::HeadTooLarge => ("431 Request Header Fields Too Large", "the request head is too large"),
            Refusal::HeadTooSlow => ("408 Request Timeout", "the request head took too long to arrive"),
        };
        let number = REFUSALS.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("req_edge{number:016x}");
        tracing::debug!(request_id, status, message, "request refused at the edge");
        let of_dialect = target(head).and_then(|path| dialects::refused_at_the_edge(path, self == Self::HeadTooLarge));
        let (content_type, body) = of_dialect.unwrap_or_else(|| {
            let body = format!(
                r#"{{"error":{{"code":"validation_error","message":"{message}","details":[]}},"meta":{{"request_id":"{request_id}"}}}}"#
            );
            ("application/json".to_owned(), body.into_bytes())
        });
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    }
}

/// The target's path, where the first line came so far.
fn target(head: &[u8]) -> Option<&str> {
    let line = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty())?;
    let target = line.split(|byte| *byte == b' ').nth(1)?;
    let path = target.split(|byte| *byte == b'?').next()?;
    std::str::from_utf8(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(head: &str) -> String {
        String::from_utf8(Refusal::Malformed("said").answer(head.as_bytes())).unwrap()
    }

    #[test]
    fn an_api_s_prefix_makes_the_answer_its_own() {
        let coinspaid = answered("\r\nPOST /api/v2/invoices/create?x HTTP/1.1\r\nHost: a\r\nHost: b\r\n");
        assert!(coinspaid.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{coinspaid}");
        assert!(coinspaid.ends_with(r#"{"error":"Bad content format","code":"bad_content_format"}"#), "{coinspaid}");
        let txnpro = answered("GET /api/public/v1/invoices HTTP/1.1\r\n");
        assert!(txnpro.contains("content-type: application/vnd.api+json\r\n"), "{txnpro}");
        for native in ["GET /api/v1/invoices HTTP/1.1\r\n", "GET /api/v2", "\u{16}\u{3}", "", "GET / /api/v2"] {
            let native_form = answered(native).contains("validation_error");
            assert_eq!(native_form, native != "GET /api/v2", "{native:?}");
        }
    }
}
