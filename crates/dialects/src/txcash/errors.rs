//! TX.Cash's one error form (A7): a message, and what is wrong with which field.

use serde::Serialize;

/// What every problem is about.
const RESOURCE: &str = "Invoice";

/// What kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A field that must be there is not.
    MissingField,
    /// A field cannot be what it is.
    Invalid,
    /// It is well-formed and cannot be done.
    Unprocessable,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Problem {
    resource: &'static str,
    code: Code,
    field: &'static str,
    description: String,
}

/// What is wrong with a request. The status is 400.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<Problem>);

impl Errors {
    /// One field's.
    #[must_use]
    pub fn one(code: Code, field: &'static str, problem: impl AsRef<str>) -> Self {
        let mut errors = Self::default();
        errors.add(code, field, problem);
        errors
    }

    /// A body that cannot be read at all.
    #[must_use]
    pub fn unreadable(sentence: String) -> Self {
        Self(vec![Problem { resource: RESOURCE, code: Code::Invalid, field: "", description: sentence }])
    }

    /// Adds a field's, which reads on from its name; the first of a field stays.
    pub fn add(&mut self, code: Code, field: &'static str, problem: impl AsRef<str>) {
        if !self.0.iter().any(|known| known.field == field) {
            let description = format!("{field} {}", problem.as_ref());
            self.0.push(Problem { resource: RESOURCE, code, field, description });
        }
    }

    /// A field that cannot be what it is.
    pub fn invalid(&mut self, field: &'static str, problem: impl AsRef<str>) {
        self.add(Code::Invalid, field, problem);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer's body. Its message says everything, for clients that show nothing else.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let descriptions: Vec<&str> = self.0.iter().map(|problem| problem.description.as_str()).collect();
        written(&descriptions.join("; "), &self.0)
    }
}

/// The body of an answer that no field is to blame for.
#[must_use]
pub fn message(text: &str) -> Vec<u8> {
    written(text, &[])
}

fn written(message: &str, errors: &[Problem]) -> Vec<u8> {
    serde_json::json!({ "message": message, "errors": errors }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_form() {
        let mut errors = Errors::default();
        assert!(errors.is_empty());
        errors.add(Code::MissingField, "amount", "is required");
        errors.invalid("valid_for", "must be a duration");
        errors.invalid("amount", "is never said twice");
        let body: serde_json::Value = serde_json::from_slice(&errors.body()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "message": "amount is required; valid_for must be a duration",
                "errors": [
                    { "resource": "Invoice", "code": "missing_field", "field": "amount", "description": "amount is required" },
                    { "resource": "Invoice", "code": "invalid", "field": "valid_for", "description": "valid_for must be a duration" },
                ],
            })
        );
        assert_eq!(message("no"), br#"{"errors":[],"message":"no"}"#);
    }
}
