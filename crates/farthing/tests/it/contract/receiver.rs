//! A shop's own server, and a shop's own reading of signatures: written from the contract, section 7.2, and nothing else.

use crate::dialects::outside::standard_webhooks_takes;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver as Channel, Sender, channel},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long a webhook is waited for: it is sent at once, and a busy machine may take its time.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing may come before it is believed that nothing comes.
const SILENCE: Duration = Duration::from_millis(400);

/// A server that keeps what it is sent.
pub(crate) struct Receiver {
    /// Where it listens.
    pub(crate) url: String,
    sent: Channel<Webhook>,
}

/// A webhook as it came.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) request_line: String,
    /// Request line and headers as they came.
    pub(crate) head: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    came_at: i64,
}

impl Receiver {
    /// Answers everything with 200.
    pub(crate) fn new() -> Self {
        Self::answering(&[])
    }

    /// Answers with these statuses in turn, then with 200.
    pub(crate) fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?shop=1", listener.local_addr().unwrap());
        let (tell, sent) = channel();
        let statuses = statuses.to_vec();
        thread::spawn(move || receive(&listener, &statuses, &tell));
        Self { url, sent }
    }

    /// The next webhook.
    pub(crate) fn next(&self) -> Webhook {
        self.sent.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no webhook came"))
    }

    /// The names of the next so many webhooks.
    pub(crate) fn names(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next().header("x-halfin-event").to_owned()).collect()
    }

    /// Asserts that nothing more comes.
    pub(crate) fn is_left_alone(&self) {
        if let Ok(webhook) = self.sent.recv_timeout(SILENCE) {
            panic!("unasked for: {webhook:?}");
        }
    }
}

/// Answers and tells of webhooks, to the end of the process: a port that it gave back could be another test's, which would hear
/// what is still on its way to this one.
fn receive(listener: &TcpListener, statuses: &[u16], tell: &Sender<Webhook>) {
    let mut statuses = statuses.iter().copied();
    while let Ok((mut stream, _)) = listener.accept() {
        let Some(webhook) = Webhook::read(&mut stream) else { continue };
        let status = statuses.next().unwrap_or(200);
        let location = if status == 302 { "Location: http://127.0.0.1:1/\r\n" } else { "" };
        let answer = format!("HTTP/1.1 {status} X\r\n{location}Content-Length: 5\r\nConnection: close\r\n\r\nheard");
        if stream.write_all(answer.as_bytes()).is_ok() {
            // Nobody may be there any more who wants to know.
            drop(tell.send(webhook));
        }
    }
}

impl Webhook {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
            bytes.extend_from_slice(&chunk[..count]);
            let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
            let webhook = Self::of(&bytes[..end], &bytes[end + 4..]);
            if webhook.body.len() >= webhook.header("content-length").parse().unwrap() {
                return Some(webhook);
            }
        }
    }

    fn of(head: &[u8], body: &[u8]) -> Self {
        let head = String::from_utf8(head.to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let request_line = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Self { request_line, head: head.clone(), headers, body: body.to_vec(), came_at: now_seconds() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// All of them, their names in lower case.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// A header, if it was sent.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `v1` parts of the signature and its time, as the contract's verifier reads them.
    pub(crate) fn signature(&self) -> (i64, Vec<String>) {
        let mut time = None;
        let mut parts = Vec::new();
        for part in self.header("x-halfin-signature").split(',') {
            match part.split_once('=') {
                Some(("t", digits)) => {
                    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{part}");
                    time = digits.parse().ok();
                }
                Some(("v1", hex)) => {
                    assert!(
                        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
                        "{part}"
                    );
                    parts.push(hex.to_owned());
                }
                _ => panic!("{part}"),
            }
        }
        (time.unwrap(), parts)
    }

    /// Asserts both signatures with a secret, as a shop checks them.
    pub(crate) fn is_signed_with(&self, secret: &str) {
        let (time, parts) = self.signature();
        assert!((self.came_at - time).abs() <= 300, "signed at {time}, came at {}", self.came_at);
        let expected = hex::encode(hmac(secret.as_bytes(), &[time.to_string().as_bytes(), b".", &self.body].concat()));
        assert!(parts.contains(&expected), "no signature of the secret in {self:?}");
        self.is_signed_by_the_standard(secret);
        standard_webhooks_takes(self, secret);
    }

    /// Standard Webhooks: id, time and body, keyed by the secret's decoded part.
    fn is_signed_by_the_standard(&self, secret: &str) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(key.len(), 32);
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let message = [id.as_bytes(), b".", time.as_bytes(), b".", &self.body].concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, &message)));
        assert!(self.header("webhook-signature").split(' ').any(|part| part == expected), "{self:?}");
    }

    /// Whether one of its signatures is of this secret.
    pub(crate) fn has_signature_of(&self, secret: &str) -> bool {
        let (time, parts) = self.signature();
        let message = [time.to_string().as_bytes(), b".", &self.body].concat();
        parts.contains(&hex::encode(hmac(secret.as_bytes(), &message)))
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn now_seconds() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a receiver has a clock of its own")]
    let now = SystemTime::now();
    i64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
