//! Reading a request's object: every mistake told at once, and an empty text counts as an absent one.
//!
//! Clients written in Go send `""` for what they leave out, and the contract calls an empty `fiat_currency` absent.

use std::ops::RangeInclusive;

use super::errors::ApiError;
use crate::strict_json::fields::Fields;
use serde_json::{Map, Value};

/// A request's fields, and which of them were sent but could not be read.
#[derive(Debug)]
pub(super) struct Form<'a> {
    fields: Fields<'a>,
    wrong: Vec<&'static str>,
}

impl<'a> Form<'a> {
    /// Reads a body whose outermost value is an object.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, ApiError> {
        Ok(Self { fields: Fields::parse(body)?, wrong: Vec::new() })
    }

    /// Like [`Self::parse`], where a body may be left out.
    pub(super) fn parse_optional(body: &'a [u8]) -> Result<Self, ApiError> {
        Self::parse(if body.is_empty() { b"{}" } else { body })
    }

    /// A text; an empty one is absent.
    pub(super) fn text(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        self.read(name, |fields| fields.text(name, chars_max)).filter(|text| !text.is_empty())
    }

    /// A decimal in a string; an empty one is absent.
    pub(super) fn decimal(&mut self, name: &'static str, chars_max: usize) -> Option<String> {
        self.read(name, |fields| fields.decimal_text(name, chars_max)).filter(|text| !text.is_empty())
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, |fields| fields.boolean(name))
    }

    /// An integer of a range.
    pub(super) fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.read(name, |fields| fields.integer(name, range))
    }

    /// An object.
    pub(super) fn object(&mut self, name: &'static str, properties_max: usize) -> Option<Map<String, Value>> {
        self.read(name, |fields| fields.object(name, properties_max))
    }

    /// A list of texts.
    pub(super) fn text_list(&mut self, name: &'static str, items_max: usize, chars_max: usize) -> Option<Vec<String>> {
        self.read(name, |fields| fields.text_list(name, items_max, chars_max))
    }

    /// Records a problem that a rule found.
    pub(super) fn refuse(&mut self, field: &'static str, problem: impl Into<String>) {
        self.fields.refuse(field, problem);
    }

    /// Records that a field is needed, unless it was sent and could not be read: that was told already.
    pub(super) fn require(&mut self, field: &'static str, problem: impl Into<String>) {
        if !self.is_wrong(field) {
            self.refuse(field, problem);
        }
    }

    /// Whether the field was sent and could not be read.
    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    /// Whether the field was sent with a value other than null, of whatever type.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.has(name)
    }

    /// Ends the reading with what was read, which is `None` only where a problem was recorded.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, ApiError> {
        self.fields.finish()?;
        read.ok_or_else(|| ApiError::fields(&[]))
    }

    fn read<T>(&mut self, name: &'static str, accessor: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Option<T> {
        let was_sent = self.fields.has(name);
        let value = accessor(&mut self.fields);
        if was_sent && value.is_none() {
            self.wrong.push(name);
        }
        value
    }
}
