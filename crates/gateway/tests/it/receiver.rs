//! A real HTTP receiver on loopback.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

/// A receiver that answers each request with the next status and keeps what it got.
pub(crate) struct Receiver {
    /// `http://` with its address and no path.
    pub(crate) host: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub(crate) async fn answering(statuses: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        #[expect(clippy::disallowed_methods, reason = "a receiver lives beside the test")]
        tokio::spawn(async move {
            for status in statuses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { host, got }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/hook", self.host)
    }

    /// What came so far, each request from its first line to the end of its body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    /// The paths and queries of what came so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

/// An address at which nobody listens, nor can as long as the socket is kept: a port that is merely free may be another test's.
pub(crate) fn nobody() -> (TcpSocket, String) {
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let url = format!("http://{}/hook", bound.local_addr().unwrap());
    (bound, url)
}

/// Takes one request, lets `meanwhile` happen, and answers it.
pub(crate) async fn answer_after(listener: &TcpListener, status: u16, meanwhile: impl Future<Output = ()>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    meanwhile.await;
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length.is_none_or(|length: usize| body.len() >= length) || count == 0 {
                return text;
            }
        }
    }
}
