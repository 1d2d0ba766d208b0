//! Requests that are good but for a few bytes: whatever comes of it, it is never a fault of ours.
//!
//! The changes come from a fixed seed, so that a failing one can be played again; the failure shows it whole.

use super::{
    http::Ask,
    shop::{Shop, half_a_bitcoin, id},
};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

/// Bytes that mean something to a reader of JSON or HTTP.
const MEANINGFUL: &[u8] = b"{}[]\":,\\0-+.eE \r\n\t\x00\x7f\xff%/?#&=;ntfu";

/// A sequence of numbers that look random (xorshift), always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Some bytes with one to three of them replaced, dropped, added or repeated.
    fn changed(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let byte = MEANINGFUL[self.below(MEANINGFUL.len())];
            match self.below(4) {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => {
                    let end = (at + 1 + self.below(20)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
        bytes
    }
}

#[test]
fn bad_input_a_body_with_wrong_bytes_is_answered_in_the_envelope_and_never_by_a_5xx() {
    let shop = Shop::fresh();
    let good = json!({
        "currency": "USDT", "network": "tron", "amount": "25.50", "description": "é \u{1F600}", "external_id": "1",
        "metadata": { "a": [1, 1.5e3, null, { "b": "c" }] }, "redirect_url": "https://shop.example/?a=b#c",
        "expiry_minutes": 5, "payment_tolerance": "0.1", "customer_email": "a@b.co", "deferred": false,
    });
    let good = good.to_string().into_bytes();
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let mut made = 0;
    for _ in 0..600 {
        let body = numbers.changed(&good);
        let answer = shop.ask(Ask::new("POST", "/api/v1/invoices").bytes("application/json", &body));
        assert!(matches!(answer.status, 201 | 400), "{}: {answer}", String::from_utf8_lossy(&body));
        if answer.status == 201 {
            made += 1;
            let invoice = answer.data(201);
            assert_eq!(shop.invoice(&invoice), invoice);
        } else {
            let code = answer.json()["error"]["code"].as_str().unwrap().to_owned();
            answer.refusal(400, &code);
        }
    }
    assert_eq!(shop.total(), made, "as many as were acknowledged");
}

#[test]
fn bad_input_a_request_with_wrong_bytes_is_never_answered_by_a_5xx() {
    let shop = Shop::fresh();
    let invoice = shop.create(&half_a_bitcoin());
    let (key, body) = (&shop.key, half_a_bitcoin());
    let length = body.to_string().len();
    let good = [
        format!(
            "GET /api/v1/invoices?limit=5&status=pending,paid&offset=0 HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n"
        ),
        format!("GET /api/v1/invoices/{} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n", id(&invoice)),
        format!(
            "POST /api/v1/invoices HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        "GET /pay/abc?x=y HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n".to_owned(),
    ];
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..400 {
        let request = numbers.changed(good[round % good.len()].as_bytes());
        let mut stream = TcpStream::connect(shop.server.host()).unwrap();
        stream.write_all(&request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        let is_fault = answer.starts_with(b"HTTP/1.1 5") || answer.starts_with(b"HTTP/1.0 5");
        let shown = (String::from_utf8_lossy(&request), String::from_utf8_lossy(&answer));
        assert!(!is_fault && (answer.is_empty() || answer.starts_with(b"HTTP/1.")), "{shown:?}");
    }
    assert_eq!(shop.invoice(&invoice)["status"], "pending");
}
