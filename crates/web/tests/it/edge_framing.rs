//! Requests that two readers would understand differently, each beside a valid twin.

use super::edge::{Client, Edge, soon};
use farthing_web::edge::Limits;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// What a refused head is followed by, were it answered all the same.
const SMUGGLED: &str = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async fn edge() -> Edge {
    Edge::start(Limits::default()).await
}

async fn refused(edge: &Edge, bytes: impl AsRef<[u8]>) {
    let sent = [bytes.as_ref(), SMUGGLED.as_bytes()].concat();
    let answer = edge.talk(&sent).await;
    let sent = String::from_utf8_lossy(&sent);
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{sent:?} got {answer:?}");
    assert_eq!(
        answer.matches("HTTP/1.1").count(),
        1 + answer.matches("not an HTTP/1.1 request").count(),
        "{sent:?} got {answer:?}"
    );
    assert!(answer.contains("\r\nconnection: close\r\n"), "{sent:?} got {answer:?}");
    assert!(answer.contains(r#"{"error":{"code":"validation_error","message":""#), "{sent:?} got {answer:?}");
    assert!(answer.contains(r#""meta":{"request_id":"req_"#), "{sent:?} got {answer:?}");
}

/// Both requests are answered, one after the other, on one connection.
async fn answered(edge: &Edge, bytes: impl AsRef<[u8]>, body: &str) {
    let mut client = edge.connect().await;
    client.send([bytes.as_ref(), SMUGGLED.as_bytes()].concat()).await;
    let sent = String::from_utf8_lossy(bytes.as_ref()).into_owned();
    assert_eq!(client.answer().await, (200, body.to_owned()), "{sent:?}");
    assert_eq!(client.answer().await, (200, String::new()), "{sent:?}");
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_length_and_chunks_exclude_each_other() {
    let edge = edge().await;
    let with = |headers: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n3\r\nabc\r\n0\r\n\r\n");
    refused(&edge, with("Content-Length: 13\r\nTransfer-Encoding: chunked\r\n")).await;
    refused(&edge, with("Transfer-Encoding: chunked\r\nContent-Length: 13\r\n")).await;
    answered(&edge, with("Transfer-Encoding: chunked\r\n"), "abc").await;
    answered(&edge, with("Content-Length: 13\r\n"), "3\r\nabc\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn chunked_is_the_only_coding_and_http_1_0_has_none() {
    let edge = edge().await;
    let with = |version: &str, coding: &str| {
        format!("POST /echo {version}\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    };
    for coding in [
        "identity, chunked",
        "chunked, identity",
        "chunked, chunked",
        "identity",
        "gzip",
        "xchunked",
        "chunked;q=1",
        "\u{b}chunked",
        "\"chunked\"",
        "",
    ] {
        refused(&edge, with("HTTP/1.1", coding)).await;
    }
    refused(&edge, with("HTTP/1.1", "chunked\r\nTransfer-Encoding: chunked")).await;
    refused(&edge, with("HTTP/1.1", "chunked\r\nTransfer-Encoding: identity")).await;
    refused(&edge, with("HTTP/1.0", "chunked")).await;
    answered(&edge, with("HTTP/1.1", "chunked"), "abc").await;
    answered(&edge, with("HTTP/1.1", "CHUNKED"), "abc").await;
}

#[tokio::test]
async fn a_length_is_one_plain_number() {
    let edge = edge().await;
    let with = |lengths: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\nabc");
    for lengths in [
        "Content-Length: +3",
        "Content-Length: -3",
        "Content-Length: 3, 3",
        "Content-Length: 0x3",
        "Content-Length: 3 3",
        "Content-Length: 3_0",
        "Content-Length:",
        "Content-Length: ٣",
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3\r\ncontent-length: 3",
        "Content-Length: 18446744073709551619",
    ] {
        refused(&edge, with(lengths)).await;
    }
    answered(&edge, with("Content-Length: 3"), "abc").await;
    answered(&edge, with("content-length:\t3 "), "abc").await;
}

#[tokio::test]
async fn a_host_is_named_exactly_once() {
    let edge = edge().await;
    let with = |version: &str, hosts: &str| format!("GET /echo {version}\r\n{hosts}X: y\r\n\r\n");
    refused(&edge, with("HTTP/1.1", "")).await;
    refused(&edge, with("HTTP/1.1", "Host: a\r\nHost: b\r\n")).await;
    refused(&edge, with("HTTP/1.1", "Host: a\r\nhOST: a\r\n")).await;
    refused(&edge, with("HTTP/1.1", "Host:\r\n")).await;
    refused(&edge, with("HTTP/1.1", "Host: a, b\r\n")).await;
    refused(&edge, with("HTTP/1.0", "Host: a\r\nHost: a\r\n")).await;
    answered(&edge, with("HTTP/1.1", "Host: a.example:8080\r\n"), "").await;
    let old = edge.talk("GET /echo HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n"), "{old:?}");
}

#[tokio::test]
async fn lines_end_in_cr_lf() {
    let edge = edge().await;
    for head in [
        "GET /echo HTTP/1.1\nHost: a\n\n",
        "GET /echo HTTP/1.1\nHost: a\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\n\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\nContent-Length: 5\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        refused(&edge, head).await;
    }
    answered(&edge, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "").await;
    answered(&edge, "\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "").await;
}

#[tokio::test]
async fn a_header_is_one_line_with_a_proper_name() {
    let edge = edge().await;
    let with = |headers: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: 3\r\n\r\nabc");
    for headers in [
        "X: a\r\n b\r\n",
        "X: a\r\n\tb\r\n",
        " X: a\r\n",
        "X : a\r\n",
        "X\t: a\r\n",
        "X\0: a\r\n",
        ": a\r\n",
        "X\r\n",
        "X: a\0b\r\n",
        "X: \u{7f}\r\n",
        "X: \u{8}\r\n",
    ] {
        refused(&edge, with(headers)).await;
    }
    refused(&edge, "POST /echo HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n").await;
    answered(&edge, with("X: a:b\tc\r\nY:\r\nZ: é\r\n"), "abc").await;
}

#[tokio::test]
async fn a_request_line_is_method_target_and_version() {
    let edge = edge().await;
    for line in [
        "GET /echo\u{1} HTTP/1.1",
        "GET /echo\u{7f} HTTP/1.1",
        "GET /echo\0 HTTP/1.1",
        "GET /echo\t HTTP/1.1",
        "GET /é HTTP/1.1",
        "GET /echo#a HTTP/1.1",
        "GET  /echo HTTP/1.1",
        "GET /echo  HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /echo HTTP/1.1 ",
        "GET /echo",
        "GET /echo HTTP/1.2",
        "GET /echo HTTP/3",
        "GET echo HTTP/1.1",
        "CONNECT a:443 HTTP/1.1",
        "GET http://user@a/echo HTTP/1.1",
        "{\"a\":1}",
    ] {
        refused(&edge, format!("{line}\r\nHost: a\r\n\r\n")).await;
    }
    answered(&edge, "GET /echo?a=%00&b={} HTTP/1.1\r\nHost: a\r\n\r\n", "").await;
    answered(&edge, "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n", "").await;
}

#[tokio::test]
async fn another_protocol_is_refused_at_once() {
    let edge = edge().await;
    refused(&edge, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    refused(&edge, b"\x16\x03\x01\x02\x00\x01").await;
    // Nothing follows, and still nobody waits for a deadline.
    let mut client = edge.connect().await;
    client.send(b"\x16").await;
    assert_eq!(client.answer().await.0, 400);
}

#[tokio::test]
async fn malformed_chunks_end_the_connection() {
    let edge = edge().await;
    let with = |chunks: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(5_000));
    let many = format!("{}0\r\n\r\n", "1;xxxxxxxx\r\na\r\n".repeat(200));
    let trailers = format!("0\r\nX: {}\r\n\r\n", "x".repeat(5_000));
    for chunks in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "-1\r\n",
        "ffffffffffffffff\r\nabc",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "\r\n",
        &long,
        &many,
        &trailers,
    ] {
        let answer = edge.talk(with(&format!("{chunks}{SMUGGLED}"))).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{chunks:?} got {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{chunks:?} got {answer:?}");
    }
    answered(&edge, with("3\r\nabc\r\n0\r\n\r\n"), "abc").await;
    answered(&edge, with("3;name=\"v\"\r\nabc\r\n0a\r\n0123456789\r\n00\r\nX: y\r\n\r\n"), "abc0123456789").await;
}

#[tokio::test]
async fn a_request_cut_anywhere_is_the_same_request() {
    let edge = edge().await;
    let requests = [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
    ];
    let mut client = edge.connect().await;
    client.stream.set_nodelay(true).expect("set");
    for request in requests {
        for cut in 1..request.len() {
            let (first, second) = request.split_at(cut);
            client.send(first).await;
            let_the_server_read().await;
            client.send(second).await;
            assert_eq!(client.answer().await, (200, "hello".to_owned()), "cut at {cut}");
        }
        for byte in request.as_bytes() {
            client.send([*byte]).await;
            let_the_server_read().await;
        }
        assert_eq!(client.answer().await, (200, "hello".to_owned()));
    }
}

#[tokio::test]
async fn an_ambiguous_request_cut_anywhere_is_refused() {
    let edge = edge().await;
    let request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for cut in 1..request.len() {
        let mut client = edge.connect().await;
        let (first, second) = request.split_at(cut);
        client.send(first).await;
        let_the_server_read().await;
        client.send(second).await;
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "cut at {cut}: {answer:?}");
    }
}

#[tokio::test]
async fn a_byte_changed_anywhere_is_understood_or_refused_by_the_guard() {
    let edge = Edge::start(Limits { head_deadline: Duration::from_secs(2), ..Limits::default() }).await;
    let request = "POST /echo?a=b HTTP/1.1\r\nHost: a:80\r\nX-Y: z\r\nContent-Length: 3\r\n\r\nabc";
    let nasty = [
        0, 1, b'\t', b'\n', b'\r', b' ', b'"', b'%', b'*', b'+', b',', b'/', b':', b';', b'?', b'@', b'[', b'\\', b'|',
        0x7F, 0x80, 0xFF,
    ];
    for at in 0..request.len() {
        for byte in nasty {
            let mut changed = request.as_bytes().to_vec();
            changed[at] = byte;
            changed.extend_from_slice(SMUGGLED.as_bytes());
            let mut client = edge.connect().await;
            client.send(&changed).await;
            let mut answer = Vec::new();
            drop(soon(client.stream.read_to_end(&mut answer)).await);
            let answer = String::from_utf8_lossy(&answer);
            // hyper refuses without a body; it must not come to that.
            let first = answer.split("\r\n\r\n").next().unwrap_or_default();
            assert!(first.starts_with("HTTP/1.1 "), "{byte:#x} at {at}: {answer:?}");
            assert!(
                !first.contains("content-length: 0")
                    || first.starts_with("HTTP/1.1 404 ")
                    || first.starts_with("HTTP/1.1 200 "),
                "{byte:#x} at {at}: {answer:?}"
            );
            assert!(
                !first.starts_with("HTTP/1.1 400 ") || answer.contains("validation_error"),
                "{byte:#x} at {at}: {answer:?}"
            );
        }
    }
}

/// On the one thread of a test, the server's tasks run before this one goes on; where a cut falls matters less than that all are tried.
async fn let_the_server_read() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let edge = edge().await;
    let mut client = edge.connect().await;
    let mut sent = String::new();
    for number in 0..200 {
        let body = "x".repeat(number * 7);
        sent.push_str(&format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        sent.push_str(&format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
            number % 10
        ));
    }
    client.send(&sent).await;
    for number in 0..200 {
        assert_eq!(client.answer().await, (200, "x".repeat(number * 7)));
        assert_eq!(client.answer().await, (200, (number % 10).to_string()));
    }
}

#[tokio::test]
async fn what_came_before_an_ambiguous_request_is_answered_first() {
    let edge = edge().await;
    let good = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok";
    let mut client = edge.connect().await;
    client.send(format!("{good}{good}GET /echo HTTP/1.1\r\n\r\n{good}")).await;
    assert_eq!(client.answer().await, (200, "ok".to_owned()));
    assert_eq!(client.answer().await, (200, "ok".to_owned()));
    assert_eq!(client.answer().await.0, 400);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_held_answer_is_not_overtaken_by_the_next_request_nor_lost_with_it() {
    let edge = edge().await;
    let mut client = edge.connect().await;
    client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /echo HTTP/1.1\r\n\r\n").await;
    soon(edge.signals.held.notified()).await;
    edge.signals.release.notify_one();
    assert_eq!(client.answer().await, (200, "released".to_owned()));
    assert_eq!(client.answer().await.0, 400);
}

#[tokio::test]
async fn a_client_that_only_stopped_sending_gets_its_answer() {
    use tokio::io::AsyncWriteExt;
    let edge = edge().await;
    let mut client = edge.connect().await;
    client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.stream.shutdown().await.expect("half closed");
    soon(edge.signals.held.notified()).await;
    edge.signals.release.notify_one();
    assert_eq!(client.answer().await, (200, "released".to_owned()));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_body_after_expect_continue_is_asked_for() {
    let edge = edge().await;
    let mut client = edge.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await;
    assert_eq!(client.answer().await, (100, String::new()));
    client.send("abc").await;
    assert_eq!(client.answer().await, (200, "abc".to_owned()));
}

#[tokio::test]
async fn an_unread_small_body_does_not_become_a_request() {
    let edge = edge().await;
    let inside = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = edge.connect().await;
    client.send(format!("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{inside}", inside.len())).await;
    assert_eq!(client.answer().await, (401, "no".to_owned()));
    client.send("GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let rest = client.rest().await;
    assert!(rest.matches("HTTP/1.1 200").count() <= 1, "{rest:?}");
}

#[tokio::test]
async fn routes_see_the_peer() {
    let edge = edge().await;
    let mut client: Client = edge.connect().await;
    let own = client.stream.local_addr().expect("an address");
    client.send("GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n").await;
    assert_eq!(client.answer().await, (200, own.to_string()));
}
