//! The only HTTP client that leaves this machine for an address that a merchant named.
//!
//! It connects to public addresses only, each vetted after resolving and before connecting; follows no redirect, uses no proxy,
//! decodes no compression, and bounds time and bytes. Its errors are classes without text: a merchant must not read from them
//! what is on the operator's network, nor the log a URL's secrets.

mod addresses;
mod guard;
mod resolver;

pub use guard::{Guard, UrlRefusal};

use reqwest::{
    Client, ClientBuilder, Response,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use resolver::{LookUp, NameRefusal, VettingResolver};
use std::{error::Error, io, sync::Arc, time::Duration};

/// How long an idle connection is kept for the next request to the same host.
const IDLE: Duration = Duration::from_secs(20);
/// Idle connections kept per host.
const IDLE_PER_HOST_MAX: usize = 2;
/// Bytes of an answer's body that are kept, to be shown to the merchant.
const FIRST_BYTES: usize = 512;

/// Bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From resolving the name to the answer's last byte.
    pub deadline: Duration,
    /// Bytes of an answer's body that are read; the connection is closed on more.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// What webhooks have (contract, section 7: an endpoint answers within 15 s).
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(15),
            answer_bytes_max: 65_536,
        }
    }
}

/// What an endpoint answered. Redirects are answers like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The first bytes of the body, at most 512, with a replacement character for what is not UTF-8. As the endpoint wrote it:
    /// never to be shown as markup.
    pub first_bytes: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The URL, or an address of its name, may not be reached.
    #[error("the address may not be reached")]
    ForbiddenAddress,
    /// The name does not resolve.
    #[error("the name does not resolve")]
    Dns,
    /// Nobody accepted the connection.
    #[error("no connection")]
    Connect,
    /// The server's certificate or its TLS is not acceptable.
    #[error("no secure connection")]
    Tls,
    /// There was no answer in time.
    #[error("no answer in time")]
    Timeout,
    /// What came back was not HTTP, or the connection broke.
    #[error("no valid HTTP answer")]
    Protocol,
}

impl SendError {
    /// Its name in records and in the API.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::ForbiddenAddress => "forbidden_address",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
        }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct OutgoingError(#[from] reqwest::Error);

/// The guarded client. One serves the whole process; it keeps few connections and no cookies.
#[derive(Debug)]
pub struct Outgoing {
    guard: Guard,
    limits: Limits,
    client: Client,
}

impl Outgoing {
    /// A client with the operating system's resolver and trusted roots. Without any roots it is made all the same, logs a
    /// warning, and no HTTPS server is trusted.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(guard: Guard, limits: Limits) -> Result<Self, OutgoingError> {
        Self::resolving_by(guard, limits, resolver::system)
    }

    fn resolving_by(guard: Guard, limits: Limits, look_up: LookUp) -> Result<Self, OutgoingError> {
        // Several clients may be made in one process; the first installs the provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = match builder(guard, look_up).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::warn!(%error, "no certificate roots were found on this system: no HTTPS server will be trusted");
                builder(guard, look_up)
                    .tls_certs_only(std::iter::empty())
                    .build()?
            }
        };
        Ok(Self {
            guard,
            limits,
            client,
        })
    }

    /// Checks a URL that a merchant registers. Its name is resolved and vetted at each request only.
    ///
    /// # Errors
    /// When requests may not go there.
    pub fn vet(&self, url: &str) -> Result<(), UrlRefusal> {
        self.guard.vet(url).map(drop)
    }

    /// Posts a body. The answer's status counts as soon as its head has arrived, however the body ends. Nothing is retried.
    ///
    /// # Errors
    /// When there was no answer; also for a header that cannot be sent.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, SendError> {
        let url = self
            .guard
            .vet(url)
            .map_err(|_| SendError::ForbiddenAddress)?;
        let headers = header_map(headers).ok_or(SendError::Protocol)?;
        let request = self
            .client
            .post(url)
            .timeout(self.limits.deadline)
            .headers(headers)
            .body(body);
        let response = request.send().await.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        let first_bytes = first_bytes(response, self.limits.answer_bytes_max).await;
        Ok(Answer {
            status,
            first_bytes,
        })
    }
}

