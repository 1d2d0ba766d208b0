//! The ways to spoil a good request: its JSON, its target, its headers, its framing, its bytes. All from a seed.

use super::request::Request;
use crate::chance::Chance;
use serde_json::{Map, Value, json};

/// Values that readers stumble over.
const TEXTS: [&str; 31] = [
    "",
    " ",
    "\0",
    "' OR 1=1--",
    "\"; DROP TABLE invoices; --",
    "=HYPERLINK(\"https://evil.example\")",
    "\r\nX-Forged: 1",
    "<svg onload=alert(1)>",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "%00",
    "%s%n",
    "../../etc/passwd",
    "-0",
    "+1",
    "01",
    "1e400",
    "1E-9",
    "NaN",
    "9007199254740993",
    "340282366920938463463374607431768211456",
    "0.1000000000000000055",
    "1_0",
    "1,5",
    "\u{663}",
    "\u{ff11}",
    "\u{202e}txt",
    "\u{feff}1",
    "\u{2028}",
    "https:evil",
    "javascript:alert(1)",
];
/// JSON as it stands, which serde cannot be made to write.
const RAW: [&str; 14] = [
    "1e400",
    "-0",
    "01",
    "0.1000000000000000055",
    "NaN",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "{\"a\":1,\"a\":2}",
    "{\"__proto__\":{}}",
    "tru",
    "'x'",
    "/**/1",
    "",
];
const NAMES: [&str; 12] = [
    "X-API-Key",
    "Authorization",
    "Host",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "X-Forwarded-For",
    "X-Request-Id",
    "Idempotency-Key",
    "Origin",
    "Expect",
    "Connection",
];
const METHODS: [&str; 12] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "G ET", "PRI"];
/// Bytes that mean something to a reader of JSON or HTTP.
const MEANINGFUL: &[u8] = b"{}[]\":,\\0-+.eE \r\n\t\x00\x7f\xff\xc3%/?#&=;ntfu";
/// How large a spoiled part gets.
const LARGE: usize = 70_000;

/// The bytes of a request that was good.
pub(super) fn spoiled(mut request: Request, foreign: &[String], chance: &mut Chance) -> Vec<u8> {
    let framing = match chance.below(10) {
        0..=3 => {
            spoil_json(&mut request, foreign, chance);
            request.framing()
        }
        4 | 5 => {
            spoil_target(&mut request, foreign, chance);
            request.framing()
        }
        6 => {
            spoil_headers(&mut request, chance);
            request.framing()
        }
        7 | 8 => spoil_framing(&mut request, chance),
        _ => return spoil_bytes(request.bytes(&request.framing()), chance),
    };
    let bytes = request.bytes(&framing);
    if chance.one_in(8) { spoil_bytes(bytes, chance) } else { bytes }
}

/// Replaces, removes, adds or repeats some of the body's members, or the body as a whole.
fn spoil_json(request: &mut Request, foreign: &[String], chance: &mut Chance) {
    let parsed = serde_json::from_slice::<Map<String, Value>>(&request.body);
    let Ok(mut fields) = parsed else {
        let is_form = request.body.contains(&b'=') && !chance.one_in(4);
        request.body =
            if is_form { spoiled_form(&request.body, chance) } else { chance.text(&RAW).as_bytes().to_vec() };
        return;
    };
    for _ in 0..=chance.below(2) {
        spoil_members(&mut fields, foreign, chance);
    }
    let mut body = Value::Object(fields.clone()).to_string();
    if chance.one_in(4) {
        let names: Vec<String> = fields.keys().cloned().collect();
        let name = chance.pick(&names).map_or("x", String::as_str);
        let raw = chance.text(&RAW);
        body.truncate(body.len().saturating_sub(1));
        body.push_str(&format!(",{}:{raw}}}", Value::from(name)));
    }
    request.body = body.into_bytes();
}

/// One member, mostly of the innermost object.
fn spoil_members(mut fields: &mut Map<String, Value>, foreign: &[String], chance: &mut Chance) {
    while !chance.one_in(5) && fields.values().any(Value::is_object) {
        match fields.values_mut().find_map(Value::as_object_mut) {
            Some(inner) => fields = inner,
            None => return,
        }
    }
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = chance.pick(&names).cloned().unwrap_or_default();
    match chance.below(5) {
        0 => drop(fields.remove(&name)),
        1 => drop(fields.insert(chance.text(&TEXTS).to_owned(), hostile(chance))),
        2 => drop(fields.insert(name, json!(chance.pick(foreign)))),
        _ => drop(fields.insert(name, hostile(chance))),
    }
}

/// A form with another value, a value twice, or a name more.
fn spoiled_form(form: &[u8], chance: &mut Chance) -> Vec<u8> {
    let form = String::from_utf8_lossy(form);
    let mut pairs: Vec<String> = form.split('&').map(str::to_owned).collect();
    let name = chance.pick(&pairs).and_then(|pair| pair.split('=').next()).unwrap_or_default().to_owned();
    if chance.one_in(2) {
        pairs.retain(|pair| !pair.starts_with(&name));
    }
    pairs.push(format!("{name}={}", encoded(chance.text(&TEXTS))));
    pairs.join("&").into_bytes()
}

