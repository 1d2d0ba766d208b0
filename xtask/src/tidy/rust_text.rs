//! Rust's text without what is no code. Enough of a lexer for the rules here, and no more: it never judges.

/// The same text with comments and the contents of literals turned into spaces; lines stay where they are.
pub(super) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let opaque = opaque_length(rest, after_word);
        let (piece, after) = rest.split_at_checked(opaque.unwrap_or(first.len_utf8())).unwrap_or((rest, ""));
        if opaque.is_some() {
            code.extend(piece.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        } else {
            code.push(first);
        }
        after_word = opaque.is_none() && (first.is_alphanumeric() || first == '_');
        rest = after;
    }
    code
}

/// The bytes of the comment or literal that `rest` begins with.
fn opaque_length(rest: &str, after_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    if rest.starts_with('"') {
        return Some(string_length(rest));
    }
    if rest.starts_with('\'') {
        return character_length(rest);
    }
    if after_word { None } else { raw_string_length(rest) }
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut skip = false;
    for (at, pair) in rest.as_bytes().windows(2).enumerate() {
        if skip {
            skip = false;
            continue;
        }
        match pair {
            b"/*" => (depth, skip) = (depth.saturating_add(1), true),
            b"*/" => (depth, skip) = (depth.saturating_sub(1), true),
            _ => {}
        }
        if skip && depth == 0 {
            return at.saturating_add(2);
        }
    }
    rest.len()
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    rest.len()
}

/// `None` for a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1);
    let (_, first) = letters.next()?;
    if first == '\\' {
        letters.next()?;
        return letters.find(|(_, letter)| *letter == '\'').map(|(at, _)| at.saturating_add(1));
    }
    let (at, second) = letters.next()?;
    (second == '\'').then(|| at.saturating_add(1))
}

fn raw_string_length(rest: &str) -> Option<usize> {
    let after_prefix = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let inside = after_prefix.trim_start_matches('#');
    let hashes = after_prefix.len().checked_sub(inside.len())?;
    let contents = inside.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let after_contents = contents.find(&end).and_then(|at| contents.get(at..))?;
    let after = after_contents.strip_prefix(&end)?;
    rest.len().checked_sub(after.len())
}

#[cfg(test)]
mod tests {
    use super::code_only;

    #[test]
    fn comments_and_literals_are_blank_and_code_stays() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("a /*/ b */ c", "a          c"),
            (r#"a("b\"c", d)"#, "a(      , d)"),
            (r##"a(r#"b"c"#) d"##, "a(        ) d"),
            (r#"a(br"b\") c"#, "a(      ) c"),
            ("for r in bar", "for r in bar"),
            (r"('a', '\'', '\u{1F}', &'a b)", "(   ,     ,         , &'a b)"),
            ("a \"unfinished", "a            "),
            ("a /* unfinished", "a              "),
        ] {
            assert_eq!(code_only(text), code, "{text}");
        }
    }

    #[test]
    fn blanks_take_the_place_of_each_letter() {
        assert_eq!(code_only("x(\"é\") // y"), "x(   )     ");
    }
}
