//! Where a request has its key: the vendor's header is not public, so the usual ones are read (A2, A10).

use base64::{Engine, engine::general_purpose::STANDARD};

/// The headers that hold a bare key, after `Authorization`.
pub const KEY_HEADERS: [&str; 2] = ["x-api-key", "api-key"];

/// The key in an `Authorization` header: `Bearer <key>`, or `Basic` with the key as user; `None` where it holds none.
#[must_use]
pub fn key_of(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (user, _) = pair.split_once(':')?;
    Some(user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_bearer_and_from_the_user_of_basic() {
        for (header, key) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic YWJjOg==", Some("abc")),
            ("basic YWJjOnBhc3N3b3Jk", Some("abc")),
            ("Basic YWJj", None),
            ("Basic ???", None),
            ("Basic /w==", None),
            ("abc", None),
            ("Digest abc", None),
            ("", None),
        ] {
            assert_eq!(key_of(header).as_deref(), key, "{header}");
        }
    }
}
