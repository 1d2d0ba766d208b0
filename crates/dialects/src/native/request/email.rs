//! Whether a text looks like an e-mail address. Only a mail that arrives proves one; this keeps out what could never be.

/// One `@` with something plausible on both sides: no spaces, control characters or
/// punctuation of mail headers, a domain with a point.
pub(crate) fn is_plausible(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let local_is_plain = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c))
        && local.split('.').all(|part| !part.is_empty());
    let label_is_plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    local_is_plain && domain.contains('.') && domain.len() <= 255 && domain.split('.').all(label_is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_taken() {
        for text in
            ["a@b.co", "first.last+tag@mail.example.com", "o'brien@example.ie", "jürgen@exämple.de", "x_y@1-2.example"]
        {
            assert!(is_plausible(text), "{text}");
        }
    }

    #[test]
    fn what_never_is_one_is_refused() {
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.de",
            "a@b..co",
            ".a@b.co",
            "a.@b.co",
            "a@-b.co",
            "a@b.co\r\nBcc: x@y.zz",
            "a\n@b.co",
            "a@b@c.de",
            "<a@b.co>",
            "A <a@b.co>",
            "a@b.co,c@d.ee",
            "a@[127.0.0.1]",
        ] {
            assert!(!is_plausible(text), "{text:?}");
        }
        assert!(!is_plausible(&format!("{}@b.co", "a".repeat(65))));
    }
}
