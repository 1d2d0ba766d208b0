//! Which URLs a request may go to, before any name is resolved.
//!
//! It runs when an endpoint is registered and again at each send: a literal address in a URL never meets the resolver. It
//! trusts the parsed form only; the text of a URL is never matched.

use super::addresses;
use std::net::IpAddr;
use url::{Host, Url};

/// Bytes of a URL.
const URL_BYTES_MAX: usize = 2048;
/// Ports that may be public: HTTPS and its usual alternative. Others would let a merchant speak to services that are not
/// web servers.
const PUBLIC_PORTS: [u16; 2] = [443, 8443];

/// Why requests do not go to a URL, for the merchant who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// It is no URL.
    #[error("the URL cannot be read")]
    Unreadable,
    /// It is too long.
    #[error("the URL must have at most {URL_BYTES_MAX} bytes")]
    TooLong,
    /// It is not an https URL.
    #[error("the URL must begin with https://")]
    Scheme,
    /// It has a name or a password.
    #[error("the URL must not contain a user name or a password")]
    UserInfo,
    /// Its port is not for the web.
    #[error("the URL's port must be 443 or 8443")]
    Port,
    /// It names or is an address that is not public.
    #[error("the URL must lead to a public address")]
    Address,
}

/// What may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Whether the operator's own network, plain http and any port are allowed too.
    pub allow_private: bool,
}

impl Guard {
    /// Parses a URL and checks everything about it that can be checked without resolving its name.
    ///
    /// # Errors
    /// When requests may not go there.
    pub fn vet(self, text: &str) -> Result<Url, UrlRefusal> {
        if text.len() > URL_BYTES_MAX {
            return Err(UrlRefusal::TooLong);
        }
        let url = Url::parse(text).map_err(|_| UrlRefusal::Unreadable)?;
        let is_scheme_allowed = match url.scheme() {
            "https" => true,
            "http" => self.allow_private,
            _ => false,
        };
        if !is_scheme_allowed {
            return Err(UrlRefusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefusal::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(UrlRefusal::Port)?;
        if port == 0 || !(self.allow_private || PUBLIC_PORTS.contains(&port)) {
            return Err(UrlRefusal::Port);
        }
        if !self.is_host_allowed(&url) {
            return Err(UrlRefusal::Address);
        }
        Ok(url)
    }

    /// Whether a request may go to an address.
    #[must_use]
    pub fn is_address_allowed(self, address: IpAddr) -> bool {
        addresses::is_allowed(address, self.allow_private)
    }

    fn is_host_allowed(self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => self.is_address_allowed(address.into()),
            Some(Host::Ipv6(address)) => self.is_address_allowed(address.into()),
            // A name without a dot is known on a private network only. One that ends with a dot has a second spelling
            // without it, and certificates do not name it.
            Some(Host::Domain(name)) => {
                let is_local = !name.contains('.') || name.ends_with(".localhost");
                !name.is_empty() && !name.ends_with('.') && (self.allow_private || !is_local)
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Guard = Guard { allow_private: false };
    const PRIVATE: Guard = Guard { allow_private: true };

    #[test]
    fn an_address_is_refused_however_it_is_written() {
        let loopback = [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7F.0.0.0x1",
            "127.0.0.1.",
            "127。0。0。1",
            "１２７.0.0.1",
            "①②⑦.0.0.1",
            "%31%32%37.0.0.1",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "localhost",
            "LOCALHOST",
            "ｌocalhost",
            "shop.localhost",
        ];
        for host in loopback {
            assert_eq!(PUBLIC.vet(&format!("https://{host}/hook")), Err(UrlRefusal::Address), "{host}");
            assert!(PRIVATE.vet(&format!("http://{host}:8080/hook")).is_ok(), "{host} is the operator's own");
        }
        let never = [
            "0",
            "0.0.0.0",
            "0x0",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "255.255.255.255",
            "224.0.0.1",
            "[::]",
            "[::7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fec0::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "localhost.",
            "shop.localhost.",
            "shop.example.",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
        ];
        for host in never {
            assert_eq!(PUBLIC.vet(&format!("https://{host}/hook")), Err(UrlRefusal::Address), "{host}");
            assert_eq!(PRIVATE.vet(&format!("https://{host}/hook")), Err(UrlRefusal::Address), "{host}");
        }
        for host in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fc00::1]", "[fd00::1]", "intranet"] {
            assert_eq!(PUBLIC.vet(&format!("https://{host}/hook")), Err(UrlRefusal::Address), "{host}");
        }
    }

    #[test]
    fn public_hosts_are_allowed() {
        let public = [
            "https://shop.example/hook?order=1",
            "https://shop.example:443/",
            "https://shop.example:8443/",
            "https://SHOP.example/",
            "https://8.8.8.8/",
            "https://134744072/",
            "https://0x08080808/",
            "https://[2606:4700:4700::1111]/",
            "https://[::ffff:8.8.8.8]/",
            "https://bücher.example/",
            "https://localhost.example/",
            "https://notlocalhost.example/",
            "https://127.0.0.1.example/",
        ];
        for url in public {
            assert!(PUBLIC.vet(url).is_ok(), "{url}");
        }
        // Harmless spellings of an ordinary URL.
        assert_eq!(PUBLIC.vet(r"https:\\shop.example\hook").unwrap().as_str(), "https://shop.example/hook");
    }

    #[test]
    fn only_https_on_its_ports_without_a_user_is_public() {
        for url in [
            "http://shop.example/",
            "file:///etc/passwd",
            "gopher://shop.example/",
            "ftp://shop.example/",
            "data:,1",
            "javascript:1",
        ] {
            assert_eq!(PUBLIC.vet(url), Err(UrlRefusal::Scheme), "{url}");
        }
        for url in ["file:///etc/passwd", "gopher://127.0.0.1:6379/", "unix:/run/docker.sock"] {
            assert_eq!(PRIVATE.vet(url), Err(UrlRefusal::Scheme), "{url}");
        }
        for url in [
            "https://a@127.0.0.1/",
            "https://shop.example@127.0.0.1/",
            "https://:password@shop.example/",
            "https://a:b@shop.example/",
        ] {
            assert_eq!(PUBLIC.vet(url), Err(UrlRefusal::UserInfo), "{url}");
        }
        for port in [0, 22, 25, 80, 6379, 8080, 8332] {
            assert_eq!(PUBLIC.vet(&format!("https://shop.example:{port}/")), Err(UrlRefusal::Port), "{port}");
        }
        for url in [
            "",
            "shop.example/hook",
            "//shop.example/",
            "https://",
            "https:///",
            "https://[fe80::1%25lo]/",
            "https://shop.example:99999/",
            "https://a b/",
        ] {
            assert!(matches!(PUBLIC.vet(url), Err(UrlRefusal::Unreadable | UrlRefusal::Address)), "{url}");
        }
        assert_eq!(
            PUBLIC.vet(&format!("https://shop.example/{}", "a".repeat(URL_BYTES_MAX))),
            Err(UrlRefusal::TooLong)
        );
    }
}
