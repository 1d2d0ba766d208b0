//! Request heads: however they are cut they are read the same, and as hyper's own parser reads them.

use crate::Target;
use farthing_web::edge::reading::{Body, Reading, read_head};

/// The most header lines that the other parser is given room for.
const HEADERS_MAX: usize = 100;

/// Heads of HTTP requests.
pub(super) const HEADS: Target = Target {
    name: "heads",
    feed,
    seeds: &[
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/invoices HTTP/1.1\r\nHost: x\r\nX-API-Key: a\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
};

fn feed(bytes: &[u8]) {
    let whole = read_head(&[bytes]);
    let middle = bytes.len() / 2;
    let (first, second) = bytes.split_at(middle);
    assert_eq!(read_head(&[first, second]), whole, "cut at {middle}");
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read_head(&pieces), whole, "byte by byte");
    let Reading::Head { length, body } = whole else { return };
    let head = bytes.get(..length).unwrap_or_default();
    assert!(head.ends_with(b"\r\n\r\n"));
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes);
    assert_eq!(parsed, Ok(httparse::Status::Complete(length)), "the other parser sees another head");
    let values = |name: &str| {
        let same = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        same.map(|header| header.value).collect::<Vec<_>>()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    match body {
        Body::None => assert!(codings.is_empty() && lengths.iter().all(|length| *length == b"0"), "a body is hidden"),
        Body::Length(announced) => {
            assert!(codings.is_empty() && lengths.len() == 1, "two readers may see two lengths");
            assert_eq!(lengths.first().map(|value| value.to_vec()), Some(announced.to_string().into_bytes()));
        }
        Body::Chunked => assert!(lengths.is_empty() && codings.len() == 1, "two readers may see two lengths"),
    }
    assert!(values("host").len() <= 1, "two hosts");
}
