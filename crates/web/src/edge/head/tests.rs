//! Heads beside their valid twins, and the scanner beside `http`'s own idea of a target.

use super::*;
use hyper::Uri;

fn scan(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    HeadReader::default().scan(bytes, &Limits::default())
}

/// The framing of a complete head, after feeding it byte by byte.
fn framing(text: &str) -> Result<Framing, Refusal> {
    let limits = Limits::default();
    let whole = scan(text.as_bytes());
    let mut reader = HeadReader::default();
    let mut dribbled = Ok(None);
    for end in 1..=text.len() {
        dribbled = reader.scan(&text.as_bytes()[..end], &limits);
        if !matches!(dribbled, Ok(None)) {
            break;
        }
    }
    assert_eq!(dribbled, whole, "{text:?}");
    whole.map(|head| head.unwrap_or_else(|| panic!("unfinished: {text:?}")).framing)
}

fn with(headers: &str) -> Result<Framing, Refusal> {
    framing(&format!("POST /a HTTP/1.1\r\nHost: a\r\n{headers}\r\n"))
}

#[test]
fn an_ordinary_head_says_what_follows() {
    assert_eq!(with(""), Ok(Framing::Nothing));
    assert_eq!(with("Content-Length: 0\r\n"), Ok(Framing::Nothing));
    assert_eq!(with("content-LENGTH:\t17 \r\n"), Ok(Framing::Length(17)));
    assert_eq!(with("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
    assert_eq!(with("X-Empty:\r\nX-Name: é\r\nContent-Lengths: 5\r\n"), Ok(Framing::Nothing));
    assert_eq!(framing("GET / HTTP/1.0\r\n\r\n"), Ok(Framing::Nothing));
    assert_eq!(framing("\r\nGET /?a=%20 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), Ok(Framing::Nothing));
    assert_eq!(framing("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(Framing::Nothing));
    assert_eq!(framing("GET http://a:8080/b HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(Framing::Nothing));
}

#[test]
fn a_head_ends_at_its_empty_line() {
    let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = Head { length: text.len(), framing: Framing::Nothing };
    assert_eq!(scan(format!("{text}GET /next").as_bytes()), Ok(Some(head)));
}

#[test]
fn ambiguous_headers_are_refused() {
    for headers in [
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding:\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n",
        "Content-Length: 1, 1\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: 3.0\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 3\r\n",
        "Content-Length\t: 3\r\n",
        " Content-Length: 3\r\n",
        "X: a\r\n folded\r\n",
        "X: a\r\n\tfolded\r\n",
        "Host: a\r\n",
        "X: a\0b\r\n",
        "X: a\x7fb\r\n",
        "X: a\rb\r\n",
        "X: a\nY: b\r\n",
        "X\u{e9}: a\r\n",
        "X(: a\r\n",
        ": a\r\n",
        "no colon\r\n",
    ] {
        assert!(matches!(with(headers), Err(Refusal::Malformed(_))), "{headers:?}");
    }
}

#[test]
fn ambiguous_request_lines_are_refused() {
    for line in [
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET / HTTP/1.1\t",
        "GET /",
        "GET",
        "GET / HTTP/1.2",
        "GET / HTTP/2.0",
        "GET / http/1.1",
        "GET / HTTP/1.10",
        "GET / HTTP/0.9",
        "PRI * HTTP/2.0",
        "GET /\u{1} HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
        "GET /é HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /#a HTTP/1.1",
        "GET a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET  HTTP/1.1",
        "CONNECT a:443 HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET ftp://a/ HTTP/1.1",
        "GET http:/// HTTP/1.1",
        "GET http://u@a/ HTTP/1.1",
        "GET //\r HTTP/1.1",
    ] {
        let text = format!("{line}\r\nHost: a\r\n\r\n");
        assert!(matches!(framing(&text), Err(Refusal::Malformed(_))), "{line:?}");
    }
}

#[test]
fn a_host_is_named_once_and_only_once() {
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert!(matches!(framing(head), Err(Refusal::Malformed(_))), "{head:?}");
    }
}

#[test]
fn sizes_are_bounded_to_the_byte() {
    let limits = Limits::default();
    let target = |bytes: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(bytes - 1));
    assert_eq!(framing(&target(limits.target_bytes_max)), Ok(Framing::Nothing));
    assert_eq!(framing(&target(limits.target_bytes_max + 1)), Err(Refusal::TargetTooLong));
    assert_eq!(framing(&target(limits.target_bytes_max + 100)), Err(Refusal::TargetTooLong));
    let headers = |count: usize| "X: a\r\n".repeat(count - 1);
    assert_eq!(with(&headers(limits.headers_max)), Ok(Framing::Nothing));
    assert_eq!(with(&headers(limits.headers_max + 1)), Err(Refusal::HeadTooLarge));
    let empty = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    let head = |bytes: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(bytes - empty));
    assert_eq!(scan(head(limits.head_bytes_max).as_bytes()).map(|head| head.is_some()), Ok(true));
    assert_eq!(scan(head(limits.head_bytes_max + 1).as_bytes()), Err(Refusal::HeadTooLarge));
}

#[test]
fn another_protocol_is_refused_at_its_first_byte() {
    assert_eq!(scan(b"\x16\x03\x01"), Err(NOT_A_REQUEST));
    assert_eq!(scan(b"\x00"), Err(NOT_A_REQUEST));
    assert_eq!(scan(b"{"), Err(NOT_A_REQUEST));
    assert_eq!(scan(b"G"), Ok(None));
    assert!(matches!(scan(b"\n"), Err(Refusal::Malformed(_))));
    assert!(matches!(scan(b"\r\n\r\n\r\n"), Err(Refusal::Malformed(_))));
}

#[test]
fn every_target_let_through_is_one_to_hyper() {
    for byte in 0..=u8::MAX {
        for target in [[b"/".as_slice(), &[byte]].concat(), [b"/?".as_slice(), &[byte]].concat()] {
            let line = [b"GET ", target.as_slice(), b" HTTP/1.1"].concat();
            if request_line(&line, &Limits::default()).is_ok() {
                assert!(Uri::try_from(target.as_slice()).is_ok(), "{byte:#x}");
            }
        }
    }
}
