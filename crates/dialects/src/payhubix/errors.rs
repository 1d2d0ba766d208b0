//! The envelope of Payhubix' answers (B2): `error` is a boolean, `number` is 0 or the HTTP status (B16), and a failure's
//! `message` is a sentence that shops show.

use crate::strict_json::{JsonError, fields::FieldProblem};
use serde::Serialize;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, to be read by people.
    pub message: String,
}

impl Refused {
    /// A request that asks for what is not there.
    #[must_use]
    pub fn missing(message: &str) -> Self {
        Self { status: 404, message: message.to_owned() }
    }

    /// One wrong field.
    #[must_use]
    pub fn field(name: &str, problem: &str) -> Self {
        Self { status: 400, message: format!("{name} {problem}") }
    }

    /// The answer.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        bytes(true, self.status, &self.message)
    }
}

impl From<JsonError> for Refused {
    fn from(error: JsonError) -> Self {
        Self { status: 400, message: error.to_string() }
    }
}

impl From<Vec<FieldProblem>> for Refused {
    /// Every wrong field in one sentence.
    fn from(problems: Vec<FieldProblem>) -> Self {
        let told: Vec<String> =
            problems.iter().map(|problem| format!("{} {}", problem.field, problem.message)).collect();
        Self { status: 400, message: told.join("; ") }
    }
}

/// A success.
#[must_use]
pub fn success(payload: &impl Serialize) -> Vec<u8> {
    bytes(false, 0, payload)
}

fn bytes(error: bool, number: u16, message: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        error: bool,
        number: u16,
        message: &'a T,
    }
    serde_json::to_vec(&Envelope { error, number, message }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_have_their_three_members_in_the_documented_order() {
        assert_eq!(success(&[1]), br#"{"error":false,"number":0,"message":[1]}"#);
        let refused = Refused::field("order_id", "must be at most 100 characters");
        assert_eq!(
            String::from_utf8(refused.body()).unwrap(),
            r#"{"error":true,"number":400,"message":"order_id must be at most 100 characters"}"#
        );
    }
}
