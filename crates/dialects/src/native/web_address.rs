//! Web addresses that merchants give us: where payers return to, where webhooks go.
//!
//! URL parsers repair what they are given, each in its own way; so a text is vetted before it is parsed, and what is kept is
//! the text as it was sent. Whether a host may be called is decided where the call is made, by its resolved addresses.

use url::{Host, Url};

/// The longest web address, in characters.
pub(super) const CHARS_MAX: usize = 2048;

/// Where `http:` is let through; `https:` always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainHttp {
    /// On hosts of this very machine: `localhost`, `127.0.0.0/8`, `[::1]`.
    OnLoopback,
    /// Nowhere.
    Never,
    /// Everywhere: the operator allows private addresses.
    Everywhere,
}

/// Checks a web address.
///
/// # Errors
/// What is wrong with it, to be read on from the field's name.
pub(crate) fn vet(text: &str, plain: PlainHttp) -> Result<(), &'static str> {
    vetted(text, plain).map(drop)
}

/// The same, and what the address says.
///
/// # Errors
/// As [`vet`].
pub(crate) fn vetted(text: &str, plain: PlainHttp) -> Result<Url, &'static str> {
    let is_plain_text =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'`'));
    if !is_plain_text {
        return Err("must be a URL in ASCII without spaces, backslashes or quotes; percent-encode other characters");
    }
    let lower = text.to_ascii_lowercase();
    let (rest, is_https) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err(wanted(plain)),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("must name a host");
    }
    if authority.contains('@') {
        return Err("must not carry a user name or password");
    }
    let url = Url::parse(text).map_err(|_| "must be a valid URL")?;
    let host = url.host().ok_or("must name a host")?;
    let may_be_plain = match plain {
        PlainHttp::OnLoopback => is_loopback(&host),
        PlainHttp::Never => false,
        PlainHttp::Everywhere => true,
    };
    if is_https || may_be_plain { Ok(url) } else { Err(wanted(plain)) }
}

fn wanted(plain: PlainHttp) -> &'static str {
    match plain {
        PlainHttp::OnLoopback => "must be an https:// URL (http:// only on localhost)",
        PlainHttp::Never => "must be an https:// URL",
        PlainHttp::Everywhere => "must be an https:// or http:// URL",
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_that_two_readers_would_read_differently_are_refused() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https://",
            "https://?x",
            "https://good.example@evil.example/",
            "https://a:b@evil.example/",
            "https://good.example\\.evil.example/",
            "https:\\\\evil.example",
            "https://shop.example/\tx",
            "https://shop.example/\r\nSet-Cookie: a=b",
            " https://shop.example/",
            "https://shop.example/ x",
            "https://exämple.example/",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "shop.example/back",
            "/back",
            "https://[::1",
            "https://shop.example:99999/",
            "",
        ] {
            assert!(vet(text, PlainHttp::OnLoopback).is_err(), "{text:?}");
        }
    }

    #[test]
    fn https_is_taken_everywhere_and_http_on_loopback_only() {
        for text in
            ["https://shop.example", "HTTPS://Shop.example/back?order=1#top", "https://shop.example:8443/%C3%A9?a={b}"]
        {
            assert_eq!(vet(text, PlainHttp::Never), Ok(()), "{text}");
        }
        for text in ["http://localhost:3000/back", "http://127.0.0.1/", "http://[::1]:8080/"] {
            assert_eq!(vet(text, PlainHttp::OnLoopback), Ok(()), "{text}");
            assert!(vet(text, PlainHttp::Never).is_err(), "{text}");
        }
        for text in ["http://shop.example/", "http://localhost.evil.example/", "http://10.0.0.1/"] {
            assert!(vet(text, PlainHttp::OnLoopback).is_err(), "{text}");
            assert_eq!(vet(text, PlainHttp::Everywhere), Ok(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", plain in prop_oneof![Just(PlainHttp::Never), Just(PlainHttp::OnLoopback)]) {
            let _ = vet(&text, plain);
            let _ = vet(&format!("https://{text}"), plain);
        }
    }
}
