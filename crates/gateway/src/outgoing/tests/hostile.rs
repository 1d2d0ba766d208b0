//! Receivers and names that mean harm.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn hurried() -> Outgoing {
    impatient(resolver::system)
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_is_vetted_again() {
    static LOOK_UPS: AtomicUsize = AtomicUsize::new(0);
    let rebinds: LookUp = |_| {
        let turn = LOOK_UPS.fetch_add(1, Ordering::SeqCst);
        let address = if turn == 0 { [127, 0, 0, 1] } else { [169, 254, 169, 254] };
        Box::pin(async move { Ok(vec![SocketAddr::from((address, 0))]) })
    };
    let (port, served) = serve(|stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
    });
    let outgoing = Outgoing::resolving_by(PRIVATE, Limits::default(), rebinds).unwrap();
    let url = format!("http://shop.example:{port}/");
    assert_eq!(post(&outgoing, &url).await.unwrap().status, 200);
    assert_eq!(LOOK_UPS.load(Ordering::SeqCst), 1, "one look-up serves the check and the connection");
    ended(served).await;
    assert_eq!(post(&outgoing, &url).await, Err(SendError::ForbiddenAddress));
}

#[tokio::test]
async fn one_forbidden_address_among_allowed_ones_of_either_family_refuses_the_name() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let four_then_six: LookUp = |_| {
        let answers = ["127.0.0.1", "fe80::1"].map(|text| SocketAddr::new(text.parse().unwrap(), 0));
        Box::pin(async move { Ok(answers.to_vec()) })
    };
    let six_then_four: LookUp = |_| {
        let answers = ["::1", "169.254.169.254"].map(|text| SocketAddr::new(text.parse().unwrap(), 0));
        Box::pin(async move { Ok(answers.to_vec()) })
    };
    for look_up in [four_then_six, six_then_four] {
        let outgoing = Outgoing::resolving_by(PRIVATE, Limits::default(), look_up).unwrap();
        let answer = post(&outgoing, &format!("http://shop.example:{port}/")).await;
        assert_eq!(answer, Err(SendError::ForbiddenAddress));
    }
    assert!(listener.accept().is_err(), "the allowed one was connected to");
}

#[tokio::test]
async fn no_redirect_leads_anywhere() {
    for status in [301, 302, 303, 307, 308] {
        for location in
            ["http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd", "gopher://127.0.0.1:6379/"]
        {
            let (port, served) = answering(format!(
                "HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ));
            let answer = post(&private(), &format!("http://127.0.0.1:{port}/")).await.unwrap();
            assert_eq!(answer.status, status, "{location}");
            ended(served).await;
        }
    }
}

#[tokio::test]
async fn compression_is_never_undone() {
    let (port, served) = serve(|stream| {
        // The beginning of a stream that would unfold to gigabytes.
        let body = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".as_slice(), &[0; 2000]].concat();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    });
    let answer = post(&private(), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert!(answer.status == 200 && answer.first_bytes.starts_with('\u{1f}'), "{answer:?}");
    assert!(answer.first_bytes.chars().count() <= FIRST_BYTES);
    assert!(!ended(served).await.to_lowercase().contains("accept-encoding"));
}

#[tokio::test]
async fn a_head_that_drips_or_never_ends_has_its_end() {
    let (port, served) = serve(|stream| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nx: ".iter().chain(std::iter::repeat_n(&b'a', 10_000));
        while bytes.next().is_some_and(|byte| stream.write_all(&[*byte]).is_ok()) {
            #[expect(clippy::disallowed_methods, reason = "a receiver that drips, on a thread of its own")]
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(post(&hurried(), &format!("http://127.0.0.1:{port}/")).await, Err(SendError::Timeout));
    ended(served).await;
    for endless in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"] {
        let (port, served) = flood(b"", endless.as_bytes());
        let answer = post(&hurried(), &format!("http://127.0.0.1:{port}/")).await;
        assert!(matches!(answer, Err(SendError::Timeout | SendError::Protocol)), "{answer:?}");
        ended(served).await;
    }
    let (port, served) = flood(b"HTTP/1.1 200 OK\r\n", b"x-more: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    let answer = post(&hurried(), &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(SendError::Timeout | SendError::Protocol)), "{answer:?}");
    ended(served).await;
}

/// A server that answers one request so, and closes.
fn answering(answer: String) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 4096]));
        stream.write_all(answer.as_bytes()).unwrap();
        String::new()
    });
    (port, served)
}

/// A server that answers with the beginning and then the same again and again, until nobody takes it any more.
fn flood(beginning: &'static [u8], again: &'static [u8]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 4096]));
        let mut written = stream.write_all(beginning);
        while written.is_ok() {
            written = stream.write_all(again);
        }
        String::new()
    });
    (port, served)
}

#[tokio::test]
async fn a_tls_handshake_that_stalls_times_out() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        wait_for_end(&mut stream);
        String::new()
    });
    assert_eq!(post(&hurried(), &format!("https://127.0.0.1:{port}/")).await, Err(SendError::Timeout));
    ended(served).await;
}
