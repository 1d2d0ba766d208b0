//! The client against servers on this machine, each of which speaks to one connection.

mod hostile;

use super::*;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread::JoinHandle,
};

const PRIVATE: Guard = Guard { allow_private: true };
const PUBLIC: Guard = Guard { allow_private: false };
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server for one connection: `speak` has it after the first request's body arrived. It ends with that request.
fn serve(speak: fn(&mut TcpStream)) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"{}") {
            let read = stream.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            request.extend_from_slice(&buffer[..read]);
        }
        speak(&mut stream);
        String::from_utf8_lossy(&request).into_owned()
    });
    (port, served)
}

/// What the server was asked. The runtime goes on meanwhile, so that the client can close its connections.
async fn ended(served: JoinHandle<String>) -> String {
    tokio::task::spawn_blocking(|| served.join().unwrap()).await.unwrap()
}

/// Stays silent until the client goes away.
fn wait_for_end(stream: &mut TcpStream) {
    drop(stream.read_to_end(&mut Vec::new()));
}

fn private() -> Outgoing {
    Outgoing::new(PRIVATE, Limits::default()).unwrap()
}

/// Gives up soon, yet not before a thread that shares its processor with many others had its turn.
fn impatient(look_up: LookUp) -> Outgoing {
    let limits = Limits { deadline: Duration::from_secs(2), ..Limits::default() };
    Outgoing::resolving_by(PRIVATE, limits, look_up).unwrap()
}

async fn post(outgoing: &Outgoing, url: &str) -> Result<Answer, SendError> {
    let headers = [("content-type", "application/json".to_owned()), ("x-halfin-event", "invoice.paid".to_owned())];
    outgoing.post(url, &headers, b"{}".to_vec()).await
}

#[tokio::test]
async fn an_own_server_is_reached_where_that_is_allowed() {
    let (port, served) = serve(|stream| stream.write_all(OK.as_bytes()).unwrap());
    let answer = post(&private(), &format!("http://127.0.0.1:{port}/hook?a=1")).await;
    let expected = Answer { status: 200, first_bytes: "ok".to_owned() };
    assert_eq!(answer, Ok(expected));
    let request = ended(served).await;
    assert!(request.starts_with("POST /hook?a=1 HTTP/1.1\r\n"));
    // In title case: some receivers look for exactly that spelling.
    assert!(request.contains("X-Halfin-Event: invoice.paid\r\n"));
    assert!(request.contains("Content-Length: 2\r\n"));
    assert!(!request.to_lowercase().contains("accept-encoding"));
}

#[tokio::test]
async fn nobody_connects_to_a_forbidden_address() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let resolves_inside: LookUp = |_| Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) });
    let mixed: LookUp =
        |_| Box::pin(async { Ok(vec![SocketAddr::from(([8, 8, 8, 8], 0)), SocketAddr::from(([127, 0, 0, 1], 0))]) });
    for look_up in [resolves_inside, mixed] {
        let outgoing = Outgoing::resolving_by(PUBLIC, Limits::default(), look_up).unwrap();
        let answer = post(&outgoing, "https://shop.example/hook").await;
        assert_eq!(answer, Err(SendError::ForbiddenAddress));
        for url in
            [format!("http://127.0.0.1:{port}/"), format!("https://127.1:{port}/"), "https://127.0.0.1/".to_owned()]
        {
            assert_eq!(post(&outgoing, &url).await, Err(SendError::ForbiddenAddress));
        }
    }
    assert!(listener.accept().is_err(), "a forbidden address was connected to");
}

#[tokio::test]
async fn a_name_is_connected_to_where_its_look_up_led_and_its_host_is_kept() {
    let (port, served) = serve(|stream| stream.write_all(OK.as_bytes()).unwrap());
    let outgoing = Outgoing::resolving_by(PRIVATE, Limits::default(), |_| {
        Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
    })
    .unwrap();
    let answer = post(&outgoing, &format!("http://shop.example:{port}/")).await;
    assert_eq!(answer.unwrap().status, 200);
    assert!(ended(served).await.contains(&format!("Host: shop.example:{port}\r\n")));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (port, served) = serve(|stream| {
        let head = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut more = Vec::new();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        drop(stream.read_to_end(&mut more));
        assert!(more.is_empty(), "the redirect was followed");
    });
    let answer = post(&private(), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!((answer.status, answer.first_bytes.as_str()), (302, ""));
    ended(served).await;
}

#[tokio::test]
async fn an_endless_body_is_cut() {
    let (port, served) = serve(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut written = 0_usize;
        while written < 1 << 28 && stream.write_all(&[b'a'; 8192]).is_ok() {
            written += 8192;
        }
        assert!(written < 1 << 28, "the body was read without a bound");
    });
    let answer = post(&private(), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.first_bytes, "a".repeat(FIRST_BYTES));
    ended(served).await;
}

#[tokio::test]
async fn a_server_that_hangs_times_out() {
    let (port, served) = serve(wait_for_end);
    let answer = post(&impatient(resolver::system), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer, Err(SendError::Timeout));
    ended(served).await;
    let silent: LookUp = |_| Box::pin(std::future::pending());
    assert_eq!(post(&impatient(silent), "https://shop.example/").await, Err(SendError::Timeout));
}

#[tokio::test]
async fn a_status_counts_though_its_body_never_ends() {
    let (port, served) = serve(|stream| {
        let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        stream.write_all(half.as_bytes()).unwrap();
        wait_for_end(stream);
    });
    let url = format!("http://127.0.0.1:{port}/");
    let answer = post(&impatient(resolver::system), &url).await.unwrap();
    assert_eq!((answer.status, answer.first_bytes.as_str()), (200, "half"));
    ended(served).await;
}

#[tokio::test]
async fn each_failure_has_its_class() {
    let outgoing = private();
    // Bound and not listened on: a port that is merely free may be another test's a moment later.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}/", bound.local_addr().unwrap());
    assert_eq!(post(&outgoing, &url).await, Err(SendError::Connect));

    let (port, served) = serve(|stream| {
        stream.write_all(b"not HTTP at all\r\n\r\n").unwrap();
        wait_for_end(stream);
    });
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(post(&outgoing, &url).await, Err(SendError::Protocol));
    ended(served).await;

    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        wait_for_end(&mut stream);
        String::new()
    });
    let url = format!("https://127.0.0.1:{port}/");
    assert_eq!(post(&outgoing, &url).await, Err(SendError::Tls));
    ended(served).await;

    let unknown: LookUp = |_| Box::pin(async { Err(io::ErrorKind::NotFound.into()) });
    let outgoing = Outgoing::resolving_by(PUBLIC, Limits::default(), unknown).unwrap();
    let answer = post(&outgoing, "https://shop.example/").await;
    assert_eq!(answer, Err(SendError::Dns));
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_refused() {
    let headers = [("x-event", "paid\r\nx-forged: 1".to_owned())];
    let answer = private().post("http://127.0.0.1:9/", &headers, Vec::new()).await;
    assert_eq!(answer, Err(SendError::Protocol));
}

#[test]
fn without_any_roots_the_client_is_made_and_trusts_nobody() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let rootless = builder(PRIVATE, resolver::system).tls_certs_only(std::iter::empty());
    assert!(rootless.build().is_ok());
}
