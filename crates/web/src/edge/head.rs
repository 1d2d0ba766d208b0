//! Whether bytes are a request head that every reader understands in the same way, and what body follows it.
//!
//! Stricter than RFC 9112 lets a server be: what it calls "may be recovered" is refused, because another reader on the way may
//! recover differently and see another request. It changes no byte.

use super::{Limits, refusal::Refusal};

/// Empty lines before the request line, which old clients send after a body.
const BLANK_LINES_MAX: usize = 2;
/// A request line is its target and this much.
const REQUEST_LINE_EXTRA_BYTES: usize = 64;
/// No method has a longer name.
const METHOD_BYTES_MAX: usize = 32;
/// 10^15 bytes are enough to announce.
const LENGTH_DIGITS_MAX: usize = 15;

/// What follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Nothing,
    /// This many bytes.
    Length(u64),
    Chunked,
}

/// A complete head at the beginning of what was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// In bytes, with its empty last line.
    pub(super) length: usize,
    pub(super) framing: Framing,
}

/// Reads one head as its bytes arrive; each is looked at once.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    scanned: usize,
    line_start: usize,
    blank_lines: usize,
    lines: Lines,
}

impl HeadReader {
    /// Looks at all bytes since the head's first; `None` until its last is among them.
    pub(super) fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<Head>, Refusal> {
        loop {
            let fresh = bytes.get(self.scanned..).unwrap_or_default();
            let Some(offset) = fresh.iter().position(|byte| *byte == b'\n') else {
                break;
            };
            let line_end = self.scanned.saturating_add(offset);
            let line = bytes.get(self.line_start..line_end).unwrap_or_default();
            let Some((b'\r', line)) = line.split_last() else {
                return Err(Refusal::Malformed("a line of the request head does not end in CR LF"));
            };
            self.scanned = line_end.saturating_add(1);
            self.line_start = self.scanned;
            if self.scanned > limits.head_bytes_max {
                return Err(self.too_long());
            }
            if !line.is_empty() {
                self.lines.take(line, limits)?;
            } else if self.lines.any() {
                let framing = self.lines.framing()?;
                return Ok(Some(Head { length: self.scanned, framing }));
            } else {
                self.blank_line()?;
            }
        }
        self.scanned = bytes.len();
        self.unfinished(bytes.get(self.line_start..).unwrap_or_default(), limits)?;
        Ok(None)
    }

    fn blank_line(&mut self) -> Result<(), Refusal> {
        self.blank_lines = self.blank_lines.saturating_add(1);
        if self.blank_lines > BLANK_LINES_MAX {
            return Err(Refusal::Malformed("the request begins with empty lines"));
        }
        Ok(())
    }

    /// What can already be said of a line that has not ended: a peer that speaks another protocol may never end one.
    fn unfinished(&self, line: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if self.lines.any() {
            return if self.scanned >= limits.head_bytes_max { Err(Refusal::HeadTooLarge) } else { Ok(()) };
        }
        if line.len() >= limits.target_bytes_max.saturating_add(REQUEST_LINE_EXTRA_BYTES)
            || self.scanned >= limits.head_bytes_max
        {
            return Err(Refusal::TargetTooLong);
        }
        match line.first() {
            Some(byte) if !is_token(*byte) && *byte != b'\r' => Err(NOT_A_REQUEST),
            Some(_) | None => Ok(()),
        }
    }

    fn too_long(&self) -> Refusal {
        if self.lines.any() { Refusal::HeadTooLarge } else { Refusal::TargetTooLong }
    }
}

const NOT_A_REQUEST: Refusal = Refusal::Malformed("this is not an HTTP/1.1 request");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

/// What the lines said so far.
#[derive(Debug, Default)]
struct Lines {
    version: Option<Version>,
    headers: usize,
    host: bool,
    chunked: bool,
    length: Option<u64>,
}

impl Lines {
    fn any(&self) -> bool {
        self.version.is_some()
    }

