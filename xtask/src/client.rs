//! A client that costs little: HTTP/1.1 over one open connection, so that what is measured is the server. It never asks twice.

use anyhow::{Context, Result, ensure};
use ring::hmac;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The longest answer.
const ANSWER_MAX: usize = 4 * 1024 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// One connection, one request at a time.
pub(crate) struct Client {
    stream: TcpStream,
    api_key: String,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, api_key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, api_key: api_key.to_owned(), buffer: Vec::new() })
    }

    /// Asks and reads the JSON of the answer, which must have the status.
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &str, status: u16) -> Result<Value> {
        let body = self.exchange(method, path, body, status).await?;
        Ok(serde_json::from_slice(body)?)
    }

    /// Asks and reads the whole answer, which must have the status. Answers its body.
    pub(crate) async fn exchange(&mut self, method: &str, path: &str, body: &str, status: u16) -> Result<&[u8]> {
        let (answered, body) = self.ask(method, path, body).await?;
        let shown = || String::from_utf8_lossy(body).into_owned();
        ensure!(answered == status, "{method} {path} was not answered by {status} but by {answered}: {}", shown());
        Ok(body)
    }

    /// Asks and reads the whole answer: its status and its body.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, &[u8])> {
        let headers = format!("x-api-key: {}\r\ncontent-type: application/json\r\n", self.api_key);
        self.ask_with(method, path, &headers, body).await
    }

    /// The same with other headers than the native API's, each with its end of line.
    pub(crate) async fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Result<(u16, &[u8])> {
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (mut head_end, mut whole) = (None, usize::MAX);
        while self.buffer.len() < whole {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            ensure!(self.buffer.len() <= ANSWER_MAX, "an answer without an end");
            if head_end.is_none()
                && let Some(end) = find(&self.buffer, HEAD_END)
            {
                head_end = Some(end);
                whole = end.saturating_add(body_length(self.buffer.get(..end).unwrap_or_default())?);
            }
        }
        let (head, body) = self.buffer.split_at(head_end.unwrap_or_default());
        let line = std::str::from_utf8(head)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.with_context(|| format!("no status in {line}"))?, body))
    }
}

/// Where the text ends in the bytes.
fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|part| part == text).and_then(|start| start.checked_add(text.len()))
}

fn body_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let length = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding");
    ensure!(!is_chunked, "an answer in chunks, which this client does not read");
    // A 204 has no length and no body.
    Ok(length.last().map(str::parse).transpose()?.unwrap_or_default())
}

/// The signature of a body as a CoinsPaid client makes it: HMAC-SHA512 in hexadecimal digits. Made here and not by the program's
/// own code, which would agree with itself.
pub(crate) fn coinspaid_signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes());
    hex::encode(hmac::sign(&key, body))
}
