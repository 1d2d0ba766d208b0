//! Webhooks on the wire: headers, signatures, what counts as acknowledged, and when to try again (contract, section 7).
//!
//! Every attempt sends the same bytes under a fresh signature. Nothing here sends anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use core::{fmt, str::FromStr};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// How often a delivery is tried.
pub const ATTEMPTS_MAX: u32 = 10;

/// The most that chance adds to a wait, in seconds.
pub const JITTER_SECONDS_MAX: u64 = 30;

/// The wait after the first attempt, in seconds; it doubles with every further one.
const FIRST_WAIT_SECONDS: u64 = 60;

/// The longest wait without chance, in seconds.
const WAIT_SECONDS_MAX: u64 = 86_400;

/// What one attempt sends beside its body.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The event's id: the same on every attempt, so that a receiver can tell repetitions.
    pub id: &'a str,
    /// The event's name.
    pub event: &'a str,
    /// Now, in seconds since the epoch: receivers refuse what is over five minutes old.
    pub timestamp_seconds: i64,
    /// The body's bytes.
    pub body: &'a [u8],
}

/// The headers of an attempt, by name and value. `secrets` are all that are valid, the newest first: each signs.
#[must_use]
pub fn headers(secrets: &[WebhookSecret], attempt: &Attempt<'_>) -> [(&'static str, String); 6] {
    [
        ("content-type", "application/json".to_owned()),
        ("x-halfin-event", attempt.event.to_owned()),
        ("x-halfin-signature", halfin_signature(secrets, attempt)),
        ("webhook-id", attempt.id.to_owned()),
        ("webhook-timestamp", attempt.timestamp_seconds.to_string()),
        ("webhook-signature", standard_signature(secrets, attempt)),
    ]
}

/// Whether an endpoint's HTTP status acknowledges a delivery: any 2xx, and no redirect.
#[must_use]
pub const fn is_acknowledged(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// How long to wait after so many failed attempts (from 1), in seconds; `None` when that was the last.
///
/// `jitter_seconds` is chance, 0 to [`JITTER_SECONDS_MAX`]; more is cut off.
#[must_use]
pub fn retry_wait_seconds(attempts: u32, jitter_seconds: u64) -> Option<u64> {
    if attempts >= ATTEMPTS_MAX {
        return None;
    }
    let factor = 2_u64.checked_pow(attempts.saturating_sub(1))?;
    let wait = FIRST_WAIT_SECONDS.saturating_mul(factor).min(WAIT_SECONDS_MAX);
    Some(wait.saturating_add(jitter_seconds.min(JITTER_SECONDS_MAX)))
}

/// `t=<seconds>,v1=<hex>`, with one `v1` for each secret; keyed by the secret's whole text (contract, section 7.2).
fn halfin_signature(secrets: &[WebhookSecret], attempt: &Attempt<'_>) -> String {
    let time = attempt.timestamp_seconds.to_string();
    let mut header = format!("t={time}");
    for secret in secrets {
        let mac = hmac(secret.reveal().as_bytes(), &[time.as_bytes(), b".", attempt.body]);
        header.push_str(",v1=");
        header.push_str(&hex::encode(mac));
    }
    header
}

/// `v1,<base64>`, one for each secret, keyed by the secret's decoded bytes (Standard Webhooks 1.0.0).
fn standard_signature(secrets: &[WebhookSecret], attempt: &Attempt<'_>) -> String {
    let time = attempt.timestamp_seconds.to_string();
    let signatures = secrets.iter().map(|secret| v1(secret.key(), [attempt.id, &time], attempt.body));
    signatures.collect::<Vec<_>>().join(" ")
}

/// A signature by Standard Webhooks 1.0.0: `v1,` and base64 of HMAC-SHA256 over id, time and body.
pub(crate) fn standard_v1(key: &[u8], id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    v1(key, [id, &timestamp_seconds.to_string()], body)
}

fn v1(key: &[u8], [id, time]: [&str; 2], body: &[u8]) -> String {
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(hmac(key, &parts)))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// A text that is no webhook secret. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and base64 of at least 16 bytes")]
pub struct MalformedSecret;

/// A webhook secret. It is printed only by [`Self::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    text: String,
    key: Vec<u8>,
}

