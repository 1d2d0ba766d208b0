//! A request before it is bytes.

use crate::client::coinspaid_signature;

/// Method, target, headers and body, with nothing added.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: &'static str,
    /// Without the length, which is added when it is written.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// What the shop's own things are called, of which the request may name some.
    pub(super) names: Vec<String>,
    /// What the body is signed with as it is written: otherwise whatever is spoiled of it would end at the gate.
    signing: Option<String>,
}

/// How a request shows whose it is.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// In `X-API-Key`.
    Plain(String),
    /// In `Authorization`.
    Bearer(String),
    /// A public key, and the body signed with a secret.
    Signing { key: String, secret: String },
}

impl Key {
    pub(super) fn unlock(&self, request: &mut Request) {
        match self {
            Self::Plain(key) => request.header("X-API-Key", key),
            Self::Bearer(key) => request.header("Authorization", format!("Bearer {key}")),
            Self::Signing { key, secret } => {
                request.header("X-Processing-Key", key);
                request.signing = Some(secret.clone());
            }
        }
    }
}

impl Request {
    /// A request without headers.
    pub(super) fn new(method: &str, target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self {
            method: method.to_owned(),
            target: target.into(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: body.into(),
            names: Vec::new(),
            signing: None,
        };
        request.header("Host", "127.0.0.1");
        request
    }

    pub(super) fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// As it goes over the wire, with these lines about its body; a good one has its length.
    pub(super) fn bytes(&self, framing: &str) -> Vec<u8> {
        let Self { method, target, version, .. } = self;
        let mut head = format!("{method} {target} {version}\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(secret) = &self.signing {
            let signature = coinspaid_signature(secret, &self.body);
            head.push_str(&format!("X-Processing-Signature: {signature}\r\n"));
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(framing.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The lines about the body that say the truth.
    pub(super) fn framing(&self) -> String {
        if self.body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", self.body.len()) }
    }
}