fn builder(guard: Guard, look_up: LookUp) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .http1_only()
        .user_agent(concat!("Farthing/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .dns_resolver(Arc::new(VettingResolver { guard, look_up }))
}

fn header_map(headers: &[(&str, String)]) -> Option<HeaderMap> {
    headers
        .iter()
        .map(|(name, value)| {
            Some((
                HeaderName::try_from(*name).ok()?,
                HeaderValue::try_from(value).ok()?,
            ))
        })
        .collect()
}

/// Reads the body up to its end or bound, so that the connection can serve again, and keeps its beginning.
async fn first_bytes(mut response: Response, bytes_max: usize) -> String {
    let mut first = Vec::with_capacity(FIRST_BYTES);
    let mut read = 0_usize;
    // A body that breaks or is late ends the excerpt: the head was the answer.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = FIRST_BYTES.saturating_sub(first.len());
        first.extend(chunk.iter().take(room));
        read = read.saturating_add(chunk.len());
        if read > bytes_max {
            break;
        }
    }
    String::from_utf8_lossy(&first).into_owned()
}

/// The class of a failure, by what is inside of it.
fn classify(error: &reqwest::Error) -> SendError {
    // The outermost text has the URL; the causes do not.
    let causes = || std::iter::successors(inner(error), |cause| inner(*cause));
    let class = if let Some(refusal) = causes().find_map(|cause| cause.downcast_ref()) {
        match refusal {
            NameRefusal::Forbidden => SendError::ForbiddenAddress,
            NameRefusal::Unresolved => SendError::Dns,
        }
    } else if causes().any(<dyn Error>::is::<rustls::Error>) {
        SendError::Tls
    } else if error.is_timeout() {
        SendError::Timeout
    } else if error.is_connect() {
        SendError::Connect
    } else {
        SendError::Protocol
    };
    let cause = causes().last().map(ToString::to_string).unwrap_or_default();
    tracing::debug!(class = class.class(), cause, "a request was not answered");
    class
}