impl WebhookSecret {
    /// A new secret of 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { text: format!("{PREFIX}{}", STANDARD.encode(bytes)), key: bytes.to_vec() }
    }

    /// The whole text: shown once to the merchant, and the key of the `X-Halfin-Signature`.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The decoded bytes: the key of the Standard Webhooks signature.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }
}

impl FromStr for WebhookSecret {
    type Err = MalformedSecret;
    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let key = text.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        let key = key.filter(|key| key.len() >= 16).ok_or(MalformedSecret)?;
        Ok(Self { text: text.to_owned(), key })
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTOR: Attempt<'static> = Attempt {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        event: "invoice.paid",
        timestamp_seconds: 1_614_265_330,
        body: br#"{"test": 2432232314}"#,
    };

    fn vector_secret() -> WebhookSecret {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap()
    }

    fn header(secrets: &[WebhookSecret], name: &str) -> String {
        let found = headers(secrets, &VECTOR).into_iter().find(|(known, _)| *known == name);
        found.unwrap().1
    }

    #[test]
    fn the_published_vector_of_standard_webhooks() {
        assert_eq!(header(&[vector_secret()], "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(header(&[vector_secret()], "webhook-id"), VECTOR.id);
        assert_eq!(header(&[vector_secret()], "webhook-timestamp"), "1614265330");
    }

    #[test]
    fn section_7_2_the_halfin_signature_is_keyed_by_the_whole_secret_and_covers_time_and_body() {
        let expected = hmac(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &[br#"1614265330.{"test": 2432232314}"#]);
        let signature = header(&[vector_secret()], "x-halfin-signature");
        assert_eq!(signature, format!("t=1614265330,v1={}", hex::encode(expected)));
        let v1 = signature.rsplit('=').next().unwrap();
        assert!(v1.len() == 64 && v1.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let mac = hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex::encode(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn section_11_during_a_rotation_every_valid_secret_signs_the_newest_first() {
        let newest = WebhookSecret::from_bytes([1; 32]);
        let both = [newest.clone(), vector_secret()];
        let halfin = header(&both, "x-halfin-signature");
        let alone = header(&[newest], "x-halfin-signature");
        assert!(halfin.starts_with(&alone));
        assert_eq!(halfin.matches(",v1=").count(), 2);
        let standard = header(&both, "webhook-signature");
        assert!(standard.ends_with(" v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn section_7_1_headers_and_acknowledgement() {
        assert_eq!(header(&[], "x-halfin-event"), "invoice.paid");
        assert_eq!(header(&[], "content-type"), "application/json");
        let acknowledged: Vec<u16> =
            [100, 199, 200, 204, 299, 300, 302, 410, 500].into_iter().filter(|s| is_acknowledged(*s)).collect();
        assert_eq!(acknowledged, [200, 204, 299]);
    }

    #[test]
    fn section_11_ten_attempts_with_doubling_waits_up_to_a_day() {
        let waits: Vec<u64> = (1..).map_while(|attempts| retry_wait_seconds(attempts, 0)).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360]);
        assert_eq!(retry_wait_seconds(1, 30), Some(90));
        assert_eq!(retry_wait_seconds(1, 31), Some(90));
        assert_eq!(retry_wait_seconds(u32::MAX, 0), None);
    }

    #[test]
    fn a_secret_reads_back_and_is_not_printed_by_accident() {
        let secret = WebhookSecret::from_bytes([9; 32]);
        assert_eq!(secret.reveal().len(), "whsec_".len() + 44);
        let read: WebhookSecret = secret.reveal().parse().unwrap();
        assert!(read == secret && read.key() == [9; 32]);
        assert_eq!(format!("{secret:?}"), "whsec_…");
    }

    #[test]
    fn other_texts_are_no_secrets() {
        for text in
            ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            assert_eq!(text.parse::<WebhookSecret>().err(), Some(MalformedSecret), "{text}");
        }
    }
}
