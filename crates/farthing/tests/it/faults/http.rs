//! HTTP/1.1 as a shop's client speaks it: one connection, kept open, one request at a time. It never asks twice by itself.

use serde_json::Value;
use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Header lines in one message.
const HEADERS_MAX: usize = 100;
/// The longest body.
const BODY_MAX: u64 = 4 * 1024 * 1024;

/// An answer and its JSON.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// The answer, which must have one of these statuses.
    pub(super) fn expect(self, statuses: &[u16]) -> Self {
        assert!(statuses.contains(&self.status), "{statuses:?} was expected: {self:?}");
        self
    }

    pub(super) fn data(&self) -> &Value {
        &self.body["data"]
    }
}

/// A connection of one shop.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    api_key: String,
}

impl Connection {
    pub(super) async fn open(port: u16, api_key: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), api_key: api_key.to_owned() })
    }

    pub(super) async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.call("GET", path, "").await
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> io::Result<Answer> {
        self.call("POST", path, &body.to_string()).await
    }

    async fn call(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let (key, length) = (&self.api_key, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let message = read(&mut self.stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = message.first_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            body: serde_json::from_slice(&message.body).unwrap_or_default(),
        })
    }
}

/// A request or an answer, as it came.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) first_line: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads one message with a length; `None` when the other side closed before it.
pub(super) async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Message>> {
    let mut first_line = String::new();
    if stream.read_line(&mut first_line).await? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    for _ in 0..HEADERS_MAX {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length: u64 = length.filter(|length| *length <= BODY_MAX).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; usize::try_from(length).unwrap()];
    // An answer that began and does not end is not what it says it is.
    stream.read_exact(&mut body).await.map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Some(Message { first_line: first_line.trim_end().to_owned(), headers, body }))
}
