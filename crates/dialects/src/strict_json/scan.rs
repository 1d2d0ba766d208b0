//! One pass over the bytes of a JSON text: its form, its depth, its names.
//!
//! It builds no tree, because a tree has already dropped the second of two equal names. It never looks at what a value means.

use std::{borrow::Cow, collections::HashSet};

use super::{DEPTH_MAX, JsonError, JsonFault, PATH_CHARS_MAX};

/// Objects with more names than this look them up in a set: a list would make a large body quadratic.
const LISTED_NAMES_MAX: usize = 16;

/// One member of the outermost object: its name and its value as it was written.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) raw: &'a str,
}

/// A step from the outermost value to the one being read.
#[derive(Debug)]
enum Step<'a> {
    Field(Cow<'a, str>),
    Item(usize),
}

/// A string as it stands in the text, without its quotes.
struct Span {
    start: usize,
    end: usize,
    escaped: bool,
}

/// Reads from left to right, keeping only where it is.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Step<'a>>,
    /// The byte whose field is wanted, and that field's path once it was passed.
    watch: Option<usize>,
    watched: Option<String>,
}

impl<'a> Scanner<'a> {
    /// Takes the bytes if they are UTF-8 text with something in it.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let plain = |fault| JsonError { path: None, fault };
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(plain(JsonFault::ByteOrderMark));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| plain(JsonFault::Encoding))?;
        let mut scanner = Scanner { text, at: 0, path: Vec::new(), watch: None, watched: None };
        scanner.space();
        if scanner.peek().is_none() {
            return Err(plain(JsonFault::Empty));
        }
        Ok(scanner)
    }

    /// Asks for the path of the innermost value that ends at or after this byte.
    pub(super) fn watch(&mut self, byte: usize) {
        self.watch = Some(byte);
    }

    /// What [`Self::watch`] asked for.
    pub(super) fn watched(self) -> Option<String> {
        self.watched
    }

    /// Reads the whole text as one value; with `entries`, that value is an object and its members are put there.
    pub(super) fn whole(&mut self, entries: Option<&mut Vec<Entry<'a>>>) -> Result<(), JsonError> {
        match entries {
            Some(entries) if self.peek() == Some(b'{') => self.object(1, Some(entries))?,
            Some(_) => {
                // A broken body is told from one of another shape.
                self.value(1)?;
                return Err(JsonError { path: None, fault: JsonFault::NotAnObject });
            }
            None => self.value(1)?,
        }
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError { path: None, fault: JsonFault::Trailing { byte: self.at } }),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth, None),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(_) | None => Err(self.syntax()),
        }?;
        if self.watched.is_none() && self.watch.is_some_and(|byte| self.at >= byte) {
            self.watched = self.path();
        }
        Ok(())
    }

    fn object(&mut self, depth: usize, mut entries: Option<&mut Vec<Entry<'a>>>) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return Err(self.fault(JsonFault::TooDeep));
        }
        self.step();
        self.space();
        if self.skip(b'}') {
            return Ok(());
        }
        let mut names = Names::default();
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.syntax());
            }
            let span = self.string()?;
            let name = self.decoded(&span);
            self.path.push(Step::Field(name.clone()));
            if !names.insert(name.clone()) {
                return Err(self.fault(JsonFault::Duplicate));
            }
            self.space();
            self.expect(b':')?;
            self.space();
            let start = self.at;
            self.value(depth.saturating_add(1))?;
            self.path.pop();
            if let Some(entries) = entries.as_deref_mut() {
                let raw = self.text.get(start..self.at).unwrap_or_default();
                entries.push(Entry { name, raw });
            }
            self.space();
            if self.skip(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return Err(self.fault(JsonFault::TooDeep));
        }
        self.step();
        self.space();
        if self.skip(b']') {
            return Ok(());
        }
        let mut index: usize = 0;
        loop {
            self.space();
            self.path.push(Step::Item(index));
            self.value(depth.saturating_add(1))?;
            self.path.pop();
            index = index.saturating_add(1);
            self.space();
            if self.skip(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<Span, JsonError> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(self.syntax());
            };
            self.at = self.at.saturating_add(plain);
            match self.peek() {
                Some(b'"') => {
                    let end = self.at;
                    self.step();
                    return Ok(Span { start, end, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0) => return Err(self.fault(JsonFault::Nul)),
                Some(_) | None => return Err(self.syntax()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.step();
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.step();
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0 => Err(self.fault(JsonFault::Nul)),
                0xDC00..=0xDFFF => Err(self.fault(JsonFault::Surrogate)),
                0xD800..=0xDBFF => self.low_surrogate(),
                _ => Ok(()),
            },
            Some(_) | None => Err(self.syntax()),
        }
    }

    fn low_surrogate(&mut self) -> Result<(), JsonError> {
        if !self.skip(b'\\') || self.peek() != Some(b'u') {
            return Err(self.fault(JsonFault::Surrogate));
        }
        match self.unit()? {
            0xDC00..=0xDFFF => Ok(()),
            _ => Err(self.fault(JsonFault::Surrogate)),
        }
    }

    /// The four digits after `u`.
    fn unit(&mut self) -> Result<u16, JsonError> {
        self.step();
        let end = self.at.saturating_add(4);
        let digits = self.text.get(self.at..end).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.syntax())?;
        self.at = end;
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            if !self.skip(b'+') {
                self.skip(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        if self.at == start { Err(self.syntax()) } else { Ok(()) }
    }

    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) != Some(word) {
            return Err(self.syntax());
        }
        self.at = end;
        Ok(())
    }

    fn decoded(&self, span: &Span) -> Cow<'a, str> {
        let inner = self.text.get(span.start..span.end).unwrap_or_default();
        if span.escaped { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn skip(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        if here {
            self.step();
        }
        here
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.skip(byte) { Ok(()) } else { Err(self.syntax()) }
    }

    fn syntax(&self) -> JsonError {
        JsonError { path: None, fault: JsonFault::Syntax { byte: self.at } }
    }

    fn fault(&self, fault: JsonFault) -> JsonError {
        JsonError { path: self.path(), fault }
    }

    fn path(&self) -> Option<String> {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Item(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        match path.char_indices().nth(PATH_CHARS_MAX) {
            Some((cut, _)) => {
                path.truncate(cut);
                path.push('…');
            }
            None if path.is_empty() => return None,
            None => {}
        }
        Some(path)
    }
}

/// The names met in one object.
#[derive(Default)]
struct Names<'a> {
    listed: Vec<Cow<'a, str>>,
    set: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.listed.contains(&name) {
            return false;
        }
        if self.listed.len() < LISTED_NAMES_MAX {
            self.listed.push(name);
            return true;
        }
        self.set.insert(name)
    }
}

/// The characters of a string's inside whose escapes were checked.
pub(super) fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    let mut high: Option<u16> = None;
    while let Some(character) = rest.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match rest.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{C}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let digits = rest.by_ref().take(4).filter_map(|digit| digit.to_digit(16));
                let unit = digits.filter_map(|digit| u16::try_from(digit).ok());
                let unit = unit.fold(0, |unit: u16, digit| unit.wrapping_shl(4) | digit);
                match high.take() {
                    None if (0xD800..=0xDBFF).contains(&unit) => high = Some(unit),
                    None => text.extend(char::from_u32(u32::from(unit))),
                    Some(high) => text.extend(char::decode_utf16([high, unit]).flatten()),
                }
            }
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}
