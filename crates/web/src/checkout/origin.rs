//! Whether a form was sent by our own page. The token in the address is the capability; this keeps other sites from using a
//! payer's browser with an address that they learnt.

use axum::http::{HeaderMap, header};

/// Whether a request that changes something may be answered.
///
/// Browsers of today say by `Sec-Fetch-Site` where a form came from. Older ones say it by `Origin`, which is `null` here,
/// because the page sends no referrer. What says neither is no browser.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or_default());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN) {
        None | Some("null") => true,
        Some(origin) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        for (pairs, expected) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")][..], true),
            (&[("sec-fetch-site", "none")][..], true),
            (&[("sec-fetch-site", "cross-site")][..], false),
            (&[("sec-fetch-site", "same-site")][..], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "null")][..], false),
            (&[("origin", "https://pay.example"), ("host", "pay.example")][..], true),
            (&[("origin", "https://evil.example"), ("host", "pay.example")][..], false),
            (&[("origin", "pay.example"), ("host", "pay.example")][..], false),
            (&[("origin", "null"), ("host", "pay.example")][..], true),
        ] {
            assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
