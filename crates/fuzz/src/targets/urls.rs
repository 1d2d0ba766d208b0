//! URLs of webhooks, as the outgoing client vets them, and of pages to return to.

use super::text;
use crate::Target;
use farthing_dialects::native::{endpoints::CreateEndpoint, request::CreateInvoice, web_address::PlainHttp};
use farthing_domain::catalog::Catalog;
use farthing_gateway::outgoing::Guard;
use serde_json::json;
use std::net::IpAddr;
use url::{Host, Url};

/// Web addresses.
pub(super) const URLS: Target = Target {
    name: "urls",
    feed,
    seeds: &[
        b"https://shop.example/hook?order=1#x",
        b"https://8.8.8.8:8443/",
        b"https://127.0.0.1/",
        b"https://2130706433/",
        b"https://0x7f000001/",
        b"https://0177.0.0.1/",
        b"https://127.1/",
        b"https://[::1]/",
        b"https://[::ffff:7f00:1]/",
        b"https://[64:ff9b::7f00:1]/",
        b"https://[2002:7f00:1::]/",
        b"https://[fe80::1%25lo]/",
        b"https://169.254.169.254/latest",
        b"https://localhost./",
        b"https://a@127.0.0.1/",
        b"https://good\\.evil.example/",
        b"https:evil.example",
        b"//evil.example",
        b"http:\\\\127.0.0.1",
        b"javascript:alert(1)",
        b"https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
        b"https://%31%32%37.0.0.1/",
        b"https://xn--bcher-kva.example/",
    ],
};

fn feed(bytes: &[u8]) {
    let text = text(bytes);
    let public = Guard { allow_private: false };
    if let Ok(url) = public.vet(text) {
        assert_eq!(url.scheme(), "https", "{text:?}");
        assert_eq!(public.vet(url.as_str()).as_ref(), Ok(&url), "{text:?} is another address the second time");
        assert!(url.username().is_empty() && url.password().is_none(), "{text:?}");
        leads_outside(text, &url);
        assert!(Guard { allow_private: true }.vet(text).is_ok(), "allowing more refused {text:?}");
    }
    let endpoint = json!({ "url": text }).to_string();
    if let Ok(endpoint) = CreateEndpoint::parse(endpoint.as_bytes(), PlainHttp::Never) {
        assert_eq!(endpoint.url, text, "what is kept is what was sent");
        is_one_web_address(text);
    }
    let invoice = json!({ "amount_fiat": "1", "redirect_url": text }).to_string();
    if let Ok(request) = CreateInvoice::parse(invoice.as_bytes(), None, &Catalog::shipped())
        && request.terms.redirect_url.is_some()
    {
        is_one_web_address(text);
    }
}

/// A literal address that is let through is not one of this machine, its networks, or nobody's.
fn leads_outside(text: &str, url: &Url) {
    let is_inside = match url.host() {
        Some(Host::Domain(name)) => name.parse::<IpAddr>().is_ok() || name == "localhost" || !name.contains('.'),
        Some(Host::Ipv4(ip)) => {
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
        }
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        None => true,
    };
    assert!(!is_inside, "{text:?} leads to {url}");
}

/// Browsers and servers read it in the same way: its beginning says scheme and host, and nothing is to be repaired.
fn is_one_web_address(text: &str) {
    let lower = text.to_ascii_lowercase();
    assert!(lower.starts_with("https://") || lower.starts_with("http://"), "{text:?}");
    assert!(text.is_ascii() && !text.contains(['\\', ' ', '\t', '\r', '\n', '<', '>', '"', '`', '\0']), "{text:?}");
    let url = Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert!(url.host().is_some() && url.username().is_empty() && url.password().is_none(), "{text:?}");
}