/// What an error wraps. An I/O error hides the one it was made of behind that one's own source.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpListener, TcpStream},
        thread::JoinHandle,
    };

    const PRIVATE: Guard = Guard {
        allow_private: true,
    };
    const PUBLIC: Guard = Guard {
        allow_private: false,
    };
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

    /// Stays silent until the client goes away.
    fn wait_for_end(stream: &mut TcpStream) {
        drop(stream.read_to_end(&mut Vec::new()));
    }

    fn private() -> Outgoing {
        Outgoing::new(PRIVATE, Limits::default()).unwrap()
    }

    fn impatient(look_up: LookUp) -> Outgoing {
        let limits = Limits {
            deadline: Duration::from_millis(300),
            ..Limits::default()
        };
        Outgoing::resolving_by(PRIVATE, limits, look_up).unwrap()
    }

    async fn post(outgoing: &Outgoing, url: &str) -> Result<Answer, SendError> {
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-halfin-event", "invoice.paid".to_owned()),
        ];
        outgoing.post(url, &headers, b"{}".to_vec()).await
    }

    #[tokio::test]
    async fn an_own_server_is_reached_where_that_is_allowed() {
        let (port, served) = serve(|stream| stream.write_all(OK.as_bytes()).unwrap());
        let answer = post(&private(), &format!("http://127.0.0.1:{port}/hook?a=1")).await;
        let expected = Answer {
            status: 200,
            first_bytes: "ok".to_owned(),
        };
        assert_eq!(answer, Ok(expected));
        let request = served.join().unwrap();
        assert!(request.starts_with("POST /hook?a=1 HTTP/1.1\r\n"));
        assert!(request.contains("x-halfin-event: invoice.paid\r\n"));
        assert!(request.contains("content-length: 2\r\n"));
        assert!(!request.contains("accept-encoding"));
    }

    #[tokio::test]
    async fn nobody_connects_to_a_forbidden_address() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let resolves_inside: LookUp =
            |_| Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) });
        let mixed: LookUp = |_| {
            Box::pin(async {
                Ok(vec![
                    SocketAddr::from(([8, 8, 8, 8], 0)),
                    SocketAddr::from(([127, 0, 0, 1], 0)),
                ])
            })
        };
        for look_up in [resolves_inside, mixed] {
            let outgoing = Outgoing::resolving_by(PUBLIC, Limits::default(), look_up).unwrap();
            let answer = post(&outgoing, "https://shop.example/hook").await;
            assert_eq!(answer, Err(SendError::ForbiddenAddress));
            for url in [
                format!("http://127.0.0.1:{port}/"),
                format!("https://127.1:{port}/"),
                "https://127.0.0.1/".to_owned(),
            ] {
                assert_eq!(
                    post(&outgoing, &url).await,
                    Err(SendError::ForbiddenAddress)
                );
            }
        }
        assert!(
            listener.accept().is_err(),
            "a forbidden address was connected to"
        );
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
        assert!(
            served
                .join()
                .unwrap()
                .contains(&format!("host: shop.example:{port}\r\n"))
        );
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let (port, served) = serve(|stream| {
            let head = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let mut more = Vec::new();
            stream
                .set_read_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            drop(stream.read_to_end(&mut more));
            assert!(more.is_empty(), "the redirect was followed");
        });
        let answer = post(&private(), &format!("http://127.0.0.1:{port}/"))
            .await
            .unwrap();
        assert_eq!((answer.status, answer.first_bytes.as_str()), (302, ""));
        served.join().unwrap();
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
        let answer = post(&private(), &format!("http://127.0.0.1:{port}/"))
            .await
            .unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.first_bytes, "a".repeat(FIRST_BYTES));
        served.join().unwrap();
    }

    #[tokio::test]
    async fn a_server_that_hangs_times_out() {
        let (port, served) = serve(wait_for_end);
        let answer = post(
            &impatient(resolver::system),
            &format!("http://127.0.0.1:{port}/"),
        )
        .await;
        assert_eq!(answer, Err(SendError::Timeout));
        served.join().unwrap();
        let silent: LookUp = |_| Box::pin(std::future::pending());
        assert_eq!(
            post(&impatient(silent), "https://shop.example/").await,
            Err(SendError::Timeout)
        );
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
        served.join().unwrap();
    }

    #[tokio::test]
    async fn each_failure_has_its_class() {
        let outgoing = private();
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(post(&outgoing, &url).await, Err(SendError::Connect));

        let (port, served) = serve(|stream| {
            stream.write_all(b"not HTTP at all\r\n\r\n").unwrap();
            wait_for_end(stream);
        });
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(post(&outgoing, &url).await, Err(SendError::Protocol));
        served.join().unwrap();

        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
            wait_for_end(&mut stream);
        });
        let url = format!("https://127.0.0.1:{port}/");
        assert_eq!(post(&outgoing, &url).await, Err(SendError::Tls));
        served.join().unwrap();

        let unknown: LookUp = |_| Box::pin(async { Err(io::ErrorKind::NotFound.into()) });
        let outgoing = Outgoing::resolving_by(PUBLIC, Limits::default(), unknown).unwrap();
        let answer = post(&outgoing, "https://shop.example/").await;
        assert_eq!(answer, Err(SendError::Dns));
    }

    #[tokio::test]
    async fn a_header_that_cannot_be_sent_is_refused() {
        let headers = [("x-event", "paid\r\nx-forged: 1".to_owned())];
        let answer = private()
            .post("http://127.0.0.1:9/", &headers, Vec::new())
            .await;
        assert_eq!(answer, Err(SendError::Protocol));
    }

    #[test]
    fn without_any_roots_the_client_is_made_and_trusts_nobody() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let rootless = builder(PRIVATE, resolver::system).tls_certs_only(std::iter::empty());
        assert!(rootless.build().is_ok());
    }
}
