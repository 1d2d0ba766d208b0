//! A form of the native API, field by field, with every mistake told at once.
//!
//! It checks types and sizes and keeps what was wrong; it knows no field's meaning. A number is never read where money belongs,
//! and a number that would change by being read is refused, not rounded.

use serde_json::{Map, Value, value::RawValue};
use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    JsonError,
    scan::{Entry, Scanner, unescape},
};

/// One field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name, with a path inside it where that helps: `metadata.color`.
    pub field: String,
    /// Reads on from the name: `must be a boolean`.
    pub message: String,
}

/// The members of a request's object, each read by the accessor of its type.
///
/// An accessor answers `None` for a field that is absent, null or wrong; what was wrong is collected for [`Fields::finish`].
/// Fields that nobody asks for are ignored. A name is a field of the object, never a path.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: Vec<Entry<'a>>,
    problems: Vec<FieldProblem>,
}

impl<'a> Fields<'a> {
    /// Reads a body whose outermost value is an object.
    ///
    /// # Errors
    /// What [`super::check`] refuses, and anything but an object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let mut entries = Vec::new();
        Scanner::new(bytes)?.whole(Some(&mut entries))?;
        Ok(Fields { entries, problems: Vec::new() })
    }

    /// A body without any field.
    #[must_use]
    pub const fn empty() -> Self {
        Fields { entries: Vec::new(), problems: Vec::new() }
    }

    /// Whether the field was sent with a value other than null, of whatever type.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// A string of at most `chars_max` Unicode characters.
    pub fn text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let raw = self.raw(name)?;
        match text_of(raw, chars_max) {
            Ok(text) => Some(text),
            Err(message) => self.wrong(name, message),
        }
    }

    /// A decimal in a string, as it was written; what the digits may be is the amount's own rule.
    pub fn decimal_text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let raw = self.raw(name)?;
        if !raw.starts_with('"') {
            return self.wrong(name, r#"must be a decimal string, e.g. "10.50""#.to_owned());
        }
        self.text(name, chars_max)
    }

    /// `true` or `false`, and nothing that looks like them.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.raw(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.wrong(name, "must be true or false".to_owned()),
        }
    }

    /// A number without fraction or exponent within `range`.
    pub fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let raw = self.raw(name)?;
        match raw.parse::<i64>() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) | Err(_) => {
                let (from, to) = (range.start(), range.end());
                let kind = if is_integer(raw) { "must be" } else { "must be an integer" };
                self.wrong(name, format!("{kind} from {from} to {to}"))
            }
        }
    }

    /// An object of at most `properties_max` members, sorted by name at every level, so that two ways to write it are equal.
    ///
    /// Nested values are kept. A number is kept only if reading it changes nothing: one of too many digits is refused.
    pub fn object(&mut self, name: &str, properties_max: usize) -> Option<Map<String, Value>> {
        let raw = self.raw(name)?;
        if !raw.starts_with('{') {
            return self.wrong(name, "must be an object".to_owned());
        }
        match kept(raw, name) {
            Ok(Value::Object(map)) if map.len() <= properties_max => Some(map),
            Ok(_) => self.wrong(name, format!("must have at most {properties_max} properties")),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// A list of at most `items_max` strings, each of at most `chars_max` Unicode characters.
    pub fn text_list(&mut self, name: &str, items_max: usize, chars_max: usize) -> Option<Vec<String>> {
        let raw = self.raw(name)?;
        let Some(items) = items_of(raw) else {
            return self.wrong(name, "must be a list of strings".to_owned());
        };
        if items.len() > items_max {
            return self.wrong(name, format!("must have at most {items_max} items"));
        }
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match text_of(item.get(), chars_max) {
                Ok(text) => texts.push(text),
                Err(message) => return self.wrong(&format!("{name}[{index}]"), message),
            }
        }
        Some(texts)
    }

    /// Records a problem that a rule across fields found, in the order of the accessors' own.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: message.into() });
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All that was wrong, in the order in which it was asked for.
    pub fn finish(self) -> Result<(), Vec<FieldProblem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// The value as it was written, for forms that take more than one type; null counts as absent.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        (entry.raw != "null").then_some(entry.raw)
    }

    fn wrong<T>(&mut self, field: &str, message: String) -> Option<T> {
        self.refuse(field, message);
        None
    }
}

/// The text of a JSON string as it was written; `None` for another value, or a text that is none.
#[must_use]
pub fn unquoted(raw: &str) -> Option<String> {
    text_of(raw, usize::MAX).ok()
}

fn text_of(raw: &str, chars_max: usize) -> Result<String, String> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = unescape(inner.ok_or_else(|| "must be a string".to_owned())?);
    // A character has at least one byte, so most texts need no counting.
    if text.len() > chars_max && text.chars().count() > chars_max {
        return Err(format!("must be at most {chars_max} characters"));
    }
    Ok(text)
}

fn items_of(raw: &str) -> Option<Vec<&RawValue>> {
    if raw.starts_with('[') { serde_json::from_str(raw).ok() } else { None }
}

fn is_integer(raw: &str) -> bool {
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The value of a checked text with sorted names; recursion is bounded by the depth that was checked.
fn kept(raw: &str, path: &str) -> Result<Value, FieldProblem> {
    let unreadable = || FieldProblem { field: path.to_owned(), message: "cannot be read".to_owned() };
    match raw.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).map_err(|_| unreadable())?;
            let members = members.into_iter().map(|(name, value)| {
                let value = kept(value.get(), &format!("{path}.{name}"))?;
                Ok((name, value))
            });
            Ok(Value::Object(members.collect::<Result<_, _>>()?))
        }
        Some(b'[') => {
            let items = items_of(raw).ok_or_else(unreadable)?;
            let items = items.iter().enumerate().map(|(index, item)| kept(item.get(), &format!("{path}[{index}]")));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Some(b'-' | b'0'..=b'9') => {
            let number = serde_json::from_str::<serde_json::Number>(raw).ok();
            let number = number.filter(|number| decimal_of(&number.to_string()) == decimal_of(raw));
            number.map(Value::Number).ok_or_else(|| FieldProblem {
                field: path.to_owned(),
                message: "is a number that cannot be kept exactly; send it as a string".to_owned(),
            })
        }
        _ => serde_json::from_str(raw).map_err(|_| unreadable()),
    }
}

/// A JSON number's value: sign, digits without outer zeros, and the power of ten of the last digit. `None` for an exponent
/// that fits nothing.
fn decimal_of(raw: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = match raw.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, raw),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len().checked_sub(significant.len())?).ok()?;
    let places = i64::try_from(fraction.len()).ok()?;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let power = exponent.parse::<i64>().ok()?.checked_sub(places)?.checked_add(dropped)?;
    Some((negative, significant.to_owned(), power))
}
