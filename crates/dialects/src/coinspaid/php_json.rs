//! JSON byte for byte as PHP's `json_encode` writes it by default.
//!
//! Shops check a callback's signature over a re-encoding of it (A.13): read to arrays, written again, compared. So there is no
//! white space, `/` is escaped, everything beyond ASCII is `\uXXXX`, and an empty object cannot be written at all.

/// What most bodies fit into, so that they are written without growing.
const BYTES_USUAL: usize = 1024;

/// A value that PHP writes in one way only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Php {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer; there are no floats.
    Int(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Php>),
    /// An object with its members in order. One without members is written as `[]`, as PHP would write it again.
    Object(Vec<(&'static str, Php)>),
}

impl Php {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A text, or null.
    #[must_use]
    pub fn text_or_null(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    /// An integer, or null.
    #[must_use]
    pub fn int_or_null(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(BYTES_USUAL);
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                separated(items, out, Self::write);
                out.push(']');
            }
            Self::Object(members) if members.is_empty() => out.push_str("[]"),
            Self::Object(members) => {
                out.push('{');
                separated(members, out, |(name, value), out| {
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                });
                out.push('}');
            }
        }
    }
}

/// Writes items with commas between.
fn separated<T>(items: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some((at, character)) = rest.char_indices().find(|(_, character)| !is_plain(*character)) {
        let (plain, after) = rest.split_at_checked(at).unwrap_or_default();
        out.push_str(plain);
        write_escaped(character, out);
        rest = after.get(character.len_utf8()..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

const fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{7f}') && !matches!(character, '"' | '\\' | '/')
}

fn write_escaped(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '/' => out.push_str("\\/"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => out.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        String::from_utf8(Php::text(text).bytes()).unwrap()
    }

    #[test]
    fn texts_are_escaped_as_php_does() {
        // Recorded from PHP 8.4: php -r 'echo json_encode(…);'
        for (text, expected) in [
            ("a/b €", r#""a\/b \u20ac""#),
            ("😀", r#""\ud83d\ude00""#),
            ("\u{8}\u{c}\n\r\t\"\\", r#""\b\f\n\r\t\"\\""#),
            ("\u{1}\u{1f}\u{7f}", "\"\\u0001\\u001f\u{7f}\""),
            ("<>&'", r#""<>&'""#),
            ("é\u{2028}\u{ffff}", r#""\u00e9\u2028\uffff""#),
        ] {
            assert_eq!(written(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_object_without_members_is_what_php_would_make_of_it_again() {
        let value = Php::Object(vec![("a", Php::Object(Vec::new())), ("b", Php::List(vec![Php::Null, Php::Int(-1)]))]);
        assert_eq!(value.bytes(), br#"{"a":[],"b":[null,-1]}"#);
    }
}
