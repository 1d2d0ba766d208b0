//! JSON as every API of ours reads it: one meaning or none.
//!
//! Two parsers that read one body differently are a way to cheat a shop: a duplicate key, a lone surrogate or a NUL is read by
//! one and dropped by another. So all of these are refused here, before anything is looked at. It never turns a number into a
//! float and never decides what a field means.

pub mod fields;
mod scan;

use serde::de::DeserializeOwned;
use std::fmt;

use scan::Scanner;

/// The deepest nesting of objects and arrays that is read; the outermost counts as 1.
pub const DEPTH_MAX: usize = 32;

/// How many characters of a field's path are shown in an error: names come from the client.
const PATH_CHARS_MAX: usize = 120;

/// What is wrong with a body, and where.
///
/// Its `Display` is a sentence for the person who wrote the client; it may quote names of the client's own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// The field as `metadata.color` or `items[2].name`; `None` where the body as a whole is meant or the field is not known.
    pub path: Option<String>,
    /// What is wrong there.
    pub fault: JsonFault,
}

/// The kinds of refusal, so that a caller can tell a broken body from one of another shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonFault {
    /// Nothing but white space was sent.
    Empty,
    /// The bytes are not UTF-8.
    Encoding,
    /// The body begins with a byte order mark.
    ByteOrderMark,
    /// Not JSON at this byte, counted from 0.
    Syntax {
        /// Where reading stopped.
        byte: usize,
    },
    /// Something other than white space follows the value.
    Trailing {
        /// Where it begins, counted from 0.
        byte: usize,
    },
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep,
    /// The same name twice in one object.
    Duplicate,
    /// Half of a surrogate pair, which is no character.
    Surrogate,
    /// U+0000, which databases and shells cut strings at.
    Nul,
    /// An object was needed at the top.
    NotAnObject,
    /// Well-formed, but not of the wanted shape; the sentence says how.
    Shape(String),
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(out, "{path}: ")?;
        }
        match &self.fault {
            JsonFault::Empty => out.write_str("the request body is empty; a JSON object is expected"),
            JsonFault::Encoding => out.write_str("the request body is not valid UTF-8"),
            JsonFault::ByteOrderMark => {
                out.write_str("the request body begins with a byte order mark; send plain UTF-8")
            }
            JsonFault::Syntax { byte } => {
                write!(out, "the request body is not valid JSON (at byte {byte})")
            }
            JsonFault::Trailing { byte } => {
                write!(out, "the request body goes on after its JSON value (at byte {byte})")
            }
            JsonFault::TooDeep => write!(out, "the request body is nested deeper than {DEPTH_MAX} levels"),
            JsonFault::Duplicate => out.write_str("the field appears twice"),
            JsonFault::Surrogate => out.write_str("the text contains half of a surrogate pair"),
            JsonFault::Nul => out.write_str("the text contains a NUL character"),
            JsonFault::NotAnObject => out.write_str("the request body must be a JSON object"),
            JsonFault::Shape(sentence) => out.write_str(sentence),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads a body as `T`, after [`check`].
///
/// Numbers reach `T` as they were written if it holds them as `RawValue`; no other number type is safe for money.
///
/// # Errors
/// What [`check`] refuses, and [`JsonFault::Shape`] when `T` cannot be made of it.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    check(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| shape(bytes, &error))
}

/// Refuses a body that is not exactly one JSON value with one meaning: see [`JsonFault`] for the list.
///
/// Numbers are checked for their form only, whatever their size: a reader takes them as text.
///
/// # Errors
/// The first fault from the left.
pub fn check(bytes: &[u8]) -> Result<(), JsonError> {
    Scanner::new(bytes)?.whole(None)
}

/// serde's sentence without its line and column, beside the field that they point into.
fn shape(bytes: &[u8], error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    let sentence = text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence);
    JsonError { path: path_at(bytes, error.line(), error.column()), fault: JsonFault::Shape(sentence.to_owned()) }
}

/// The path of the value that ends at a line and column (both from 1, as serde gives them).
fn path_at(bytes: &[u8], line: usize, column: usize) -> Option<String> {
    let before: usize = bytes.split_inclusive(|byte| *byte == b'\n').take(line.checked_sub(1)?).map(<[u8]>::len).sum();
    let mut scanner = Scanner::new(bytes).ok()?;
    scanner.watch(before.checked_add(column)?);
    scanner.whole(None).ok()?;
    scanner.watched()
}

#[cfg(test)]
mod tests;
