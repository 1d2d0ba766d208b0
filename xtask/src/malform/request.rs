//! A request before it is bytes.

/// Method, target, headers and body, with nothing added.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: &'static str,
    /// Without the length, which is added when it is written.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
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
