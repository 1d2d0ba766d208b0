//! Webhooks over TLS: delivered to whom the system trusts, and to nobody else. What is trusted beside the system's own roots
//! is the operator's to say, by `SSL_CERT_FILE`.

use super::{
    certificate::Certificate,
    served::{Served, merchant, write_configuration},
};
use crate::{contract::http::Ask, program::Folder};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
};

const ALLOWED: &str = "[webhooks]\nallow_private_addresses = true\n";

/// A receiver with a certificate, for one connection; ends with what it was sent, or nothing when there was no handshake.
fn receive(certificate: &Certificate) -> (u16, JoinHandle<String>) {
    let key = PrivatePkcs8KeyDer::from(certificate.key.clone()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.der.clone())], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !request.ends_with(b"}") {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(read) => request.extend_from_slice(&buffer[..read]),
            }
        }
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"));
        drop(stream.flush());
        String::from_utf8(request).unwrap()
    });
    (port, received)
}

/// What comes of a webhook to `https://localhost`, whose certificate is for `name`; with the certificate among the roots or not.
fn sent(name: &str, is_trusted: bool) -> (Value, Value, String) {
    let folder = Folder::new();
    write_configuration(&folder, ALLOWED);
    let (_, key) = merchant(&folder);
    let certificate = Certificate::of(name);
    let listed = if is_trusted { certificate.pem() } else { Certificate::of(name).pem() };
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, listed).unwrap();
    let served = Served::start(&folder, ALLOWED, "log", &[("SSL_CERT_FILE", roots.to_str().unwrap())]);
    let (port, received) = receive(&certificate);
    let body = json!({ "url": format!("https://localhost:{port}/hook") });
    let made = served.ask(&Ask::post("/api/v1/webhook-endpoints", &body).key(&key)).data(201);
    let endpoint = made["id"].as_str().unwrap();
    let test = format!("/api/v1/webhook-endpoints/{endpoint}/test");
    let delivery = served.ask(&Ask::new("POST", &test).key(&key)).data(201);
    let (error, status) = served.attempt(&key, endpoint, delivery["id"].as_str().unwrap());
    (error, status, received.join().unwrap())
}

#[test]
fn a_webhook_is_delivered_over_tls_to_whom_the_system_trusts() {
    let (error, status, received) = sent("localhost", true);
    assert_eq!((error, status), (Value::Null, json!(200)));
    assert!(received.starts_with("POST /hook HTTP/1.1\r\n"), "{received}");
    assert!(received.contains("X-Halfin-Signature: t="), "{received}");
}

#[test]
fn a_certificate_for_another_name_or_of_nobody_trusted_gets_nothing() {
    for (name, is_trusted) in [("other.example", true), ("localhost", false)] {
        let (error, status, received) = sent(name, is_trusted);
        assert_eq!((error, status, received.as_str()), (json!("tls"), Value::Null, ""), "{name} {is_trusted}");
    }
}