fn hostile(chance: &mut Chance) -> Value {
    match chance.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!([]),
        5 => json!({"a": [{}]}),
        6 => json!("x".repeat(LARGE.min(chance.below(LARGE)))),
        7 => Value::Array(vec![json!("invoice.paid"); chance.below(300)]),
        8 => Value::Object((0..chance.below(80)).map(|number| (number.to_string(), json!(number))).collect()),
        _ => json!(chance.text(&TEXTS)),
    }
}

/// Names another merchant's things, or nothing that can be.
fn spoil_target(request: &mut Request, foreign: &[String], chance: &mut Chance) {
    let odd = match chance.below(8) {
        0..=3 => chance.pick(foreign).cloned().unwrap_or_default(),
        4 => "00000000-0000-0000-0000-000000000000".to_owned(),
        5 => encoded(chance.text(&TEXTS)),
        6 => "%ff%00%2e%2e%2f".to_owned(),
        _ => "a".repeat(chance.below(9000)),
    };
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let names = std::mem::take(&mut request.names);
    let is_id = |part: &&mut String| part.len() >= 30 || names.contains(*part);
    match parts.iter_mut().filter(is_id).nth(chance.below(2)) {
        Some(part) => *part = odd,
        None if chance.one_in(2) => parts.push(odd),
        None => {}
    }
    let path = parts.join("/");
    let parameters =
        ["limit", "offset", "status", "after", "currency", "environment", "external_id", "api_key", "limit[]"];
    let values = ["1000000000", "1000000000000", "-1", "18446744073709551616", "paid,paid", "", "%00", "1e3", "%zz"];
    let more = format!("{}={}", chance.text(&parameters), chance.text(&values));
    request.target = match chance.below(4) {
        0 => format!("{path}?{query}"),
        1 => format!("{path}?{more}&{query}"),
        2 => format!("{path}?{more}&{more}&{}", encoded(chance.text(&TEXTS))),
        _ => format!("http://evil.example{path}?{query}#x"),
    };
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Adds, repeats or removes headers.
fn spoil_headers(request: &mut Request, chance: &mut Chance) {
    for _ in 0..=chance.below(3) {
        let name = chance.text(&NAMES);
        let value = match chance.below(6) {
            0 => request.headers.last().map(|(_, value)| value.clone()).unwrap_or_default(),
            1 => "a".repeat(chance.below(20_000)),
            2 => "127.0.0.1, <script>, ::1".to_owned(),
            3 => "Basic Og==".to_owned(),
            _ => chance.text(&TEXTS).to_owned(),
        };
        match chance.below(4) {
            0 => request.headers.retain(|(known, _)| known != name),
            1 => request.headers.insert(0, (name.to_owned(), value)),
            _ => request.header(name, value),
        }
    }
    if chance.one_in(10) {
        for number in 0..chance.below(150) {
            request.header(&format!("X-{number}"), "1");
        }
    }
    if chance.one_in(5) {
        request.method = chance.text(&METHODS).to_owned();
    }
}

/// Says something else about the body than what is so.
fn spoil_framing(request: &mut Request, chance: &mut Chance) -> String {
    let length = request.body.len();
    let chunked = "Transfer-Encoding: chunked\r\n";
    match chance.below(14) {
        0 => format!("Content-Length: {}\r\n", length.saturating_add(chance.below(20))),
        1 => format!("Content-Length: {}\r\n", length.saturating_sub(chance.below(20))),
        2 => format!("Content-Length: {length}\r\nContent-Length: {}\r\n", chance.below(40)),
        3 => format!("Content-Length: {length}\r\n{chunked}"),
        4 => format!("Content-Length: +{length}\r\n"),
        5 => format!("Content-Length : {length}\r\n"),
        6 => format!("Content-Length: {length}\n"),
        7 => format!("X: a\r\n b\r\nContent-Length: {length}\r\n"),
        8 => "Transfer-Encoding: identity, chunked\r\n".to_owned(),
        9 => "Transfer-Encoding: \x0bchunked\r\n".to_owned(),
        10 => {
            let mut body = format!("{length:x}\r\n").into_bytes();
            body.append(&mut request.body);
            body.extend_from_slice(b"\r\n0\r\n\r\n");
            request.body = spoil_bytes(body, chance);
            chunked.to_owned()
        }
        11 => {
            request.version = "HTTP/1.0";
            chunked.to_owned()
        }
        12 => {
            // A second request where the first one's body ends.
            request.body.extend_from_slice(b"GET /api/v1/invoices HTTP/1.1\r\nHost: x\r\n\r\n");
            format!("Content-Length: {length}\r\n")
        }
        _ => {
            request.method = "PRI * HTTP/2.0\r\n\r\nSM".to_owned();
            format!("Content-Length: {length}\r\n")
        }
    }
}

/// One to four bytes replaced, dropped, added, or a part repeated, or the end cut off.
fn spoil_bytes(mut bytes: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        let byte = chance.pick(MEANINGFUL).copied().unwrap_or_default();
        match chance.below(6) {
            0 | 1 => {
                if let Some(there) = bytes.get_mut(at) {
                    *there = byte;
                }
            }
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => {
                let end = at.saturating_add(chance.below(40)).min(bytes.len());
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, part);
            }
            4 if chance.one_in(4) => bytes.truncate(at),
            _ => bytes.insert(at, byte),
        }
    }
    bytes
}
