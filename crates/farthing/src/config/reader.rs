//! Reading keys one by one, so that every problem is found and not the first only.

use figment::{
    Figment,
    error::{Actual, Kind},
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;
use std::{fmt, ops::RangeInclusive, str::FromStr};

/// Letters that may differ between what was written and what is suggested.
const SUGGESTION_DISTANCE_MAX: usize = 3;

/// Something wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The key with its section: `networks.bitcoin.account`.
    pub(crate) key: String,
    /// What is wrong, without the value.
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn of(key: &str, message: &str) -> Self {
        Self { key: key.to_owned(), message: message.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// A configuration being read.
pub(crate) struct Reader {
    root: Dict,
    problems: Vec<Problem>,
}

impl Reader {
    /// # Errors
    /// When the text is no TOML at all.
    pub(crate) fn new(figment: Figment) -> Result<Self, Vec<Problem>> {
        let root = figment.extract::<Dict>().map_err(|error| {
            let text = |error: figment::Error| match error.kind {
                Kind::Message(message) => {
                    Problem::of("the file", &format!("is no valid TOML: {}", without_excerpt(&message)))
                }
                kind => Problem::of(&error.path.join("."), &describe(&kind)),
            };
            error.into_iter().map(text).collect::<Vec<_>>()
        })?;
        Ok(Self { root, problems: Vec::new() })
    }

    /// Everything that was wrong.
    pub(crate) fn finish(self) -> Result<(), Vec<Problem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    pub(crate) fn problem(&mut self, key: &str, message: &str) {
        self.problems.push(Problem::of(key, message));
    }

    pub(crate) fn has_problem(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    /// The keys of a section; none when it is not there.
    pub(crate) fn keys(&self, section: &str) -> Vec<String> {
        match self.find(section).map(|value| value.as_dict().cloned()) {
            Some(Some(dict)) => dict.keys().cloned().collect(),
            Some(None) | None => Vec::new(),
        }
    }

    /// Complains of keys that do not exist, and suggests what may have been meant. An empty section is the top.
    pub(crate) fn known_keys(&mut self, section: &str, known: &[&str]) {
        if self.find(section).is_some_and(|value| value.as_dict().is_none()) {
            self.problem(section, "must be a section of its own");
            return;
        }
        let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
        for key in self.keys(section) {
            if !known.contains(&key.as_str()) {
                let hint = match (section, key.as_str()) {
                    ("", "database") => "PostgreSQL comes with a later version; remove it and set data_dir".to_owned(),
                    _ => suggestion(&key, known),
                };
                self.problem(&format!("{prefix}{key}"), &format!("there is no such key; {hint}"));
            }
        }
    }

    /// A key's value; `None` when it is not there or wrong, which is then among the problems.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        match self.find(key)?.deserialize::<T>() {
            Ok(value) => Some(value),
            Err(error) => {
                let path: String = error.path.iter().map(|part| format!("[{part}]")).collect();
                self.problem(&format!("{key}{path}"), &describe(&error.kind));
                None
            }
        }
    }

    /// A key's text, parsed; `wanted` says what it must be.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let text: String = self.value(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, &format!("must be {wanted}"));
        }
        parsed
    }

    /// A whole number within bounds.
    pub(crate) fn number(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let number: i64 = self.value(key)?;
        let found = u32::try_from(number).ok().filter(|number| range.contains(number));
        if found.is_none() {
            self.problem(key, &format!("must be from {} to {}", range.start(), range.end()));
        }
        found
    }

    /// An EIP-155 chain id.
    pub(crate) fn chain_id(&mut self, key: &str) -> Option<u64> {
        let number: i64 = self.value(key)?;
        let found = u64::try_from(number).ok().filter(|number| *number > 0);
        if found.is_none() {
            self.problem(key, "must be a number from 1 on");
        }
        found
    }

    fn find(&self, key: &str) -> Option<Value> {
        let root = Value::from(self.root.clone());
        if key.is_empty() { Some(root) } else { root.find(key) }
    }
}

/// What is wrong with a value, without the value.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(actual, expected) => format!("must be {}, not {}", plain(expected), type_of(actual)),
        Kind::InvalidValue(_, expected) => format!("must be {}", plain(expected)),
        Kind::InvalidLength(length, expected) => format!("has {length} entries and must be {expected}"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is out of range".to_owned(),
        Kind::Message(_)
        | Kind::UnknownVariant(..)
        | Kind::UnknownField(..)
        | Kind::MissingField(_)
        | Kind::DuplicateField(_)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..) => "is not of the right kind".to_owned(),
    }
}

/// The expectation of a deserializer in an operator's words.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list [\"…\"]",
        "a map" => "a table",
        text if text.starts_with('i') || text.starts_with('u') => "a whole number",
        other => other,
    }
}

const fn type_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a number with a point",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "this",
    }
}

/// The parser's message without the line of the file that it shows, which may hold a password.
fn without_excerpt(message: &str) -> String {
    let lines = message.lines().filter(|line| !line.contains('|') && !line.trim().is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join("; ")
}

/// What to write instead of an unknown word.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|candidate| (distance(word, candidate), candidate)).min();
    match nearest {
        Some((far, candidate)) if far <= SUGGESTION_DISTANCE_MAX => format!("did you mean {candidate}?"),
        Some(_) | None => format!("there are {}", known.join(", ")),
    }
}

/// How many letters must be changed, added or left out (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for letter in from.chars() {
        let mut diagonal = row.first().copied().unwrap_or_default();
        let mut left = diagonal.saturating_add(1);
        let mut next = vec![left];
        for (wanted, above) in to.iter().zip(row.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(*wanted != letter));
            left = changed.min(above.saturating_add(1)).min(left.saturating_add(1));
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
