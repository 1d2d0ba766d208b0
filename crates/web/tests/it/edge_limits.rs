//! Sizes, deadlines, numbers of connections, and the end of the process.

use super::edge::{Edge, short, soon};
use farthing_web::edge::{Drained, Limits};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const GET: &str = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_head_and_its_target_are_bounded() {
    let edge = Edge::start(Limits::default()).await;
    let target =
        |bytes: usize| format!("GET /echo?{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "a".repeat(bytes - 6));
    let header = |bytes: usize| {
        format!("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {}\r\n\r\n", "a".repeat(bytes))
    };
    let headers = |count: usize| {
        format!("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\n", "X: a\r\n".repeat(count - 2))
    };
    for (request, status) in [
        (target(8 * 1024), 200),
        (target(8 * 1024 + 1), 414),
        (target(1024 * 1024), 414),
        (header(15 * 1024), 200),
        (header(17 * 1024), 431),
        (header(1024 * 1024), 431),
        (headers(100), 200),
        (headers(101), 431),
        (headers(10_000), 431),
    ] {
        let answer = edge.talk(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_bounded_whether_announced_or_not() {
    let edge = Edge::start(Limits::default()).await;
    let announced = |bytes: usize| {
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {bytes}\r\n\r\n{}",
            "x".repeat(bytes)
        )
    };
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let chunked = |chunks: usize, more: &str| {
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{}{more}0\r\n\r\n",
            chunk.repeat(chunks)
        )
    };
    for (request, status) in [
        (announced(64 * 1024), 200),
        (announced(64 * 1024 + 1), 413),
        (announced(3 * 1024 * 1024), 413),
        (chunked(16, ""), 200),
        (chunked(16, "1\r\nx\r\n"), 413),
        (chunked(500, ""), 413),
    ] {
        let answer = edge.talk(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {:?}", answer.get(..200));
        assert!(status != 200 || answer.ends_with(&"x".repeat(64 * 1024)));
    }
}

#[tokio::test]
async fn an_announced_giant_is_refused_before_it_is_sent() {
    let edge = Edge::start(Limits::default()).await;
    let mut client = edge.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999999\r\n\r\n").await;
    assert_eq!(client.answer().await.0, 413);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let edge = Edge::start(short()).await;
    assert_eq!(edge.talk("").await, "");
}

#[tokio::test]
async fn a_half_open_head_is_closed_with_a_reason() {
    let edge = Edge::start(short()).await;
    for begun in
        ["G", "GET /echo HTTP/1.1\r\n", "GET /echo HTTP/1.1\r\nHost: a\r\n", "GET /echo HTTP/1.1\r\nHost: a\r\nX: aaaa"]
    {
        let answer = edge.talk(begun).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{begun:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_second_head_has_a_deadline_too() {
    let edge = Edge::start(short()).await;
    let mut client = edge.connect().await;
    client.send(format!("{GET}GET /ec")).await;
    assert_eq!(client.answer().await, (200, String::new()));
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let edge = Edge::start(short()).await;
    let mut client = edge.connect().await;
    client.send(GET).await;
    assert_eq!(client.answer().await, (200, String::new()));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn idling_has_its_own_longer_deadline() {
    let edge = Edge::start(Limits { idle_deadline: Duration::from_secs(3_600), ..short() }).await;
    let mut idle = edge.connect().await;
    idle.send(GET).await;
    assert_eq!(idle.answer().await, (200, String::new()));
    // Two heads of other connections run out one after the other meanwhile.
    for _ in 0..2 {
        assert!(edge.talk("G").await.starts_with("HTTP/1.1 408 "));
    }
    idle.send(GET).await;
    assert_eq!(idle.answer().await, (200, String::new()));
}

#[tokio::test]
async fn a_body_that_stops_or_dribbles_is_too_slow() {
    let edge = Edge::start(short()).await;
    let stops = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc";
    assert!(edge.talk(stops).await.starts_with("HTTP/1.1 408 "));
    let chunks = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    assert!(edge.talk(chunks).await.starts_with("HTTP/1.1 408 "));
    let mut client = edge.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n").await;
    let (mut reader, mut writer) = client.stream.split();
    let dribble = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while writer.write_all(b"x").await.is_ok() {
            pause.tick().await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = [0; 12];
    tokio::select! {
        () = dribble => {}
        read = soon(reader.read_exact(&mut answer)) => { read.expect("an answer"); }
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_cut_short_is_broken() {
    let edge = Edge::start(Limits::default()).await;
    let mut client = edge.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc").await;
    client.stream.shutdown().await.expect("half closed");
    assert!(client.rest().await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut() {
    let edge = Edge::start(short()).await;
    let mut client = edge.connect().await;
    client.send("GET /endless HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    client.more().await;
    // Another connection's deadline runs out, and nothing is read here meanwhile.
    for _ in 0..3 {
        assert!(edge.talk("G").await.starts_with("HTTP/1.1 408 "));
    }
    let mut rest = Vec::new();
    // An endless answer that ends, in whatever way, was cut.
    drop(soon(client.stream.read_to_end(&mut rest)).await);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}

#[tokio::test]
async fn an_event_stream_outlives_every_deadline_and_notices_its_reader_leave() {
    let edge = Edge::start(short()).await;
    let mut client = edge.connect().await;
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    while !client.unread().contains("data: first") {
        client.more().await;
    }
    for _ in 0..3 {
        assert!(edge.talk("G").await.starts_with("HTTP/1.1 408 "));
    }
    let mut byte = [0];
    let would_block = client.stream.try_read(&mut byte).expect_err("still open");
    assert_eq!(would_block.kind(), std::io::ErrorKind::WouldBlock);
    drop(client);
    soon(edge.signals.left.notified()).await;
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_room() {
    let edge = Edge::start(Limits { connections_max: 2, ..Limits::default() }).await;
    let mut first = edge.connect().await;
    let mut second = edge.connect().await;
    for client in [&mut first, &mut second] {
        client.send(GET).await;
        assert_eq!(client.answer().await, (200, String::new()));
    }
    let mut third = edge.connect().await;
    third.send(GET).await;
    first.send(GET).await;
    assert_eq!(first.answer().await, (200, String::new()));
    let mut byte = [0];
    assert!(third.stream.try_read(&mut byte).is_err(), "nobody answers yet");
    drop(first);
    assert_eq!(third.answer().await, (200, String::new()));
}

#[tokio::test]
async fn the_process_ends_when_open_requests_are_answered() {
    let edge = Edge::start(Limits::default()).await;
    let signals = std::sync::Arc::clone(&edge.signals);
    let address = edge.address;
    let mut idle = edge.connect().await;
    idle.send(GET).await;
    assert_eq!(idle.answer().await, (200, String::new()));
    let mut halfway = edge.connect().await;
    halfway.send("GET /ec").await;
    let mut silent = edge.connect().await;
    let mut stream = edge.connect().await;
    stream.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n").await;
    stream.more().await;
    let mut held = edge.connect().await;
    held.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(signals.held.notified()).await;
    let ending = edge.begin_stop();
    assert_eq!(idle.rest().await, "");
    assert_eq!(halfway.rest().await, "");
    assert_eq!(silent.rest().await, "");
    assert!(stream.rest().await.ends_with("0\r\n\r\n"), "an event stream ends in order");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    signals.release.notify_one();
    assert!(held.rest().await.ends_with("released"));
    assert_eq!(soon(ending).await.expect("no panic"), Drained { connections_cut: 0 });
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let edge = Edge::start(short()).await;
    let mut held = edge.connect().await;
    held.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n").await;
    soon(edge.signals.held.notified()).await;
    let ending = edge.begin_stop();
    assert_eq!(soon(ending).await.expect("no panic"), Drained { connections_cut: 1 });
    assert_eq!(held.rest().await, "");
}
