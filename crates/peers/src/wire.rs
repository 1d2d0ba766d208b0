//! Just enough HTTP/1.1 to read a client's request and to answer it, also wrongly.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

/// Bytes of a request's head that are read.
const HEAD_MAX: usize = 64 * 1024;
/// Between two bytes that drip.
const DRIP: Duration = Duration::from_millis(100);
/// What an endless body is made of.
const CHUNK: [u8; 16 * 1024] = [b' '; 16 * 1024];

#[expect(clippy::disallowed_methods, reason = "a peer of tests, not a part of the program: it has no run.rs")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Those that matter to a node.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The JSON-RPC calls in it; none when it is something else.
    pub(crate) fn calls(&self) -> Vec<Value> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Array(calls)) => calls,
            Ok(call) => vec![call],
            Err(_) => Vec::new(),
        }
    }

    /// One answer for each call, in the form of the request: a list or a single one.
    pub(crate) fn map_calls(&self, answer: impl Fn(&Value) -> Value) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Array(calls)) => calls.iter().map(answer).collect(),
            Ok(call) => answer(&call),
            Err(_) => Value::Null,
        }
    }

    /// Its JSON-RPC methods, or its path.
    pub(crate) fn methods(&self) -> Vec<String> {
        let calls = self.calls();
        if calls.is_empty() {
            return vec![self.path.clone()];
        }
        calls.iter().filter_map(|call| call.get("method")?.as_str().map(str::to_owned)).collect()
    }
}

pub(crate) enum Ending {
    Whole,
    Cut,
    Drip,
    Endless(u64),
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
}

/// The next request; `None` when the client has left.
pub(crate) async fn read(stream: &mut TcpStream) -> Result<Option<Request>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        ensure!(bytes.len() < HEAD_MAX, "the head is too long");
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(head_end.saturating_add(4));
    let head = String::from_utf8(bytes)?;
    let mut lines = head.lines();
    let mut first = lines.next().context("no request line")?.split(' ');
    let (method, path) = first.next().zip(first.next()).context("no request line")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length: usize = length.unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let kept = ["content-type", "authorization", "accept"];
    let headers = headers.into_iter().filter(|(name, _)| kept.contains(&name.as_str())).collect();
    Ok(Some(Request { method: method.to_owned(), path: path.to_owned(), headers, body }))
}

/// Cuts the connection, so that the client sees a reset.
pub(crate) fn reset(stream: &TcpStream) -> Result<()> {
    Ok(stream.set_zero_linger()?)
}

pub(crate) async fn write(stream: &mut TcpStream, answer: &Answer) -> Result<()> {
    let length = match answer.ending {
        Ending::Endless(bytes) => bytes,
        Ending::Whole | Ending::Cut | Ending::Drip => u64::try_from(answer.body.len())?,
    };
    let retry = answer.retry_after.map_or_else(String::new, |seconds| format!("retry-after: {seconds}\r\n"));
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{retry}connection: close\r\n\r\n",
        answer.status,
    );
    stream.write_all(head.as_bytes()).await?;
    match answer.ending {
        Ending::Whole => stream.write_all(&answer.body).await?,
        Ending::Cut => {
            let half = answer.body.get(..answer.body.len() / 2).unwrap_or_default();
            stream.write_all(half).await?;
        }
        Ending::Drip => {
            for byte in &answer.body {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(DRIP).await;
            }
        }
        Ending::Endless(bytes) => {
            let mut left = bytes;
            while left > 0 {
                let part = usize::try_from(left).unwrap_or(CHUNK.len()).min(CHUNK.len());
                stream.write_all(CHUNK.get(..part).unwrap_or(&CHUNK)).await?;
                left = left.saturating_sub(u64::try_from(part)?);
            }
        }
    }
    Ok(stream.shutdown().await?)
}