    fn take(&mut self, line: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if self.version.is_none() {
            self.version = Some(request_line(line, limits)?);
            return Ok(());
        }
        self.headers = self.headers.saturating_add(1);
        if self.headers > limits.headers_max {
            return Err(Refusal::HeadTooLarge);
        }
        self.header(line)
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Refusal::Malformed("a header is folded over several lines"));
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            return Err(Refusal::Malformed("a header has no colon"));
        };
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return Err(Refusal::Malformed("a header's name has characters that no name has"));
        }
        if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(Refusal::Malformed("a header's value contains control characters"));
        }
        // No other length is looked at, so that most headers cost one comparison.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value.trim_ascii()),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.length(value.trim_ascii()),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.coding(value.trim_ascii()),
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.host {
            return Err(Refusal::Malformed("there is more than one Host header"));
        }
        if value.is_empty() || !value.iter().copied().all(is_authority) {
            return Err(Refusal::Malformed("the Host header names no host"));
        }
        self.host = true;
        Ok(())
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.length.is_some() {
            return Err(Refusal::Malformed("there is more than one Content-Length header"));
        }
        let digits = !value.is_empty() && value.len() <= LENGTH_DIGITS_MAX && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(value).ok().filter(|_| digits);
        let length = text.and_then(|text| text.parse().ok());
        self.length = Some(length.ok_or(Refusal::Malformed("the Content-Length header is not a length"))?);
        Ok(())
    }

    fn coding(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::Malformed("the only Transfer-Encoding understood is chunked, once"));
        }
        self.chunked = true;
        Ok(())
    }

    /// The rules across lines.
    fn framing(&self) -> Result<Framing, Refusal> {
        if self.version == Some(Version::Http11) && !self.host {
            return Err(Refusal::Malformed("the Host header is missing"));
        }
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Refusal::Malformed("Content-Length and Transfer-Encoding exclude each other")),
            (true, None) if self.version == Some(Version::Http10) => {
                Err(Refusal::Malformed("HTTP/1.0 has no Transfer-Encoding"))
            }
            (true, None) => Ok(Framing::Chunked),
            (false, Some(0) | None) => Ok(Framing::Nothing),
            (false, Some(length)) => Ok(Framing::Length(length)),
        }
    }
}

/// `METHOD SP target SP HTTP/1.x`, with single spaces.
fn request_line(line: &[u8], limits: &Limits) -> Result<Version, Refusal> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(NOT_A_REQUEST);
    };
    if method.is_empty() || method.len() > METHOD_BYTES_MAX || !method.iter().copied().all(is_token) {
        return Err(NOT_A_REQUEST);
    }
    if target.len() > limits.target_bytes_max {
        return Err(Refusal::TargetTooLong);
    }
    let version = match (words.next(), words.next()) {
        (Some(b"HTTP/1.1"), None) => Version::Http11,
        (Some(b"HTTP/1.0"), None) => Version::Http10,
        _ => return Err(NOT_A_REQUEST),
    };
    let form = if target == b"*" { method == b"OPTIONS" } else { target.starts_with(b"/") || is_absolute(target) };
    if !form || method == b"CONNECT" || !target.iter().copied().all(is_target) {
        return Err(Refusal::Malformed("the request target is not a path"));
    }
    Ok(version)
}

/// `http://host/…`, as clients write to a proxy; a server must take it too (RFC 9112, 3.2.2).
fn is_absolute(target: &[u8]) -> bool {
    let after = target.strip_prefix(b"http://").or_else(|| target.strip_prefix(b"https://"));
    let authority = after.and_then(|after| after.split(|byte| matches!(byte, b'/' | b'?')).next());
    authority.is_some_and(|authority| !authority.is_empty() && authority.iter().copied().all(is_authority))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What a URL may hold once it is on its way; a fragment never is.
fn is_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>`\\^".contains(&byte)
}

/// A name, an address, a port; no user.
fn is_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte)
}

#[cfg(test)]
mod tests;
