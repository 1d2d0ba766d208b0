//! Asking over a plain connection: nothing is added, normalised or tried again between a test and the program.

use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().as_bytes())
    }

    pub(crate) fn bytes(mut self, content_type: &str, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self.header("Content-Type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("X-API-Key", key)
    }

    /// Sends it to `host`, which is an address and a port.
    pub(crate) fn send(&self, host: &str) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let whole = [head.as_bytes(), self.body.as_deref().unwrap_or_default()].concat();
        // A body that is refused early may not be taken whole; the answer says why.
        drop(stream.write_all(&whole));
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        assert!(read.is_ok() || !bytes.is_empty(), "{} {}: {read:?}", self.method, self.path);
        Answer::read(format!("{} {}", self.method, self.path), &bytes)
    }
}

/// What came back.
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn read(asked: String, bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{asked}: no answer in {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") {
            body = unchunked(&body);
        }
        Self { asked, status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self}: not JSON"))
    }

    /// The whole body of a success, after a look at its envelope.
    pub(crate) fn success(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        let body = self.json();
        assert_eq!(keys(&body), ["data", "meta"], "{self}");
        self.check_envelope(&body);
        body
    }

    /// The data of a success.
    pub(crate) fn data(&self, status: u16) -> Value {
        self.success(status)["data"].clone()
    }

    /// The details of an error, after a look at its envelope.
    pub(crate) fn refusal(&self, status: u16, code: &str) -> Vec<String> {
        assert_eq!(self.status, status, "{self}");
        let body = self.json();
        assert_eq!(keys(&body), ["error", "meta"], "{self}");
        assert_eq!(keys(&body["meta"]), ["request_id"], "{self}");
        assert_eq!(keys(&body["error"]), ["code", "details", "message"], "{self}");
        assert_eq!(body["error"]["code"], code, "{self}");
        assert!(!body["error"]["message"].as_str().unwrap().is_empty(), "{self}");
        self.check_envelope(&body);
        let details = body["error"]["details"].as_array().unwrap();
        details.iter().map(|detail| detail.as_str().unwrap().to_owned()).collect()
    }

    /// Asserts a refusal whose first detail is about `field`.
    pub(crate) fn blames(&self, status: u16, code: &str, field: &str) {
        let details = self.refusal(status, code);
        let blamed = details.first().is_some_and(|detail| detail.starts_with(&format!("{field}: ")));
        assert!(blamed, "{field} is not named: {self}");
    }

    fn check_envelope(&self, body: &Value) {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        let id = body["meta"]["request_id"].as_str().unwrap();
        assert!(id.strip_prefix("req_").is_some_and(|rest| !rest.is_empty()), "{self}");
        if let Some(named) = self.header("x-request-id") {
            assert_eq!(named, id, "{self}");
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(1500).collect();
        write!(f, "{} answered {} {body}", self.asked, self.status)
    }
}

/// An object's names, sorted.
pub(crate) fn keys(object: &Value) -> Vec<String> {
    let mut keys: Vec<String> = object.as_object().unwrap_or_else(|| panic!("{object}")).keys().cloned().collect();
    keys.sort();
    keys
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|part| part == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
        if size == 0 {
            break;
        }
    }
    body
}
